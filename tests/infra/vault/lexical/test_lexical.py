"""Candidates by words in a large cube: bounded in what they read, and none lost by it that a filter lets through."""

import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memos_cli import MOS
from memos_cli.config import Settings, paths
from memos_cli.infra.vault import queries, search
from memos_cli.infra.vault.lexical import lexical
from memos_cli.infra.vault.vault import Vault
from memos_cli.infra.words.words import terms
from memos_cli.model import Draft, Filter, Kind, Source, State, Visibility
from tests.conftest import Clock
from tests.infra.vault.helpers import move

WORDS = ("the", "rose", "garden", "roof", "barn", "cellar", "walnut", "heron", "zither")
"""The first is in every second memory, each later one in fewer; the last is in one or two."""
COUNT = 240


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[MOS, dict[int, set[str]]]]:
    """A cube of memories of two people, in several states; and the words of each row."""
    home, rng = tmp_path_factory.mktemp("large"), random.Random(5)
    chosen = Settings({"MEMOS_EMBEDDER": "none", "MEMOS_PRINCIPAL": "sam"}, paths({"MEMOS_HOME": str(home)}))
    with MOS(home, settings=chosen, clock=Clock()) as mos:
        texts = [
            f"{' '.join(word for rank, word in enumerate(WORDS) if rng.random() < 0.5 / (1 + rank * rank / 2))} number{n}"
            for n in range(COUNT)
        ]
        for who in ("sam", "ann"):
            drafts = [
                Draft(
                    text, kind=rng.choice((Kind.NOTE, Kind.RULE)), tags=tuple({rng.choice("aabc"), rng.choice("cccd")}),
                    source=Source(conversation=f"talk{n % 9}"), pinned=n % 7 == 0, task="move" if n % 31 == 0 else None,
                )
                for n, text in enumerate(texts) if (n % 3 == 0) == (who == "ann")
            ]  # fmt: skip
            mos.add(drafts=drafts, user_id=who)
        listed = mos.list(Filter(at=mos.now))
        for memory in listed[::5]:
            move(mos, memory.id, rng.choice((State.ARCHIVED, State.EXPIRED)))
        for memory in listed[1::5]:
            mos.edit(memory.id, {"visibility": Visibility.SHARED.value}, user_id=memory.owner)
        rows = dict(mos.vault("default").conn.execute("SELECT n, id FROM memories"))
        said = {memory.id: set(memory.content.split()) for memory in mos.list(Filter(at=mos.now, everything=True))}
        yield mos, {n: said[identity] for n, identity in rows.items()}


@pytest.fixture
def bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every cube is large, and a word of some memories is frequent."""
    monkeypatch.setattr(search, "LARGE", 1)
    monkeypatch.setattr(lexical, "SCORED", 6)
    monkeypatch.setattr(lexical, "_SAMPLE", 10)


FILTERS: Any = st.fixed_dictionaries(
    {},
    optional={
        "tags": st.lists(st.sampled_from("abcde"), max_size=2, unique=True).map(tuple),
        "without": st.lists(st.sampled_from("abcd"), max_size=1).map(tuple),
        "kinds": st.sampled_from([("note",), ("rule",), ("note", "rule")]),
        "states": st.sampled_from([("archived",), ("generated",), ("expired", "generated"), ("activated",)]),
        "pinned": st.booleans(),
        "task": st.sampled_from(["move", "none"]),
        "conversation": st.sampled_from(["talk0", "TALK4", "none"]),
        "archived": st.booleans(),
        "everything": st.booleans(),
        "since": st.sampled_from(["2026-03-01T00:00:00.000Z", "2026-04-01T00:00:00.000Z"]),
    },
)


@pytest.mark.usefixtures("bounded")
@settings(max_examples=150)
@given(
    fields=FILTERS,
    asked=st.lists(st.sampled_from([*WORDS, "number7", "absent"]), min_size=1, max_size=5),
    limit=st.sampled_from([1, 3, 10, 50, 1000]),
    who=st.sampled_from(["sam", "ann", "eve"]),
)
def test_a_filter_never_returns_what_it_excludes_nor_loses_what_it_keeps(
    large: tuple[MOS, dict[int, set[str]]], fields: dict[str, Any], asked: list[str], limit: int, who: str
) -> None:
    mos, said = large
    wanted = Filter(at=mos.now, **fields)
    vault, sight = mos.vault("default", who), queries.condition(wanted)
    visible = set(search.visible_rows(vault, sight).tolist())
    cold = queries.reaches_cold(wanted)
    hot = {n for (n,) in vault.conn.execute("SELECT id FROM fts_docsize")}
    sought = set(terms(" ".join(asked)))
    right = {n for n in visible if said[n] & sought and (cold or n in hot)}
    found = search.lexical(vault, " ".join(asked), sight, limit, cold=cold)
    rows = [n for n, _ in found]
    assert len(set(rows)) == len(rows) == min(limit, len(right))
    assert set(rows) <= right
    scores = [score for _, score in found]
    assert scores == sorted(scores, reverse=True)
    assert min(scores, default=1) > 0


def ranked(vault: Vault, query: str, limit: int = 20) -> list[int]:
    return [n for n, _ in search.lexical(vault, query, ("1", []), limit)]


def test_while_all_words_are_rare_the_scores_are_those_of_bm25(
    large: tuple[MOS, dict[int, set[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = large[0].vault("default")
    queries_ = ("heron zither", "walnut", "the rose of the garden", "number7 barn")
    exact = [search.lexical(vault, query, ("1", []), 500) for query in queries_]
    monkeypatch.setattr(search, "LARGE", 1)
    for query, right in zip(queries_, exact, strict=True):
        assert search.lexical(vault, query, ("1", []), 500) == right


@pytest.mark.usefixtures("bounded")
def test_a_rare_word_goes_before_frequent_ones_and_those_add_to_it(large: tuple[MOS, dict[int, set[str]]]) -> None:
    mos, said = large
    vault = mos.vault("default")
    first = ranked(vault, "the rose garden zither")
    zithers = {n for n, words in said.items() if "zither" in words} & set(ranked(vault, "zither", 500))
    assert set(first[: len(zithers)]) == zithers
    with_all = [len(said[n] & {"rose", "garden"}) for n in first[: len(zithers)]]
    assert with_all[0] == max(with_all)


@pytest.mark.usefixtures("bounded")
def test_of_frequent_words_alone_those_with_all_of_them_come_first(large: tuple[MOS, dict[int, set[str]]]) -> None:
    mos, said = large
    found = ranked(mos.vault("default"), "the rose garden", 6)
    counts = [len(said[n] & {"rose", "garden"}) for n in found]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] == 2


def test_a_frequent_word_costs_no_look_at_all_that_have_it(mos: MOS, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted in the steps of SQLite's machine: four times as many memories take hardly more of them."""
    monkeypatch.setattr(search, "LARGE", 1)
    monkeypatch.setattr(lexical, "SCORED", 20)
    monkeypatch.setattr(lexical, "_SAMPLE", 20)
    steps: list[int] = []
    for times in range(2):
        count = 600 if not times else 1_800
        mos.add(drafts=[Draft(f"the rose is number{times}x{n}{' zither' * (n == 9)}") for n in range(count)])
        vault = mos.vault("default")
        done = [0]

        def step(done: list[int] = done) -> int:
            done[0] += 1
            return 0

        vault.conn.set_progress_handler(step, 10)
        assert len(search.lexical(vault, "rose zither", ("1", []), 20)) == 20
        vault.conn.set_progress_handler(None, 0)
        steps.append(done[0])
    assert steps[1] < 1.3 * steps[0], steps
