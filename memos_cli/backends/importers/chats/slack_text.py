"""What a message of Slack says: names in the place of ids, links as they read, and the files that came with it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from memos_cli.backends.importers.chats.talk import title_of

People = dict[str, str]
"""The names of people by their ids."""
_MARK = re.compile(r"<((?:[@#!]|[A-Za-z][A-Za-z0-9+.-]{0,20}:)[^<>\n]{1,4000})>")
_ESCAPES = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}
_ESCAPED = re.compile("|".join(_ESCAPES))
_DEEPEST = 8
_MOST_FILES = 50


def words(message: Mapping[str, Any], people: People) -> str:
    """The text of a message, a line for each of its files below it; empty where it says nothing."""
    text = message.get("text")
    if not isinstance(text, str) or not text.strip():
        text = "".join(_of_blocks(message.get("blocks"), people)).strip()
    else:
        text = plain(text, people).strip()
    files = message.get("files")
    named = [_file(one) for one in (files[:_MOST_FILES] if isinstance(files, list) else ())]
    return "\n".join(line for line in (text, *(f"file: {name}" for name in named if name)) if line)


def plain(text: str, people: People) -> str:
    """A text without its marks: `<@U1>` is a person's name, `<https://x|words>` are the words with the address behind them."""
    return _ESCAPED.sub(lambda found: _ESCAPES[found[0]], _MARK.sub(lambda found: _mark(found[1], people), text))


def _mark(mark: str, people: People) -> str:
    what, _, said = mark.partition("|")
    said = said.strip()
    if what.startswith("@"):
        return f"@{people.get(what[1:]) or said.removeprefix('@') or what[1:]}"
    if what.startswith("#"):
        return f"#{said.removeprefix('#') or what[1:]}"
    if what.startswith("!"):  # a group, a date in words, or everybody
        return said or f"@{what[1:].partition('^')[0]}"
    address = what.removeprefix("mailto:")
    if not said or said in address:
        return address
    return said if address.startswith("tel:") else f"{said} ({address})"


def _file(held: Any) -> str | None:  # noqa: ANN401 -- any JSON
    if not isinstance(held, dict) or held.get("mode") == "tombstone":
        return None
    return title_of(held.get("name")) or title_of(held.get("title"))


def _of_blocks(held: Any, people: People, depth: int = 0) -> Iterator[str]:  # noqa: ANN401
    """The words of a message that is told in blocks alone."""
    if isinstance(held, list) and depth < _DEEPEST:
        for one in held:
            yield from _of_blocks(one, people, depth + 1)
    elif isinstance(held, dict) and depth < _DEEPEST:
        text, user, url = held.get("text"), held.get("user_id"), held.get("url")
        if isinstance(user, str):
            yield f"@{people.get(user, user)}"
        elif isinstance(text, str):
            yield f"{text} ({url})" if isinstance(url, str) and url != text else text
        elif isinstance(url, str):
            yield url
        yield from _of_blocks(text if isinstance(text, dict) else held.get("elements"), people, depth + 1)
        if held.get("type") in ("rich_text_section", "section", "rich_text_list"):  # no set: it may be any JSON
            yield "\n"
