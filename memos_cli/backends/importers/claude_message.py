"""One message of a conversation with Claude.ai: what was said in it, what came with it, and what is left out of it."""

from collections.abc import Iterator, Mapping
from typing import Any

from memos_cli.backends.importers.talk import name_of
from memos_cli.records import NamedTuple

STRANGE, NOBODY = "a message of a wrong type", "a message of nobody known"
EMPTY, OTHER = "an empty message", "a part of another kind"
DAMAGED = frozenset({STRANGE, NOBODY})
_SPEAKERS = {"human": "user", "user": "user", "assistant": "assistant"}
_LEFT = {
    "thinking": "reasoning", "redacted_thinking": "reasoning", "tool_use": "a tool call", "tool_call": "a tool call",
    "server_tool_use": "a tool call", "tool_result": "a result of a tool", "web_search_tool_result": "a result of a tool",
    "image": "an image", "token_budget": "a note of the tools", "flag": "a note of the tools", "error": "a notice of an error",
}  # fmt: skip


class ClaudeMessage(NamedTuple):
    """What a message has, whatever types its fields have in a file.

    `left` are the reasons of its blocks that are left out, `papers` what has a text of its own: a part's name, title and text.
    """

    id: Any
    parent: Any
    speaker: str
    text: str
    at: Any
    model: Any
    left: tuple[str, ...]
    papers: tuple[tuple[str, Any, str], ...]


def read_message(held: Any) -> ClaudeMessage:  # noqa: ANN401 -- any JSON
    """A message of `chat_messages`."""
    if not isinstance(held, dict):
        return ClaudeMessage(None, None, STRANGE, "", None, None, (), ())
    content = held.get("content")
    blocks = content if isinstance(content, list) else [content] if isinstance(content, str) else []
    text = "\n\n".join(found for block in blocks if (found := _said(block)))
    papers, without = _attached(held.get("attachments"), "attachment")
    made = [(f"artifact:{name}", title, body) for name, title, body in map(_artifact, blocks) if body]
    left = [why for block in blocks if (why := _left(block))] + without + _files(held)
    sender = held.get("sender")
    return ClaudeMessage(
        held.get("uuid"), held.get("parent_message_uuid"), _SPEAKERS.get(sender, "") if isinstance(sender, str) else "",
        text or _plain(held.get("text")), held.get("created_at"), held.get("model"), tuple(left), (*papers, *made),
    )  # fmt: skip


def left_out(message: ClaudeMessage) -> Iterator[str]:
    """What of a message is left out, and why; of one that gives nothing at all, that."""
    yield from message.left
    if message.speaker == STRANGE:
        yield STRANGE
    elif not message.text:
        yield from () if message.left or message.papers else (EMPTY,)
    elif not message.speaker:
        yield NOBODY


def attachments(message: ClaudeMessage) -> Iterator[tuple[str, Any, str]]:
    """What came with a message or was made in it, and has a text: the name of the part, its title, its text."""
    yield from message.papers


def design(held: Any) -> Any:  # noqa: ANN401
    """A message of a talk about a design, as one of the other talks."""
    if not isinstance(held, dict) or not isinstance(held.get("content"), dict):
        return held
    within = held["content"]
    blocks, attached = within.get("contentBlocks"), within.get("attachments")
    papers = [
        {"file_name": one.get("name"), "extracted_content": one.get("content")} if isinstance(one, dict) else one
        for one in (attached if isinstance(attached, list) else [])
    ]
    return {
        "uuid": held.get("uuid"), "sender": held.get("role"), "created_at": held.get("created_at") or within.get("timestamp"),
        "text": within.get("content"), "content": blocks if isinstance(blocks, list) else [], "attachments": papers,
    }  # fmt: skip


def _said(block: Any) -> str:  # noqa: ANN401
    if isinstance(block, str):
        return block.strip()
    if not isinstance(block, dict) or block.get("type") not in {"text", "voice_note", None}:
        return ""
    return _plain(block.get("text"))


def _left(block: Any) -> str:  # noqa: ANN401
    """Why a block is left out; empty for one that is not, and for a text of nothing."""
    if isinstance(block, str) or (isinstance(block, dict) and block.get("type") in {"text", "voice_note", None}):
        return ""
    type_ = block.get("type") if isinstance(block, dict) else None
    why = _LEFT.get(type_, OTHER) if isinstance(type_, str) else OTHER
    return "" if _artifact(block)[2] else why


def _artifact(block: Any) -> tuple[str, Any, str]:  # noqa: ANN401
    """A document that a block creates: its name, its title and its text, which is empty for any other block."""
    told = block.get("input") if isinstance(block, dict) and block.get("name") == "artifacts" else None
    if not isinstance(told, dict) or told.get("command") != "create":
        return "", None, ""
    return name_of(told.get("id")) or "1", told.get("title"), _plain(told.get("content"))


def _attached(held: Any, part: str) -> tuple[list[tuple[str, Any, str]], list[str]]:  # noqa: ANN401
    """What is attached and has a text, and reasons for what has none."""
    found, without = list[tuple[str, Any, str]](), list[str]()
    for number, one in enumerate(held if isinstance(held, list) else []):
        fields: Mapping[str, Any] = one if isinstance(one, dict) else {}
        text = _plain(fields.get("extracted_content"))
        if text:
            found.append((f"{part}:{number}", fields.get("file_name"), text))
        else:
            without.append("an attachment without its text")
    return found, without


def _files(held: Mapping[str, Any]) -> list[str]:
    """The files that came with a message; newer exports list them twice."""
    listed = [one for field in ("files", "files_v2") if isinstance(held.get(field), list) for one in held[field]]
    names = {str(one.get("file_uuid") or one.get("file_name")) if isinstance(one, dict) else str(one) for one in listed}
    return ["a file that the export has not"] * len(names)


def _plain(value: Any) -> str:  # noqa: ANN401
    return value.strip() if isinstance(value, str) else ""
