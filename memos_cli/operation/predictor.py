"""Next-scene prediction: which sets of memories will be needed next, learned from the recalls so far. Pure, and small.

Several simple experts each give a probability to every set, and their opinions are mixed by how well each has foreseen the
recalls up to now:

    P(s) = (1 - u) sum_i w_i P_i(s) + u / n                    n: the number of sets, u: `_UNSEEN`
    w_i <- (1 - a) w_i P_i(r)^e / sum_j w_j P_j(r)^e + a / m   r: what was recalled, m: the number of experts, a: `_SHARE`,
                                                               e: `_RATE`

The second line is the fixed-share rule of Herbster and Warmuth ("Tracking the best expert", Machine Learning 32, 1998): an
exponential update, and a little for everybody, so that another expert can take over when habits change. An expert that has
nothing to go by abstains and keeps its weight among the others (Freund et al., "Using and combining predictors that
specialize", STOC 1997).

    sequence    the last sets, longer contexts before shorter ones
    routine     the hour, then the hour on working days or on the weekend, then on that day of the week
    scene       the last set together with the time of day
    course      again the same set, back to the one before, on to the one that was told next: whichever sets these are
    recent      times of use, each worth a quarter as much for every recall since
    lately      the same over some dozen recalls
    often       the same over all recalls
    words       the words at the end of the conversation, compared with those of the sets

The first three blend contexts of growing length as PPM does, with the escape of its method C (Cleary and Witten, IEEE Trans.
Commun. 32, 1984; Moffat, ibid. 38, 1990; as smoothing of language models it is known as Witten-Bell): where a context `h` was
seen `c` times with `t` different sets after it,

    P(s | h) = (c(h, s) + t P(s | shorter h)) / (c + t)

`course` joins the stack distances of Mattson et al. (IBM Systems Journal 9, 1970) with the distances of hardware prefetchers,
which make a reader of things in turn foreseeable (Joseph and Grunwald, ISCA 1997). The three after it are points of the
spectrum between LRU and LFU (Lee et al., "LRFU", IEEE Trans. Computers 50, 2001). `words` weighs by BM25 (Robertson and
Walker, SIGIR 1994).

To learn a recall takes a time that does not grow with how many there were. Nothing here knows what a memory says but for
`words`, which is given to it for the moment and kept nowhere.

The constants were chosen on the first two conversations of LoCoMo and on four generated persons (`bench.habits`, seeds 0 to 3);
within a factor of two of these values hit rates moved by 0.01 on the persons and by 0.04 on conversations of 81 questions.
"""

import math
from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

_HOUR = 3_600_000
_DAY = 24 * _HOUR
_SHARE = 0.05
"""What a step lets go of the weight of all experts, evenly to each."""
_RATE = 0.5
"""How far one recall moves the weights; 1 would be Bayes' rule, which here takes too much from a single recall."""
_TRUSTED = 0.5
"""The weight of `recent` at first: before anything is known of a person, what was needed last is the best guess."""
_UNSEEN = 0.02
"""What of the probability is spread evenly, so that no recall is ever impossible."""
_ORDER = 3
"""How many recalls back a context reaches."""
_PAUSE = _HOUR
"""Milliseconds after which a recall begins a new sitting: what came before says little then."""
_HALVES = {"recent": 0.5, "lately": 12.0, "often": 1e9}
"""Recalls after which one is worth half as much."""
_BACK = ("again", "back 1", "back 2", "back 3")
_REACH = 2
"""How far in the order of telling a set counts as near to the last one."""
_PRIOR = {"again": 8, "back 1": 2}
"""How much likelier than others these are before anything was learned."""
_HOLDS, _AVERAGE = 1.2, 0.75
"""BM25's k1 and b, at their usual values."""
_SHARPNESS = 2.0
"""The power of a score of words to which a set is likely."""
_SMALLEST = 1e-12
BEGIN = ""
"""Stands for the set before the first one of a sitting; no set is called so."""


class Recall(NamedTuple):
    """A time at which memories were recalled.

    Attributes:
        at: milliseconds since 1970.
        sets: those that were needed, the one that mattered most first.
    """

    at: int
    sets: tuple[str, ...]


class Expert(Protocol):
    """Foresees in its own way."""

    def foresee(self, at: int, cue: Sequence[str]) -> Mapping[str, float] | None:
        """A probability for each set; the sum is 1. `None` to abstain."""
        ...

    def learn(self, recall: Recall) -> None:
        """A recall has come."""
        ...


class Predictor:
    """Foresees which sets are needed next.

    Args:
        scenes: the sets by name, in the order in which they were told. Sets that are not among them are passed over.
        words: for each set how often each word occurs in it; without, nothing is made of words.
    """

    def __init__(self, scenes: Sequence[str], words: Mapping[str, Mapping[str, int]] | None = None) -> None:
        self.scenes = tuple(dict.fromkeys(scenes))
        self._places = {scene: place for place, scene in enumerate(self.scenes)}
        self._before: deque[str] = deque([BEGIN] * _ORDER, maxlen=_ORDER)
        self._last: int | None = None
        self.experts: dict[str, Expert] = {
            "sequence": _Contexts(self.scenes, self._sequence),
            "routine": _Contexts(self.scenes, _routine),
            "scene": _Contexts(self.scenes, self._scene),
            "course": _Course(self.scenes),
            **{name: _Fading(self.scenes, half) for name, half in _HALVES.items()},
            **({"words": _Words(self.scenes, words)} if words else {}),
        }
        self.weights = dict.fromkeys(self.experts, (1 - _TRUSTED) / (len(self.experts) - 1)) | {"recent": _TRUSTED}

    def _sitting(self, at: int) -> list[str]:
        """The last sets, the newest first; after a pause there are none."""
        rested = self._last is None or at - self._last > _PAUSE
        return [BEGIN] if rested else list(reversed(self._before))

    def _sequence(self, at: int) -> list[tuple[object, ...]]:
        before = self._sitting(at)
        return [tuple(before[:length]) for length in range(1, len(before) + 1)]

    def _scene(self, at: int) -> list[tuple[object, ...]]:
        hour, weekend, _ = _clock(at)
        last = self._sitting(at)[0]
        return [(last,), (last, hour // 3), (last, hour // 3, weekend)]

    def foresee(self, at: int, cue: Sequence[str] = (), told: int | None = None) -> dict[str, float]:
        """How likely each set is to be needed next; the sum is 1. Empty if there are no sets.

        Args:
            at: the time for which it is asked, in milliseconds since 1970.
            cue: the words at the end of the conversation.
            told: how many of the sets, from the first on, can be meant, where the others will be told only later.
        """
        return self._mixed(self._opinions(at, cue, told), told)

    def likeliest(self, at: int, k: int, cue: Sequence[str] = (), told: int | None = None) -> list[tuple[str, float]]:
        """The `k` sets that are likeliest needed next, with their probabilities, the likeliest first; of equals the newest."""
        found = self.foresee(at, cue, told)
        return sorted(found.items(), key=lambda one: (-one[1], -self._places[one[0]]))[:k]

    def _opinions(self, at: int, cue: Sequence[str], told: int | None) -> dict[str, Mapping[str, float]]:
        found = {name: expert.foresee(at, cue) for name, expert in self.experts.items()} if self.scenes else {}
        known = {name: opinion for name, opinion in found.items() if opinion is not None}
        return known if told is None else {name: cut for name, one in known.items() if (cut := self._cut(one, told))}

    def _cut(self, opinion: Mapping[str, float], told: int) -> dict[str, float]:
        """What an expert says of the first sets alone; empty if that is nothing."""
        total = sum(opinion[scene] for scene in self.scenes[:told])
        return {scene: opinion[scene] / total for scene in self.scenes[:told]} if total > 0 else {}

    def _mixed(self, opinions: Mapping[str, Mapping[str, float]], told: int | None) -> dict[str, float]:
        awake = sum(self.weights[name] for name in opinions)
        meant = self.scenes[:told]
        mixed = dict.fromkeys(meant, (_UNSEEN if opinions else 1.0) / max(1, len(meant)))
        for name, opinion in opinions.items():
            weight = (1 - _UNSEEN) * self.weights[name] / awake
            for scene, share in opinion.items():
                mixed[scene] += weight * share
        return mixed

    def learn(self, recall: Recall, cue: Sequence[str] = (), told: int | None = None) -> None:
        """A recall has come: see who foresaw it, and take it in. `cue` and `told` are what was known before it."""
        needed = tuple(dict.fromkeys(scene for scene in recall.sets if scene in self._places))
        if not needed:
            return
        self._judge(self._opinions(recall.at, cue, told), needed)
        known = Recall(recall.at, needed)
        for expert in self.experts.values():
            expert.learn(known)
        if self._last is not None and recall.at - self._last > _PAUSE:
            self._before.extend([BEGIN] * _ORDER)
        self._before.append(needed[0])
        self._last = recall.at

    def _judge(self, opinions: Mapping[str, Mapping[str, float]], needed: Sequence[str]) -> None:
        awake = sum(self.weights[name] for name in opinions)
        foreseen = {name: sum(one.get(scene, 0.0) for scene in needed) / len(needed) for name, one in opinions.items()}
        weighed = {name: self.weights[name] * max(share, _SMALLEST) ** _RATE for name, share in foreseen.items()}
        total = sum(weighed.values())
        for name, share in weighed.items():
            self.weights[name] = awake * share / total
        even = _SHARE / len(self.weights)
        self.weights = {name: (1 - _SHARE) * weight + even for name, weight in self.weights.items()}


def learned(
    scenes: Sequence[str], recalls: Iterable[Recall], words: Mapping[str, Mapping[str, int]] | None = None
) -> Predictor:
    """A predictor that has seen these recalls, which are in the order of time."""
    made = Predictor(scenes, words)
    for recall in recalls:
        made.learn(recall)
    return made


def _clock(at: int) -> tuple[int, bool, int]:
    """The hour in UTC, whether it is a weekend, and the day of the week, Monday being 0 (1970 began on a Thursday)."""
    day = (at // _DAY + 3) % 7
    return at % _DAY // _HOUR, day >= 5, day


def _routine(at: int) -> list[tuple[object, ...]]:
    hour, weekend, day = _clock(at)
    return [(hour // 3,), (hour,), (hour, weekend), (hour, weekend, day)]


class _Contexts:
    """What followed on contexts, longer ones blended with shorter ones.

    Args:
        contexts: gives those of an instant, the most general first.
    """

    def __init__(self, scenes: Sequence[str], contexts: "Contexts") -> None:
        self._scenes = scenes
        self._contexts = contexts
        self._after: dict[tuple[object, ...], Counter[str]] = {}

    def foresee(self, at: int, cue: Sequence[str]) -> Mapping[str, float]:  # noqa: ARG002 -- of no use here
        found = dict.fromkeys(self._scenes, 1 / len(self._scenes))
        for context in ((), *self._contexts(at)):
            after = self._after.get(context)
            if after is None:
                break
            found = _blended(found, after)
        return found

    def learn(self, recall: Recall) -> None:
        for context in ((), *self._contexts(recall.at)):
            self._after.setdefault(context, Counter()).update(recall.sets)


class Contexts(Protocol):
    """Gives the contexts of an instant, the most general first."""

    def __call__(self, at: int, /) -> list[tuple[object, ...]]:
        """Those at `at`, in milliseconds since 1970."""
        ...


class _Course:
    """How a recall lies to those before it, whichever sets they are: again, back to one of the last, on to the next one told.

    It learns from few recalls, since all sets share what is learned.
    """

    def __init__(self, scenes: Sequence[str]) -> None:
        self._scenes = scenes
        self._places = {scene: place for place, scene in enumerate(scenes)}
        self._stack: list[str] = []
        self._used: set[str] = set()
        self._after: Counter[str] = Counter()

    def _way(self, scene: str) -> str:
        """What a recall of this set would be."""
        if scene in self._stack:
            return _BACK[self._stack.index(scene)]
        distance = self._places[scene] - self._places[self._stack[0]]
        if abs(distance) <= _REACH:
            return f"{distance:+}"
        return "used" if scene in self._used else "new"

    def foresee(self, at: int, cue: Sequence[str]) -> Mapping[str, float] | None:  # noqa: ARG002 -- of no use here
        if not self._stack:
            return None
        ways = {scene: self._way(scene) for scene in self._scenes}
        sizes = Counter(ways.values())
        total = sum(_PRIOR.get(way, 1) for way in sizes)
        shares = {way: _PRIOR.get(way, 1) / total for way in sizes}
        shares = _blended(shares, {way: count for way, count in self._after.items() if way in sizes})
        return {scene: shares[way] / sizes[way] for scene, way in ways.items()}

    def learn(self, recall: Recall) -> None:
        if self._stack:
            self._after.update(map(self._way, recall.sets))
        self._used.update(recall.sets)
        self._stack = [*recall.sets, *(scene for scene in self._stack if scene not in recall.sets)][: len(_BACK)]


def _blended(shorter: Mapping[str, float], after: Mapping[str, int]) -> dict[str, float]:
    """What followed on a context, blended with what follows on a shorter one (Witten-Bell)."""
    whole = sum(after.values()) + len(after)
    if not whole:
        return dict(shorter)
    escape = len(after) / whole
    found = {one: share * escape for one, share in shorter.items()}
    for one, count in after.items():
        found[one] += count / whole
    return found


class _Fading:
    """Times of use, each worth less and less. Weights grow instead of shrinking, so that a recall changes one of them.

    Args:
        half: recalls after which a use is worth half.
    """

    def __init__(self, scenes: Sequence[str], half: float) -> None:
        self._uses = dict.fromkeys(scenes, 0.0)
        self._growth = 2 ** (1 / half)
        self._worth = 1.0

    def foresee(self, at: int, cue: Sequence[str]) -> Mapping[str, float] | None:  # noqa: ARG002 -- of no use here
        total = sum(self._uses.values())
        return {scene: worth / total for scene, worth in self._uses.items()} if total else None

    def learn(self, recall: Recall) -> None:
        self._worth *= self._growth
        for scene in recall.sets:
            self._uses[scene] += self._worth
        if self._worth > 1e100:
            self._uses = {scene: worth / self._worth for scene, worth in self._uses.items()}
            self._worth = 1.0


class _Words:
    """How well the words at the end of a conversation fit each set."""

    def __init__(self, scenes: Sequence[str], words: Mapping[str, Mapping[str, int]]) -> None:
        self._scenes = scenes
        sizes = {scene: sum(words.get(scene, {}).values()) for scene in scenes}
        mean = max(1.0, sum(sizes.values()) / max(1, len(scenes)))
        self._norms = {scene: _HOLDS * (1 - _AVERAGE + _AVERAGE * size / mean) for scene, size in sizes.items()}
        self._holders: dict[str, list[tuple[str, int]]] = {}
        for scene in scenes:
            for word, count in words.get(scene, {}).items():
                self._holders.setdefault(word, []).append((scene, count))

    def foresee(self, at: int, cue: Sequence[str]) -> Mapping[str, float] | None:  # noqa: ARG002 -- words have no time
        scores = dict.fromkeys(self._scenes, 0.0)
        for word in dict.fromkeys(cue):
            holders = self._holders.get(word, ())
            rare = math.log(1 + (len(self._scenes) - len(holders) + 0.5) / (len(holders) + 0.5))
            for scene, count in holders:
                scores[scene] += rare * count * (_HOLDS + 1) / (count + self._norms[scene])
        powers = {scene: score**_SHARPNESS for scene, score in scores.items()}
        total = sum(powers.values())
        return {scene: power / total for scene, power in powers.items()} if total else None

    def learn(self, recall: Recall) -> None:
        """What a set says is given; recalls change nothing of it."""
