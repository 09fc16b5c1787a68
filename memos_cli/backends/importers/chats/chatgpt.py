"""ChatGPT: the zip that an export is, a folder that it was unpacked to, or one of its files with conversations.

What the person and ChatGPT said becomes episodes, along the branch that was last seen: from `current_node` up, since newer
exports name no children. What ChatGPT was told by its makers, its tools, its reasoning and what lies beside talks is counted.
Beside the turns are taken, because they are the person's own or were made for them:

    custom instructions     once, however many conversations repeat them; they are what the person wrote about themselves
    saved memories          what ChatGPT noted about the person (its tool `bio`), with the time when it did
    canvas                  the document as it was created, or, where the export has `textdocs`, as it was in the end
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from memos_cli.backends.importers.archive import Member
from memos_cli.backends.importers.chats.chatgpt_message import (
    BIO,
    CANVAS,
    DAMAGED,
    IMAGE,
    INSTRUCTIONS,
    RECORDING,
    ChatGptMessage,
    canvas,
    instructions,
    message_of,
    reason,
)  # fmt: skip
from memos_cli.backends.importers.chats.copies import Copies
from memos_cli.backends.importers.chats.export import TALKS, Export, head_of
from memos_cli.backends.importers.chats.talk import Talk, beside, branch, digest, name_of, pieces, skips, time_of, title_of
from memos_cli.backends.importers.json_stream import Broken
from memos_cli.model import Draft, Kind
from memos_cli.ports.importer import ImportOptions, Skipped

_OWN = re.compile(r'"mapping"\s*:\s*\{')
_BESIDE = re.compile(r'"(?:current_node|conversation_id|create_time|message)"\s*:')
_MARKS = {"chat.html", "user.json", "message_feedback.json", "shared_conversations.json"}
_FLAGS = {"is_archived": "archived", "is_starred": "starred", "is_do_not_remember": "do_not_remember"}
SHAPELESS = "a talk without a tree of messages"
OLD = "an older copy of the same talk"


def sort_of(member: Member) -> str:
    """What a file of an export is."""
    if member.base.endswith(".json") and "textdocs/" in member.name:
        return "papers"
    return "groups" if member.base == "group_chats.json" else "talks" if TALKS.fullmatch(member.base) else ""


class ChatGptImporter:
    """Reads exports of ChatGPT, of the old form with one file and of the new one with many."""

    def matches(self, source: Path) -> bool:
        """By the beginning of its first file with conversations; an empty one by its neighbours."""
        head, names = head_of(source, lambda member: "talks" if TALKS.fullmatch(member.base) else "")
        if head.strip("\ufeff \t\r\n") == "[]":
            return bool(names & _MARKS)
        begins = head.lstrip("\ufeff \t\r\n")[:1] in {"[", "{"}
        return begins and _OWN.search(head) is not None and _BESIDE.search(head) is not None

    def read(self, source: Path, how: ImportOptions) -> Iterator[Draft | Skipped]:
        """Its conversations, what lies beside them, and what is left out.

        Raises:
            UsageError: it cannot be read, or has no conversations.
        """
        export = Export(source, how, sort_of, passes=2)
        yield from pieces(_Reading(export, how).all())


class _Reading:
    """One reading of an export."""

    def __init__(self, export: Export, how: ImportOptions) -> None:
        self._export, self._zone = export, how.zone
        self._told: set[str] = set()
        self._papers = bool(export.files.get("papers"))

    def all(self) -> Iterator[Draft | Skipped]:
        """All that is in it."""
        talks = self._export.files.get("talks", [])
        copies = Copies(self._export, talks, self._name, "conversation_id")
        for number, member in enumerate(talks):
            for place, value in enumerate(self._export.values(member, ("conversations",))):
                if copies.is_old(value, number, place):
                    yield Skipped(OLD, _where(value), _size(value))
                else:
                    yield from self._talk(value, member.name)
        for member in self._export.files.get("groups", []):
            yield from self._groups(member)
        for member in self._export.files.get("papers", []):
            yield from self._paper(member)
        yield from self._export.rest()

    def _name(self, value: Any) -> tuple[str, float] | None:  # noqa: ANN401 -- any JSON
        if not isinstance(value, dict) or not isinstance(value.get("mapping"), dict):
            return None
        changed = time_of(value.get("update_time"), self._zone) or time_of(value.get("create_time"), self._zone) or ""
        return _id(value), float(re.sub(r"\D", "", changed) or 0)

    def _groups(self, member: Member) -> Iterator[Draft | Skipped]:
        for value in self._export.values(member, ("chats",)):
            if isinstance(value, Broken) or (isinstance(value, dict) and isinstance(value.get("mapping"), dict)):
                yield from self._talk(value, member.name)
            else:
                yield Skipped("a group chat, of which exports have no messages", _where(value) or member.name)

    def _paper(self, member: Member) -> Iterator[Draft | Skipped]:
        for value in self._export.values(member):
            text = value.get("content") if isinstance(value, dict) else None
            if isinstance(text, str) and text.strip():
                title, at = title_of(value.get("title")), time_of(value.get("created_at"), self._zone)
                name = name_of(value.get("id")) or digest(text)
                yield beside(f"chatgpt:canvas:{name}", text.strip(), title, at, Kind.DOCUMENT, title)
            else:
                yield _broken(value, member.name)

    def _talk(self, value: Any, file: str) -> Iterator[Draft | Skipped]:  # noqa: ANN401
        tree = value.get("mapping") if isinstance(value, dict) else None
        if not isinstance(tree, dict):
            yield _broken(value, file)
        elif value.get("is_deleted") is True:
            yield Skipped("a deleted talk", _where(value), max(1, _size(value)))
        elif not _size(value):
            yield Skipped("a talk without messages", _where(value) or file)
        else:
            yield from self._turns(value, tree)

    def _turns(self, value: Mapping[str, Any], tree: Mapping[str, Any]) -> Iterator[Draft | Skipped]:
        talk = Talk("chatgpt", _id(value), title_of(value.get("title")), _metadata(value))
        way = _way(value.get("current_node"), tree)
        counts: Counter[str] = Counter()
        at, number = time_of(value.get("create_time"), self._zone), 0
        for node in way:
            message = message_of(tree[node])
            if message is not None:
                at = time_of(message.at, self._zone) or at
                for one in self._entry(talk, node, message, number, at):
                    if isinstance(one, Draft):
                        number += one.kind is Kind.EPISODE
                        yield one
                    else:
                        counts[one.why] += one.count
        seen = frozenset(way)
        for node, held in tree.items():
            if node not in seen and _has_message(held):
                counts["another branch"] += 1
        yield from skips(counts, talk.title or talk.id, DAMAGED)

    def _entry(self, talk: Talk, node: str, message: ChatGptMessage, number: int, at: str | None) -> Iterator[Draft | Skipped]:
        """What becomes of one message: one entry, and one more for each image beside a text."""
        name, why = name_of(node) or digest(node), reason(message)
        if why == INSTRUCTIONS:
            yield from self._instructions(message)
        elif why == BIO and message.text:
            yield beside(f"chatgpt:{talk.id}:{name}", message.text, "Saved by ChatGPT", at)
        elif why == CANVAS and not self._papers and (found := canvas(message)):
            yield talk.paper(name, found[1], max(0, number - 1), title_of(found[0]), at)
        elif why:
            yield Skipped(why)
        else:
            draft = talk.turn(name, message.text, number, message.speaker, at, name_of(message.model))
            files = {"attachments": message.files} if message.files else {}
            yield draft._replace(metadata={**draft.metadata, **files}) if files else draft
            yield from (Skipped(IMAGE) for _ in range(message.images))
            yield from (Skipped(RECORDING) for _ in range(message.recordings))

    def _instructions(self, message: ChatGptMessage) -> Iterator[Draft | Skipped]:
        new = [(title, text) for title, text in instructions(message) if text not in self._told]
        for title, text in new:
            self._told.add(text)
            yield beside(f"chatgpt:instructions:{digest(text)}", text, title, None)
        if not new:
            yield Skipped("custom instructions that were taken already, or are empty")


def _id(value: Mapping[str, Any]) -> str:
    """The id of a conversation; of one without, a name that comes of what it is."""
    found = name_of(value.get("conversation_id")) or name_of(value.get("id"))
    told = (value.get("title"), value.get("create_time"), min(value["mapping"], default=""))
    return found or f"nameless-{digest(repr(told)[:10_000])}"


def _where(value: Any) -> str:  # noqa: ANN401
    return (title_of(value.get("title")) or name_of(value.get("id")) or "") if isinstance(value, dict) else ""


def _size(value: Mapping[str, Any]) -> int:
    """How many messages a conversation has."""
    return sum(map(_has_message, value["mapping"].values()))


def _has_message(node: Any) -> bool:  # noqa: ANN401
    """Whether a node holds one, of whatever type it is."""
    return not isinstance(node, dict) or node.get("message") is not None


def _metadata(value: Mapping[str, Any]) -> dict[str, Any]:
    gpt = name_of(value.get("gizmo_id"))
    return {**{name: True for flag, name in _FLAGS.items() if value.get(flag) is True}, **({"gpt": gpt} if gpt else {})}


def _broken(value: Any, file: str) -> Skipped:  # noqa: ANN401
    if isinstance(value, Broken):
        return Skipped(value.why, file, damaged=True)
    return Skipped(SHAPELESS, _where(value) or file, damaged=True)


def _way(leaf: Any, tree: Mapping[str, Any]) -> list[str]:  # noqa: ANN401
    """The nodes of the branch that was last seen; where a node names none above it, the node that names it below itself."""
    parents: dict[str, str | None] = {}
    below: dict[str, str] = {}
    for node, held in tree.items():
        parent = held.get("parent") if isinstance(held, dict) else None
        parents[node] = parent if isinstance(parent, str) and parent in tree else None
        children = held.get("children") if isinstance(held, dict) else None
        for child in children if isinstance(children, list) else ():
            if isinstance(child, str):
                below.setdefault(child, node)
    parents = {node: parent if parent is not None else below.get(node) for node, parent in parents.items()}
    return branch(parents, leaf if isinstance(leaf, str) else None, _newest(tree))


def _newest(tree: Mapping[str, Any]) -> Iterator[str]:
    """The nodes with messages, the newest first; of those without a time the ones further down."""
    times = {node: message.at for node, held in tree.items() if (message := message_of(held)) is not None}
    order = {node: (float(at) if type(at) in (int, float) else 0.0, number) for number, (node, at) in enumerate(times.items())}
    yield from sorted(order, key=order.__getitem__, reverse=True)
    yield from (node for node in tree if node not in times)
