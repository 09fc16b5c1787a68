"""Next-scene prediction: which scenes will be needed next, learned from the recalls so far. Pure, and small.

Several simple experts each give a probability to every scene (`operation.scheduler.experts`):

    sequence    the last scenes, longer contexts before shorter ones
    routine     the hour, then the hour on working days or on the weekend, then on that day of the week
    scene       the last scene together with the time of day
    course      the same scene again, back to the one before, on to the next in order: whichever scenes these are
    recent      times of use, each worth a quarter as much for every recall since
    lately      the same over some dozen recalls
    often       the same over all recalls
    words       the words at the end of the conversation, compared with those of the scenes
    size        how many words each scene has

No expert may be certain: P_i(s) := (1 - u) P_i(s) + u / n with n scenes and u = `_UNSEEN`, so that no recall is ever
impossible. Then the opinions are combined twice. A pool multiplies them, since an expert of the hour and an expert of the words
know different things:

    pool(s) ~ prod_i P_i(s)^v_i               v_i: the exponents; those at the start of a sitting are learned apart
    v_i <- v_i + b g_i / sqrt(1 + sum g_i^2)  g_i: the gradient of log pool(r), where r was recalled; b: `_STEP`

It is the logarithmic opinion pool (Genest and Zidek, Statistical Science 1, 1986), learned as mixtures of data compression are
(Mattern, "Mixing strategies in data compression", DCC 2012), in the steps of AdaGrad (Duchi et al., JMLR 12, 2011). The pool
may count one opinion twice, and needs many recalls to find that out. So it is only one more expert of a mixture:

    P(s) = sum_i w_i P_i(s)
    w_i <- (1 - a) w_i P_i(r)^e / sum_j w_j P_j(r)^e + a / m     m: the number of experts, a: `_SHARE`, e: `_RATE`

The second line is the fixed-share rule of Herbster and Warmuth ("Tracking the best expert", Machine Learning 32, 1998): an
exponential update, and a little for each expert, so that another one can take over when habits change. An expert that abstains
keeps its weight among the others (Freund et al., "Using and combining predictors that specialize", STOC 1997). Since e < 1, the
logarithmic loss of the mixture over any T recalls exceeds that of any expert (such as `recent`, which ranks as LRU does) by at
most

    (ln(1 / w_i at first) - T ln(1 - a)) / e

This is 6 nats for `recent`, 14 for an expert with a small first weight, and a fiftieth of a nat for each recall. Nothing is
stored: the predictor learns the recalls anew when it is needed, in 0.2 ms for each with 30 scenes and 0.4 ms with 100.

Only `words` and `size` know what memories say; they are given the words for the moment and store none.

The constants were chosen on those conversations of LoCoMo and BEAM whose name's SHA-256 begins with an even byte (locomo0, 1, 3
and beam1, 2, 4, 5) and on four generated persons (`bench.predict.habits`, seeds 0 to 3). Hit rates with 1, 3 and 5 scenes
ready, on data that the constants were not chosen on (locomo2, 4 and beam3; seeds 1000 to 1004):

                predictor            LRU                  LFU                  recalls
    questions   0.496 0.762 0.819    0.491 0.581 0.598    0.055 0.139 0.205    348
    turns       0.187 0.375 0.528    0.171 0.366 0.485    0.123 0.295 0.421    1388
    habits      0.559 0.795 0.852    0.492 0.575 0.654    0.112 0.296 0.450    3773
    rosters     0.286 0.511 0.607    0.194 0.351 0.417    0.104 0.246 0.361    3097

With a single scene ready there is little to gain on LRU in a conversation; and where 18 questions go to a hundred scenes, as in
BEAM, there is too little to learn from (0.076 against 0.081).
"""

import heapq
import math
from collections.abc import Iterable, Mapping, Sequence
from operator import mul
from typing import NamedTuple

from memos_cli.operation.scheduler.experts import Course, Expert, Fading, Following, Sitting, Size, WordMatch, Words, routine

_SHARE = 0.005
"""The share of all weights that a step spreads evenly over the experts."""
_RATE = 0.25
"""How far one recall moves the weights; 1 would be Bayes' rule, which here takes too much from a single recall."""
_UNSEEN = 0.02
"""The share of an expert's probability that is spread evenly over the scenes."""
_TRUSTED = {"pool": 0.4, "recent": 0.2, "course": 0.2}
"""The first weights; the other experts share the rest. Before anything is known of a person, the scene needed last is the best
guess."""
_EXPONENT = 0.2
"""The first exponent of each expert in the pool: about one in all."""
_STEP = 0.1
_HALVES = {"recent": 0.5, "lately": 12.0, "often": 1e9}
"""The recalls after which a use is worth half as much."""
_POOL = "pool"


class SceneRecall(NamedTuple):
    """A time at which memories were recalled.

    Attributes:
        at: milliseconds since 1970.
        sets: the scenes that were needed, the one that mattered most first.
    """

    at: int
    sets: tuple[str, ...]


class _Moment(NamedTuple):
    """What the experts say at an instant.

    Attributes:
        opinions: for each expert that does not abstain a probability for each scene.
        starts: whether a sitting begins.
        logs: the logarithms of these probabilities, for the pool.
    """

    opinions: dict[str, list[float]]
    starts: bool
    logs: dict[str, list[float]]


class Predictor:
    """Foresees which scenes are needed next.

    Args:
        scenes: the names of the scenes, in the order of their first memories. Recalls of other scenes are passed over.
        words: for each scene how often each word occurs in it; without them, words play no part.
    """

    def __init__(self, scenes: Sequence[str], words: Words | None = None) -> None:
        self.scenes = tuple(dict.fromkeys(scenes))
        self._places = {scene: place for place, scene in enumerate(self.scenes)}
        self._sitting = Sitting()
        count = len(self.scenes)
        self.experts: dict[str, Expert] = {
            "sequence": Following(count, self._sitting.sequence),
            "routine": Following(count, routine),
            "scene": Following(count, self._sitting.scene),
            "course": Course(),
            **{name: Fading(count, half) for name, half in _HALVES.items()},
            **({"words": WordMatch(self.scenes, words), "size": Size(self.scenes, words)} if words else {}),
        }
        even = (1 - sum(_TRUSTED.values())) / (len(self.experts) + 1 - len(_TRUSTED))
        self.weights = {name: _TRUSTED.get(name, even) for name in (*self.experts, _POOL)}
        self._pools = {starts: _Pool(self.experts) for starts in (False, True)}
        self._seen: tuple[object, _Moment] | None = None

    def foresee(self, at: int, cue: Sequence[str] = (), told: int | None = None) -> dict[str, float]:
        """The probability of each scene to be needed next; the sum is 1. Empty if there are no scenes.

        Args:
            at: the time that the question is about, in milliseconds since 1970.
            cue: the words at the end of the conversation.
            told: how many of the scenes, from the first on, exist at that time; `None` for all.
        """
        return dict(zip(self.scenes, self._mixed(at, cue, told), strict=False))

    def likeliest(self, at: int, k: int, cue: Sequence[str] = (), told: int | None = None) -> list[tuple[str, float]]:
        """The `k` likeliest scenes with their probabilities, the likeliest first; of equals the newest."""
        ranked = heapq.nlargest(k, ((share, place) for place, share in enumerate(self._mixed(at, cue, told))))
        return [(self.scenes[place], share) for share, place in ranked]

    def opinions(self, at: int, cue: Sequence[str] = (), told: int | None = None) -> dict[str, list[float]]:
        """The probabilities that each expert that does not abstain, and the pool, give to the first `told` scenes."""
        return self._look(at, cue, len(self.scenes[:told])).opinions

    def learn(self, recall: SceneRecall, cue: Sequence[str] = (), told: int | None = None) -> None:
        """Learn a recall, and weigh the experts by how well they foresaw it with the `cue` and `told` known before it."""
        needed = list(dict.fromkeys(self._places[scene] for scene in recall.sets if scene in self._places))
        if not needed:
            return
        moment = self._look(recall.at, cue, max(len(self.scenes) if told is None else told, max(needed) + 1))
        self._judge(moment.opinions, needed)
        if moment.logs:
            self._pools[moment.starts].learn(moment.logs, moment.opinions[_POOL], needed)
        for expert in self.experts.values():
            expert.learn(recall.at, needed)
        self._sitting.learn(recall.at, needed)
        self._seen = None

    def _look(self, at: int, cue: Sequence[str], told: int) -> _Moment:
        """The experts' opinions, kept until a recall is learned: a caller mostly asks first, and then reports the recall."""
        asked = (at, tuple(cue), told)
        if self._seen is None or self._seen[0] != asked:
            found = {name: expert.foresee(at, cue, told) for name, expert in self.experts.items()} if told else {}
            opinions = {
                name: [(1 - _UNSEEN) * share + _UNSEEN / told for share in one]
                for name, one in found.items() if one is not None
            }  # fmt: skip
            starts = self._sitting.is_over(at)
            logs = {name: list(map(math.log, one)) for name, one in opinions.items()}
            if logs:
                opinions[_POOL] = self._pools[starts].foresee(logs)
            self._seen = asked, _Moment(opinions, starts, logs)
        return self._seen[1]

    def _mixed(self, at: int, cue: Sequence[str], told: int | None) -> list[float]:
        opinions = self.opinions(at, cue, told)
        if not opinions:
            count = len(self.scenes[:told])
            return [1 / max(1, count)] * count
        awake = sum(self.weights[name] for name in opinions)
        return _sum({name: self.weights[name] / awake for name in opinions}, opinions)

    def _judge(self, opinions: Mapping[str, Sequence[float]], needed: Sequence[int]) -> None:
        """Move the weights; for a recall of several scenes the average of their probabilities counts."""
        awake = sum(self.weights[name] for name in opinions)
        weighed = {
            name: self.weights[name] * (sum(one[scene] for scene in needed) / len(needed)) ** _RATE
            for name, one in opinions.items()
        }
        total = sum(weighed.values())
        self.weights.update({name: awake * share / total for name, share in weighed.items()})
        even = _SHARE / len(self.weights)
        self.weights = {name: (1 - _SHARE) * weight + even for name, weight in self.weights.items()}


class _Pool:
    """The product of the experts' probabilities, each to a power that is learned."""

    def __init__(self, names: Iterable[str]) -> None:
        self._exponents = dict.fromkeys(names, _EXPONENT)
        self._steps = dict.fromkeys(self._exponents, 1.0)

    def foresee(self, logs: Mapping[str, Sequence[float]]) -> list[float]:
        """A probability for each scene, from the logarithms of the experts' probabilities."""
        scores = _sum(self._exponents, logs)
        most = max(scores)
        powers = [math.exp(score - most) for score in scores]
        total = sum(powers)
        return [power / total for power in powers]

    def learn(self, logs: Mapping[str, Sequence[float]], said: Sequence[float], needed: Sequence[int]) -> None:
        """Learn that these scenes were needed, where the pool had given the probabilities `said`."""
        missed = [-share for share in said]
        for scene in needed:
            missed[scene] += 1 / len(needed)
        for name, one in logs.items():
            slope = sum(map(mul, one, missed))
            self._steps[name] += slope * slope
            self._exponents[name] += _STEP * slope / math.sqrt(self._steps[name])


def _sum(weights: Mapping[str, float], rows: Mapping[str, Sequence[float]]) -> list[float]:
    """The sum of the rows, each times its weight."""
    found: list[float] = []
    for name, row in rows.items():
        weight = weights[name]
        found = [one + weight * other for one, other in zip(found, row, strict=True)] if found else [weight * x for x in row]
    return found


def learned(scenes: Sequence[str], recalls: Iterable[SceneRecall], words: Words | None = None) -> Predictor:
    """A predictor that has learned these recalls, which are in the order of time."""
    made = Predictor(scenes, words)
    for recall in recalls:
        made.learn(recall)
    return made
