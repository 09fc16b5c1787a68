"""The verdict on two memories: the same, in conflict, alike, or unrelated. Pure, and the same whichever is named first.

No threshold decides. The cosine of "phone …1234" and "phone …1243" is 0.992, of "allergic" and "not allergic" 0.970, and of a
true paraphrase 0.889. So two memories are the *same* only if their normal forms (`normal_form`) are equal word for word, and
in *certain* conflict only where a short table (`attributes`) says that the attribute has one value, that it changes, and that
the later memory says so. Everything else that looks like a conflict or a paraphrase is a question for a person.
"""

import re
from collections.abc import Sequence
from enum import StrEnum
from itertools import combinations, permutations
from typing import NamedTuple

from memos_cli.model import Kind, Memory, starts
from memos_cli.operation.operator.dedupe import attributes, change
from memos_cli.operation.operator.dedupe import change_wordings as wordings
from memos_cli.operation.operator.dedupe.change_values import bare, subject_of
from memos_cli.operation.operator.dedupe.normal_form import FUNCTION_WORDS, NormalForm, read
from memos_cli.operation.operator.dedupe.word_differences import (
    HARD,
    OPPOSITES,
    Differences,
    content_stems,
    differences,
    negations,
    sort_of,
    stem,
)
from memos_cli.times import to_millis


class Verdict(StrEnum):
    """How two memories relate to each other."""

    DUPLICATE = "duplicate"
    DUPLICATE_POSSIBLE = "duplicate_possible"
    CONFLICT_CERTAIN = "conflict_certain"
    CONFLICT_POSSIBLE = "conflict_possible"
    SIMILAR = "similar"
    UNRELATED = "unrelated"


class Likeness(NamedTuple):
    """A verdict and its reasons, a few words each; they quote neither memory, since they outlive a purge of it."""

    verdict: Verdict
    reasons: tuple[str, ...]


_AT_ONCE = 3_600_000
"""Milliseconds within which two machines are told of one event."""
_MIDNIGHT = "T00:00:00.000Z"
_DEIXIS = re.compile(
    r"\b(?:today|tomorrow|yesterday|tonight|ago|(?:this|next|last|coming) (?:morning|afternoon|evening|night|week|weekend|month"
    r"|year|spring|summer|autumn|winter|(?:mon|tues|wednes|thurs|fri|satur|sun)day)|(?<!every )(?:mon|tues|wednes|thurs|fri"
    r"|satur|sun)day|in \d+ (?:minutes|hours|days|weeks|months)|later|earlier|soon|just)\b"
)
_PAST = re.compile(
    r"\b(?:was|were|did|went|met|had|saw|came|got|bought|ate|ran|left|took|made|told|said|gave|found|lost|broke|won|paid|began"
    r"|wrote|slept|felt|sent|swam|drove|flew|fell|drank|spoke|rang|woke|(?!need|feed|speed|seed|breed|indeed|shed\b|sled\b|hundred|naked|sacred|wicked|bleed|greed|weed|called\b|allowed\b"
    r"|enabled\b|disabled\b|named\b|located\b|married\b|supported\b|required\b|closed\b|used\b)\w{2,}ed)\b"
)


def compare(one: Memory, other: Memory, *, cosine: float | None = None, alike: float = 0.88) -> Likeness:
    """The verdict on two memories.

    Args:
        cosine: the cosine of their vectors, where both have one. It can make a pair worth a question, never decide it.
        alike: the least cosine at which a pair without a hard difference is worth a question.

    Returns:
        The same verdict for (one, other) and (other, one): their times say which of them is the later.
    """
    earlier, later = in_time(one, other)
    first, second = read(earlier.content), read(later.content)
    if first.words == second.words:
        return _same_words(earlier, later)
    likeness = _of_texts(first, second, cosine, alike)
    return _in_circumstances(likeness, earlier, later, first, second)


def told(known: Memory, later: Memory) -> Likeness:
    """Whether a memory that was told later ends a known one, whatever times the two speak of: a conflict, or unrelated."""
    first, second = read(known.content), read(later.content)
    if first.words == second.words or (conflict := _conflict(first, second)) is None:
        return Likeness(Verdict.UNRELATED, ("nothing is said to be over",))
    if starts(known) >= starts(later) and _speaker(known) == _speaker(later):
        return conflict
    return _in_circumstances(conflict, known, later, first, second)


def several(known: Sequence[Memory]) -> bool:
    """Whether statements of one kind are about two persons or things: "my sister Ana lives …" and "my aunt Ana lives …"."""
    readings = [clause for memory in known for clause in change.clauses(read(memory.content))[:1]]
    return any(_are_apart(block, pair) for pair in combinations(readings, 2) for block in wordings.blocks())


def _are_apart(block: wordings.Block, clauses: Sequence[change.Clause]) -> bool:
    lines = [line for line in block.lines if line.sign == "s"]
    found = [next((hit for line in lines if (hit := line.match(said.text, said.words))), None) for said in clauses]
    said = [match.groupdict(default="") for match in found if match is not None]
    if len(said) < len(clauses):
        return False
    (mine, other), (thing, another) = (
        [set(part) for part in parts]
        for parts in ([subject_of(each.get("s", ""))[1] for each in said], [bare(each.get("o", "")).split() for each in said])
    )
    persons = bool(mine - other and other - mine) and not mine | other <= {"i", "we"}
    return persons or bool(thing - another and another - thing)


def in_line(memory: Memory) -> tuple[str, str, str]:
    """The key that sorts memories by when they begin to hold, then by when they were recorded, then by their ids."""
    return starts(memory), memory.created_at, memory.id


def in_time(one: Memory, other: Memory) -> tuple[Memory, Memory]:
    """The two in the order of `in_line`."""
    earlier, later = sorted((one, other), key=in_line)
    return earlier, later


def guards(one: Memory, other: Memory) -> tuple[str, ...]:
    """The hard differences that forbid the fusion of two memories, whoever proposes it; empty where there are none."""
    found = differences(read(one.content), read(other.content))
    return _words_for(found, HARD)


_LIGHT = frozenset(("a", "an", "very", "really", "quite", "so", "too", "also"))


def strict_guards(one: Memory, other: Memory) -> tuple[str, ...]:
    """As `guards`, but any word except the lightest may not differ or move either: for fusions that nobody is asked about."""
    found = guards(one, other)
    first, second = ([word for word in read(memory.content).words if word not in _LIGHT] for memory in (one, other))
    return found if first == second else (*found, _OWN_WORDS)


def _same_words(earlier: Memory, later: Memory) -> Likeness:
    """The verdict on two memories with the same words, which may still be said of two days, or by two people."""
    reading = read(earlier.content)
    if reading.words == ():
        return Likeness(Verdict.UNRELATED, ("no words",))
    if against := _other_occasion(earlier, later, reading):
        return Likeness(Verdict.SIMILAR, (against,))
    plain = " ".join(earlier.content.split()) == " ".join(later.content.split())
    return Likeness(Verdict.DUPLICATE, ("the same words" if plain else "the same words but for how they are written",))


def _other_occasion(earlier: Memory, later: Memory, reading: NormalForm) -> str | None:
    """Why the same words may mean something else: another speaker's "I", or another day's "yesterday"."""
    words = {word.casefold() for word in reading.words}
    if _speaker(earlier) != _speaker(later) and words & {*attributes.PERSONAL, "you", "your"}:
        return "said by different people"
    if _on_one_day(earlier, later):
        return None
    line = reading.text.casefold()
    happened = Kind.EVENT in {earlier.kind, later.kind} or _PAST.search(line) is not None
    if happened and " born " not in f" {line} ":
        return "said of different days: it may have happened twice"
    return "said on different days, of which it speaks" if _DEIXIS.search(line) else None


def _speaker(memory: Memory) -> str | None:
    """Who said it, where that is another than the person whose memory it is."""
    return memory.source.speaker if memory.source.speaker != memory.owner else None


def _on_one_day(earlier: Memory, later: Memory) -> bool:
    """Whether two memories tell of one day, and of one time of it where both have one.

    Events in the same words and without a date were told on two days of the person, or the second would have been known when it
    was told; only two machines can have been told of one event, and then at about the same time.
    """
    one, other = (memory.occurred_at or memory.created_at for memory in (earlier, later))
    if earlier.kind is later.kind is Kind.EVENT and earlier.content == later.content:
        if earlier.occurred_at and later.occurred_at:
            return one == other or (one[:10] == other[:10] and any(text.endswith(_MIDNIGHT) for text in (one, other)))
        if earlier.occurred_at is later.occurred_at:
            return abs(to_millis(one) - to_millis(other)) < _AT_ONCE
    return one[:10] == other[:10]


def _in_circumstances(likeness: Likeness, earlier: Memory, later: Memory, first: NormalForm, second: NormalForm) -> Likeness:
    """The verdict in view of speakers, days and tags: two speakers' "I" is no conflict; other tags make one uncertain."""
    if likeness.verdict in {Verdict.SIMILAR, Verdict.UNRELATED}:
        return likeness
    words = {word.casefold() for word in (*first.words, *second.words)}
    if _speaker(earlier) != _speaker(later) and words & {*attributes.PERSONAL, "you", "your"}:
        return Likeness(Verdict.SIMILAR, ("said by different people",))
    if likeness.verdict is Verdict.DUPLICATE_POSSIBLE and (
        _other_occasion(earlier, later, first) or _other_occasion(earlier, later, second)
    ):
        return Likeness(Verdict.SIMILAR, ("said of different days",))
    if likeness.verdict is Verdict.CONFLICT_CERTAIN:
        if starts(earlier) == starts(later):
            return Likeness(Verdict.CONFLICT_POSSIBLE, (*likeness.reasons, "said at the same time"))
        if set(earlier.tags) != set(later.tags) and earlier.tags and later.tags:
            return Likeness(Verdict.CONFLICT_POSSIBLE, (*likeness.reasons, "tagged differently"))
    return likeness


def _of_texts(earlier: NormalForm, later: NormalForm, cosine: float | None, alike: float) -> Likeness:
    """The verdict on two texts whose words are not the same."""
    if attributes.retraction(later, earlier):
        return Likeness(Verdict.CONFLICT_POSSIBLE, ("the earlier one says that it no longer holds",))
    if (conflict := _conflict(earlier, later)) is not None:
        return conflict
    shared = content_stems(earlier) & content_stems(later)
    found_differences = differences(earlier, later)
    near = cosine is not None and cosine >= alike
    if not shared and not near:
        return Likeness(Verdict.UNRELATED, ("no word in common",))
    if reasons := _contradiction(found_differences, earlier, later):
        return Likeness(Verdict.CONFLICT_POSSIBLE, reasons)
    hard = _words_for(found_differences, HARD)
    if hard:
        return Likeness(Verdict.SIMILAR, hard)
    return _perhaps_the_same(earlier, later, found_differences, cosine, alike)


def _conflict(earlier: NormalForm, later: NormalForm) -> Likeness | None:
    """The conflict of two texts of which the later one says, in so many words, that the earlier one does not hold."""
    conflict = attributes.retraction(earlier, later) or attributes.other_value(earlier, later)
    if conflict is None or not conflict.certain:
        told = change.between(earlier, later)
        conflict = told if told and (told.certain or conflict is None) else conflict
    if conflict:
        return Likeness(Verdict.CONFLICT_CERTAIN if conflict.certain else Verdict.CONFLICT_POSSIBLE, (conflict.reason,))
    return None


def _contradiction(found: Differences, earlier: NormalForm, later: NormalForm) -> tuple[str, ...]:
    """Why one text may contradict the other: all else is the same, and a "not", an opposite or one value differs."""
    soft = {"negation", "modal", "opposite", "quantity", "function", "tense"}
    line = f"{earlier.text} | {later.text}".casefold()
    if found.kinds & {"negation", "opposite"} and _all_else_is_said(found, soft):
        return _words_for(found, HARD)
    past = _PAST.search(line) is not None
    if past or len(found.slots) != 1:
        return ()
    (a, b) = found.slots[0]
    sorts = {sort_of(word) for word in (*a, *b)}
    measures = {"number", "date", "time", "unit"}
    value = bool(a) and bool(b) and sorts <= {*measures, "code"} and sorts & measures
    return _words_for(found, HARD) if value and _is_a_value(earlier, a) and _is_a_value(later, b) else ()


def _all_else_is_said(found: Differences, soft: set[str]) -> bool:
    """Whether each word that differs is a "not", its verb, an opposite, or a function word."""
    for a, b in found.slots:
        for word in (*a, *b):
            low = word.casefold()
            partner = any((low, other.casefold()) in OPPOSITES for other in (a if word in b else b))
            light = sort_of(word) in soft or low in FUNCTION_WORDS or low in {"ever", "any", "yet", "still"}
            if not partner and not light:
                return False
            if sort_of(word) in {"number", "name"}:
                return False
    return True


_VERBS = re.compile(
    r"^(?:is|are|am|has|have|runs?|starts?|ends?|opens?|closes?|costs?|takes?|expires?|weighs?|needs?|uses?|listens?|holds?|lasts?"
    r"|arrives?|leaves?|departs?|lives?|works?|sleeps?|gets?|keeps?|allows?|supports?|requires?|contains?|set|due|wears?|be"
    r"|measures?|equals?|meets?|pays?|earns?|stands?|lies?|goes|go|drinks?|eats?|means?|says?|sits?|belongs?)$"
)


def _is_a_value(reading: NormalForm, slot: tuple[str, ...]) -> bool:
    """Whether the words stand behind a verb, so that they are not the subject but say something of it."""
    words = [word.casefold() for word in reading.loose]
    place = next(i for i in range(len(words)) if reading.loose[i : i + len(slot)] == slot)
    return any(_VERBS.match(word) for word in words[:place])


def _perhaps_the_same(
    earlier: NormalForm, later: NormalForm, found: Differences, cosine: float | None, alike: float
) -> Likeness:
    """The verdict on two texts without a hard difference: they may be the same if their words match, or if they are near.

    A question is put with its likeliest answer, and a fusion is never that where one text may say that it is not so, or where
    who does it and whom it is done to may have changed places, in whatever language.
    """
    if negations(earlier) != negations(later):
        return Likeness(Verdict.SIMILAR, (_SAID["negation"],))
    if _persons(earlier) != _persons(later) or _roles_exchanged(earlier, later):
        return Likeness(Verdict.SIMILAR, ("it is another who does it",))
    if content_stems(earlier) == content_stems(later):
        return Likeness(Verdict.DUPLICATE_POSSIBLE, ("the same words in another order or form",))
    # One word in place of another means another thing: green tea is no paraphrase of black tea.
    replaced = any(len(a) == len(b) == 1 for a, b in found.slots) and len(found.slots) == 1
    if cosine is not None and cosine >= alike and not replaced:
        return Likeness(Verdict.DUPLICATE_POSSIBLE, (f"close in meaning (cosine {cosine:.2f})",))
    return Likeness(Verdict.SIMILAR, (_OWN_WORDS,))


_PERSONS = frozenset(
    """i we me us he she him they them ich wir mir mich uns ihm ihn ihnen ik wij mij ons hij zij hem hen je j nous moi il elle
    lui leur yo nosotros mí nos io noi mi lei eu mim jag vi mig oss jeg meg я мы мне меня нам нас""".split()  # noqa: SIM905 -- so
)
"""Words for who does something or whom it is done to; those of "my" and "your" are none."""


def _persons(reading: NormalForm) -> list[str]:
    """The persons of a text, in alphabetical order: "Sam owes me money" has others than "I owe Sam money"."""
    return sorted(word for word in map(str.casefold, reading.words) if word in _PERSONS)


def _roles_exchanged(earlier: NormalForm, later: NormalForm) -> bool:
    """Whether words on both sides of a third have changed places: "the dog bit the cat", "the cat bit the dog".

    A passive turns them around as well, and says the same.
    """
    if (_PASSIVE & set(earlier.words)) != (_PASSIVE & set(later.words)):
        return False
    first, second = _places(earlier), _places(later)
    both = [word for word in first if word in second][:_MOST_ROLES]
    return any(first[a] < first[b] < first[c] and second[a] > second[b] > second[c] for a, b, c in permutations(both, 3))


_PASSIVE = frozenset(("by", "von", "door", "par", "por", "da", "af", "av"))
_MOST_ROLES = 12
"""Words that are looked at: all of a sentence, and no more than some 1,300 triples of a long text."""


def _places(reading: NormalForm) -> dict[str, int]:
    """Where each word that carries meaning stands, by its stem; the first place of one that is said twice."""
    found: dict[str, int] = {}
    for place, word in enumerate(reading.loose):
        if word.casefold() not in FUNCTION_WORDS:
            found.setdefault(stem(word), place)
    return found


_OWN_WORDS = "other words, or in another order"
_SAID = {
    "number": "another number", "date": "another date", "time": "another time", "code": "another code or address",
    "name": "another name", "negation": "a negation in one of them",
    "quantity": "another quantity", "modal": "another obligation",
    "tense": "another tense", "unit": "another unit",
    "opposite": "opposites", "order": "names or numbers in another order",
}  # fmt: skip


def _words_for(found: Differences, kinds: frozenset[str]) -> tuple[str, ...]:
    """The reasons that name these differences."""
    return tuple(_SAID[kind] for kind in sorted(found.kinds & kinds))
