"""What a cube knows of many names at once; and that many new memories with names are stored as one by one."""

from pathlib import Path

import pytest

from memos_cli import MOS
from memos_cli.infra.limits import is_id
from memos_cli.infra.vault.bulk import entries
from memos_cli.infra.vault.bulk.bulk import BulkUnit, New
from memos_cli.infra.vault.rows import digest
from memos_cli.model import Draft, Filter, Origin, State
from tests.conftest import Clock


def drafted(name: str, content: str = "") -> Draft:
    return Draft(content or f"Content of {name}", external_id=name, origin=Origin.IMPORT, given=frozenset())


def test_a_name_is_an_id_and_the_same_whenever_it_is_made() -> None:
    made = {entries.name(cube, owner, one) for cube in "ab" for owner in "cd" for one in ("x:1", "x:2", "\ud800")}
    assert len(made) == 12
    assert all(map(is_id, made))
    assert entries.name("a", "c", "x:1") == entries.name("a", "c", "x:1")


def test_known_is_what_is_there_by_its_exact_name(mos: MOS) -> None:
    mos.add(drafts=[drafted("x:1"), drafted("x:a")])
    vault = mos.vaults()[0]
    ids = {one: entries.name(vault.meta["id"], "sam", one) for one in ("x:1", "x:A", "x:2")}
    found = entries.known(vault, ids, "sam")
    assert {name: one.state for name, one in found.items()} == {"x:1": State.GENERATED}
    assert found["x:1"].digest == digest("note", "Content of x:1", Draft("").source, None)
    assert entries.known(vault, ids, "eve") == {}
    assert entries.names_there(vault, ["x:A", "X:1", "x:2"]) == {"x:a", "x:1"}


@pytest.mark.parametrize("names", [("x:1", "x:2"), ("x:1", "X:1"), ("x:1", "x:1"), ("mine:1", "x:1"), ("MINE:1", "x:2", "x:2")])
def test_all_at_once_is_as_one_by_one(names: tuple[str, ...], tmp_path: Path, clock: Clock) -> None:
    told = []
    for at_once in (True, False):
        with MOS(tmp_path / f"{at_once}", principal="sam", clock=clock) as mos:
            mos.add("Mine", external_id="mine:1")
            drafts = [drafted(name, f"{place} of {name}") for place, name in enumerate(names)]
            for some in [drafts] if at_once else [[draft] for draft in drafts]:
                mos.add(drafts=some)
            found = mos.list(Filter(at="2026-03-02T12:00:00.000Z", everything=True))
            told.append(sorted((one.content, one.external_id or "", one.version, one.state) for one in found))
            assert not any(check.faults for check in mos.doctor.examine("default"))
    assert told[0] == told[1]


def test_who_is_not_the_owner_takes_no_name_away(mos: MOS, home: Path, clock: Clock) -> None:
    mos.add("Of the owner", external_id="x:1")
    with MOS(home, principal="eve", clock=clock) as theirs:
        theirs.add(drafts=[drafted("x:1"), drafted("x:2")])
        assert theirs.get("x:1").content == "Content of x:1"
    assert mos.get("x:1").content == "Of the owner"


def test_an_id_that_is_given_and_a_memory_that_it_rests_on(mos: MOS) -> None:
    first = mos.add("The turn").ids[0]
    vault = mos.vaults()[0]
    draft = drafted("x:1")
    name = entries.name(vault.meta["id"], "sam", "x:1")
    with mos.author("import").write(vault) as unit:
        new = New(draft, digest(draft.kind, draft.content, draft.source, None), name, first)
        assert BulkUnit.of(unit).add_all([new], "sam") == [name]
    assert [(one.source, one.target) for one in vault.links(name)[0]] == [(name, first)]
    before = mos.list()
    mos.doctor.rebuild("default")
    assert mos.list() == before
