"""Which paragraph of a file is which paragraph of the same file as it was read before. Pure: no cube, no file.

What says the same is the same paragraph, wherever it stands now. What is left is paired by likeness and place.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from memos_cli.infra.vault import rows
from memos_cli.model import Draft, Memory, State
from memos_cli.operation.operator.revision import ALIKE

_AT_ITS_PLACE = 0.2
"""The least likeness of a paragraph to the only one that is gone between the same two neighbours."""
_MOST_PAIRS = 10_000
"""The most pairs of paragraphs that are compared; of more only those at the same place are."""
_FEW_WORDS, _MOST_LETTERS = 4, 300
"""Texts with fewer words than this are compared by so many of their letters: `Call Ana` with `Call Ann`, or what is written
without spaces."""

_Gap = tuple[int | None, int | None]
"""The old places of the paired paragraphs before and behind one that is not paired."""


class Former(NamedTuple):
    """A paragraph as its file said it when it was last read.

    Attributes:
        memory: the memory that came from it, as it is now.
        base: the registers of the memory as that reading left them.
        clock: the clock of the log at that reading.
        certain: whether the cube knows that it stood in this very file; of what an older memos read it knows only what the file
            was called.
    """

    memory: Memory
    base: Mapping[str, Any]
    clock: int
    certain: bool = True

    @property
    def words(self) -> str:
        """What the file said, in the form in which contents are compared."""
        return rows.normalised(str(self.base.get("content") or ""))

    @property
    def day(self) -> str | None:
        """When the file said that it happened."""
        return self.base.get("occurred_at")


class Paired(NamedTuple):
    """The places of paragraphs now, each with the place that it had.

    Attributes:
        same: those that say the same.
        changed: those that changed.
        purged: those that stand alone where one stood whose memory was purged, so that nobody knows what it said.
    """

    same: dict[int, int]
    changed: dict[int, int]
    purged: dict[int, int]


def paired(before: Sequence[Former], drafts: Sequence[Draft]) -> Paired:
    """Pair the paragraphs of a file with those that it had.

    Of several that say the same those of the same day belong together. A changed one has most of its words in common with what
    it was, or some of them and stands alone between the same neighbours. Under another title and of another day, which its own
    words do not tell, it is another.
    """
    words = [rows.normalised(draft.content) for draft in drafts]
    same: dict[int, int] = {}
    for dated in (True, False):
        taken = set(same.values())
        waiting: dict[tuple[str, str | None], deque[int]] = defaultdict(deque)
        for old, former in enumerate(before):
            if old not in taken:
                waiting[former.words, former.day if dated else None].append(old)
        for new, draft in enumerate(drafts):
            asked = words[new], draft.occurred_at if dated else None
            if new not in same and waiting.get(asked):
                same[new] = waiting[asked].popleft()
    changed = dict(_changed(before, drafts, words, same))
    return Paired(same, changed, _purged(before, len(drafts), same | changed))


def _purged(before: Sequence[Former], count: int, known: Mapping[int, int]) -> dict[int, int]:
    erased = {old for old, former in enumerate(before) if former.memory.state is State.PURGED}
    if not erased:
        return {}
    gone, came = _gaps(len(before), {old: old for old in known.values()}), _gaps(count, known)
    leaving, coming = Counter(gone.values()), Counter(came.values())
    alone = {gap: old for old, gap in gone.items() if old in erased and leaving[gap] == 1}
    return {new: alone[gap] for new, gap in came.items() if gap in alone and coming[gap] == 1}


def _changed(
    before: Sequence[Former], drafts: Sequence[Draft], words: Sequence[str], same: Mapping[int, int]
) -> Iterator[tuple[int, int]]:
    """New places with old ones, each at most once, the most alike first."""
    held = set(same.values())
    gone = _gaps(len(before), {old: old for old in held})
    came = _gaps(len(drafts), same)
    if not gone or not came:
        return
    many = len(gone) * len(came) > _MOST_PAIRS
    pairs = zip(gone, came, strict=False) if many else ((old, new) for old in gone for new in came)
    leaving, coming = Counter(gone.values()), Counter(came.values())
    was, now = {old: _Units(before[old].words) for old in gone}, {new: _Units(words[new]) for new in came}
    found = []
    for old, new in pairs:
        former, draft = before[old], drafts[new]
        if former.base.get("title") != draft.title and former.day != draft.occurred_at and "times" not in draft.metadata:
            continue
        alone = gone[old] == came[new] and leaving[gone[old]] == coming[came[new]] == 1
        least = _AT_ITS_PLACE if alone else ALIKE
        if (likeness := was[old].likeness(now[new])) >= least:
            found.append((likeness, -abs(old - new), old, new))
    taken: set[tuple[str, int]] = set()
    for _, _, old, new in sorted(found, reverse=True):
        if not taken & {("old", old), ("new", new)}:
            taken |= {("old", old), ("new", new)}
            yield new, old


def _gaps(count: int, known: Mapping[int, int]) -> dict[int, _Gap]:
    """Each place that is not paired, with the old places of its nearest paired neighbours."""
    found: dict[int, _Gap] = {}
    waiting: list[int] = []
    last: int | None = None
    for place in range(count + 1):
        if place < count and place not in known:
            waiting.append(place)
            continue
        following = known.get(place)
        found |= dict.fromkeys(waiting, (last, following))
        waiting, last = [], following
    return found


class _Units:
    """What a text is compared by: its words, or with a text of few words the pairs of its letters."""

    def __init__(self, text: str) -> None:
        words = text.split()
        self._short = len(words) < _FEW_WORDS
        self._words = Counter(words)
        self._letters = Counter(text[place : place + 2] for place in range(max(1, min(len(text), _MOST_LETTERS) - 1)))

    def likeness(self, other: "_Units") -> float:
        """The share of units that two texts have in common, 0 to 1 (the coefficient of Dice)."""
        one, two = self._words, other._words  # noqa: SLF001 -- of its own class
        if self._short or other._short:  # noqa: SLF001
            one, two = self._letters, other._letters  # noqa: SLF001
        return 2 * (one & two).total() / max(1, one.total() + two.total())
