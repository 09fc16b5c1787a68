"""Memories of one transaction that expire at once are what they would be one by one."""

import itertools
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memos_cli import MOS
from memos_cli.config import Settings, paths
from memos_cli.errors import Refused
from memos_cli.infra.vault import log, units
from memos_cli.infra.vault.bulk import births
from memos_cli.infra.vault.units import Unit
from memos_cli.model import Draft
from memos_cli.operation.history import timeline
from tests.conftest import Clock
from tests.infra.vault.bulk.test_bulk import DRAFTS, faults
from tests.infra.vault.helpers import DUMPS


def taken_back(home: Any, drafts: list[Draft], changed: set[int], least: int) -> tuple[dict[str, list[Any]], list[Any]]:
    """What a cube holds after drafts came in, some were changed since, and it was tried to take them back; and the changes."""
    chosen = Settings({"MEMOS_EMBEDDER": "none", "MEMOS_PRINCIPAL": "sam"}, paths({"MEMOS_HOME": str(home)}))
    with MOS(home, settings=chosen, clock=Clock()) as mos, pytest.MonkeyPatch.context() as patched:
        patched.setattr(timeline, "_MANY", least)
        patched.setattr(births, "LOT", 3)
        numbers = itertools.count()  # which of two that were told at once comes first is decided by their ids
        patched.setattr(units, "new_id", lambda: f"aaaaaaaaaaaaaaaaa{next(numbers) + 222}".replace("0", "a").replace("1", "b"))
        mos.add("the rose, known before", external_id="x9")
        ids = mos.add(drafts=drafts).ids
        for place in changed & set(range(len(ids))):
            mos.edit(ids[place], {"title": "later"})
        said = ""
        try:
            done = mos.undo()
            said = repr(sorted(ids.index(one) for one in done.subjects if one in ids))
        except Refused as error:
            said = error.message[9:40]
        vault = mos.vault("default")
        assert faults(vault) == []
        assert list(log.faults(vault.conn)) == []
        names = {identity: f"<{n}>" for identity, n in vault.conn.execute("SELECT id, n FROM memories")}

        def plain(value: Any) -> Any:
            for identity, place in names.items() if isinstance(value, str) else ():
                value = value.replace(identity, place)
            return value

        tables = {**DUMPS, "names": "SELECT * FROM names", "pending": "SELECT * FROM pending", "rivals": "SELECT * FROM rivals"}
        state = {
            name: sorted([tuple(map(plain, row)) for row in vault.conn.execute(sql)], key=repr) for name, sql in tables.items()
        }
        words = "SELECT rowid FROM {0} WHERE {0} MATCH 'rose OR stra* OR ann OR garden' ORDER BY 1"
        state |= {index: vault.conn.execute(words.format(index)).fetchall() for index in ("fts", "cold_fts")}
        changes = vault.conn.execute("SELECT change, reverts IS NULL, command, noun FROM ops").fetchall()
        # The registers of links are named after ids, and stand in their order.
        told = [(sorted(json.loads(plain(change)).items()), *rest) for change, *rest in changes]
        return {**state, "said": [said]}, sorted(told, key=repr)


@settings(max_examples=10)
@given(drafts=st.lists(DRAFTS, min_size=1, max_size=10), changed=st.sets(st.integers(0, 9), max_size=1))
def test_what_expires_at_once_becomes_what_it_becomes_one_by_one(
    tmp_path_factory: pytest.TempPathFactory, drafts: list[Draft], changed: set[int]
) -> None:
    once, singly = (taken_back(tmp_path_factory.mktemp("home"), drafts, changed, least) for least in (1, 10**6))
    assert once == singly


def test_many_are_taken_back_in_lots_and_can_come_again(mos: MOS, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(births, "LOT", 300)
    mos.add("I live in Ghent", key="city")
    drafts = [Draft(f"note {n} of the garden") for n in range(1_000)]
    drafts[10] = Draft("I live in Porto", key="city")
    mos.add(drafts=iter(drafts))
    singly = 0
    real = Unit.change

    def counted(*given: Any, **named: Any) -> Any:
        nonlocal singly
        singly += 1
        return real(*given, **named)

    monkeypatch.setattr(Unit, "change", counted)
    undone = mos.undo()
    assert (len(undone.subjects), singly) == (1_001, 2), "Ghent comes back, and Porto had a link set"
    assert [memory.content for memory in mos.list()] == ["I live in Ghent"]
    assert faults(mos.vault("default")) == []
    mos.undo(undone.txn)
    assert len(mos.list()) == 1_000
    assert faults(mos.vault("default")) == []
