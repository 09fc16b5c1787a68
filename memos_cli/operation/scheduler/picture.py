"""The picture that the scheduler decides by: which scenes there are, and what was learned of their recalls.

Each picture is drawn anew from the cubes and their history of recalls; none is stored.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from memos_cli.infra.governance.labels import Whither
from memos_cli.infra.local.recalls import Recalls
from memos_cli.infra.vault import queries
from memos_cli.model import Filter, LinkType, Memory
from memos_cli.operation.policy import passing
from memos_cli.operation.scheduler import predictor, scenes
from memos_cli.operation.scheduler.predictor import Predictor, SceneRecall
from memos_cli.operation.scheduler.scenes import CORE, Scene
from memos_cli.times import to_millis

if TYPE_CHECKING:
    from memos_cli.operation.operator.operator import MemOperator
    from memos_cli.session import Session

_MOST = 2000
"""How many memories scenes are made of: those used most, then the newest; it takes some 0.1 s."""
_GROUPED = 1000
"""How many of the last recalls are used to see which memories belong together."""
_LEARNED = 2000
"""How many of the last recalls a prediction rests on: to learn them takes 0.3 s with 30 scenes, 0.8 s with 100."""
_LEAST = 64
"""Tokens that any scene may have; beyond them at most half of those for memories, so that other memories have room, too."""
_LINKS = (LinkType.PART_OF, LinkType.DERIVED_FROM, LinkType.RELATES)
_READY = (1, 3, 5)


class Picture(NamedTuple):
    """All that a decision rests on, at one instant."""

    memories: Mapping[str, Memory]
    scenes: tuple[Scene, ...]
    places: Mapping[str, str]
    recalls: tuple[SceneRecall, ...]
    predictor: Predictor

    @property
    def named(self) -> dict[str, Scene]:
        """The scenes by name."""
        return {scene.name: scene for scene in self.scenes}

    def hit_rates(self) -> dict[str, Any]:
        """How often the recalled scenes would have been among the 1, 3 and 5 foreseen, measured on this history itself."""
        model = Predictor(self.predictor.scenes)
        hits = dict.fromkeys(_READY, 0.0)
        for one in self.recalls:
            names = [name for name, _ in model.likeliest(one.at, _READY[-1])]
            for most in _READY:
                hits[most] += len(set(names[:most]) & set(one.sets)) / len(one.sets)
            model.learn(one)
        count = len(self.recalls)
        return {"recalls": count, **{f"at_{most}": hits[most] / count if count else None for most in _READY}}


def drawn(session: "Session", operator: "MemOperator", tokens: int) -> Picture:
    """The picture as it is now. It takes up to a second with thousands of recalls.

    Args:
        session: who asks, on which cubes.
        operator: reads the memories.
        tokens: what memories may take of a prompt.
    """
    wanted = Filter(at=session.now)
    pinned = operator.list(wanted._replace(pinned=True), limit=_MOST)
    memories = {memory.id: memory for memory in (*pinned, *operator.list(wanted, order="used", limit=_MOST))}
    history = _recalled(session)
    links = [
        link
        for vault in session.vaults()
        for kind in _LINKS
        for link in queries.links_of_type(vault, kind)
        if link.source in memories and link.target in memories
    ]
    told = list(filter(passing(session, Whither.SLOT), memories.values()))
    together = [ids for _, ids in history[-_GROUPED:]]
    found = scenes.scenes(told, links, together, max(_LEAST, tokens // 2))
    places = scenes.place(found)
    words = scenes.vocabulary(memories.values(), places)
    names = [scene.name for scene in found if scene.rule != CORE]
    recalls = tuple(_recalls(history, places, frozenset(names)))
    return Picture(memories, found, places, recalls, predictor.learned(names, recalls, words))


def _recalled(session: "Session") -> list[tuple[str, tuple[str, ...]]]:
    """The last recalls of all cubes in use that are the principal's own, in the order of time; those at one instant are one."""
    found: dict[str, tuple[str, ...]] = {}
    for vault in filter(session.owns, session.vaults()):
        for one in Recalls(vault.folder).since():
            found[one.at] = (*found.get(one.at, ()), *one.ids)
    return sorted(found.items())[-_LEARNED:]


def _recalls(
    history: Iterable[tuple[str, tuple[str, ...]]], places: Mapping[str, str], known: frozenset[str]
) -> Iterable[SceneRecall]:
    """The recalls for the predictor: the scenes of the recalled memories, the scene with most of them first."""
    for at, ids in history:
        names = [places[one] for one in ids if places.get(one) in known]
        if names:
            order = {name: place for place, name in reversed(list(enumerate(names)))}
            found = sorted(order, key=lambda name: (-names.count(name), order[name]))
            yield SceneRecall(to_millis(at), tuple(found))
