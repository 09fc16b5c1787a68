"""A table put at the end of a TOML text and taken out again, with every other byte where it was. Pure.

A text without a new line at its end gets a table without one, and a file that is made for the table ends with one: by that
the very text is restored.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

from memos_cli import values
from memos_cli.errors import Refused

_HEADER = re.compile(r"^[ \t]*\[.*$", re.MULTILINE)


def parsed(text: str, name: str) -> dict[str, Any]:
    """What a text says.

    Raises:
        Refused: it is no TOML; the message says where.
    """
    try:
        return values.tables(text)
    except ValueError as error:
        said = str(error).removesuffix(")")
        why, _, where = said.rpartition(" (at ") if " (at " in said else (str(error), "", "as a whole")
        raise Refused(f"{name} is no valid TOML: {where}: {why[:100]}", hint="mend it, and run this again") from None


def has(text: str | None, path: Sequence[str], name: str) -> Any:  # noqa: ANN401 -- any TOML
    """What stands at a place; `None` for nothing."""
    at: Any = parsed(text or "", name)
    for key in path:
        at = at.get(key) if isinstance(at, dict) else None
    return at


def put(text: str | None, path: Sequence[str], value: dict[str, Any], is_ours: Callable[[Any], bool], name: str) -> str:
    """The text with a table in it; the same text where it stands there already.

    Args:
        text: the file; `None` where there is none.
        path: the keys that lead to the table.
        value: its entries: texts and lists of texts.
        is_ours: whether memos wrote what stands there.
        name: what the file is called, for messages.

    Raises:
        Refused: it is no TOML, or something else stands there.
    """
    there = has(text, path, name)
    if there is not None and not is_ours(there):
        raise Refused(
            f"{name}: {'.'.join(path)} runs something else", hint="give that another name, or take it out, and run this again"
        )
    if there is not None and {key: there.get(key) for key in value} == value:
        return text or ""
    before = text if there is None else take(text or "", path, is_ours, name)
    end = "\r\n" if "\r\n" in (text or "") else "\n"
    table = end.join([f"[{'.'.join(path)}]", *(f"{key} = {_written(one)}" for key, one in value.items())])
    if not before:
        made = table + (end if before is None else "")
    elif before.endswith("\n"):
        made = f"{before}{end}{table}{end}"
    else:
        made = f"{before}{end}{end}{table}"
    if not _is_added(made, before or "", path, value, name):
        raise _elsewhere(name, path)
    return made


def take(text: str, path: Sequence[str], is_ours: Callable[[Any], bool], name: str) -> str | None:
    """The text without the table and the tables below it; the same text where it is not there, `None` where that was all.

    Raises:
        Refused: it is no TOML, or the table is written in another way than here.
    """
    there = has(text, path, name)
    if there is None or not is_ours(there):
        return text
    left = text
    while (span := _span(left, path)) is not None:
        left = _cut(left, *span)
    if has(left, path, name) is not None or _rest(parsed(left, name), path) != _rest(parsed(text, name), path):
        raise _elsewhere(name, path)
    return None if not left and text.endswith("\n") else left


def _is_added(made: str, before: str, path: Sequence[str], value: dict[str, Any], name: str) -> bool:
    """Whether a text says what it said before, and the table."""
    try:
        return _rest(parsed(made, name), path) == _rest(parsed(before, name), path) and has(made, path, name) == value
    except Refused:  # the tables on the way are written within a line, and nothing may be added behind them
        return False


def _elsewhere(name: str, path: Sequence[str]) -> Refused:
    table = ".".join(path)
    return Refused(f"{name} leaves no room for a table [{table}] of its own", hint="change it by hand; see: memos setup --help")


def _span(text: str, path: Sequence[str]) -> tuple[int, int] | None:
    """From the table's header to behind its last line; empty lines and remarks before the next header are that one's."""
    dotted = r"[ \t]*\.[ \t]*".join(_key(one) for one in path)
    ours = re.compile(rf"^[ \t]*\[[ \t]*{dotted}[ \t]*[.\]].*$", re.MULTILINE)
    found = ours.search(text)
    if found is None:
        return None
    following = _HEADER.search(text, found.end())
    lines = text[found.start() : following.start() if following else len(text)].splitlines(keepends=True)
    while len(lines) > 1 and (not lines[-1].strip() or lines[-1].lstrip().startswith("#")):
        lines.pop()
    return found.start(), found.start() + sum(map(len, lines))


def _key(key: str) -> str:
    return rf"[\"']?{re.escape(key)}[\"']?"


def _cut(text: str, start: int, end: int) -> str:
    before, after = text[:start], text[end:]
    before = re.sub(r"\r?\n\Z", "", before)
    if end == len(text) and not text.endswith("\n"):
        before = re.sub(r"\r?\n\Z", "", before)
    return before + after


def _rest(values: dict[str, Any], path: Sequence[str]) -> dict[str, Any]:
    """What a text says besides what stands at a place; tables that hold nothing else are not there."""
    key, *further = path
    left = {name: value for name, value in values.items() if name != key}
    if further and isinstance(values.get(key), dict) and (inner := _rest(values[key], further)):
        left[key] = inner
    return left


def _written(value: str | Sequence[str]) -> str:
    """A value as TOML has it; JSON writes texts in the same way."""
    import json

    text = json.dumps(value, ensure_ascii=True)
    return re.sub(r"\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})", _astral, text)


def _astral(found: re.Match[str]) -> str:
    """A letter beyond the first plane, which TOML writes in one piece."""
    return f"\\U{0x10000 + ((int(found[1], 16) - 0xD800) << 10) + (int(found[2], 16) - 0xDC00):08x}"
