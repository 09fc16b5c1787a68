"""The simple experts that `operation.scheduler.predictor` mixes. Pure; a scene is its number in the order of first memories.

Each expert gives a probability to every scene, or abstains where it knows nothing that bears on the question. The time to learn
a recall does not grow with the number of recalls before it.
"""

import math
from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

_HOUR = 3_600_000
_DAY = 24 * _HOUR
_ORDER = 3
"""How many recalls a context contains at most."""
_PAUSE = _HOUR
"""Milliseconds without a recall after which the next one begins a new sitting: earlier recalls say little about it."""
_BEGIN = -1
"""In place of the scene before the first one of a sitting."""
_BACK = ("again", "back 1", "back 2", "back 3")
_REACH = 2
"""How many places from the last recalled scene another one counts as near."""
_PRIOR = {"again": 8, "back 1": 2}
"""How much likelier these relations are than others before anything was learned."""
_HOLDS, _AVERAGE = 1.2, 0.75
"""BM25's k1 and b, at their usual values."""
_SHARPNESS = 2.0
"""The power of a scene's BM25 score to which its probability is proportional."""
_HUGE = 1e100

Words = Mapping[str, Mapping[str, int]]
"""For each scene by its name how often each word occurs in it."""
Context = tuple[object, ...]


class Expert(Protocol):
    """Gives each scene a probability, by one kind of evidence."""

    def foresee(self, at: int, cue: Sequence[str], told: int) -> list[float] | None:
        """A probability for each of the first `told` scenes; the sum is 1. `None` to abstain."""
        ...

    def learn(self, at: int, needed: Sequence[int]) -> None:
        """Learn that these scenes were recalled, the one that mattered most first."""
        ...


class Sitting:
    """A sitting: the recalls since the last pause of more than an hour."""

    def __init__(self) -> None:
        self._before: deque[int] = deque([_BEGIN] * _ORDER, maxlen=_ORDER)
        self._last: int | None = None

    def is_over(self, at: int) -> bool:
        """Whether a recall at this time begins a new sitting."""
        return self._last is None or at - self._last > _PAUSE

    def learn(self, at: int, needed: Sequence[int]) -> None:
        """Add a recall; the experts have to learn it before."""
        if self._last is not None and self.is_over(at):
            self._before.extend([_BEGIN] * _ORDER)
        self._before.append(needed[0])
        self._last = at

    def sequence(self, at: int) -> list[Context]:
        """Contexts of the last one, two, … scenes, the newest first; after a pause only the beginning of a sitting."""
        before = self._sets(at)
        return [tuple(before[:length]) for length in range(1, len(before) + 1)]

    def scene(self, at: int) -> list[Context]:
        """Contexts of the last scene, alone and with the time of day."""
        hour, weekend, _ = _clock(at)
        last = self._sets(at)[0]
        return [(last,), (last, hour // 3), (last, hour // 3, weekend)]

    def _sets(self, at: int) -> list[int]:
        return [_BEGIN] if self.is_over(at) else list(reversed(self._before))


def routine(at: int) -> list[Context]:
    """Contexts of the hour, then the hour on working days or on the weekend, then on that day of the week."""
    hour, weekend, day = _clock(at)
    return [(hour // 3,), (hour,), (hour, weekend), (hour, weekend, day)]


def _clock(at: int) -> tuple[int, bool, int]:
    """The hour in UTC, whether it is a weekend, and the day of the week, Monday being 0 (1970 began on a Thursday)."""
    day = (at // _DAY + 3) % 7
    return at % _DAY // _HOUR, day >= 5, day


class Contexts(Protocol):
    """Returns the contexts of an instant, the most general first."""

    def __call__(self, at: int, /) -> list[Context]:
        """The contexts at `at`, in milliseconds since 1970."""
        ...


class Following:
    """Counts which scenes followed each context, and blends longer contexts with shorter ones, as PPM does.

    The escape is that of its method C (Cleary and Witten, IEEE Trans. Commun. 32, 1984; Moffat, ibid. 38, 1990; as smoothing of
    language models it is known as Witten-Bell): where a context `h` was seen `c` times with `t` different scenes after it,

        P(s | h) = (c(h, s) + t P(s | shorter h)) / (c + t)

    Args:
        count: how many scenes there are.
        contexts: returns the contexts of an instant, the most general first.
    """

    def __init__(self, count: int, contexts: Contexts) -> None:
        self._count = count
        self._contexts = contexts
        self._after: dict[Context, Counter[int]] = {}

    def foresee(self, at: int, cue: Sequence[str], told: int) -> list[float] | None:  # noqa: ARG002 -- of no use here
        """Probabilities by the scenes that followed the contexts of this instant."""
        seen = [self._after[()]] if () in self._after else []
        for context in self._contexts(at) if seen else ():
            after = self._after.get(context)
            if after is None:
                break
            seen.append(after)
        left = 1.0
        shares: dict[int, float] = {}
        for after in reversed(seen):
            whole = sum(after.values()) + len(after)
            for scene, count in after.items():
                shares[scene] = shares.get(scene, 0.0) + left * count / whole
            left *= len(after) / whole
        found = [left / self._count] * told
        for scene, share in shares.items():
            if scene < told:
                found[scene] += share
        return found if told == self._count else _whole(found)

    def learn(self, at: int, needed: Sequence[int]) -> None:
        """Count the recall under each context of that instant."""
        for context in ((), *self._contexts(at)):
            self._after.setdefault(context, Counter()).update(needed)


class Course:
    """Learns how a recall relates to those before, whichever scenes they are: again, back to one of the last, on to the next.

    It needs few recalls, since all scenes share what is learned. Relations back are the stack distances of Mattson et al. (IBM
    Systems Journal 9, 1970). Relations on are the distances of hardware prefetchers, which foresee a reader that takes things
    in turn (Joseph and Grunwald, ISCA 1997).
    """

    def __init__(self) -> None:
        self._stack: list[int] = []
        self._used: set[int] = set()
        self._after: Counter[str] = Counter()

    def _way(self, scene: int) -> str:
        """How a recall of this scene would relate to the last ones."""
        if scene in self._stack:
            return _BACK[self._stack.index(scene)]
        distance = scene - self._stack[0]
        if abs(distance) <= _REACH:
            return f"{distance:+}"
        return "used" if scene in self._used else "new"

    def foresee(self, at: int, cue: Sequence[str], told: int) -> list[float] | None:  # noqa: ARG002 -- of no use here
        """Probabilities by the relation that a recall of each scene would have to the last ones."""
        if not self._stack:
            return None
        ways = [self._way(scene) for scene in range(told)]
        sizes = Counter(ways)
        known = {way: self._after[way] for way in sizes if way in self._after}
        escape = len(known) or 1
        whole = sum(known.values()) + escape
        prior = sum(_PRIOR.get(way, 1) for way in sizes)
        shares = {way: (known.get(way, 0) + escape * _PRIOR.get(way, 1) / prior) / whole / size for way, size in sizes.items()}
        return [shares[way] for way in ways]

    def learn(self, at: int, needed: Sequence[int]) -> None:  # noqa: ARG002 -- recalls are put in order, not timed
        """Count how these recalls relate to the last ones."""
        if self._stack:
            self._after.update(map(self._way, needed))
        self._used.update(needed)
        self._stack = [*needed, *(scene for scene in self._stack if scene not in needed)][: len(_BACK)]


class Fading:
    """Counts uses, each worth less with every later recall: a point of the spectrum between LRU and LFU.

    The spectrum is that of Lee et al. ("LRFU", IEEE Trans. Computers 50, 2001). The worth of a new use grows, instead of that
    of old uses shrinking, so that a recall changes one number.

    Args:
        count: how many scenes there are.
        half: recalls after which a use is worth half.
    """

    def __init__(self, count: int, half: float) -> None:
        self._uses = [0.0] * count
        self._growth = 2 ** (1 / half)
        self._worth = 1.0

    def foresee(self, at: int, cue: Sequence[str], told: int) -> list[float] | None:  # noqa: ARG002 -- of no use here
        """Probabilities proportional to the worth of each scene's uses."""
        return _whole(self._uses[:told])

    def learn(self, at: int, needed: Sequence[int]) -> None:  # noqa: ARG002 -- recalls are counted, not timed
        """Count a use of each scene; earlier uses are worth less from then on."""
        self._worth *= self._growth
        for scene in needed:
            self._uses[scene] += self._worth
        if self._worth > _HUGE:
            self._uses = [worth / self._worth for worth in self._uses]
            self._worth = 1.0


class Size:
    """Knows how many words each scene has: of two scenes never recalled yet, the longer one holds more to be recalled."""

    def __init__(self, scenes: Sequence[str], words: Words) -> None:
        self._sizes = _sizes(scenes, words)

    def foresee(self, at: int, cue: Sequence[str], told: int) -> list[float] | None:  # noqa: ARG002 -- sizes alone count
        """Probabilities proportional to size."""
        return _whole(self._sizes[:told])

    def learn(self, at: int, needed: Sequence[int]) -> None:
        """Learn nothing: a recall changes no words."""


class WordMatch:
    """Compares the words at the end of a conversation with each scene's, by BM25 (Robertson and Walker, SIGIR 1994)."""

    def __init__(self, scenes: Sequence[str], words: Words) -> None:
        sizes = _sizes(scenes, words)
        mean = max(1.0, sum(sizes) / max(1, len(sizes)))
        norms = [_HOLDS * (1 - _AVERAGE + _AVERAGE * size / mean) for size in sizes]
        holders: dict[str, list[tuple[int, int]]] = {}
        for number, scene in enumerate(scenes):
            for word, count in words.get(scene, {}).items():
                holders.setdefault(word, []).append((number, count))
        self._count = len(sizes)
        self._norms = norms
        self._holders = holders

    def foresee(self, at: int, cue: Sequence[str], told: int) -> list[float] | None:  # noqa: ARG002 -- words have no time
        """Probabilities by the words of `cue`."""
        scores = [0.0] * self._count
        for word in dict.fromkeys(cue):
            holders = self._holders.get(word, ())
            rare = math.log(1 + (self._count - len(holders) + 0.5) / (len(holders) + 0.5))
            for scene, count in holders:
                scores[scene] += rare * count * (_HOLDS + 1) / (count + self._norms[scene])
        return _whole([score**_SHARPNESS for score in scores[:told]])

    def learn(self, at: int, needed: Sequence[int]) -> None:
        """Learn nothing: a recall changes no words."""


def _sizes(scenes: Iterable[str], words: Words) -> list[float]:
    """How many words each scene has."""
    return [float(sum(words.get(scene, {}).values())) for scene in scenes]


def _whole(shares: list[float]) -> list[float] | None:
    """The shares scaled to a sum of 1; `None` if their sum is 0."""
    total = sum(shares)
    return [share / total for share in shares] if total > 0 else None
