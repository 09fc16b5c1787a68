"""Names that are secrets themselves: nothing lists, counts, completes or suggests them in the clear."""

from pathlib import Path

import pytest

from memos_cli import MOS
from memos_cli.interface.cubes.completion import Completion
from memos_cli.model import Source
from tests.conftest import Run

TOKEN = "ghp_" + "x7Kd93mQpL2vN8sTzR4wYb6cJfA1hGe5uDiO"
"""Made up, in the form of a token of GitHub."""


@pytest.fixture
def named(memos: Run) -> Run:
    memos("add", "a note", "--tag", TOKEN, "--tag", "work", "--key", TOKEN)
    memos("add", "a second note", "--tag", "home")
    return memos


def test_counts_hide_them(named: Run) -> None:
    for line in ("stats", "stats --json", "cube info", "list --tag ghp_x7Kd93mQ", "list --key gph"):
        ran = named(*line.split())
        assert TOKEN not in ran.out + ran.err
    tags = named("stats", "--json").data["cubes"]["default"]["tags"]
    assert {"work", "home"} < set(tags)
    assert sum(tags.values()) == 3


@pytest.mark.parametrize("sort", ["tag", "key"])
def test_they_are_not_completed(mos: MOS, home: Path, sort: str) -> None:
    mos.add("a note", tags=(TOKEN, "work"), key=TOKEN)
    mos.add("a second note", tags=("home",))
    completion = Completion({"MEMOS_HOME": str(home)}, home, principal="sam")
    assert [one.name for one in completion.names(sort, "gh")] == []
    assert {one.name for one in completion.names("tag", "")} == {"work", "home"}


def test_nor_are_the_names_in_a_source(mos: MOS, home: Path) -> None:
    mos.add("they met", source=Source(conversation=TOKEN, session=TOKEN, speaker=TOKEN))
    mos.add("they met again", source=Source(conversation="picnic", session="one", speaker="Anna"))
    completion = Completion({"MEMOS_HOME": str(home)}, home, principal="sam")
    for look in (
        lambda one: one.conversations(""), lambda one: one.recent("session", ""), lambda one: one.recent("speaker", ""),
    ):  # fmt: skip
        found = [begun.name for begun in completion.looked(look)]
        assert len(found) == 1
        assert TOKEN not in found
