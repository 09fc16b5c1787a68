"""What speaks for an answer's being the one that its question asks for, and what against it: numbers for `answer_scores`. Pure.

A question and its memory rarely have the same words, and a memory often tells of several people or several values. What tells
them apart are distances: how near the words that are asked for stand to the answer, who is named between them, and which other
value of the sort stands nearer.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from math import log
from typing import NamedTuple

from memos_cli.interface.chat.answers import answer_figures, answer_words
from memos_cli.interface.chat.answers.answer_clauses import ME, NOBODY, Path, being, turns
from memos_cli.interface.chat.answers.answer_figures import Figures
from memos_cli.interface.chat.answers.answer_scores import kinds
from memos_cli.interface.chat.answers.answer_words import Word, alike, as_set, content, implied, is_mark, stem, tongue
from memos_cli.interface.chat.answers.readings import UNCERTAIN, Evidence, Reading, is_in
from memos_cli.operation.operator.ranking.question import tells_time
from memos_cli.operation.operator.ranking.rarity import rarity

_GENERIC = as_set(
    "name number kind sort type thing things anything day date time now currently moment today nowadays still these days exactly again"
    " tell remind know remember many much please"
)
"""Words of a question that say what sort of answer is wanted, or nothing."""
_NOW = as_set("now still currently moment nowadays today anymore days present")
CHANGES = as_set(
    "now instead moved switched stopped closed changed new raised took longer anymore cancelled postponed left quit sold gave"
    " again meanwhile already actually turned replaced became becomes delayed rescheduled promoted dropped fired raise increased"
    " reduced lowered rises rose lowers drops retired elected today lately recently finally latest down since off broke handed"
)
"""Words by which a memory says that something is another way than it was."""
_OVER = as_set("left retired quit resigned stopped cancelled ended died former previous previously ex formerly")
_PARTS = as_set(", ; : . ! ? ( ) \u2013 \u2014 and but while whereas")
_PLACES = as_set("in at on near behind under beside inside above opposite next between into by")
_WHENS = as_set("on in at since until till from before after every around about")
_SAID = as_set("because so to for with by from like as through via")
_UNITS = as_set("euro dollar pound kg g mg ml km cm mm m metre percent minute hour day week month year old age o'clock kilo")
DAYS = as_set(
    "monday tuesday wednesday thursday friday saturday sunday mondays tuesdays wednesdays thursdays fridays saturdays sundays"
    " weekday weekdays weekend weekends morning mornings evening evenings afternoon noon night midnight spring summer autumn"
    " winter easter christmas january february march april june july august september october november december"
)
_WH = ("who", "whom", "whose", "when", "where", "which", "what", "why", "how")
FAR = 14
"""Tokens; what stands further away counts as this far."""
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


class Asked(NamedTuple):
    """What a question asks for: words with their weights, and whether each is a name."""

    words: tuple[Word, ...]
    weights: tuple[float, ...]
    names: tuple[bool, ...]
    sorts: tuple[bool, ...]


@lru_cache(maxsize=4096)
def match(asked: str, told: str) -> float:
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


class Signs:
    """The numbers of the answers to one question."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.said = reading.said
        question = reading.question
        self.low = [word.low for word in reading.said]
        sorts = {word.low for word in question.sort}
        seen: set[str] = set()
        wanted = []
        for word in content(list(reading.said)):
            if word.low in _GENERIC or word.low in _WH or word.stem in seen:
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
        self.asked = Asked(tuple(wanted), tuple(weights), names, tuple(word.low in sorts for word in wanted))

    def _tell(self, source: Evidence, wanted: Sequence[Word]) -> Told:
        found = tuple(answer_words.words(source.line.text))
        parts = []
        part = 0
        for place, word in enumerate(found):
            part += word.low in _PARTS and place > 0
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

    # -- an answer

    def of(self, answer: str, own: Sequence[Word], figures: Figures, said: Sequence[Word]) -> tuple[dict[str, float], Told] | None:
        """The signs of an answer, and the memory that it most likely rests on; `None` where no memory has its words.

        Args:
            own: the words of the answer that are not the question's.
            figures: its figures that are not the question's.
            said: all its words.
        """
        best: tuple[float, Told, list[int]] | None = None
        covering = 0
        shares = [self.share(one) for one in self.told]
        latest = max((one.source.since[:10] for one in self.told), default="")
        for one, share in zip(self.told, shares, strict=True):
            places = self._places(one, own, figures)
            covered = self._covered(one, own, figures)
            covering += covered >= 1
            rank = covered * 10 + share + 0.3 * self._nearness(one, places) + 0.01 * (one.source.since[:10] == latest)
            if places or covered > 0:
                if best is None or rank > best[0]:
                    best = rank, one, places
        if best is None:
            return None
        _, told, places = best
        found = self.of_question()
        found |= self._of_answer(answer, own, figures, said, told)
        found["covering"] = float(min(covering, 4))
        found["covered"] = self._covered(told, own, figures)
        found |= self.of_words(told, places, shares)
        found |= self.of_people(told, places, own)
        found |= self._of_rivals(told, places, own, figures)
        found |= self.of_truth(told, places, said)
        found |= self.of_age(told, shares, own, figures)
        return found, told

    def share(self, one: Told) -> float:
        total = sum(self.asked.weights) or 1.0
        return sum(weight * max((sure for _, sure in hits), default=0.0) for weight, hits in zip(self.asked.weights, one.hits, strict=True)) / total

    def _covered(self, one: Told, own: Sequence[Word], figures: Figures) -> float:
        known = frozenset(word.stem for word in one.words) | frozenset(word.low for word in one.words)
        named = frozenset(part for _, _, path in one.people for element in path for part in element.split())
        parts = [is_in(word, known | named | self.reading.called()) for word in own]
        if figures:
            told = answer_figures.dated(one.source.line.text, one.source.line.date if self.reading.question.when else None)
            parts.append(answer_figures.borne_out(figures, told))
        return sum(parts) / len(parts) if parts else 0.0

    def _places(self, one: Told, own: Sequence[Word], figures: Figures) -> list[int]:
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
        return abs(place - other) + _BARRIER * abs(one.parts[place] - one.parts[other])

    def _nearness(self, one: Told, places: Sequence[int]) -> float:
        """How near the words that are asked for stand to some words, from 0 to 1."""
        if not places:
            return 0.0
        total = sum(self.asked.weights) or 1.0
        near = 0.0
        for weight, hits in zip(self.asked.weights, one.hits, strict=True):
            if hits:
                near += weight * max(sure / (1 + 0.25 * min(self.distance(one, place, at) for place in places)) for at, sure in hits)
        return near / total

    def likeness(self, one: Told, other: Told, own: Sequence[Word]) -> float:
        """How much of what a memory speaks of another does, beside the answer: from 0 to 1."""
        mine, its = ({word.stem for word in content(list(told.words))} for told in (one, other))
        mine -= {word.stem for word in own}
        total = sum(0.3 + rarity(word) for word in mine)
        return sum(0.3 + rarity(word) for word in mine if any(match(word, each) for each in its)) / total if total else 0.0

    def of_question(self) -> dict[str, float]:
        question, low = self.reading.question, self.low
        first = next((word for word in low if word in _WH), "")
        how = low[low.index("how") + 1] if "how" in low and low.index("how") + 1 < len(low) else ""
        path = self.reading.path
        found = {f"q {word}": float(first == word) for word in _WH}
        return found | {
            "q count": float(how in {"many", "much"}),
            "q old": float(how == "old"),
            "q long": float(how in {"long", "often", "far"}),
            "q manner": float(first == "how" and how not in {"many", "much", "old", "long", "often", "far"}),
            "q time": float(question.when or "time" in low or "day" in low or "date" in low),
            "q number": float("number" in low or "code" in low or "password" in low or "pin" in low),
            "q name": float("name" in low or "called" in low),
            "q choice": float(question.choice),
            "q sort": float(bool(question.sort)),
            "q subject": float(question.who and path is None),
            "q once": float(question.once),
            "q now": float(bool(_NOW & set(low))),
            "q me": float(path == ME),
            "q third": float(path not in {None, ME}),
            "q thing": float(path is None),
            "q owned": float(question.owned),
            "q others": float(min(len(question.others), 2)),
            "q words": float(min(len(self.asked.words), 6)),
            "q do": float(question.opener in {"do", "does", "did"}),
            "q identity": float(question.identity),
            "lines": float(min(len(self.told), 12)),
        }

    def _of_answer(self, answer: str, own: Sequence[Word], figures: Figures, said: Sequence[Word], told: Told) -> dict[str, float]:
        low = [word.low for word in said if not is_mark(word)]
        first = low[0] if low else ""
        names = {word.low for word in told.words if word.name}
        kin = tongue("en").kin
        named = [word for word in own if word.low in names or (told.words and told.words[0].low == word.low and word.said[0].isupper())]
        question = self.reading.question
        number, time = bool(figures.numbers or figures.loose), tells_time(answer)
        led = first in _PLACES | _WHENS | _SAID
        somebody = bool(named) or any(word.low in kin for word in own)
        who = bool({"who", "whom", "whose"} & set(self.low[:2]))
        name = bool({"name", "called"} & set(self.low)) and not question.counts
        wrong = {
            "m who": who and (not somebody or (led and first != "with")),
            "m where": question.where and (time or (number and not named)) and not first in _PLACES,
            "m when": question.when and not time,
            "m count": question.counts and not number,
            "m name": name and not named,
            "m why": "why" in self.low[:2] and len(low) < 2,
            "m number": number and not (question.counts or question.when or question.where) and not own,
        }
        return {name: float(is_so) for name, is_so in wrong.items()} | {
            "mismatch": float(any(is_so for name, is_so in wrong.items() if name != "m number")),
            "a words": float(min(len(own), 6)),
            "a length": float(min(len(low), 12)),
            "a number": float(bool(figures.numbers or figures.loose)),
            "a day": float(bool(figures.days)),
            "a hour": float(bool(figures.times)),
            "a time": float(tells_time(answer)),
            "a weekday": float(bool(DAYS & set(low))),
            "a unit": float(bool(_UNITS & {word.stem for word in said})),
            "a name": len(named) / len(own) if own else 0.0,
            "a kin": float(any(word.low in kin for word in own)),
            "a place": float(first in _PLACES),
            "a when": float(first in _WHENS),
            "a said": float(first in _SAID),
            "a because": float(first in {"because", "so", "to", "since"}),
            "a sentence": float(first in {"he", "she", "it", "they", "you", "i", "your", "her", "his", "their"}),
            "a sort": float(answer_is_of(self.reading, answer, figures)),
        }

    def of_words(self, told: Told, places: Sequence[int], shares: Sequence[float]) -> dict[str, float]:
        asked = self.asked
        parts = {told.parts[place] for place in places}
        total = {True: 0.0, False: 0.0}
        line, near, part, sort = {True: 0.0, False: 0.0}, {True: 0.0, False: 0.0}, {True: 0.0, False: 0.0}, 0.0
        nowhere = elsewhere = whole = 0.0
        distances = []
        before = after = 0.0
        adjoins = 0.0
        unmatched = related_there = related_near = 0
        for place, (weight, hits) in enumerate(zip(asked.weights, told.hits, strict=True)):
            name = asked.names[place]
            whole += weight
            total[name] += weight
            if not hits:
                unmatched += not asked.sorts[place]
                kindred = [at for at, word in enumerate(told.words) if related(asked.words[place].stem, word.stem)]
                related_there += bool(kindred)
                related_near += any(self.distance(told, one, at) <= 5 for one in places for at in kindred)
                if any(other.hits[place] for other in self.told):
                    elsewhere += weight
                else:
                    nowhere += weight
                continue
            sure = max(sure for _, sure in hits)
            line[name] += weight * sure
            sort += weight * asked.sorts[place]
            if places:
                away, at = min((self.distance(told, one, at), at) for one in places for at, _ in hits)
                distances.append(min(away, FAR))
                near[name] += weight * sure * (away <= 6)
                part[name] += weight * sure * (told.parts[at] in parts)
                before += weight * (at < places[0])
                after += weight * (at > places[-1])
                adjoins += at - places[-1] == 1 or places[0] - at == 1
        share = shares[self.told.index(told)]
        rivals = [one for one, other in zip(shares, self.told, strict=True) if other is not told]
        verb = self.reading.question.verb or self.reading.question.light
        stems = [word.stem for word in told.words]
        verbs = [at for at, one in enumerate(stems) if verb is not None and match(verb.stem, one)]

        def of(found: dict[bool, float], name: bool) -> float:
            return found[name] / total[name] if total[name] else 1.0

        return {
            "share": share,
            "share words": of(line, False),
            "share names": of(line, True),
            "near words": of(near, False),
            "near names": of(near, True),
            "part words": of(part, False),
            "part names": of(part, True),
            "has words": float(total[False] > 0),
            "has names": float(total[True] > 0),
            "weight words": min(line[False], 6.0),
            "sort": sort,
            "nowhere": nowhere / whole if whole else 0.0,
            "elsewhere": elsewhere / whole if whole else 0.0,
            "unmatched": float(min(unmatched, 4)),
            "related": float(min(related_there, 3)),
            "related near": float(min(related_near, 3)),
            "best other": max(rivals, default=0.0),
            "lead": share - max(rivals, default=0.0),
            "nearest": float(min(distances, default=FAR)),
            "furthest": float(max(distances, default=FAR)),
            "mean distance": sum(distances) / len(distances) if distances else float(FAR),
            "before": before / whole if whole else 0.0,
            "after": after / whole if whole else 0.0,
            "adjoins": float(min(adjoins, 2)),
            "nearness": self._nearness(told, places),
            "verb": float(bool(verbs)) if verb is not None else 0.5,
            "verb in part": float(any(told.parts[at] in parts for at in verbs)) if verb is not None else 0.5,
            "line length": float(min(len(told.words), 40)),
            "parts": float(min(told.parts[-1] + 1 if told.parts else 0, 8)),
            "placed": float(bool(places)),
            "spread": float(min(places[-1] - places[0], FAR)) if places else 0.0,
        }

    def of_people(self, told: Told, places: Sequence[int], own: Sequence[Word]) -> dict[str, float]:
        path = self.reading.path
        reading = self.reading
        words = {word.low for word in own} | {word.stem for word in own}
        where = places[0] if places else len(told.words)
        last = places[-1] if places else where
        part = {told.parts[place] for place in places}
        ours: list[tuple[int, int]] = []
        others: list[tuple[int, int]] = []
        first = ""
        mine = 0
        for start, end, who in told.people:
            if set(part_ for element in who for part_ in element.split()) & words:
                continue  # the answer itself
            is_me = who == ME
            mine += is_me
            kind = "me" if is_me else "asked" if path is not None and reading.is_one_of(path, [who]) else "other"
            if path == ME and is_me:
                kind = "asked"
            first = first or kind
            if kind == "asked":
                ours.append((start, end))
            elif kind == "other" and who != NOBODY:
                others.append((start, end))
        if path is not None and path != ME and not ours:
            # A name that was not read as somebody, as at the head of a list.
            lows = [word.low for word in told.words]
            tail = path[-1].split()
            ours = [(at, at + 1) for at, low in enumerate(lows) if low in tail or told.words[at].stem in tail]
        left = [(start, "asked") for start, _ in ours if start < where] + [(start, "other") for start, _ in others if start < where]
        left += [(start, "me") for start, _, who in told.people if who == ME and path != ME and start < where]
        right = [(start, "asked") for start, _ in ours if start > last] + [(start, "other") for start, _ in others if start > last]
        nearest_left = max(left, default=(-1, "none"))[1]
        nearest_right = min(right, default=(99, "none"))[1]
        nearest = min((min(abs(start - where), abs(start - last)) for start, _ in ours), default=FAR)
        nearest_other = min((min(abs(start - where), abs(start - last)) for start, _ in others), default=FAR)
        between = 0
        if ours:
            anchor = min(ours, key=lambda one: abs(one[0] - where))[0]
            low, high = sorted((anchor, where))
            between = sum(low < start < high for start, _ in others)
        in_part = sum(told.parts[max(start, 0)] in part for start, _ in others) if told.parts else 0
        ours_in_part = sum(told.parts[max(start, 0)] in part for start, _ in ours) if told.parts else 0
        clauses = [clause for clause in told.source.clauses if any(is_in(word, frozenset(w.stem for w in clause.words)) for word in own)]
        subject = any(path is not None and reading.is_one_of(path, clause.subjects) for clause in clauses)
        answer_subject = any(set(p.split()) & words for clause in clauses for one in clause.subjects for element in one for p in [element])
        return {
            "asked there": float(bool(ours)),
            "asked in part": float(ours_in_part > 0),
            "others": float(min(len(others), 4)),
            "others in part": float(min(in_part, 3)),
            "others between": float(min(between, 3)),
            "left asked": float(nearest_left == "asked"),
            "left other": float(nearest_left == "other"),
            "left me": float(nearest_left == "me"),
            "right asked": float(nearest_right == "asked"),
            "right other": float(nearest_right == "other"),
            "asked away": float(min(nearest, FAR)),
            "other away": float(min(nearest_other, FAR)),
            "asked nearer": float(nearest <= nearest_other) if ours else 0.0,
            "first asked": float(first == "asked"),
            "first other": float(first == "other"),
            "first me": float(first == "me"),
            "mine": float(min(mine, 2)),
            "nobody": float(not told.people),
            "spoken": float(bool(told.source.line.speaker)),
            "subject": float(subject),
            "answer subject": float(answer_subject),
            "others asked": float(
                all(reading.is_one_of(reading.same(one), [who for _, _, who in told.people]) for one in reading.question.others)
            ),
        }

    def _of_rivals(self, told: Told, places: Sequence[int], own: Sequence[Word], figures: Figures) -> dict[str, float]:
        """Other values of the answer's sort in its memory, and whether one of them stands nearer to what is asked."""
        taken = set(places)
        asked = {at for hits in told.hits for at, _ in hits}
        numeric = bool(figures)
        named = any(word.name for place, word in enumerate(told.words) if place in taken)

        def rival(place: int, word: Word) -> bool:
            if place in taken or place in asked or is_mark(word):
                return False
            if numeric:
                return bool(digits_of(word))
            return word.name if named else False

        rivals = [place for place, word in enumerate(told.words) if rival(place, word)]
        mine = self._nearness(told, places)
        near = [self._nearness(told, [place]) for place in rivals]
        left = told.words[places[0] - 1] if places and places[0] > 0 else None
        right = told.words[places[-1] + 1] if places and places[-1] + 1 < len(told.words) else None
        after_right = content([right]) if right is not None else []
        return {
            "rivals": float(min(len(rivals), 5)),
            "nearer rivals": float(min(sum(one > mine for one in near), 4)),
            "rival lead": mine - max(near, default=0.0),
            "led by place": float(left is not None and left.low in _PLACES),
            "led by to": float(left is not None and left.low in {"to", "from", "for", "of"}),
            "led by with": float(left is not None and left.low in {"with", "by"}),
            "led by be": float(left is not None and left.stem == "be"),
            "led by nam": float(left is not None and left.stem == "nam"),
            "led by mark": float(left is not None and left.low in _PARTS),
            "led by name": float(left is not None and left.name),
            "led by article": float(left is not None and left.low in {"a", "an", "the", "my", "our", "his", "her"}),
            "begins": float(bool(places) and places[0] == 0),
            "ends": float(right is None or right.low in _PARTS),
            "noun behind": float(bool(after_right) and numeric),
            "asked behind": float(right is not None and places[-1] + 1 in asked),
            "asked before": float(bool(places) and places[0] - 1 in asked),
        }

    def of_truth(self, told: Told, places: Sequence[int], said: Sequence[Word]) -> dict[str, float]:
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
        share = shares[self.told.index(told)]
        people = [who for _, _, who in told.people if who != NOBODY]
        later = [
            (other, other_share)
            for other, other_share in zip(self.told, shares, strict=True)
            if other.source.since[:10] > told.source.since[:10] and told.source.since and self._covered(other, own, figures) < 1
        ]
        earlier = any(other.source.since[:10] < told.source.since[:10] and other.source.since for other in self.told)
        rival = max(later, key=lambda one: one[1], default=None)
        likenesses = [(self.likeness(told, other, own), bool({word.low for word in other.words} & CHANGES)) for other, _ in later]
        undated = [
            self.likeness(told, other, own)
            for other in self.told
            if other.source.since[:10] == told.source.since[:10]
            and other.source.place > told.source.place
            and {word.low for word in other.words} & CHANGES
            and self._covered(other, own, figures) < 1
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


def answer_is_of(reading: Reading, answer: str, figures: Figures) -> bool:
    """Whether an answer tells a number, or a time, where that is asked for."""
    if reading.question.counts and not (figures.numbers or figures.loose):
        return False
    return not reading.question.when or bool(figures or tells_time(answer))


@lru_cache(maxsize=4096)
def _read_of(low: str) -> frozenset[str]:
    read = answer_figures.read(low)
    return read.loose | read.numbers


def digits_of(word: Word) -> frozenset[str]:
    if not any(map(str.isdigit, word.low)) and answer_figures.number(word.low) is None:
        return frozenset()
    return _read_of(word.low)


__all__ = ["CHANGES", "Asked", "Signs", "Told", "stem"]
