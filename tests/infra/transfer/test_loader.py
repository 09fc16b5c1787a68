"""Cube files there and back: the same bytes, the same cube, and nothing but what was said to be exported."""

import io
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memos_cli.errors import Refused, UsageError
from memos_cli.infra.transfer import loader
from memos_cli.infra.vault import check
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import Filter, LinkType
from tests.conftest import Clock
from tests.infra.transfer.cubes import EVER, dumped, live, opened, rich
from tests.infra.vault.helpers import ungated


def imported(data: bytes, home: Path, name: str = "other") -> Vault:
    with loader.stage(io.BytesIO(data), home / "cubes", name) as staged:
        staged.adopt(home / "cubes" / name)
    return Vault(home / "cubes" / name, name)


@settings(max_examples=12)
@given(seed=st.integers(0, 2**32), vectors=st.booleans())
def test_what_was_exported_and_imported_is_exported_as_the_same_bytes(
    tmp_path_factory: pytest.TempPathFactory, *, seed: int, vectors: bool
) -> None:
    home, clock = tmp_path_factory.mktemp("there"), Clock()
    with opened(home, clock) as mos:
        live(mos, clock, random.Random(seed), 25)
        vault = mos.vault("default")
        data = dumped(vault, vectors=vectors)
        assert dumped(vault, vectors=vectors) == data
        with imported(data, home) as back:
            assert [one for one in check.check(back) if one.faults] == []
            back.record_uses([memory.id for memory in back.find(EVER, "oldest", 3)], mos.now)
            assert dumped(back, vectors=vectors) == data
            then = [memory._replace(cube="") for memory in vault.find(EVER, "oldest", None)]
            now = [memory._replace(cube="", access_count=0, last_access_at=None) for memory in back.find(EVER, "oldest", None)]
            assert {one.id: one.content for one in then} == {one.id: one.content for one in now}
            assert back.meta["replica"] != vault.meta["replica"]
            assert {name: back.meta[name] for name in ("id", "owner", "created")} == {
                name: vault.meta[name] for name in ("id", "owner", "created")
            }


def test_a_selection_has_the_whole_history_of_what_passes_and_nothing_else(tmp_path: Path, clock: Clock) -> None:
    with opened(tmp_path, clock) as mos:
        vault = rich(mos, clock)
        wanted = Filter(at=mos.now, tags=("food",), everything=True)
        chosen = {memory.id for memory in vault.find(wanted, "oldest", None)}
        others = {memory.content for memory in vault.find(EVER, "oldest", None) if memory.id not in chosen}
        data = dumped(vault, wanted=wanted, words="tag food")
        with imported(data, tmp_path) as part:
            assert {memory.id for memory in part.find(EVER, "oldest", None)} == chosen
            assert not any(content.encode() in data for content in others)
            assert [part.operations("memory", one) for one in chosen] == [vault.operations("memory", one) for one in chosen]
            assert part.records("view") == {}
            assert dumped(part)[512:] != data[512:]  # it is a whole cube now, and says so


def test_nothing_is_left_of_what_was_not_adopted(tmp_path: Path, clock: Clock) -> None:
    with opened(tmp_path, clock) as mos:
        data = dumped(rich(mos, clock))
        with loader.stage(io.BytesIO(data), tmp_path / "cubes") as staged:
            assert staged.vault.count(EVER) == mos.vault("default").count(EVER)
        assert [path.name for path in (tmp_path / "cubes").iterdir()] == ["default"]


def test_links_in_a_circle_are_neither_made_nor_written(tmp_path: Path, clock: Clock) -> None:
    with opened(tmp_path, clock) as mos:
        one, two, three = (mos.add(text).ids[0] for text in ("one", "two", "three"))
        mos.link(one, LinkType.SUPERSEDES, two)
        mos.link(two, LinkType.SUPERSEDES, three)
        mos.link(three, LinkType.RELATES, one)
        with pytest.raises(UsageError, match="circle"):
            mos.link(three, LinkType.SUPERSEDES, one)
        assert dumped(mos.vault("default"))
        with ungated():  # as a merge of two machines left it
            mos.edit(three, {f"link:supersedes:{one}": True})
        with pytest.raises(Refused, match="circle"):
            dumped(mos.vault("default"))
        mos.link(three, LinkType.SUPERSEDES, one, on=False)
        assert dumped(mos.vault("default"))
