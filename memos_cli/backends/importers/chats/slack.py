"""Slack: the zip that a workspace exports, or its folder: `users.json`, lists of channels, and for each a folder, a file a day.

What people wrote becomes episodes. A channel is a conversation with a session a day, and so keeps its turns when old days are
no longer exported; a thread is a conversation of its own, whatever days it goes on for. Bots, notices of the channel (joins,
topics) and deleted messages are counted. Names of people stand in the place of their ids, and a link is what it says.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from memos_cli.backends.importers.archive import Member, shown
from memos_cli.backends.importers.chats.export import Export, head_of
from memos_cli.backends.importers.chats.slack_text import People, words
from memos_cli.backends.importers.chats.talk import Talk, name_of, pieces, skips, time_of, title_of
from memos_cli.backends.importers.json_stream import Broken
from memos_cli.model import Draft
from memos_cli.ports.importer import ImportOptions, Skipped

KIND = "slack"
_DAY = re.compile(r"\d{4}-\d\d-\d\d\.json")
_LISTS = frozenset(("channels.json", "groups.json", "dms.json", "mpims.json"))
_OWN = re.compile(r'"ts"\s*:\s*"\d{9,11}\.\d{6}"')
_STAMP = re.compile(r"\d{1,12}\.\d{1,9}")
_SAID = frozenset((None, "", "me_message", "thread_broadcast", "file_share", "file_comment", "file_mention", "reply_broadcast"))
"""The subtypes of what a person wrote; all others are notices."""
_BOT, _NOTICE, _DELETED, _TEXTLESS = (
    "a bot's message",
    "a notice of the channel",
    "a deleted message",
    "a message without a text",
)
_SHAPELESS = "an entry of another shape"
_MOST = 500_000
"""People, and threads of a channel, that are remembered."""


def sort_of(member: Member) -> str:
    """What a file of an export is."""
    if member.base == "users.json":
        return "users"
    return "lists" if member.base in _LISTS else "days" if _DAY.fullmatch(member.base) else ""


class SlackImporter:
    """Reads exports of Slack."""

    def matches(self, source: Path) -> bool:
        """By its lists of people and channels; what has none of them, by the stamps of its messages."""
        head, names = head_of(source, sort_of)
        if "users.json" in names and names & _LISTS:
            return True
        return any(map(_DAY.fullmatch, names)) and head.lstrip("\ufeff \t\r\n").startswith("[") and bool(_OWN.search(head))

    def read(self, source: Path, how: ImportOptions) -> Iterator[Draft | Skipped]:
        """Its messages, channel by channel and day by day, and what is left out.

        Raises:
            UsageError: it cannot be read, or has none of the files of such an export.
        """
        yield from pieces(_WorkspaceReader(Export(source, how, sort_of), how, shown(source.stem)).all())


class _Channel:
    """A channel: what it is called, and how far its threads are."""

    def __init__(self, identity: str, title: str) -> None:
        self.talk = Talk(KIND, identity, title)
        self._turns: Counter[str] = Counter()

    def thread(self, stamp: str) -> tuple[Talk, int]:
        """The conversation that a thread is, and the number of its next turn."""
        if len(self._turns) < _MOST or stamp in self._turns:
            self._turns[stamp] += 1
        return self.talk._replace(id=f"{self.talk.id}/{stamp}"), self._turns[stamp] - 1


class _WorkspaceReader:
    """One reading of an export."""

    def __init__(self, export: Export, how: ImportOptions, name: str) -> None:
        self._export, self._zone, self._name = export, how.zone, name
        self._people: People = {}
        self._bots: set[str] = set()
        self._named: dict[str, tuple[str, str]] = {}

    def all(self) -> Iterator[Draft | Skipped]:
        """All that is in it."""
        yield from self._read_people()
        yield from self._read_lists()
        channel, before = _Channel("", ""), None
        for member in (*self._export.files.get("talks", ()), *self._export.files.get("days", ())):
            folder = member.name.rpartition("/")[0].rpartition("/")[2] or self._name
            if folder != before:
                channel, before = _Channel(*self._named.get(folder, (name_of(folder) or "?", f"#{folder}"))), folder
            yield from self._day(channel, member)
        yield from self._export.rest()

    def _read_people(self) -> Iterator[Skipped]:
        for member in self._export.files.get("users", ()):
            for value in self._export.values(member):
                held = value if isinstance(value, dict) else {}
                if (identity := name_of(held.get("id"))) and len(self._people) < _MOST:
                    self._people[identity] = _called(held) or identity
                    if held.get("is_bot") is True or identity == "USLACKBOT":
                        self._bots.add(identity)
                elif isinstance(value, Broken):
                    yield Skipped(value.why, member.name, damaged=True)

    def _read_lists(self) -> Iterator[Skipped]:
        for member in self._export.files.get("lists", ()):
            for value in self._export.values(member):
                held = value if isinstance(value, dict) else {}
                identity, name = name_of(held.get("id")), title_of(held.get("name"))
                if identity and len(self._named) < _MOST:
                    told = (identity, f"#{name}" if name and not name.startswith("mpdm-") else self._among(held) or identity)
                    self._named.setdefault(name or identity, told)
                    self._named.setdefault(identity, told)
                elif isinstance(value, Broken):
                    yield Skipped(value.why, member.name, damaged=True)

    def _among(self, held: Mapping[str, Any]) -> str | None:
        """Who talks with each other in a channel without a name."""
        members = held.get("members")
        names = [self._people.get(one, one) for one in members[:9] if isinstance(one, str)] if isinstance(members, list) else []
        return title_of(", ".join(names))

    def _day(self, channel: _Channel, member: Member) -> Iterator[Draft | Skipped]:
        counts: Counter[str] = Counter()
        day, number = member.base.removesuffix(".json"), 0
        for value in self._export.values(member):
            why = value.why if isinstance(value, Broken) else self._why_not(value)
            draft = None if why else self._message(channel, value, day, number)
            if draft is None:
                counts[why or _TEXTLESS] += 1
                continue
            number += draft.source.session is not None
            yield draft
        yield from skips(counts, f"{channel.talk.title} {day}", frozenset(counts) - {_BOT, _NOTICE, _DELETED, _TEXTLESS})

    def _why_not(self, value: Any) -> str:  # noqa: ANN401 -- any JSON
        """Why an entry is no message that a person wrote; empty where it is one."""
        if not isinstance(value, dict) or _stamp(value.get("ts")) is None or value.get("type", "message") != "message":
            return _SHAPELESS
        subtype, user = value.get("subtype"), value.get("user")
        if subtype == "tombstone" or value.get("hidden") is True:
            return _DELETED
        if subtype == "bot_message" or value.get("bot_id") or (isinstance(user, str) and user in self._bots):
            return _BOT
        if not isinstance(subtype, str | None):
            return _SHAPELESS
        return "" if subtype in _SAID else _NOTICE

    def _message(self, channel: _Channel, value: Mapping[str, Any], day: str, number: int) -> Draft | None:
        text = words(value, self._people)
        if not text:
            return None
        stamp, thread = str(value["ts"]), _stamp(value.get("thread_ts"))
        at = time_of(float(stamp), self._zone)
        name = f"{channel.talk.id}:{stamp}"
        talk, turn = channel.thread(thread) if thread else (channel.talk, number)
        draft = talk.turn(stamp, text, turn, self._speaker(value), at)
        edited = value.get("edited")
        changed = time_of(edited.get("ts"), self._zone) if isinstance(edited, dict) else None
        return draft._replace(
            external_id=f"{KIND}:{name}", metadata={"edited_at": changed} if changed else {},
            source=draft.source._replace(session=None if thread else day),
        )  # fmt: skip

    def _speaker(self, value: Mapping[str, Any]) -> str:
        user, profile = name_of(value.get("user")), value.get("user_profile")
        known = self._people.get(user or "") or (_called({"profile": profile}) if isinstance(profile, dict) else None)
        return known or title_of(value.get("username")) or user or "?"


def _stamp(value: Any) -> str | None:  # noqa: ANN401
    """A stamp, which names a message in its channel."""
    return value if isinstance(value, str) and _STAMP.fullmatch(value) else None


def _called(held: Mapping[str, Any]) -> str | None:
    """What a person is called: by the full name first, which is the same in all channels."""
    profile = held.get("profile")
    told = profile if isinstance(profile, dict) else {}
    names = (told.get("real_name"), held.get("real_name"), told.get("display_name"), held.get("name"), told.get("name"))
    return next((name for one in names if (name := title_of(one))), None)
