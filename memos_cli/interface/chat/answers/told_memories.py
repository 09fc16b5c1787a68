"""The memories of a prompt as a question sees them: where its words stand in them, who is named, how near to what. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
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
_CHANGED = CHANGES | as_set("went up down rose fell rescheduled renamed relocated goes")
_OVER = as_set("left retired quit resigned stopped cancelled ended died former previous previously ex formerly")
_PRONOUNS = as_set("he she they him her them his hers their theirs it its")
_OBJECTS = as_set("with by to from under at in on about after before near")
"""Words before somebody who has not what a part of a memory tells: "appointment with Dr. Eberle"."""
_TITLES = as_set("dr mr mrs ms prof")
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

    def is_of_another(self, one: Told, own: Sequence[Word], figures: Figures) -> bool:
        """Whether a memory says an answer of another one of several, as of Ben in "Anna's PIN is 4411, Ben's 9020".

        Of numbers also whether another one stands beside what is asked for: "12 units in the morning and 8 in the evening".
        """
        places = self.places(one, own, figures)
        parts = _lists(one)
        counts = Counter(parts[place] for place in places)
        holding = [part for part, count in counts.items() if count == max(counts.values())]
        said = {word.stem for word in own} | {word.low for word in own}
        people = self._owners(one, parts, said)
        meant = [who for who in (self.reading.path, *map(self.reading.same, self.reading.question.others)) if who]
        theirs = _of(self.reading, meant, people) or _of(self.reading, [who[:1] for who in meant], people)
        if holding and any(word.low == "respectively" for word in one.words):
            return True
        if not holding or theirs & set(holding):
            return False
        if theirs and all(part in people for part in holding):
            return True
        return self._is_beside(one, parts, holding, set(places))

    def is_told_of_another(self, one: Told) -> bool:
        """Whether it tells the last word that is asked for of another: of Ben in "Anna is allergic to nuts, Ben to eggs"."""
        plain = [word for word, name in zip(self.asked.words, self.asked.names, strict=True) if not name]
        last = plain[-1:]
        return self.is_of_another(one, last, answer_figures.read(last[0].said)) if last else False

    def was(self, one: Told, own: Sequence[Word], figures: Figures) -> bool:
        """Whether a memory says of an answer that it was so until a change that it tells: "from 9020 to 4411"."""
        places = self.places(one, own, figures)
        low = [word.low for word in one.words]
        first, last = min(places, default=0), max(places, default=0)
        from_ = "from" in low[max(0, first - 2) : first]  # "from 9 June": the month is told by its number alone
        return from_ and low[last + 1 : last + 2] == ["to"] and bool(_CHANGED & set(low))

    def _owners(self, one: Told, parts: Sequence[int], said: set[str]) -> dict[int, list[Path]]:
        """Whom the parts of a memory are of; those that name nobody are missing."""
        beings = [
            (start, end, who)
            for start, end, who in one.people
            if start >= 0 and who != NOBODY and one.words[start].low not in _PRONOUNS and not _is_said(who, said)
        ]
        named = {place for start, end, _ in beings for place in range(start, end)}
        found: dict[int, list[Path]] = {}
        for start, _, who in beings:
            if not (start and parts[start - 1] == parts[start] and one.words[start - 1].low in _OBJECTS):
                found.setdefault(parts[start], []).append(who)
        for at in _headings(one, parts) - named:
            named.add(at)
            found.setdefault(parts[at], []).append((one.words[at].low,))
        marks = {parts[at]: one.words[at].low for at in range(len(parts) - 1, -1, -1)}
        rest = {its for at, its in enumerate(parts) if at not in named and not is_mark(one.words[at])}
        own = frozenset(found)
        heads = own - rest
        for part in sorted(own):
            if part + 1 not in own and (part in heads or marks.get(part + 1) in {":", "("}):  # "Anna: 4411", "Anna (4411)"
                apposed = found.get(part - 1, []) if marks.get(part) == marks.get(part + 1) == "," else []
                found[part + 1] = [*found[part], *apposed]  # "my cousin Annelie, Roswitha's daughter, plays"
        for part in heads:
            if part - 1 in own - heads and marks.get(part) == ",":  # "my old teacher, Mrs. Holmqvist"
                found[part - 1] = [*found[part - 1], *found[part]]
        return found

    def _is_beside(self, one: Told, parts: Sequence[int], holding: Sequence[int], places: set[int]) -> bool:
        """Whether what is asked for stands in other parts alone, of which one has a number as the answer is one."""
        rows = zip(one.hits, self.asked.sorts, strict=True)
        hits = {at for found, sort in rows if not sort for at, _ in found} - places
        asked = {parts[at] for at in hits}
        if not asked or asked & set(holding) or not any(map(_is_number, (one.words[place] for place in places))):
            return False
        return any(parts[at] in asked and at not in places | hits and _is_number(word) for at, word in enumerate(one.words))

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


def _lists(one: Told) -> list[int]:
    """Of each word the number of its part; a line is one, and people who are joined are one with what follows."""
    parts: list[int] = []
    part = 0
    for place, word in enumerate(one.words):
        part += place > 0 and word.low in PARTS | {"\n"}
        parts.append(part)
    named = {place for start, end, who in one.people if who != NOBODY for place in range(max(start, 0), end)}
    for number in range(part):
        own = [place for place, its in enumerate(parts) if its == number and not is_mark(one.words[place])]
        behind = [place for place, its in enumerate(parts) if its == number + 1]
        joined = len(behind) > 1 and one.words[behind[0]].low == "and" and behind[1] in named
        if own and joined and all(place in named for place in own):
            parts = [number + 1 if its == number else its for its in parts]
    return parts


def _is_said(who: Path, said: set[str]) -> bool:
    return {part for each in who for part in each.split()} - _TITLES <= said


def _headings(one: Told, parts: Sequence[int]) -> set[int]:
    """Words that head what follows, as names that nothing else tells for some: "Xiadani: 4411, Keoni: 9020"."""
    return {
        at
        for at, word in enumerate(one.words[:-1])
        if word.said[:1].isupper()
        and one.words[at + 1].low in {":", "("}
        and (at == 0 or parts[at - 1] != parts[at] or at == 1)
    }


def _of(reading: Reading, meant: Sequence[Path], people: Mapping[int, Sequence[Path]]) -> set[int]:
    return {part for part, some in people.items() if any(reading.is_one_of(who, some) for who in meant)}


def _is_number(word: Word) -> bool:
    """Whether a word is a number or a code."""
    return any(map(str.isdigit, word.low))
