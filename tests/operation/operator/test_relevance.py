"""A hit that is not about the query is no use of its memory, and neither is a listing; what goes into a prompt is."""

from pathlib import Path

import pytest

from memos_cli import MOS
from memos_cli.model import Kind, Memory
from memos_cli.operation.operator.relevance import ALIKE, is_relevant
from memos_cli.operation.results import Hit, Parts
from tests.conftest import Clock, Run
from tests.fakes import Scripted

NONSENSE = (
    "colourless green ideas sleep furiously", "flumph grobnick", "quantum chromodynamics lattice gauge", "wibble wobble",
    "medieval siege engines",
)  # fmt: skip
TOLD = ("I am vegan now", "My bank is Novabanka", "The heron nests by the weir", "My shoe size is 43", "Rent is 900 a month")


def hit(bm25: float, cosine: float | None) -> Hit:
    return Hit(Memory("a", "The heron nests by the weir"), 1.0, Parts(1.0, 0.0, 0.0, 0.0, 0.0, bm25, cosine))


@pytest.mark.parametrize(
    ("query", "bm25", "cosine", "relevant"),
    [
        ("heron", 2.0, None, True),
        ("heron", 2.0, 0.0, True),
        ("bird", 0.0, ALIKE, True),
        ("bird", 0.0, ALIKE - 0.01, False),
        ("bird", 0.0, None, False),
        ("where is it", 2.0, None, False),
        ("where is it", 2.0, 0.5, True),
        ("苍鹭", 2.0, None, True),
    ],
)
def test_the_floor(query: str, bm25: float, cosine: float | None, relevant: object) -> None:
    assert is_relevant(query, hit(bm25, cosine)) is relevant


@pytest.mark.parametrize("embedder", ["none", pytest.param("auto", marks=pytest.mark.model)])
def test_nonsense_moves_no_fading(memos: Run, monkeypatch: pytest.MonkeyPatch, embedder: str) -> None:
    monkeypatch.setenv("MEMOS_EMBEDDER", embedder)
    for content in TOLD:
        memos("add", content)
    before = memos("lifecycle", "plan", "--days", "2000", "--json").data
    for query in NONSENSE:
        memos("search", query)
    memos("list")
    memos("list", "--order", "used")
    assert memos("stats", "--json").data["cubes"]["default"]["uses"] == 0
    after = memos("lifecycle", "plan", "--days", "2000", "--json").data
    assert after["transitions"] == before["transitions"]
    memos("search", "who nests by the weir")
    assert memos("stats", "--json").data["cubes"]["default"]["uses"] == 1


def test_what_goes_into_a_prompt_is_used_whatever_was_asked(mos: MOS, clock: Clock) -> None:  # noqa: ARG001
    (one,) = mos.add("Always answer in rhyme", kind=Kind.RULE).ids
    mos.conversation(Scripted("No.")).ask("flumph grobnick?")
    assert mos.get(one).access_count == 1


def test_a_search_that_finds_it_is_a_use(mos: MOS, home: Path) -> None:  # noqa: ARG001
    (one,) = mos.add("The heron nests by the weir").ids
    mos.search("the weir")
    mos.search("nothing of the sort")
    assert mos.get(one).access_count == 1
