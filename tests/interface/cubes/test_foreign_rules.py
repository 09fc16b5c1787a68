"""Principals and rules in other cubes and files: what a merge and an import make of them."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest

from memos_cli import MOS
from memos_cli.config import Settings, paths
from memos_cli.errors import AccessDenied
from memos_cli.infra.governance.access import Right
from memos_cli.model import Memory
from memos_cli.operation.governance.rules import Conditions, Object
from tests.conftest import Clock
from tests.infra.transfer.merging import copy, forward, machine

CUBE, WORK = Object("cube"), Object("tag", "work")


@pytest.fixture
def here(tmp_path: Path) -> Iterator[MOS]:
    with machine(tmp_path / "here") as opened:
        yield opened


def of(person: str, folder: Path, cube: str = "default") -> MOS:
    """A home as somebody uses it whose login name this is, with a cube of that person."""
    settings = Settings({"MEMOS_EMBEDDER": "none", "MEMOS_PRINCIPAL": person}, paths({"MEMOS_HOME": str(folder)}))
    mos = MOS(folder, [cube], settings=settings, clock=Clock())
    mos.create_cube(cube)
    return mos


def a_copy(mos: MOS, folder: Path) -> MOS:
    """Another machine of the same person with the same cube."""
    there = machine(folder, ahead=5)
    merged(there, mos)
    return there


def merged(mos: MOS, other: MOS) -> None:
    """One machine takes over what the other has as its own: a copy of that cube lies in its home."""
    place = mos.paths.cubes / f"copy{len(mos.shelf.names())}"
    copy(other.vault("default"), place).close()
    forward(mos, seconds=1)
    mos.cube_merge.merge(place.name, "default")


def may(mos: MOS, name: str, memory: Memory, right: Right = Right.READ) -> bool:
    return mos.access(mos.vault("default"), name).may(right, memory)


def exported(mos: MOS) -> BytesIO:
    path = mos.paths.data / "out.memcube"
    mos.transfer.export("default", path)
    return BytesIO(path.read_bytes())


@pytest.mark.parametrize("earlier", ["grant", "revoke"])
def test_what_one_machine_grants_and_another_revokes_is_revoked(here: MOS, tmp_path: Path, earlier: str) -> None:
    memory = here.get(here.add("at work", tags=("work",)).ids[0])
    here.governance.add("bot", kind="agent")
    here.governance.rules.grant("bot", "read", [WORK])
    with a_copy(here, tmp_path / "there") as there:
        here.governance.rules.revoke("bot", "read", [WORK])
        both = [("revoke", there), ("grant", here)] if earlier == "revoke" else [("grant", here), ("revoke", there)]
        for act, mos in both:
            forward(mos, seconds=60)
            getattr(mos.governance.rules, act)("bot", "read", [WORK])
        assert may(here, "bot", memory)
        merged(here, there)
        merged(there, here)
        assert not may(here, "bot", memory)
        assert not may(there, "bot", memory)
        here.governance.rules.grant("bot", "read", [WORK])
        assert may(here, "bot", memory), "who knows of the revocation grants anew"
        merged(there, here)
        assert may(there, "bot", memory)


def test_a_grant_that_a_revocation_did_not_know_of_ends_with_it(here: MOS, tmp_path: Path) -> None:
    memory = here.get(here.add("at work", tags=("work",)).ids[0])
    here.governance.add("bot", kind="agent")
    with a_copy(here, tmp_path / "there") as there:
        there.governance.rules.revoke("bot", "read", [WORK])
        here.governance.rules.grant("bot", "read", [WORK], Conditions(until="2027-01-01T00:00:00.000Z"))
        here.governance.rules.grant("bot", "read", [Object("kind", memory.kind.value)])
        merged(here, there)
        assert [rule.sort for rule in here.governance.overview.list()] == ["kind"], "another object is another question"


def test_rules_of_a_stranger_s_file_are_held_and_rule_nothing(here: MOS, tmp_path: Path) -> None:
    memory = here.get(here.add("mine").ids[0])
    here.governance.add("bot", kind="agent")
    own = here.governance.list()
    with machine(tmp_path / "stranger") as stranger:
        stranger.add("the stranger's")
        token = stranger.governance.add("spy", kind="agent", groups=["insiders"]).token
        stranger.governance.rules.grant("spy", "read", [CUBE])
        stranger.governance.rules.grant("eve", "write", [CUBE])
        file = exported(stranger)
    result = here.cube_merge.merge_file(file, "a.memcube", "default")
    assert result.held is not None
    assert {noun for noun, _ in result.held.records} == {"principal", "rule"}
    assert here.governance.list() == own
    assert here.governance.overview.list() == ()
    assert not may(here, "spy", memory)
    assert not may(here, "eve", memory, Right.WRITE)
    with MOS(tmp_path / "here", token=token) as spy, pytest.raises(AccessDenied):
        spy.list()
    (question,) = here.held.list()
    here.held.take(question)
    assert may(here, "spy", memory), "taken by a person's yes"


def test_a_trusted_cube_of_another_owner_brings_no_rights_either(here: MOS, tmp_path: Path) -> None:
    memory = here.get(here.add("mine").ids[0])
    with of("kim", tmp_path / "here", "kims") as kim:
        kim.add("kim's")
        kim.governance.add("eve")
        kim.governance.rules.grant("eve", "read", [CUBE])
        kim.governance.add("sam", kind="agent")
    result = here.cube_merge.merge("kims", "default")
    assert {noun for noun, _ in result.touched.subjects} == {"principal", "rule"}
    assert not may(here, "eve", memory)
    assert here.access(here.vault("default")).owns


def test_what_a_stranger_said_of_a_name_does_not_come_alive_with_it(here: MOS) -> None:
    memory = here.get(here.add("mine").ids[0])
    vault = here.vault("default")
    with vault.write("merge", "mallory", here.millis) as unit:
        unit.change("principal", "bot", {"kind": "person", "in:insiders": True, "token": "blake2b:00:00"})
    with vault.derive() as conn:
        conn.execute("INSERT INTO strangers VALUES ('principal', 'bot', 0)")
    here.governance.rules.grant("insiders", "read", [CUBE])
    here.governance.add("bot", kind="agent")
    assert vault.records("principal")["bot"].keys() == {"kind", "token"}
    assert not may(here, "bot", memory)


def test_an_imported_cube_belongs_to_whoever_imports_it(here: MOS, tmp_path: Path) -> None:
    with of("mallory", tmp_path / "stranger") as stranger:
        stranger.add("the stranger's")
        stranger.governance.rules.grant("eve", "read", [CUBE])
        file = exported(stranger)
    here.transfer.receive(file, "theirs")
    vault = here.vault("theirs")
    assert vault.meta["owner"] == "sam"
    assert here.access(vault).owns
    memory = vault.get(vault.find(here.sight(vault)._replace(everything=True))[0].id)
    assert not here.access(vault, "mallory").owns
    assert not here.access(vault, "eve").may(Right.READ, memory), "until the cube is accepted"
    here.transfer.accept("theirs")
    assert here.access(vault, "eve").may(Right.READ, memory)
