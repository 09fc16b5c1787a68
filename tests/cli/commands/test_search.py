"""`memos search` where nothing fits: what is shown, what is not, and what nothing is done with."""

import json
from pathlib import Path

import pytest

from tests.cli.helpers import on_terminal
from tests.conftest import Run

NONSENSE = (
    "colourless green ideas sleep furiously", "flumph grobnick", "quantum chromodynamics lattice gauge", "wibble wobble",
    "medieval siege engines",
)  # fmt: skip
TOLD = ("I am vegan now", "My bank is Novabanka", "The heron nests by the weir", "My shoe size is 43", "Rent is 900 a month")
UNANSWERED = "what does a month on the moon weigh"
"""It shares a common word with one memory."""
EMBEDDERS = ["none", pytest.param("auto", marks=pytest.mark.model)]


@pytest.fixture
def told(memos: Run) -> Run:
    memos("add", "--jsonl", "-", stdin="".join(json.dumps({"content": one}) + "\n" for one in TOLD))
    return memos


def uses(memos: Run) -> int:
    return int(memos("stats", "--json").data["cubes"]["default"]["uses"])


def test_nothing_that_fits_is_nothing_found(told: Run) -> None:
    done = told("search", UNANSWERED)
    assert (done.status, done.out) == (0, "")
    assert done.err == "nothing really fits; nearest: Rent is 900 a month (--all-hits shows more)\n"
    assert told("search", UNANSWERED, "--fail-empty").status == 4
    assert told("search", "who nests by the weir", "--fail-empty").status == 0


def test_in_json_there_is_no_hit_and_how_probable_an_answer_is(told: Run) -> None:
    done = told("search", UNANSWERED, "--json", "--fail-empty")
    assert done.status == 4
    assert (done.data["hits"], 0.0 <= done.data["answers"] < 0.5) == ([], True)
    found = told("search", "who nests by the weir", "--json").data
    assert [hit["content"] for hit in found["hits"] if hit["fits"]] == [TOLD[2]]
    assert 0.5 < found["answers"] <= 1.0


def test_all_hits_are_shown_where_they_are_asked_for(told: Run) -> None:
    assert told("search", UNANSWERED, "--all-hits").out.endswith("  Rent is 900 a month\n")
    found = told("search", UNANSWERED, "--all-hits", "--json", "--fail-empty")
    assert found.status == 0
    assert {hit["fits"] for hit in found.data["hits"]} == {False}
    assert uses(told) == 0


def test_a_batch_finds_nothing_for_what_has_no_answer(told: Run) -> None:
    lines = "".join(json.dumps({"query": one}) + "\n" for one in (*NONSENSE, UNANSWERED, "who nests by the weir"))
    answers = [json.loads(line) for line in told("search", "--jsonl", "-", stdin=lines).out.splitlines()]
    assert [bool(one["hits"]) for one in answers] == [False] * (len(NONSENSE) + 1) + [True]
    assert all(0.0 <= one["answers"] <= 1.0 for one in answers)
    nonsense = "".join(json.dumps({"query": one}) + "\n" for one in NONSENSE)
    assert told("search", "--jsonl", "-", "--fail-empty", stdin=nonsense).status == 4
    assert told("search", "--jsonl", "-", "--fail-empty", stdin=lines).status == 0
    every = told("search", "--jsonl", "-", "--all-hits", stdin=json.dumps({"query": UNANSWERED})).out
    assert json.loads(every)["hits"]


@pytest.mark.parametrize("embedder", EMBEDDERS)
def test_nonsense_finds_nothing_and_moves_no_fading(told: Run, monkeypatch: pytest.MonkeyPatch, embedder: str) -> None:
    monkeypatch.setenv("MEMOS_EMBEDDER", embedder)
    before = told("lifecycle", "plan", "--days", "2000", "--json").data
    for query in NONSENSE:
        assert told("search", query, "--json").data["hits"] == [], query
        assert told("search", query, "--fail-empty").status == 4
    told("list")
    told("list", "--order", "used")
    assert uses(told) == 0
    after = told("lifecycle", "plan", "--days", "2000", "--json").data
    assert after["transitions"] == before["transitions"]
    told("search", "who nests by the weir")
    assert uses(told) == 1


@pytest.mark.parametrize("embedder", EMBEDDERS)
@pytest.mark.parametrize("query", ["flumph grobnick", "the shopping list from last month", "medieval siege engines"])
def test_a_chain_archives_nothing_that_does_not_fit(
    memos: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, embedder: str, query: str
) -> None:
    monkeypatch.setenv("MEMOS_EMBEDDER", embedder)
    for text in ("My daughter is allergic to peanuts", *TOLD):
        memos("add", text)
    chain = tmp_path / "tidy.toml"
    chain.write_text(f'[[step]]\ndo = "retrieve"\nquery = "{query}"\n[[step]]\ndo = "archive"\n', encoding="utf-8")
    done = memos("lifecycle", "run", str(chain), "--json")
    assert (done.status, done.data["changed"]) == (0, [])
    assert len(memos("list", "--json").data["memories"]) == len(TOLD) + 1
    chain.write_text('[[step]]\ndo = "retrieve"\nquery = "who is allergic to peanuts"\n[[step]]\ndo = "archive"\n')
    assert len(memos("lifecycle", "run", str(chain), "--json").data["changed"]) == 1


def test_nothing_that_does_not_fit_goes_into_a_prompt_or_an_answer(told: Run) -> None:
    done = told("chat", "-m", UNANSWERED, "--json")
    assert done.status == 0
    assert "Rent" not in done.out
    assert done.data["cited"] == []
    assert "Novabanka" in told("chat", "-m", "what is my bank?").out


def test_a_secret_stays_masked_where_it_is_the_nearest(memos: Run) -> None:
    memos("add", "This month the password is hunter2xyzzy9")
    done = memos("search", UNANSWERED)
    assert "nearest: " in done.err
    assert "hunter2xyzzy9" not in done.err + done.out
    assert "hunter2xyzzy9" in memos("search", UNANSWERED, "--reveal").err


def test_what_a_principal_may_not_see_is_never_the_nearest(memos: Run) -> None:
    memos("add", "Rent is 900 a month")
    memos("add", "The castle is closed in winter, this month too", "--visibility", "public")
    for options in ((), ("--all-hits",), ("--all-hits", "--json"), ("--json",)):
        done = memos("--as", "eve", "search", "which month has the rent of a year", *options)
        assert "900" not in done.out + done.err
    assert "900" in memos("search", "which month has the rent of a year", "--all-hits").out


def test_the_turns_beside_a_hit_are_named_to_nobody_who_may_not_see_them(memos: Run) -> None:
    turns = ("Which month was it?", "The one with the clandestine meeting")
    lines = [
        {"content": one, "external_id": f"T{n}", "source": {"conversation": "talk", "turn": n}}
        for n, one in enumerate(turns, 1)
    ]
    assert memos("add", "--jsonl", "-", stdin="".join(json.dumps(one) + "\n" for one in lines)).status == 0
    assert memos("edit", "T1", "--visibility", "public").status == 0
    assert "Which month" in memos("--as", "eve", "search", UNANSWERED, "--all-hits").out
    for options in ((), ("--all-hits",), ("--all-hits", "--json"), ("--explain", "--all-hits")):
        done = memos("--as", "eve", "search", UNANSWERED, *options)
        assert "clandestine" not in done.out + done.err
    assert "clandestine" in memos("search", UNANSWERED, "--all-hits").out, "its owner is shown the answer to a question"


def test_what_is_nowhere_near_has_no_nearest(told: Run) -> None:
    assert told("search", "flumph grobnick").err.startswith("nothing found; memos list shows")
    assert "nearest" not in told("search", "flumph grobnick", "--all-hits").err


def test_the_parts_of_a_score_are_told(told: Run) -> None:
    found = told("search", "who nests by the weir", "--explain", "--json").data["hits"][0]
    assert set(found["parts"]) == {
        "total", "words", "meaning", "context", "speaker", "form", "answer", "header", "others", "bm25", "cosine",
        "reranker",
    }  # fmt: skip
    assert found["parts"]["total"] == pytest.approx(found["score"], abs=1e-6)
    assert found["parts"]["cosine"] is None
    assert "words +" in told("search", "who nests by the weir", "--explain").out
    assert "parts" not in told("search", "who nests by the weir", "--json").data["hits"][0]


def test_a_list_shows_what_it_is_sorted_by_and_its_head_says_so(memos: Run) -> None:
    memos("add", "Ran 5 km", "--occurred-at", "2026-01-05", "--external-id", "run")
    memos("add", "Moved to Ghent", "--occurred-at", "2020-06-01", "--external-id", "move")
    today = memos("show", "run", "--json").data["created_at"][:10]
    for line in memos("list").out.splitlines():
        assert line.split("  ")[1] == today
    assert "[on 2020-06-01]" in memos("list").out.splitlines()[0]
    dates = [line.split("  ")[1] for line in memos("list", "--order", "occurred").out.splitlines()]
    assert dates == sorted(dates) == ["2020-06-01", "2026-01-05"]
    for order, head in (
        ("newest", "recorded"),
        ("updated", "changed"),
        ("occurred", "happened"),
        ("used", "uses"),
        ("priority", "priority"),
    ):
        _, shown = on_terminal(["list", "--order", order], size=(24, 100))
        assert head in shown.splitlines()[0]
    memos("edit", "move", "--priority", "7")
    assert memos("list", "--order", "priority").out.splitlines()[0].split()[1] == "7"
    assert "recorded" not in memos("list").out, "a head is for people"
