"""Hits that say the same share one place in a list: the best of them is shown, the others are counted. Pure.

What differs in a number, a name, a date or a negation is never the same, however near it is. The cosine of "phone …1234" and
"phone …1243" is 0.992, of "allergic" and "not allergic" 0.970: so words decide, and a vector does not. Two texts say the same
if their words are the same in order, but for case, punctuation, contractions and a few words that add nothing; or if the one
that is shown says all that the other does, and hardly more.
"""

import re
from collections.abc import Iterable
from itertools import islice, pairwise
from math import log

from memos_cli.infra.vault.pool.pool import Row
from memos_cli.model import COLD_STATES, Memory
from memos_cli.operation.operator.ranking.question import tells_number, tells_time
from memos_cli.records import NamedTuple
from memos_cli.times import to_millis

_WORD = re.compile(r"\w+")
_LIGHT = frozenset("a an the really very quite also so oh hey wow please".split())  # noqa: SIM905 -- reads better as prose
"""Words that add nothing; "a" does before "few", "little" and "bit"."""
_SMALL = frozenset(("few", "little", "bit"))
_CONTRACTIONS = (
    ("can't", "can not"), ("cannot", "can not"), ("won't", "will not"), ("n't", " not"), ("'m ", " am "), ("'re ", " are "),
    ("'ve ", " have "), ("'ll ", " will "),
)  # fmt: skip
_DAY = 86_400_000
"""Milliseconds."""
_LEAST = 5
"""Words of the shortest text that another can say almost the same as."""
_SHARE = 0.9
"""The least share (Jaccard index) of pairs of neighbouring words that two texts have in common which say almost the same."""
_SKETCHED = 200
"""Characters of a text that are looked at first."""
_COMPARED = 32
"""Groups of one length that a hit is compared with, the last: what says the same has about the same score, and stands near."""
_EACH = r"(?i)\b(?:every|each|jede[nrs]?|elke?|iedere?|chaque|cada) (?:other )?\w+"
"""A time that comes again, such as "every morning": it is the same whenever it is told. (Compiled where it is first needed.)"""
_THIS = ("this morning", "this afternoon", "this evening")
_FEW = 8
"""Words below which a contraction or two changes much of a text."""
_LOOKED_AT = 30
"""Hits of a short list, too, that are looked at for what says the same as those that are shown."""
_SHORT, _STEP = 30, log(1.12)
"""Texts are compared whose lengths, these characters added, differ by not much more than an eighth."""
_MARKS = {code: " " for code in range(128) if not chr(code).isalnum()} | {ord("'"): None}
_TURNING = frozenset(
    """no not never none nobody nothing neither nor without hardly barely except unless if only almost might may could should
    would must all some any every few more less most half other another instead former formerly once
    nicht kein keine keinen nie ohne geen niet nooit zonder ne pas jamais sans sin nunca ningún ninguna""".split()  # noqa: SIM905 -- reads better as prose
)
"""Words that turn what the rest of a text says into something else."""


class Utterance(NamedTuple):
    """What tells whether a memory says the same as another.

    Attributes:
        content: its text.
        circumstances: who says it, the day on which it happened, whether it still holds and the like: where these differ, the
            same words may mean something else.
        day: the day on which it was recorded, counted from 1970, of a memory without a day of its own.
        event: whether it is an event, so that another day is another one.
    """

    content: str
    circumstances: tuple[object, ...]
    day: int = 0
    event: bool = False


class Group:
    """Hits that say the same.

    Attributes:
        best: the place in the list of the one that is shown.
        others: the places of the rest.
    """

    def __init__(self, best: int, said: Utterance) -> None:
        self.best = best
        self.others: list[int] = []
        self.said = said
        self._sketch: frozenset[str] | None = None
        self._words: list[str] | None = None

    @property
    def sketch(self) -> frozenset[str]:
        """The words of the beginning of the one that is shown, roughly."""
        if self._sketch is None:
            beginning = self.said.content[:_SKETCHED].casefold()
            words = beginning.translate(_MARKS).split() if beginning.isascii() else _WORD.findall(_plain(beginning))
            self._sketch = frozenset(words)
        return self._sketch

    @property
    def words(self) -> list[str]:
        """The words of the one that is shown, as `words_of` has them; most texts are told apart without them."""
        if self._words is None:
            self._words = words_of(self.said.content)
        return self._words


class Grouping:
    """Groups the hits of a list, which come the best first.

    Most pairs are told apart by their circumstances, their lengths and a sketch of their words: a hit takes 5 µs.
    """

    def __init__(self) -> None:
        self.groups: list[Group] = []
        self._near: dict[tuple[object, ...], list[Group]] = {}
        self._count = 0

    def add(self, said: Utterance) -> Group:
        """The group of the next hit: one that is there, or a new one."""
        place, self._count = self._count, self._count + 1
        size, made = int(log(len(said.content) + _SHORT) / _STEP), Group(place, said)
        for near in (size, size - 1, size + 1):
            for group in self._near.get((said.circumstances, near), [])[-_COMPARED:]:
                if _is_near(made, group) and _is_said(made, group):
                    group.others.append(place)
                    return group
        self.groups.append(made)
        self._near.setdefault((said.circumstances, size), []).append(made)
        return made


def _is_near(one: Group, other: Group) -> bool:
    """Whether two texts may say the same, by the words of their beginnings: half of them, or three quarters."""
    least = min(len(one.sketch), len(other.sketch))
    return len(one.sketch & other.sketch) >= (0.5 if least < _FEW else 0.75) * least


def _is_said(one: Group, group: Group) -> bool:
    """Whether what one hit says is said by the hit that a group shows."""
    if one.said.event != group.said.event or (
        one.said.day != group.said.day and (one.said.event or _of_its_day(one.said.content))
    ):
        return False  # "yesterday" is another day
    words, shown = one.words, group.words
    if words == shown:
        # A text of no words, such as a row of emoji, says what it is.
        return bool(words) or one.said.content == group.said.content
    if not _LEAST <= len(words) < len(shown) <= len(words) / _SHARE + 1:
        return False
    from collections import Counter

    counted, more = Counter(words), Counter(shown)
    pairs, others = set(pairwise(words)), set(pairwise(shown))
    return (
        counted <= more
        and len(pairs & others) >= _SHARE * len(pairs | others)
        and not any(_weighs(word, group.said.content) for word in more - counted)
    )


def _of_its_day(text: str) -> bool:
    """Whether a text tells a time that is another one on another day."""
    lowered = text.casefold()
    return any(part in lowered for part in _THIS) or tells_time(re.sub(_EACH, " ", text))


def grouped(said: Iterable[Utterance], k: int, *, apart: bool = False) -> list[Group]:
    """The first `k` groups of a list of hits, the best first.

    Args:
        said: the hits; no more of them are asked for than are looked at.
        k: how many groups. Of the hits behind them those are looked at, too, that are among the best `2 * k`, or 30.
        apart: put each hit into a group of its own.
    """
    if apart:
        return [Group(place, one) for place, one in enumerate(islice(said, k))]
    grouping = Grouping()
    for place, one in enumerate(said):
        if place >= max(2 * k, _LOOKED_AT) and len(grouping.groups) >= k:
            break
        grouping.add(one)
    return grouping.groups[:k]


def of_row(row: Row) -> Utterance:
    """What a candidate says."""
    return _said(row, row.text.content, row.text.speaker, row.created >> 16)


def of_memory(memory: Memory) -> Utterance:
    """What a memory says."""
    return _said(memory, memory.content, memory.source.speaker, to_millis(memory.created_at))


def _said(one: Row | Memory, content: str, speaker: str | None, millis: int) -> Utterance:
    day = (one.occurred_at or "")[:10]
    circumstances = ((speaker or "").casefold(), day, one.valid_from, one.valid_to, one.state in COLD_STATES)
    return Utterance(content, circumstances, 0 if day else millis // _DAY, one.kind == "event")


def words_of(text: str) -> list[str]:
    """The words that tell what a text says, in order, written in one way."""
    text = _plain(text).casefold()
    if "'" in text or "cannot" in text:
        for pattern, plain in _CONTRACTIONS:
            text = text.replace(pattern, plain)
    words = _WORD.findall(text)
    telling = [
        word
        for word, behind in zip(words, [*words[1:], ""], strict=False)
        if word not in _LIGHT or (word == "a" and behind in _SMALL)
    ]
    return telling or words


def _plain(text: str) -> str:
    if text.isascii():
        return text
    from unicodedata import normalize

    return normalize("NFKC", text).replace("\u2019", "'")


def _weighs(word: str, text: str) -> bool:
    """Whether a word of this text may turn what the rest of it says: a negation, a number, a date or a name."""
    if word in _TURNING or not word.isalpha() or tells_number(word) or tells_time(word):
        return True
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) is None  # it is written with a capital
