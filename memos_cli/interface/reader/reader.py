"""MemReader without a language model: text to typed drafts, with times resolved, speakers noted and secrets labelled."""

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from memos_cli.errors import UsageError
from memos_cli.infra.governance import secrets
from memos_cli.interface.reader import dates
from memos_cli.model import Draft, Kind, Origin, Source
from memos_cli.plugins import load
from memos_cli.times import from_text, to_text

if TYPE_CHECKING:
    from memos_cli.ports import Parser

Format = Literal["auto", "prose", "transcript", "markdown"]
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


class Reader:
    """Turns text into drafts. It reads no clock, asks no model and keeps nothing between two calls."""

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
        return _Findings(now).completed(draft, kind, occurred_at, draft.origin, draft.source)

    def read_text(
        self,
        text: str,
        *,
        name: str | None,
        now: str,
        format: Format = "auto",  # noqa: A002 -- what callers call it
        occurred_at: str | None = None,
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

        Raises:
            UsageError: the text is no valid Unicode, or the format does not exist.
        """
        parser: Parser = _chosen(_checked(text), name, format)
        conversation = _conversation(text, name)
        read = _Findings(now)
        drafts = []
        for draft in parser.parse(text):
            given = draft.source
            told = conversation if draft.kind is Kind.EPISODE else None
            source = given._replace(conversation=told, file=name)
            origin = Origin.USER if name is None and draft.origin is Origin.FILE else draft.origin
            origin = Origin.FILE if name is not None and origin is Origin.USER else origin
            drafts.append(read.completed(draft, draft.kind, draft.occurred_at or occurred_at, origin, source))
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


class _Findings:
    """What the words of drafts say: their kinds, times and labels, found once for the same words.

    Args:
        now: when they were said, where a draft does not tell.
    """

    def __init__(self, now: str) -> None:
        self._now = now
        self._known: dict[tuple[str, str | None, Kind | None], tuple[Kind, str | None, bool, tuple[dict[str, str], ...]]] = {}

    def completed(self, draft: Draft, kind: Kind | None, occurred_at: str | None, origin: Origin, source: Source) -> Draft:
        """The draft with what is given, and with its kind, its times and its labels."""
        asked = (draft.content, occurred_at, kind)
        found = self._known.get(asked)
        if found is None:
            found = self._known[asked] = self._found(*asked)
        kind, occurred_at, secret, times = found
        metadata = {**draft.metadata}
        if times:
            metadata["times"] = [dict(time) for time in times]
        labels = (*draft.labels, secrets.SECRET) if secret else draft.labels
        # All at once: a copy for each change takes longer than all that is found out here about a short text.
        return draft._replace(
            kind=kind, labels=labels, occurred_at=occurred_at, origin=origin, source=source, metadata=metadata
        )

    def _found(
        self, content: str, occurred_at: str | None, kind: Kind | None
    ) -> tuple[Kind, str | None, bool, tuple[dict[str, str], ...]]:
        may = dates.may_name_a_time(content)
        times = dates.mentions(content, from_text(occurred_at or self._now)) if may else []
        kind = kind or guess_kind(content, dated=bool(times))
        if kind is Kind.EVENT and occurred_at is None and times:
            occurred_at = to_text(datetime.combine(times[0].day, datetime.min.time()))
        told = tuple({"text": time.text, "at": time.day.isoformat(), "unit": time.unit} for time in times)
        return kind, occurred_at, bool(secrets.find(content)), told
