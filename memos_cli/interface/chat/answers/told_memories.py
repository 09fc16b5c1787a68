"""The memories of a prompt as a question sees them: where its words stand in them, who is named, how near to what. Pure."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from math import log
from typing import NamedTuple

from memos_cli.interface.chat.answer_scores import kinds
from memos_cli.interface.chat.answers import answer_figures, answer_words
from memos_cli.interface.chat.answers.answer_clauses import ME, NOBODY, Path, being, turns
from memos_cli.interface.chat.answers.answer_figures import Figures
from memos_cli.interface.chat.answers.answer_words import Word, alike, as_set, content, implied, is_mark, tongue
from memos_cli.interface.chat.answers.readings import UNCERTAIN, Evidence, Reading, is_in
from memos_cli.operation.operator.ranking.rarity import rarity

_GENERIC = as_set(
    "name number kind sort type thing things anything day date time now currently moment today nowadays still these days"
    " exactly again"
    " tell remind know remember many much please"
)
"""Words of a question that say what sort of answer is wanted, or nothing."""
CHANGES = as_set(
    "now instead moved switched stopped closed changed new raised took longer anymore cancelled postponed left quit sold gave"
    " again meanwhile already actually turned replaced became becomes delayed rescheduled promoted dropped fired raise"
    " increased reduced lowered rises rose lowers drops retired elected today lately recently finally latest down since off"
    " broke handed"
)
"""Words by which a memory says that something is another way than it was."""
_OVER = as_set("left retired quit resigned stopped cancelled ended died former previous previously ex formerly")
PARTS = as_set(", ; : . ! ? ( ) \u2013 \u2014 and but while whereas")
WH = ("who", "whom", "whose", "when", "where", "which", "what", "why", "how")
_BARRIER = 4
"""Tokens that the border between two parts of a sentence counts for."""


class Told(NamedTuple):
    """A memory, word by word.

    Attributes:
        parts: of each word the number of the part of the sentence that it stands in.
        people: who is named: where, up to where, and who.
        hits: of each word that is asked for where it stands, and how surely it is that word.
    """

    source: Evidence
    words: tuple[Word, ...]
    parts: tuple[int, ...]
    people: tuple[tuple[int, int, Path], ...]
    hits: tuple[tuple[tuple[int, float], ...], ...]


class Wanted(NamedTuple):
    """What a question asks for: words with their weights, and whether each is a name."""

    words: tuple[Word, ...]
    weights: tuple[float, ...]
    names: tuple[bool, ...]
    sorts: tuple[bool, ...]


@lru_cache(maxsize=4096)
def match(asked: str, told: str) -> float:
    """How surely a word of a memory is one that is asked for, both cut to their stems: from 0 to 1."""
    if asked == told:
        return 1.0
    if alike(asked, told):
        return 0.95
    if told in implied().get(asked, frozenset()):
        return 0.8
    if asked.isalpha() and told.isalpha():
        same = 0
        for one, other in zip(asked, told, strict=False):
            if one != other:
                break
            same += 1
        if same >= 4 and same >= 0.6 * max(len(asked), len(told)):
            return 0.7
    return 0.0


def related(asked: str, told: str) -> bool:
    """Whether two words belong to the same kind of fact, as `rent` and `landlord`."""
    mine = kinds().get(asked)
    return mine is not None and any(kind in mine for kind in kinds().get(told, ()))


@lru_cache(maxsize=4096)
def _read_of(low: str) -> frozenset[str]:
    read = answer_figures.read(low)
    return read.loose | read.numbers


def digits_of(word: Word) -> frozenset[str]:
    """The digits of a word that is a number, or none."""
    if not any(map(str.isdigit, word.low)) and answer_figures.number(word.low) is None:
        return frozenset()
    return _read_of(word.low)


class Prompted:
    """The memories of a prompt that fit, read for one question."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.said = reading.said
        question = reading.question
        self.low = [word.low for word in reading.said]
        sorts = {word.low for word in question.sort}
        seen: set[str] = set()
        wanted = []
        for word in content(list(reading.said)):
            if word.low in _GENERIC or word.low in WH or word.stem in seen or word.low in tongue("en").me:
                continue
            seen.add(word.stem)
            wanted.append(word)
        path = {part for element in (question.path or ()) for part in element.split()} - {"me", "?"}
        names = tuple(word.name or word.low in path or word.stem in path for word in wanted)
        self._alias: dict[str, frozenset[str]] = {}
        for kin, called in reading.names.items():
            if len(kin) == 1:
                parts = frozenset(part for name in called for part in name.split())
                self._alias[kin[0]] = self._alias.get(kin[0], frozenset()) | parts
                for part in parts:
                    self._alias[part] = self._alias.get(part, frozenset()) | {kin[0]}
        self.told = [self._tell(source, wanted) for source in reading.sources if source.ground.fits]
        count = len(self.told)
        weights = []
        for place, word in enumerate(wanted):
            lines = sum(bool(one.hits[place]) for one in self.told)
            weights.append((0.3 + rarity(word.low)) * (0.3 + log((count + 2) / (lines + 1))))
        self.asked = Wanted(tuple(wanted), tuple(weights), names, tuple(word.low in sorts for word in wanted))

    def _tell(self, source: Evidence, wanted: Sequence[Word]) -> Told:
        found = tuple(answer_words.words(source.line.text))
        parts = []
        part = 0
        for place, word in enumerate(found):
            part += word.low in PARTS and place > 0
            parts.append(part)
        people = tuple(self._people(found, source))
        hits = []
        for word in wanted:
            own = []
            names = self._alias.get(word.low, frozenset()) | self._alias.get(word.stem, frozenset())
            for place, one in enumerate(found):
                sure = match(word.stem, one.stem) or (0.9 if one.low in names or one.stem in names else 0.0)
                if sure:
                    own.append((place, sure))
            hits.append(tuple(own))
        return Told(source, found, tuple(parts), people, tuple(hits))

    def _people(self, found: tuple[Word, ...], source: Evidence) -> Iterator[tuple[int, int, Path]]:
        speaker = (source.line.speaker or "").casefold()
        me: Path = self.reading.speaker(source.line)
        before: Path | None = None
        if speaker:
            yield -1, 0, self.reading.same(me)
        place = 0
        while place < len(found):
            who = being(found, place, before, me)
            if who:
                yield place, who.end, self.reading.same(who.path)
                if who.path not in {ME, NOBODY} and who.path[0] != NOBODY[0]:
                    before = who.path
            place = max(who.end, place + 1) if who else place + 1

    def share(self, one: Told) -> float:
        """How much of what is asked for a memory has, by the weights of the words: from 0 to 1."""
        total = sum(self.asked.weights) or 1.0
        return (
            sum(
                weight * max((sure for _, sure in hits), default=0.0)
                for weight, hits in zip(self.asked.weights, one.hits, strict=True)
            )
            / total
        )

    def covered(self, one: Told, own: Sequence[Word], figures: Figures) -> float:
        """How much of an answer a memory has: 1 where every word and figure."""
        known = frozenset(word.stem for word in one.words) | frozenset(word.low for word in one.words)
        named = frozenset(part for _, _, path in one.people for element in path for part in element.split())
        parts = [is_in(word, known | named | self.reading.called()) for word in own]
        if figures:
            told = answer_figures.dated(one.source.line.text, one.source.line.date if self.reading.question.when else None)
            parts.append(answer_figures.borne_out(figures, told))
        return sum(parts) / len(parts) if parts else 0.0

    def places(self, one: Told, own: Sequence[Word], figures: Figures) -> list[int]:
        """Where the words and figures of an answer stand in a memory."""
        stems = {word.stem for word in own}
        digits = figures.loose | figures.numbers
        return [
            place
            for place, word in enumerate(one.words)
            if word.stem in stems
            or (word.low.isalpha() and any(alike(word.stem, each) for each in stems))
            or (not is_mark(word) and digits_of(word) & digits)
        ]

    def distance(self, one: Told, place: int, other: int) -> int:
        """How far two places of a memory are from each other."""
        return abs(place - other) + _BARRIER * abs(one.parts[place] - one.parts[other])

    def nearness(self, one: Told, places: Sequence[int]) -> float:
        """How near the words that are asked for stand to some words, from 0 to 1."""
        if not places:
            return 0.0
        total = sum(self.asked.weights) or 1.0
        near = 0.0
        for weight, hits in zip(self.asked.weights, one.hits, strict=True):
            if hits:
                near += weight * max(
                    sure / (1 + 0.25 * min(self.distance(one, place, at) for place in places)) for at, sure in hits
                )
        return near / total

    def likeness(self, one: Told, other: Told, own: Sequence[Word]) -> float:
        """How much of what a memory speaks of another does, beside the answer: from 0 to 1."""
        mine, its = ({word.stem for word in content(list(told.words))} for told in (one, other))
        mine -= {word.stem for word in own}
        total = sum(0.3 + rarity(word) for word in mine)
        return sum(0.3 + rarity(word) for word in mine if any(match(word, each) for each in its)) / total if total else 0.0

    def of_truth(self, told: Told, places: Sequence[int], said: Sequence[Word]) -> dict[str, float]:
        """The signs of what is denied, doubtful or over."""
        part = {told.parts[place] for place in places}
        beside = [word for place, word in enumerate(told.words) if told.parts[place] in part]
        question = self.reading.question
        doubt = {word.low for word in beside} & (UNCERTAIN | tongue("en").doubt)
        over = {word.low for word in told.words} & _OVER
        return {
            "turned part": float((turns(beside) + turns(said)) % 2 != question.turned % 2),
            "turned line": float((turns(told.words) + turns(said)) % 2 != question.turned % 2),
            "doubt": float(bool(doubt - set(self.low))),
            "over": float(bool(over - set(self.low))),
        }

    def of_age(self, told: Told, shares: Sequence[float], own: Sequence[Word], figures: Figures) -> dict[str, float]:
        """The signs of what later memories say."""
        share = shares[self.told.index(told)]
        people = [who for _, _, who in told.people if who != NOBODY]
        later = [
            (other, other_share)
            for other, other_share in zip(self.told, shares, strict=True)
            if other.source.since[:10] > told.source.since[:10] and told.source.since and self.covered(other, own, figures) < 1
        ]
        earlier = any(other.source.since[:10] < told.source.since[:10] and other.source.since for other in self.told)
        rival = max(later, key=lambda one: one[1], default=None)
        likenesses = [
            (self.likeness(told, other, own), bool({word.low for word in other.words} & CHANGES)) for other, _ in later
        ]
        undated = [
            self.likeness(told, other, own)
            for other in self.told
            if other.source.since[:10] == told.source.since[:10]
            and other.source.place > told.source.place
            and {word.low for word in other.words} & CHANGES
            and self.covered(other, own, figures) < 1
        ]
        return {
            "dated": float(bool(told.source.since)),
            "earlier": float(earlier),
            "later": float(min(len(later), 5)),
            "later share": rival[1] if rival else 0.0,
            "later lead": share - rival[1] if rival else 1.0,
            "later change": float(bool(rival and {word.low for word in rival[0].words} & CHANGES)),
            "later same": float(bool(rival and any(who in people for _, _, who in rival[0].people))),
            "later alike": max((one for one, _ in likenesses), default=0.0),
            "later alike changed": max((one for one, changed in likenesses if changed), default=0.0),
            "behind alike changed": max(undated, default=0.0),
            "change": float(bool({word.low for word in told.words} & CHANGES)),
        }
