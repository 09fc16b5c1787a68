"""Exports of ChatGPT and Claude.ai, written as their makers write them, for tests."""

import json
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

START = 1_700_000_000.25
ROOT = "00000000-0000-4000-8000-000000000000"
"""What the first message of a talk with Claude.ai names as the one above it."""
Tree = dict[str, Any]


def said(role: str, *parts: Any, at: float | None = START, **more: Any) -> dict[str, Any]:
    """A message of ChatGPT; `more` are further fields, `type` that of its content."""
    content = {"content_type": more.pop("type", "text"), "parts": list(parts)} | more.pop("content", {})
    return {
        "author": {"role": role, "name": more.pop("name", None), "metadata": {}}, "create_time": at, "update_time": None,
        "content": content, "status": "finished_successfully", "end_turn": None, "weight": 1.0, "metadata": {},
        "recipient": "all", "channel": None, **more,
    }  # fmt: skip


def chain(*messages: Mapping[str, Any] | None, children: bool = True, start: str = "n") -> Tree:
    """A tree without branches, below a root without a message: nodes `n1`, `n2` and so on."""
    tree: Tree = {f"{start}0": {"id": f"{start}0", "message": None, "parent": None, "children": []}}
    for number, message in enumerate(messages, 1):
        node, above = f"{start}{number}", f"{start}{number - 1}"
        tree[node] = {"id": node, "message": message and {"id": node, **message}, "parent": above}
        if children:
            tree[node]["children"] = []
            tree[above]["children"].append(node)
        else:
            tree[above].pop("children", None)
    return tree


def talk(name: str, tree: Tree, **more: Any) -> dict[str, Any]:
    """A conversation with ChatGPT; the last node of its tree is the one last seen."""
    return {
        "title": f"Talk {name}", "create_time": START - 10, "update_time": START + 100, "mapping": tree,
        "moderation_results": [], "current_node": [*tree][-1], "conversation_id": name, "is_archived": False,
        "default_model_slug": "gpt-5", "id": name, **more,
    }  # fmt: skip


def zipped(path: Path, files: Mapping[str, Any], packed: int = zipfile.ZIP_DEFLATED) -> Path:
    """A zip of these files: of bytes, of texts, or of anything else as JSON."""
    with zipfile.ZipFile(path, "w", packed) as archive:
        for name, content in files.items():
            archive.writestr(name, as_bytes(content))
    return path


def foldered(path: Path, files: Mapping[str, Any]) -> Path:
    """The same as a folder."""
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(as_bytes(content))
    return path


def as_bytes(content: Any) -> bytes:
    """What a file holds."""
    return content if isinstance(content, bytes) else (content if isinstance(content, str) else json.dumps(content)).encode()


def wrote(
    name: str, sender: str, text: str = "", blocks: Iterable[Any] | None = None, after: str | None = None, **more: Any
) -> dict[str, Any]:
    """A message of Claude.ai; `after` is the message above it."""
    content = [{"type": "text", "text": text, "citations": []}] if blocks is None else list(blocks)
    return {
        "uuid": name, "text": text, "content": content, "sender": sender, "created_at": "2025-05-01T10:00:00.123456+02:00",
        "updated_at": "2025-05-01T10:00:00.123456+02:00", "attachments": [], "files": [],
        **({"parent_message_uuid": after} if after else {}), **more,
    }  # fmt: skip


def chat(name: str, *messages: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """A conversation with Claude.ai."""
    return {
        "uuid": name, "name": f"Chat {name}", "summary": "", "created_at": "2025-05-01T07:59:00.000001Z",
        "updated_at": "2025-05-01T09:00:00.000000Z", "account": {"uuid": "person"}, "chat_messages": list(messages), **more,
    }  # fmt: skip
