"""MemReader without a language model: text to typed drafts, with times resolved, speakers noted and secrets labelled."""

import re
from typing import TYPE_CHECKING, Any, Literal

from memos_cli.errors import UsageError
from memos_cli.infra.governance import secrets
from memos_cli.interface.reader import basis, told_times
from memos_cli.interface.reader.mention import Mention
from memos_cli.interface.reader.named import KnownDay, unknown_day
from memos_cli.mip import rows as mip_rows
from memos_cli.model import Draft, Kind, Origin, Source
from memos_cli.plugins import load
from memos_cli.records import NamedTuple
from memos_cli.times import NOTED, Zone

if TYPE_CHECKING:
    from collections.abc import Iterable

    from memos_cli.ports.ports import Parser

Format = Literal["auto", "prose", "transcript", "markdown", "wiki", "document"]
ORDER = ("transcript", "markdown", "prose")
"""The formats that `auto` tries, the most distinctive first; prose takes whatever is left."""

# Patterns as text: re caches what it has compiled, and a single `add` compiles only those that it reaches.
_RULE = (
    r"(?i)(?:please,? )?(?:always|never|from now on|going forward|don't ever|do not ever|make sure (?:to|you|that you)"
    r"|remember to|(?:call|address) me\b|(?:answer|reply|respond|write|speak)(?: to)?(?: me)? in\b"
    r"|you (?:must|should|may not|must not)\b|(?:when|whenever|if) (?:i|you)\b.{3,80}?,\s*"
    r"(?:please|always|never|you (?:must|should)|don't|do not|ask|use|answer|reply|give|tell|show)\b)"
)
_PROCEDURE = (
    r"(?is)how to \w+|(?:to|in order to) [^.:\n]{3,60}:\s|steps?(?: to [^:\n]*)?:\s"
    r"|first,? (?!(?:i|we|he|she|they|my|the)\b)\w++.*\bthen\b"
)
_STEP = r"(?im)^[^\S\n]*+(?:\d{1,2}[.)]|step \d{1,2}\b)\s*+\S"
_PREFERENCE = (
    r"(?i)\bi(?:'m| am)? ?(?:really |also |still |now |just |absolutely )*"
    r"(?:like|love|prefer|hate|dislike|enjoy|adore|detest|loathe|favou?r)\b"
    r"|\bi (?:can't|cannot) stand\b|\bi(?:'d| would) rather\b|\b(?:my|his|her|their|our|\w+'s) favou?rite\b"
    r"|\b(?:prefers|dislikes|hates|loves|adores)\b"
    r"|\bi (?:don't|do not|no longer|never|always|usually|only) (?:really |like )?"
    r"(?:eat|drink|wear|use|buy|order|take my|read|watch|listen|cook|like|want)\b"
    r"|\bi(?:'m| am|'ve| have| went| became)(?: been| become| gone)? (?:\w+ ){0,3}"
    r"(?:vegan|vegetarian|pescatarian|teetotal|left-handed)\b"
)
_EVENT = (
    r"\b(?:[Ii]|[Ww]e|[Hh]e|[Ss]he|[Tt]hey|[A-Z]\w+) (?:just |finally |already )?(?:went|met|bought|saw|visited|moved"
    r"|started|finished|signed|called|ate|ran|got|came|left|broke|lost|found|booked|flew|drove|arrived|attended"
    r"|celebrated|graduated|married|died|won|paid|sold|cancelled|quit|fell)\b"
)
_FACT = (
    r"(?i)\b(?:is|are|was|were|am|has|have|had|lives?|works?|costs?|weighs?|owns?|means|measures|speaks?|contains|belongs"
    r"|stands for|opens|closes|takes)\b"
    r"|'(?:s|m|re) (?:an?|the|my|in|on|at|called|named|allergic|not)\b|\bnot allergic\b|\S\s*=\s*\S"
)


_EARLY = "1950-06-14T12:00:00.000Z"
"""A time at which nothing that is relative means what it means today."""
_LASTING = frozenset({Kind.RULE, Kind.PROCEDURE, Kind.PREFERENCE})
"""Kinds that do not happen: a day in their words is no time of theirs."""


class Reader:
    """Turns text into drafts. It reads no clock, asks no model and keeps nothing between two calls.

    Args:
        zone: where the person is: `today` is the day there, and a day begins at its midnight.
        known_day: the month and the day of `my birthday`, where they are known.
    """

    def __init__(self, zone: Zone | None = None, known_day: KnownDay = unknown_day) -> None:
        self._zone = zone or Zone()
        self._known_day = known_day

    def read_one(self, text: str, *, now: str, kind: Kind | None = None, occurred_at: str | None = None) -> Draft:
        """A single memory with the given words, without white space around them.

        Args:
            text: what to remember.
            now: the time it is said, fixed-width UTC text; `yesterday` is relative to it, unless `occurred_at` is given.
            kind: used unchanged; guessed by `guess_kind` when missing.
            occurred_at: used unchanged; an event without one takes the first time that its words name.

        Raises:
            UsageError: the text is empty, or no valid Unicode.
        """
        content = _checked(text).strip()
        if not content:
            raise UsageError("nothing to remember: the text is empty")
        draft = Draft(content, occurred_at=occurred_at, origin=Origin.USER)
        return self._findings(now).completed(draft, kind, occurred_at, draft.origin, draft.source)

    def completed(self, drafts: "Iterable[Draft]", now: str) -> list[Draft]:
        """Drafts that an importer made, with what their words say of time and with the label of their secrets.

        What is relative counts from the time of each draft. A draft without a time takes only what does not depend on it.

        Args:
            now: the time.
        """
        read, early = self._findings(now), self._findings(_EARLY)
        made = []
        for draft in drafts:
            asked = draft, draft.kind, draft.occurred_at, draft.origin, draft.source
            one = read.completed(*asked)
            if draft.occurred_at is None and told_times.may_tell(draft.content) and one != early.completed(*asked):
                one = draft._replace(labels=one.labels)
            if mip_rows.CARRIED in draft.metadata:  # a line of a document says all that there is
                one = draft._replace(labels=one.labels)
            elif draft.metadata:  # what a source states goes before what its words let guess
                one = one._replace(metadata={**one.metadata, **draft.metadata})
            made.append(one)
        return made

    def mentions(self, text: str, at: str) -> tuple[Mention, ...]:
        """The times that a text names, which was said at `at`."""
        return told_times.of(text, at, self._zone, self._known_day).mentions

    def instant(self, mention: Mention) -> str:
        """The instant at which what a mention means begins."""
        return told_times.starts(mention, self._zone)

    def day(self, at: str | None) -> str | None:
        """The day on which an instant falls where the person is."""
        return at and self._zone.day(at).isoformat()

    def _findings(self, now: str) -> "_Findings":
        return _Findings(now, self._zone, self._known_day)

    def read_text(
        self,
        text: str,
        *,
        name: str | None,
        now: str,
        format: Format = "auto",  # noqa: A002 -- what callers call it
        occurred_at: str | None = None,
        written: str | None = None,
    ) -> list[Draft]:
        """A transcript, a Markdown file or prose, as the drafts that its parser makes of it.

        Each draft records its place (`source.start`, `source.end`, the file's name). A turn of a conversation also records
        which conversation: the file's name without its suffix, or a digest of a text without a name.

        Args:
            text: the whole text; none of it is lost, and empty text gives an empty list.
            name: the name of its file.
            now: as in `read_one`.
            format: `auto` asks the parsers in `ORDER`.
            occurred_at: for the drafts that have no time of their own.
            written: when the file was last written; what is relative counts from then, where the text and its name tell no day.

        Raises:
            UsageError: the text is no valid Unicode, or the format does not exist.
        """
        parser: Parser = _chosen(_checked(text), name, format)
        if hasattr(parser, "zone"):
            parser.zone = self._zone
        if hasattr(parser, "name"):
            parser.name = name
        conversation = _conversation(text, name)
        days = basis.Days(text, name, written if written and written < now else None, self._zone)
        read = self._findings(now)
        drafts = []
        for draft in parser.parse(text):
            given = draft.source
            told = conversation if draft.kind is Kind.EPISODE else None
            source = given._replace(conversation=told, file=name)
            origin = Origin.USER if name is None and draft.origin is Origin.FILE else draft.origin
            origin = Origin.FILE if name is not None and origin is Origin.USER else origin
            day = days.of(draft)
            # A turn and a commit have a time of their own; a note that a date stands over may tell of another day.
            own = draft.occurred_at if draft.kind is Kind.EPISODE or "commit" in draft.metadata else None
            at = own or (None if day and day.told else occurred_at)
            drafts.append(read.completed(draft, draft.kind, at, origin, source, day))
        return drafts


def guess_kind(text: str, *, dated: bool) -> Kind:
    """The kind of a sentence: the first of these that applies.

    rule: it says how to act (`always …`, `never …`, `call me …`, `answer in …`, `when I …, please …`).
    procedure: `how to …`, `to …: …`, numbered steps, `first … then …` without a person who did it.
    preference: what somebody likes, eats, wears or prefers (`I love …`, `my favourite …`, `I am vegan`).
    event: it names a day or a time (`dated`), or somebody did a thing that happens once (`I met …`, `we moved …`).
    fact: it says what something is, has or costs, or where somebody lives or works.
    note: everything else.
    """
    if re.match(_RULE, text):
        return Kind.RULE
    if re.match(_PROCEDURE, text) or len(re.findall(_STEP, text)) > 1:
        return Kind.PROCEDURE
    if re.search(_PREFERENCE, text.replace("\u2019", "'")):
        return Kind.PREFERENCE
    if dated or re.search(_EVENT, text):
        return Kind.EVENT
    return Kind.FACT if re.search(_FACT, text) else Kind.NOTE


def is_rule(text: str) -> bool:
    """Whether a text says how to act, also where it says so of its speaker: "I never want cilantro", "I always fly by day"."""
    return re.match(_RULE, text) is not None or re.search(r"(?i)\b(?:always|never)\b", text) is not None


def _checked(text: str) -> str:
    """The text, if it can be written as UTF-8; bytes that a terminal could not decode are lone surrogates in it."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise UsageError(f"the text is not valid Unicode at character {error.start + 1}", hint="save it as UTF-8") from None
    return text


def _conversation(text: str, name: str | None) -> str:
    # A single memory needs neither import, and the two take 10 ms.
    from hashlib import sha256
    from pathlib import PurePath

    if name:
        return PurePath(name).stem
    return sha256(text.encode()).hexdigest()[:12]


def _chosen(text: str, name: str | None, format: Format) -> Any:  # noqa: A002, ANN401
    if format != "auto":
        return load("parser", format)()
    parsers = (load("parser", known)() for known in ORDER)
    return next(parser for parser in parsers if parser.matches(text, name))


class _Found(NamedTuple):
    kind: Kind
    time: told_times.Timing
    secret: bool


class _Findings:
    """What the words of drafts say: their kinds, times and labels, found once for the same words.

    Args:
        now: when they were said, where a draft does not tell.
        zone, known_day: as `Reader` has them.
    """

    def __init__(self, now: str, zone: Zone, known_day: KnownDay) -> None:
        self._now, self._zone, self._known_day = now, zone, known_day
        self._known: dict[tuple[str, str | None, Kind | None], _Found] = {}

    def completed(
        self,
        draft: Draft,
        kind: Kind | None,
        occurred_at: str | None,
        origin: Origin,
        source: Source,
        day: basis.Basis | None = None,
    ) -> Draft:
        """The draft with what is given, and with its kind, its times and its labels; `day` is when it was written."""
        asked = (draft.content, occurred_at or (day and day.at), kind)
        found = self._known.get(asked)
        if found is None:
            found = self._known[asked] = self._found(*asked)
        kind, time, secret = found
        metadata = {**draft.metadata}
        if time.mentions:
            metadata[NOTED] = [_told(mention) for mention in time.mentions]
        valid_from = valid_to = None
        if kind is not Kind.EPISODE:  # a turn is what was said, and that stays so
            if time.recurrence and kind not in _LASTING:
                metadata[told_times.RECURRENCE] = time.recurrence
            valid_from, valid_to = time.valid_from, time.valid_to
            if valid_from or valid_to:
                metadata[told_times.TOLD] = True
            happens = kind is Kind.EVENT or (time.whole and kind not in _LASTING)
            if occurred_at is None and happens:
                occurred_at = time.occurred_at
        if occurred_at is None and day is not None and day.told:
            occurred_at = day.at
        labels = (*draft.labels, secrets.SECRET) if secret else draft.labels
        # All at once: a copy for each change takes longer than all that is found out here about a short text.
        return draft._replace(
            kind=kind,
            labels=labels,
            occurred_at=occurred_at,
            valid_from=draft.valid_from or valid_from,
            valid_to=draft.valid_to or valid_to,
            origin=origin,
            source=source,
            metadata=metadata,
        )

    def _found(self, content: str, said: str | None, kind: Kind | None) -> _Found:
        time = told_times.of(content, said or self._now, self._zone, self._known_day)
        kind = kind or guess_kind(content, dated=time.occurred_at is not None and time.recurrence is None)
        return _Found(kind, time, bool(secrets.find(content)))


def _told(mention: Mention) -> dict[str, str]:
    clock = {"clock": f"{mention.clock:%H:%M}"} if mention.clock else {}
    return {"text": mention.text, "at": mention.day.isoformat(), "unit": mention.unit, **clock}
