"""A tick's part of the work, for tests: sweep what is there and carry the proposals out."""

from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any

from memos_cli import MOS
from memos_cli.model import Draft, Filter, Memory
from memos_cli.operation.operator.dedupe import fusion, sweep_plan


def say(mos: MOS, content: str, **fields: Any) -> str:
    """Remember something as it stands; its id."""
    return mos.add(drafts=[Draft(content, **fields)]).ids[0]


def proposals(mos: MOS, ids: Sequence[str] | None = None, **options: Any) -> list[fusion.Proposal]:
    vault = mos.writable()
    chosen = ids if ids is not None else [one.id for one in reversed(vault.find(Filter(at=mos.now, everything=True)))]
    return list(sweep_plan.sweep(vault, chosen, mos.now, sweep_plan.SweepOptions(**options)))


def tick(mos: MOS, ids: Sequence[str] | None = None, **options: Any) -> list[fusion.Applied]:
    """What was done, each act in a transaction of its own and all of them one command."""
    vault, txn = mos.writable(), None
    chosen = ids if ids is not None else [one.id for one in reversed(vault.find(Filter(at=mos.now, everything=True)))]
    found = sweep_plan.sweep(vault, chosen, mos.now, sweep_plan.SweepOptions(**options))
    done: list[fusion.Applied | None] = []
    for _, batch in groupby(found, key=attrgetter("act")):
        with mos.author("tick").write(vault, txn) as unit:
            done += [fusion.apply(unit, vault, one, mos.now) for one in batch]
            txn = unit.log.txn
    return [one for one in done if one is not None]


def current(mos: MOS) -> list[str]:
    """The contents of what is current, sorted."""
    return sorted(one.content for one in mos.list())


def memory(content: str, at: str = "2026-03-02T12:00:00.000Z", **fields: Any) -> Memory:
    """A memory outside of any cube."""
    return Memory(fields.pop("id", content), content, created_at=at, **fields)
