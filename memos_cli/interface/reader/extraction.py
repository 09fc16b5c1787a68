"""Memories in what somebody said, as drafts: extracted by a model where one is fit for it, else by rules.

    ask        the words go to the model within a fence, as data; it answers in JSON, held to a schema (`notes`)
    check      sizes, types and kinds, whatever the backend promised (`notes`)
    ground     a draft that cannot be shown to rest on the words is dropped (`grounding`), and so is what is known already
    complete   time, key and labels by the code that every memory passes; the model is asked for none of them

The input is only what a person said: neither recalled memories nor an answer made of them. If the model fails, or its answer
is unusable, the rules extract instead. Nothing is stored here.
"""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from memos_cli.errors import ModelUnavailable
from memos_cli.infra.governance import secrets
from memos_cli.interface.reader import grounding, intents, told_times
from memos_cli.interface.reader.grounding import LEAST_WORDS
from memos_cli.interface.reader.notes import Note, Said, Unusable, _answer, read, request
from memos_cli.interface.reader.reader import Reader, guess_kind
from memos_cli.model import Draft, Kind, Origin, Source
from memos_cli.ports.ports import LLM

CONFIDENCE = 0.7
"""The confidence of an extracted memory; what a person typed has 1."""
PERSON = "user"
"""What the person is called in a conversation."""
_MACHINES = frozenset({"assistant", "system", "tool"})
"""Speakers whose words are made from other texts, perhaps from memories."""


Known = Callable[[str], bool]


class Extracted(NamedTuple):
    """What was found in several drafts, each with the place of its source draft; and notices for the person."""

    derived: tuple[tuple[int, Draft], ...]
    notices: tuple[str, ...] = ()


def plain(text: str) -> str:
    """The words alone, for comparing what was said with what is known."""
    return " ".join(re.findall(r"\w+", text.lower()))


# -- by rules


def by_rules(text: str, at: str, reader: Reader | None = None) -> list[Draft]:
    """The sentences that are worth keeping, word for word; what is dated is worth it, whoever it is about.

    Args:
        at: when it was said.
        reader: reads the times in them.
    """
    reader = reader or Reader()
    stated = set(intents.statements(text))
    found = []
    for sentence in intents.sentences(text):
        if sentence in stated:
            draft = reader.read_one(sentence, now=at)
            if intents.worth(draft.kind, draft.content):
                found.append(draft)
        elif (dated := _dated(sentence, at, reader)) is not None:
            found.append(dated)
    return found


def _dated(sentence: str, at: str, reader: Reader) -> Draft | None:
    """A sentence that says when something happens, from when or until when it is true; `None` for any other one."""
    if not (told_times.may_tell(sentence) and intents.tells(sentence)):
        return None
    draft = reader.read_one(sentence, now=at)
    if draft.occurred_at or draft.valid_from or draft.valid_to:
        return draft
    return None


def events(drafts: Sequence[Draft], reader: Reader) -> tuple[tuple[int, Draft], ...]:
    """What turns that have a time say of other days than their own, each with the place of its turn.

    The turn keeps the time at which it was said. What a machine said is left out: it may be told from these very memories.
    """
    found = []
    for place, draft in enumerate(drafts):
        machine = (draft.source.speaker or "").lower() in _MACHINES
        if draft.kind is not Kind.EPISODE or draft.occurred_at is None or machine or not told_times.may_tell(draft.content):
            continue
        said = draft.occurred_at
        for sentence in intents.sentences(draft.content):
            dated = _dated(sentence, said, reader)
            if dated is not None and (dated.valid_from or dated.valid_to or reader.day(dated.occurred_at) != reader.day(said)):
                found.append((place, _inherited(dated, draft)))
    return tuple(found)


# -- by a model


def by_model(llm: LLM, said: Said, known: Known = lambda _: False, reader: Reader | None = None) -> list[Draft]:
    """What a model finds worth keeping, if it rests on the words.

    Args:
        known: whether a text is a memory already, or was said by the assistant; such a text is left out.
        reader: reads the times in it.

    Raises:
        ModelUnavailable: the model cannot be run, takes too long, or answers with something else than such JSON (`Unusable`).
    """
    notes = read(_answer(llm, request(said, local=llm.local), len(said.text)))
    drafts: dict[str, Draft] = {}
    for note in notes:
        draft = drafted(note, said, reader)
        if draft is not None and not known(note.content) and not known(note.span):
            drafts.setdefault(plain(note.content), draft._replace(source=Source(speaker=said.speaker, model=llm.name)))
    return list(drafts.values())


def drafted(note: Note, said: Said, reader: Reader | None = None) -> Draft | None:
    """A note as a draft, with its place in the text as `metadata["span"]` (characters); `None` if it does not rest on it."""
    if grounding.fault(note.content, note.span, said.text):
        return None
    place = grounding.find(note.span, said.text)
    if place is None:
        return None
    span = said.text[place.start : place.end]
    kind = note.kind
    if kind is Kind.RULE and not (said.own and guess_kind(span, dated=False) is Kind.RULE):
        kind = Kind.FACT  # rules are in every prompt: neither a model nor other people's texts make one
    reader = reader or Reader()
    draft = reader.read_one(note.content, now=said.at, kind=kind)
    labels = draft.labels or ((secrets.SECRET,) if secrets.find(span) else ())
    return draft._replace(
        key=_key(note, span) if said.own else None,
        labels=labels,
        occurred_at=draft.occurred_at or (_time(note, span, said.at, reader) if kind is Kind.EVENT else None),
        origin=Origin.INFERENCE,
        confidence=CONFIDENCE,
        metadata={**draft.metadata, "span": [place.start, place.end]},
    )


def _key(note: Note, span: str) -> str | None:
    """The attribute that both the model and the words state, so that this memory supersedes the earlier value."""
    certain = intents.key(note.content)
    return certain or (note.key if note.key and intents.states(note.content, note.key) and not intents.asks(span) else None)


def _time(note: Note, span: str, at: str, reader: Reader) -> str | None:
    """The time in the span that the model points at, as memos' own code reads it."""
    for mention in reader.mentions(span, at):
        if note.when and (mention.text.lower() in note.when.lower() or note.when.lower() in mention.text.lower()):
            return reader.instant(mention)
    return None


# -- both


def merged(inferred: Sequence[Draft], told: Sequence[Draft], text: str) -> tuple[list[Draft], list[Draft]]:
    """The drafts of the model and those of the rules that remain for one text.

    The person's own sentence remains where it certainly states an attribute, where the model says the same, and where the model
    found nothing in it. Elsewhere the model's drafts replace it.
    """
    stays: list[Draft] = []
    gone: list[Draft] = []
    for sentence in told:
        place = grounding.find(sentence.content, text) or grounding.Place(0, 0)
        within = [one for one in inferred if one.metadata["span"][0] < place.end and place.start < one.metadata["span"][1]]
        same = [one for one in within if plain(one.content) == plain(sentence.content) or (one.key and one.key == sentence.key)]
        if sentence.key or same or not within:
            stays.append(sentence)
            gone += same
    return [one for one in inferred if one not in gone], stays


def tells(text: str) -> bool:
    """Whether a text may state something at all, so that asking a model about it is worth the time."""
    return len(text.split()) > LEAST_WORDS and not all(intents.asks(sentence) for sentence in intents.sentences(text))


class Extractor:
    """Asks the model as long as it answers, and the rules otherwise.

    Args:
        llm: the model; `None` for the rules alone. The caller closes it.
        reader: reads the times in what is found.
        may: whether the model may be told of a draft; of another one the rules extract.
    """

    def __init__(self, llm: LLM | None, reader: Reader | None = None, may: Callable[[Draft], bool] = lambda _: True) -> None:
        self._llm = llm
        self._may = may
        self._reader = reader or Reader()
        self._texts = 0
        self._failed: list[str] = []
        self._given_up = False

    @property
    def notices(self) -> tuple[str, ...]:
        """Notices for the person, a line each."""
        if not self._failed:
            return ()
        share = "" if len(self._failed) == self._texts else f" for {len(self._failed)} of {self._texts} texts"
        return (f"extracted by rules{share}: {self._failed[0]}",)

    def model(self, said: Said, known: Known = lambda _: False) -> list[Draft] | None:
        """What the model finds (as `by_model`); `None` where there is no model, or where it failed.

        A model that cannot be run, or that takes too long, is not asked again.
        """
        if self._llm is None:
            return None
        if not tells(said.text):
            return []
        self._texts += 1
        if self._given_up:
            self._failed.append(self._failed[-1])
            return None
        try:
            return by_model(self._llm, said, known, self._reader)
        except ModelUnavailable as error:
            self._failed.append(error.message)
            self._given_up = not isinstance(error, Unusable)
            return None

    def derive(self, drafts: Sequence[Draft], now: str, tell: Callable[[int], None] = lambda _: None) -> Extracted:
        """Drafts extracted from drafts of files or of standard input, to be stored with them.

        Args:
            now: when it was said, where a draft does not say.
            tell: called with the number of drafts done.
        """
        derived: list[tuple[int, Draft]] = []
        seen: set[str] = set()
        for place, draft in enumerate(drafts):
            if (draft.source.speaker or "").lower() not in _MACHINES:
                own = {plain(draft.content)} if draft.kind is not Kind.EPISODE else set()
                for found in self._of(draft, now):
                    if plain(found.content) not in seen | own:
                        seen.add(plain(found.content))
                        derived.append((place, found))
            tell(place + 1)
        return Extracted(tuple(derived), self.notices)

    def told(self, turns: Sequence[Draft], now: str) -> Extracted:
        """What a conversation tells: facts in what the person said, and what anybody said of another day than their own.

        Args:
            now: when it was said, where a turn does not say. A fact of an earlier turn holds since then, and ends nothing that
                was told later.
        """
        own = [place for place, turn in enumerate(turns) if (turn.source.speaker or "").lower() == PERSON]
        found = [(own[at], fact) for at, fact in self.derive([turns[place] for place in own], now).derived]
        known = {plain(fact.content) for _, fact in found}
        found += [(place, fact) for place, fact in events(turns, self._reader) if plain(fact.content) not in known]
        return Extracted(tuple((place, _as_of(fact, turns[place], now)) for place, fact in found), self.notices)

    def _of(self, draft: Draft, now: str) -> list[Draft]:
        said = Said(draft.content, draft.occurred_at or now, draft.source.speaker)
        found = self.model(said) if self._may(draft) else None
        return [_inherited(one, draft) for one in (by_rules(said.text, said.at, self._reader) if found is None else found)]


def _as_of(fact: Draft, turn: Draft, now: str) -> Draft:
    """A fact as old as its turn; like what the person types it names no speaker."""
    fact = fact._replace(source=fact.source._replace(speaker=None))
    if turn.occurred_at is None or turn.occurred_at >= now:
        return fact
    if fact.kind is Kind.EVENT:
        return fact._replace(key=None, occurred_at=fact.occurred_at or turn.occurred_at)
    undated = not (fact.occurred_at or fact.valid_from or fact.valid_to)
    return fact._replace(key=None, valid_from=turn.occurred_at if undated else fact.valid_from)


def _inherited(found: Draft, draft: Draft) -> Draft:
    """A draft found in another one, with that one's source, tags, task, validity and expiry; a rule becomes a fact."""
    place = grounding.find(found.content, draft.content)
    span = {"span": list(place)} if place else {}
    return found._replace(
        kind=Kind.FACT if found.kind is Kind.RULE else found.kind,
        tags=draft.tags,
        task=draft.task,
        expires_at=draft.expires_at,
        valid_from=draft.valid_from or found.valid_from,
        valid_to=draft.valid_to or found.valid_to,
        origin=Origin.INFERENCE,
        confidence=CONFIDENCE,
        source=draft.source._replace(model=found.source.model),
        metadata={**span, **found.metadata},
    )
