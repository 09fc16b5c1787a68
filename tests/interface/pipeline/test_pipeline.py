"""Writing what was derived from drafts with them: linked, in one step, and confirmed by whoever says it himself."""

from pathlib import Path
from typing import Any

import pytest

from memos_cli import MOS
from memos_cli.errors import UsageError
from memos_cli.infra.vault import connection
from memos_cli.infra.vault.check import check
from memos_cli.model import Draft, Kind, LinkType, Origin

INFERRED = Draft("Ana lives in Leeds", Kind.FACT, origin=Origin.INFERENCE, confidence=0.7)
TURNS = [Draft("Hello there", Kind.EPISODE), Draft("Ana lives in Leeds, you know", Kind.EPISODE)]


def test_what_is_derived_is_stored_with_its_source_in_one_step(mos: MOS) -> None:
    added = mos.add(drafts=TURNS, derived=[(1, INFERRED)])
    assert (added.added, len(added.ids), len(added.extracted)) == (2, 2, 1)
    ((link, _),) = mos.provenance(added.extracted[0]).outgoing
    assert (link.type, link.target) == (LinkType.DERIVED_FROM, added.ids[1])
    assert mos.get(added.extracted[0]).confidence == 0.7
    assert len(mos.timeline.commands(10)) == 1
    assert [fault for one in check(mos.writable()) for fault in one.faults] == []
    mos.undo()
    assert mos.list() == ()


def test_a_failed_step_leaves_nothing_half_done(mos: MOS) -> None:
    with pytest.raises(IndexError):
        mos.add(drafts=TURNS, derived=[(0, INFERRED), (7, INFERRED._replace(content="Ana has a boat"))])
    assert mos.list() == ()


def test_what_is_known_already_is_not_derived_again(mos: MOS) -> None:
    known = mos.add("Ana lives in Leeds").ids[0]
    added = mos.add(drafts=TURNS, derived=[(1, INFERRED)])
    assert added.extracted == ()
    assert mos.provenance(known).outgoing == ()
    assert mos.get(known).confidence == 1.0


def test_a_person_who_says_what_was_inferred_confirms_it(mos: MOS) -> None:
    (inferred,) = mos.add(drafts=TURNS, derived=[(1, INFERRED)]).extracted
    mos.switch([inferred], "freeze", {"frozen": True})
    assert mos.add("Ana lives in Leeds").duplicates == 1
    assert mos.get(inferred).confidence == 0.7  # frozen is frozen
    mos.switch([inferred], "unfreeze", {"frozen": False})
    assert mos.add("Ana lives in Leeds").duplicates == 1
    assert mos.get(inferred).confidence == 1.0


def test_a_derived_value_supersedes_by_its_key(mos: MOS) -> None:
    before = mos.add("I eat meat", key="diet").ids[0]
    added = mos.add(drafts=TURNS, derived=[(1, INFERRED._replace(content="I am vegan", key="diet"))])
    assert added.superseded == (before,)


def test_two_processes_do_not_close_a_circle_together(mos: MOS, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = (mos.add(text).ids[0] for text in ("one", "two"))
    begin = connection.begin

    def late(*given: Any) -> None:
        monkeypatch.setattr(connection, "begin", begin)
        with MOS(home, principal=mos.principal) as other:
            other.link(two, LinkType.SUPERSEDES, one)
        begin(*given)

    monkeypatch.setattr(connection, "begin", late)
    with pytest.raises(UsageError, match="circle"):
        mos.link(one, LinkType.SUPERSEDES, two)
    assert mos.provenance(one).outgoing == ()
