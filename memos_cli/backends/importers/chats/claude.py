"""Claude.ai: the zip that an export is, the folder with the several that newer ones are, or one of their files.

What the person and Claude said becomes episodes, along the newest branch. Beside the turns are taken:

    attachments             their text, as documents of the talk: with its id, and the number of the turn that they came with
    artifacts               the document as it was created
    projects                their documents, and what the person wrote about them: instructions and description
    memories                what Claude noted about the person, of all talks and of each project

Conversations do not say which project they are of, so that nothing joins them. Thinking, tools and their results are counted.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from memos_cli.backends.importers.archive import Member
from memos_cli.backends.importers.chats.claude_message import (
    DAMAGED,
    STRANGE,
    ClaudeMessage,
    attachments,
    design,
    left_out,
    read_message,
)  # fmt: skip
from memos_cli.backends.importers.chats.copies import Copies
from memos_cli.backends.importers.chats.export import TALKS, Export, head_of
from memos_cli.backends.importers.chats.talk import Talk, beside, branch, digest, name_of, pieces, skips, time_of, title_of
from memos_cli.backends.importers.json_stream import Broken
from memos_cli.model import Draft, Kind
from memos_cli.ports.importer import ImportOptions, Skipped

_OWN = re.compile(r'"chat_messages"\s*:\s*\[|"conversations_memory"\s*:|"is_starter_project"\s*:')
_MARKS = {"users.json", "projects.json", "memories.json"}
SHAPELESS = "an entry of another shape"


def sort_of(member: Member) -> str:
    """What a file of an export is; each is read by what is in it, so that this tells only which are read first."""
    parts = member.name.lower().split("/")
    folder = next((part for part in parts[:-1] if part in {"projects", "memories", "design_chats"}), "")
    if TALKS.fullmatch(member.base):
        return "talks"
    return "more" if member.base in {"projects.json", "memories.json"} or (folder and member.base.endswith(".json")) else ""


class ClaudeImporter:
    """Reads exports of Claude.ai, of the form with all in one zip and of the one with several."""

    def matches(self, source: Path) -> bool:
        """By the beginning of its first file with conversations; an empty one by its neighbours."""
        head, names = head_of(source, sort_of)
        if head.strip("\ufeff \t\r\n") == "[]":
            return bool(names & _MARKS)
        return head.lstrip("\ufeff \t\r\n")[:1] in {"[", "{"} and _OWN.search(head) is not None

    def read(self, source: Path, how: ImportOptions) -> Iterator[Draft | Skipped]:
        """Its conversations, what lies beside them, and what is left out.

        Raises:
            UsageError: it cannot be read, or has none of the files of such an export.
        """
        export = Export(source, how, sort_of)
        yield from pieces(_Pass(export, how).all())


class _Pass:
    """One reading of an export."""

    def __init__(self, export: Export, how: ImportOptions) -> None:
        self._export, self._zone = export, how.zone

    def all(self) -> Iterator[Draft | Skipped]:
        """All that is in it."""
        talks = self._export.files.get("talks", [])
        copies = Copies(self._export, talks, self._name)
        for number, member in enumerate(talks):
            for place, value in enumerate(self._export.values(member, ("conversations",))):
                if copies.is_old(value, number, place):
                    yield Skipped("an older copy of the same talk", _where(value), max(1, len(value["chat_messages"])))
                else:
                    yield from self._value(value, member.name)
        for member in self._export.files.get("more", []):
            for value in self._export.values(member):
                yield from self._value(value, member.name)
        yield from self._export.rest()

    def _name(self, value: Any) -> tuple[str, float] | None:  # noqa: ANN401 -- any JSON
        if not isinstance(value, dict) or not isinstance(value.get("chat_messages"), list):
            return None
        changed = time_of(value.get("updated_at"), self._zone) or time_of(value.get("created_at"), self._zone) or ""
        return _id(value), float(re.sub(r"\D", "", changed) or 0)

    def _value(self, value: Any, file: str) -> Iterator[Draft | Skipped]:  # noqa: ANN401
        """What becomes of an entry of any file, by what it has."""
        if not isinstance(value, dict):
            yield _broken(value, file)
        elif isinstance(value.get("chat_messages"), list):
            yield from self._talk(value, value["chat_messages"], file)
        elif isinstance(value.get("messages"), list):
            yield from self._talk(value, [design(one) for one in value["messages"]], file)
        elif "conversations_memory" in value or "project_memories" in value or "memory_files" in value:
            yield from self._memories(value, file)
        elif "docs" in value or "prompt_template" in value:
            yield from self._project(value)
        else:
            yield _broken(value, file)

    def _talk(self, value: Mapping[str, Any], held: list[Any], file: str) -> Iterator[Draft | Skipped]:
        talk = Talk("claude", _id(value), title_of(value.get("name")) or title_of(value.get("title")))
        messages = {f"{number}": read_message(one) for number, one in enumerate(held)}
        way = _way(value.get("current_leaf_message_uuid"), messages)
        counts: Counter[str] = Counter()
        counts["another branch"] = len(messages) - len(way)
        at, number = time_of(value.get("created_at"), self._zone), 0
        for place in way:
            message = messages[place]
            at = time_of(message.at, self._zone) or at
            name = name_of(message.id) or f"{talk.id}-{place}"
            for one in self._entry(talk, name, message, number, at):
                if isinstance(one, Draft):
                    yield one
                else:
                    counts[one.why] += one.count
            number += bool(message.text and message.speaker)
        if not messages:
            counts["a talk without messages"] += 1
        yield from skips(+counts, talk.title or file, DAMAGED)

    def _entry(self, talk: Talk, name: str, message: ClaudeMessage, number: int, at: str | None) -> Iterator[Draft | Skipped]:
        """What becomes of one message, of its blocks and of what is attached to it."""
        if message.text and message.speaker:
            yield talk.turn(name, message.text, number, message.speaker, at, name_of(message.model))
        yield from (Skipped(why) for why in left_out(message))
        for part, title, text in attachments(message):
            yield talk.paper(f"{name}:{part}", text, number, title_of(title), at)

    def _project(self, value: Mapping[str, Any]) -> Iterator[Draft | Skipped]:
        title, uuid = title_of(value.get("name")) or "a project", name_of(value.get("uuid")) or digest(str(value.get("name")))
        if value.get("is_starter_project") is True:
            yield Skipped("an example project by Claude.ai", title)
            return
        name, at = f"claude:project:{uuid}", time_of(value.get("created_at"), self._zone)
        written = (("instructions", "Instructions of", "prompt_template"), ("description", "About", "description"))
        told = [(part, words, text) for part, words, field in written if (text := _text(value.get(field)))]
        for part, words, text in told:
            yield beside(f"{name}:{part}", text, f"{words} {title}", at)
        docs = value.get("docs")
        for number, doc in enumerate(docs if isinstance(docs, list) else []):
            yield self._doc(name, title, number, doc)
        if not told and not docs:
            yield Skipped("a project without texts", title)

    def _doc(self, name: str, project: str, number: int, doc: Any) -> Draft | Skipped:  # noqa: ANN401
        text = _text(doc.get("content")) if isinstance(doc, dict) else ""
        if not text:
            return Skipped("a document of a project without its text", project, damaged=not isinstance(doc, dict))
        title, at = title_of(doc.get("filename")), time_of(doc.get("created_at"), self._zone)
        draft = beside(f"{name}:{name_of(doc.get('uuid')) or number}", text, title, at, Kind.DOCUMENT, title)
        return draft._replace(metadata={"project": project})

    def _memories(self, value: Mapping[str, Any], file: str) -> Iterator[Draft | Skipped]:
        account = name_of(value.get("account_uuid")) or "account"
        at = time_of(value.get("updated_at"), self._zone)
        by_project, files = value.get("project_memories"), value.get("memory_files")
        told = [("", "Memory of Claude.ai", value.get("conversations_memory"))]
        for project, text in by_project.items() if isinstance(by_project, dict) else ():
            told.append((f":project:{name_of(project) or digest(project)}", "Memory of Claude.ai, of a project", text))
        for one in files if isinstance(files, list) else []:
            held = one if isinstance(one, dict) else {}
            path = title_of(held.get("path"))
            told.append((f":file:{path or digest(str(one))}", path or "Memory of Claude.ai", held.get("content")))
        found = [(part, title, text) for part, title, value in told if (text := _text(value))]
        for part, title, text in found:
            yield beside(f"claude:memory:{account}{part}", text, title, at)
        if len(found) < len(told):
            yield Skipped("a memory without a text", file, len(told) - len(found))


def _id(value: Mapping[str, Any]) -> str:
    """The id of a conversation; of one without, a name that comes of what it is."""
    found = name_of(value.get("uuid")) or name_of(value.get("id"))
    return found or f"nameless-{digest(repr((value.get('name'), value.get('created_at')))[:10_000])}"


def _where(value: Any) -> str:  # noqa: ANN401
    return (title_of(value.get("name")) or name_of(value.get("uuid")) or "") if isinstance(value, dict) else ""


def _text(value: Any) -> str:  # noqa: ANN401
    return value.strip() if isinstance(value, str) else ""


def _broken(value: Any, file: str) -> Skipped:  # noqa: ANN401
    if isinstance(value, Broken):
        return Skipped(value.why, file, damaged=True)
    if isinstance(value, dict) and "email_address" in value:
        return Skipped("an account", file)
    return Skipped(SHAPELESS, _where(value) or file, damaged=True)


def _way(leaf: Any, messages: Mapping[str, ClaudeMessage]) -> list[str]:  # noqa: ANN401
    """The places of the messages of the branch that was last seen.

    A message that names none above it stands below the one before it in the list, as in exports without branches. One that
    names something that is not there begins the talk: the root has an id of its own.
    """
    places = {name: place for place, message in messages.items() if (name := name_of(message.id))}
    parents: dict[str, str | None] = {}
    before: str | None = None
    for place, message in messages.items():
        above = name_of(message.parent)
        parents[place] = before if above is None else places.get(above)
        before = place
    order = sorted(messages, key=lambda place: (_moment(messages[place]), int(place)), reverse=True)
    return branch(parents, places.get(name_of(leaf) or ""), order)


def _moment(message: ClaudeMessage) -> str:
    """When a message was written, as it sorts; all of an export write it alike."""
    return message.at if isinstance(message.at, str) and message.speaker != STRANGE else ""
