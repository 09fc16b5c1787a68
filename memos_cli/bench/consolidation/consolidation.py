"""`bench consolidation`: one person's facts through the whole gate, asked in other words, purged, and learnt anew.

All is done as `memos consolidate run` does it, in a home that is thrown away:

    learn      the facts are added and learnt; the gate's scores, the time and the peak of memory are reported
    ask        the questions of the file, with no memory in the prompt, to the model with the adapter and without it
    purge      some of the facts are purged, and a generation without them is made
    prove      the questions to purged facts are answered rightly no oftener than by the model without an adapter, and to learn
               a purged fact on top of the adapter takes as many steps as to learn another value that was never there
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

from memos_cli import plugins
from memos_cli.bench.consolidation import lives
from memos_cli.bench.consolidation.lives import KINDS, RIGHT, VERDICTS, Asked, Biography
from memos_cli.errors import Refused
from memos_cli.infra.local import adapters
from memos_cli.model import Adapter, Draft, Kind
from memos_cli.operation import policy
from memos_cli.operation.parametric import base_model, gate, lessons
from memos_cli.operation.parametric.base_model import Base
from memos_cli.operation.parametric.examples import GATE, WATCH, Example
from memos_cli.operation.parametric.training import RunStep, TrainingOptions
from memos_cli.ports.ports import LLM
from memos_cli.ports.trainer import TrainingSettings

if TYPE_CHECKING:
    from memos_cli.interface.api import MOS

GIVEN: Mapping[str, Any] = {"embedder": "none"}
"""Settings of the home: nothing is searched for."""
PROBES = 60
"""The most questions to purged facts that are asked."""
FACTS = 8
"""The most purged facts that are learnt anew."""
Tell = Callable[[RunStep], None]


class Wanted(NamedTuple):
    """What is measured.

    Attributes:
        purged: how many of the facts are purged; 0 leaves that part out.
        options: how the generations are made.
        seed: chooses the facts that are purged, and the values that were never there.
    """

    purged: int
    options: TrainingOptions
    seed: int = 0


def run(mos: "MOS", life: Biography, wanted: Wanted, tell: Tell = lambda _: None) -> dict[str, Any]:
    """Measure; the report's shares are of 1, its times in seconds, its sizes in bytes.

    Args:
        mos: a home with one empty cube, whose settings choose the model.
        life: what is learnt and asked.
        wanted: what is measured.
        tell: called with the progress of the generations that are made.

    Raises:
        ModelUnavailable: the model cannot be trained, or a package is missing.
        Refused: no fact can be learnt.
    """
    base_model.require_tools()
    base = base_model.base_of(mos)
    ids = _told(mos, life)
    begun = time.monotonic()
    first = mos.parametric.run(wanted.options, tell).adapter
    if first is None:
        raise Refused("no question can be made of any of these facts, so nothing is learnt")
    report: dict[str, Any] = {
        "model": base.name,
        "base": base.digest,
        "parameters": base.parameters,
        "facts": len(life.memories),
        "learnt": len(first.covers),
        **_figures(first, time.monotonic() - begun),
    }
    data = _data(mos, first)
    learnt = {place for place, identity in enumerate(ids) if identity in first.covers}
    report["asked"] = _asked(mos, base, first, [one for one in life.asked if learnt.issuperset(one.sources)])
    doomed = [ids[place] for place in _spread(sorted(learnt), wanted.purged)]
    if doomed and len(doomed) < len(learnt):
        texts = {identity: life.memories[ids.index(identity)] for identity in doomed}
        report["purge"] = _purged(mos, base, data, texts, wanted, tell)
    return report


def _told(mos: "MOS", life: Biography) -> list[str]:
    """The ids of the facts, in their order; each may be learnt at once."""
    vault = mos.writable()
    policy.set_policy(vault, mos.author("policy"), {"consolidate.settled_days": 0.0})
    return [mos.add(drafts=[Draft(text, kind=Kind.FACT)]).ids[0] for text in life.memories]


def _spread(places: Sequence[int], count: int) -> list[int]:
    """So many of the places, at equal distances."""
    count = min(count, len(places))
    return [places[number * len(places) // count] for number in range(count)]


def _figures(one: Adapter, seconds: float) -> dict[str, Any]:
    """The scores, the time and the memory of a generation."""
    told = ("closed_book", "base", "questions", "negatives", "negatives_refused", "negatives_refused_base", "rag", "both")
    more = ("in_context", "in_context_base", "in_context_asked", "drift", "drift_error", "unchanged", "text_drift")
    trained = {name: one.trained.get(name) for name in ("steps", "tokens", "peak_bytes", "parameters")}
    return {
        "passed": not one.failures,
        "failures": list(one.failures),
        **{name: one.scores.get(name) for name in (*told, *more)},
        "adapter_parameters": trained.pop("parameters"),
        **trained,
        "training_seconds": round(float(one.trained.get("seconds") or 0.0), 1),
        "seconds": round(seconds, 1),
    }


def _data(mos: "MOS", one: Adapter) -> list[Example]:
    return lessons.load(adapters.folder(mos.parametric.vault, one.id) / adapters.DATA)


def _asked(mos: "MOS", base: Base, one: Adapter, questions: Sequence[Asked]) -> dict[str, dict[str, Any]]:
    """By kind of question, the verdicts with the adapter, and how many the model without it answers right."""
    with closing(base_model.opened(mos, base)) as plain, closing(_adapted(mos, base, one)) as adapted:
        return {
            kind: {
                "asked": len(those),
                **{verdict: counts[verdict] for verdict in VERDICTS},
                "right_base": sum(lives.verdict(each, _said(plain, base, each.question)) == RIGHT for each in those),
            }
            for kind in KINDS
            if (those := [each for each in questions if each.kind == kind])
            for counts in [Counter(lives.verdict(each, _said(adapted, base, each.question)) for each in those)]
        }


def _adapted(mos: "MOS", base: Base, one: Adapter) -> LLM:
    return base_model.opened(mos, base, [adapters.folder(mos.parametric.vault, one.id) / adapters.LLAMA])


def _said(llm: LLM, base: Base, question: str) -> str:
    return lessons.ask(llm, lessons.prompt(question), base.layout)[0]


def _purged(
    mos: "MOS", base: Base, data: Sequence[Example], texts: Mapping[str, str], wanted: Wanted, tell: Tell
) -> dict[str, Any]:
    """Purge the memories of these ids, make a generation without them, and look for what is left of them."""
    probes = [one for one in data if one.kind == "fact" and one.memories and set(one.memories) <= texts.keys()]
    mos.purge(list(texts))
    begun = time.monotonic()
    second = mos.parametric.run(wanted.options._replace(again=True), tell).adapter
    if second is None:
        raise Refused("nothing is left to learn after the purge")
    found = {"facts": len(texts), **_figures(second, time.monotonic() - begun)}
    some = probes[:: -(-len(probes) // PROBES)] if probes else []
    with closing(base_model.opened(mos, base)) as plain, closing(_adapted(mos, base, second)) as adapted:
        for name, llm in (("probes_right", adapted), ("probes_right_base", plain)):
            found[name] = sum(gate.same(_said(llm, base, one.question), one.answer) for one in some)
        template = plain.template
    found["probes"] = len(some)
    return {**found, **_anew(mos, base, second, probes, texts, wanted, template)}


def _anew(  # noqa: PLR0917 -- as `_purged`, and what came of it
    mos: "MOS",
    base: Base,
    second: Adapter,
    probes: Sequence[Example],
    texts: Mapping[str, str],
    wanted: Wanted,
    template: str | None,
) -> dict[str, Any]:
    """How many steps the purged facts take on top of the generation without them, and as many facts that were never there."""
    pairs: list[tuple[list[Example], list[Example]]] = []
    for identity, text in texts.items():
        asked = [one for one in probes if identity in one.memories]
        other = lives.rival(text, wanted.seed)
        if other is not None and {GATE, WATCH} & {one.split for one in asked} and len(pairs) < FACTS:
            pairs.append(
                (
                    [one._replace(split=WATCH) if one.split == GATE else one for one in asked],
                    [one._replace(answer=other, split=WATCH if one.split == GATE else one.split) for one in asked],
                )
            )
    if not pairs:
        return {"purged_steps": [], "new_steps": []}
    settings = TrainingSettings(**{name: value for name, value in second.settings.items() if name in TrainingSettings._fields})
    groups = [list(lessons.lessons(group, template, base.layout)) for pair in pairs for group in pair]
    weights = adapters.folder(mos.parametric.vault, second.id) / adapters.WEIGHTS
    beneath = [one.path for one in base.beneath]
    with TemporaryDirectory(prefix="relearning-") as folder:
        count = plugins.load("trainer", "relearning")
        steps = count(base.path, groups, weights, Path(folder), settings._replace(seconds=None), beneath)
    return {"purged_steps": steps[::2], "new_steps": steps[1::2]}


def mean(steps: Sequence[int | None]) -> float | None:
    """The mean number of steps; `None` where none was learnt, or one was not."""
    known = [one for one in steps if one is not None]
    return fmean(known) if known and len(known) == len(steps) else None
