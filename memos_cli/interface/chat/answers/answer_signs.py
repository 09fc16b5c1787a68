"""What speaks for an answer's being the one that its question asks for, and what against it: numbers for `answer_scores`. Pure.

A question and its memory rarely have the same words, and a memory often tells of several people or several values. What tells
them apart are distances: how near the words that are asked for stand to the answer, who is named between them, and which other
value of the sort stands nearer.
"""

from collections.abc import Sequence

from memos_cli.interface.chat.answers.answer_clauses import ME, NOBODY
from memos_cli.interface.chat.answers.answer_figures import Figures
from memos_cli.interface.chat.answers.answer_words import Word, as_set, content, is_mark, tongue
from memos_cli.interface.chat.answers.readings import Reading, is_in
from memos_cli.interface.chat.answers.told_memories import PARTS, WH, Prompted, Told, digits_of, match, related
from memos_cli.operation.operator.ranking.question import tells_time

_NOW = as_set("now still currently moment nowadays today anymore days present")
_PLACES = as_set("in at on near behind under beside inside above opposite next between into by")
_WHENS = as_set("on in at since until till from before after every around about")
_SAID = as_set("because so to for with by from like as through via")
_UNITS = as_set("euro dollar pound kg g mg ml km cm mm m metre percent minute hour day week month year old age o'clock kilo")
DAYS = as_set(
    "monday tuesday wednesday thursday friday saturday sunday mondays tuesdays wednesdays thursdays fridays saturdays sundays"
    " weekday weekdays weekend weekends morning mornings evening evenings afternoon noon night midnight spring summer autumn"
    " winter easter christmas january february march april june july august september october november december"
)
FAR = 14
"""Tokens; what stands further away counts as this far."""


class Signs(Prompted):
    """The numbers of the answers to one question."""

    # -- an answer

    def of(
        self, answer: str, own: Sequence[Word], figures: Figures, said: Sequence[Word]
    ) -> tuple[dict[str, float], Told] | None:
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
            places = self.places(one, own, figures)
            covered = self.covered(one, own, figures)
            covering += covered >= 1
            rank = covered * 10 + share + 0.3 * self.nearness(one, places) + 0.01 * (one.source.since[:10] == latest)
            if (places or covered > 0) and (best is None or rank > best[0]):
                best = rank, one, places
        if best is None:
            return None
        _, told, places = best
        found = self.of_question()
        found |= self._of_answer(answer, own, figures, said, told)
        found["covering"] = float(min(covering, 4))
        found["covered"] = self.covered(told, own, figures)
        found |= self.of_words(told, places, shares)
        found |= self.of_people(told, places, own)
        found |= self._of_rivals(told, places, figures)
        found |= self.of_truth(told, places, said)
        found |= self.of_age(told, shares, own, figures)
        return found, told

    def of_question(self) -> dict[str, float]:
        """The signs of the question."""
        question, low = self.reading.question, self.low
        first = next((word for word in low if word in WH), "")
        how = low[low.index("how") + 1] if "how" in low and low.index("how") + 1 < len(low) else ""
        path = self.reading.path
        found = {f"q {word}": float(first == word) for word in WH}
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

    def _of_answer(
        self, answer: str, own: Sequence[Word], figures: Figures, said: Sequence[Word], told: Told
    ) -> dict[str, float]:
        low = [word.low for word in said if not is_mark(word)]
        first = low[0] if low else ""
        names = {word.low for word in told.words if word.name}
        kin = tongue("en").kin
        named = [
            word
            for word in own
            if word.low in names or (told.words and told.words[0].low == word.low and word.said[0].isupper())
        ]
        question = self.reading.question
        number, time = bool(figures.numbers or figures.loose), tells_time(answer)
        led = first in _PLACES | _WHENS | _SAID
        somebody = bool(named) or any(word.low in kin for word in own)
        who = bool({"who", "whom", "whose"} & set(self.low[:2]))
        name = bool({"name", "called"} & set(self.low)) and not question.counts
        wrong = {
            "m who": who and (not somebody or (led and first != "with")),
            "m where": question.where and bool(DAYS & set(low) or figures.days or figures.times or (number and not own)),
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
        """The signs of the words that are asked for: whether they are there, and how far from the answer."""
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

        def of(found: dict[bool, float], *, name: bool) -> float:
            return found[name] / total[name] if total[name] else 1.0

        return {
            "share": share,
            "share words": of(line, name=False),
            "share names": of(line, name=True),
            "near words": of(near, name=False),
            "near names": of(near, name=True),
            "part words": of(part, name=False),
            "part names": of(part, name=True),
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
            "nearness": self.nearness(told, places),
            "verb": float(bool(verbs)) if verb is not None else 0.5,
            "verb in part": float(any(told.parts[at] in parts for at in verbs)) if verb is not None else 0.5,
            "line length": float(min(len(told.words), 40)),
            "parts": float(min(told.parts[-1] + 1 if told.parts else 0, 8)),
            "placed": float(bool(places)),
            "spread": float(min(places[-1] - places[0], FAR)) if places else 0.0,
        }

    def of_people(self, told: Told, places: Sequence[int], own: Sequence[Word]) -> dict[str, float]:
        """The signs of who is named, and where."""
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
            if {part_ for element in who for part_ in element.split()} & words:
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
        left = [(start, "asked") for start, _ in ours if start < where] + [
            (start, "other") for start, _ in others if start < where
        ]
        left += [(start, "me") for start, _, who in told.people if who == ME and path != ME and start < where]
        right = [(start, "asked") for start, _ in ours if start > last] + [
            (start, "other") for start, _ in others if start > last
        ]
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
        clauses = [
            clause
            for clause in told.source.clauses
            if any(is_in(word, frozenset(w.stem for w in clause.words)) for word in own)
        ]
        subject = any(path is not None and reading.is_one_of(path, clause.subjects) for clause in clauses)
        answer_subject = any(
            set(p.split()) & words for clause in clauses for one in clause.subjects for element in one for p in [element]
        )
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

    def _of_rivals(self, told: Told, places: Sequence[int], figures: Figures) -> dict[str, float]:
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
        mine = self.nearness(told, places)
        near = [self.nearness(told, [place]) for place in rivals]
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
            "led by mark": float(left is not None and left.low in PARTS),
            "led by name": float(left is not None and left.name),
            "led by article": float(left is not None and left.low in {"a", "an", "the", "my", "our", "his", "her"}),
            "begins": float(bool(places) and places[0] == 0),
            "ends": float(right is None or right.low in PARTS),
            "noun behind": float(bool(after_right) and numeric),
            "asked behind": float(right is not None and places[-1] + 1 in asked),
            "asked before": float(bool(places) and places[0] - 1 in asked),
        }


def answer_is_of(reading: Reading, answer: str, figures: Figures) -> bool:
    """Whether an answer tells a number, or a time, where that is asked for."""
    if reading.question.counts and not (figures.numbers or figures.loose):
        return False
    return not reading.question.when or bool(figures or tells_time(answer))
