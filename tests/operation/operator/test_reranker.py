"""A reranker behind an endpoint, from the settings to the order of the hits."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from memos_cli import MOS
from memos_cli.model import Visibility
from memos_cli.operation.operator.reranker import MOST_CHARACTERS, chosen
from memos_cli.operation.policy import set_policy
from memos_cli.operation.results import Query
from tests.backends.rerankers.endpoint import RerankEndpoint
from tests.conftest import Run
from tests.endpoint import serving

TOLD = (
    "The heron nests by the weir in spring",
    "The heron eats fish at the weir",
    "A heron was at the weir today, or so Anna says",
    "The weir was built in 1902",
)
QUERY = "heron at the weir"


def anna_first(_: str, documents: Sequence[str]) -> list[float]:
    return [float("Anna" in text) + float("1902" in text) * 2 for text in documents]


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[RerankEndpoint]:
    monkeypatch.setenv("MEMOS_EMBEDDER", "none")
    with serving(RerankEndpoint(anna_first)) as made:
        monkeypatch.setenv("MEMOS_SEARCH_RERANKER", made.url)
        yield made


@pytest.fixture
def told(memos: Run, endpoint: RerankEndpoint) -> Run:  # noqa: ARG001
    for content in TOLD:
        memos("add", content)
    return memos


def contents(run: Run, *arguments: str) -> list[str]:
    return [hit["content"] for hit in run("search", QUERY, "--json", *arguments).data["hits"]]


def test_it_moves_the_best_hits(told: Run, endpoint: RerankEndpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = contents(told, "--lexical")
    assert endpoint.asked == []
    assert contents(told) != plain
    monkeypatch.setenv("MEMOS_SEARCH_RERANKER_SHARE", "1")
    assert contents(told)[:2] == [TOLD[3], TOLD[2]]
    monkeypatch.setenv("MEMOS_SEARCH_RERANKER_BEST", "1")
    assert contents(told) == plain
    assert len(endpoint.asked[-1]["documents"]) == 1
    for name in ("SHARE", "BEST"):
        asked = len(endpoint.asked)
        monkeypatch.setenv(f"MEMOS_SEARCH_RERANKER_{name}", "0")
        assert contents(told) == plain
        assert len(endpoint.asked) == asked, "a part of nothing needs no opinion"
        monkeypatch.delenv(f"MEMOS_SEARCH_RERANKER_{name}")


def test_scores_mode_and_explanation_tell_its_part(told: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = told("search", QUERY, "--json", "--lexical", "--explain").data
    assert plain["mode"] == "lexical"
    assert {hit["parts"]["reranker"] for hit in plain["hits"]} == {None}
    monkeypatch.setenv("MEMOS_SEARCH_RERANKER_SHARE", "1")
    found = told("search", QUERY, "--json", "--explain").data
    assert found["mode"] == "lexical+reranker"
    scores = [hit["score"] for hit in found["hits"]]
    assert scores == sorted(scores, reverse=True) == pytest.approx([hit["score"] for hit in plain["hits"]])
    assert [hit["parts"]["total"] for hit in found["hits"]] == pytest.approx(scores, abs=1e-5)
    assert found["hits"][0]["parts"]["reranker"] > 0 > found["hits"][-1]["parts"]["reranker"]
    assert "reranker +" in told("search", QUERY, "--explain").out


def test_it_decides_neither_what_is_found_nor_what_is_used(
    told: Run, endpoint: RerankEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fitting() -> dict[str, bool]:
        return {hit["id"]: hit["fits"] for hit in told("search", QUERY, "--json").data["hits"]}

    monkeypatch.setenv("MEMOS_SEARCH_RERANKER_SHARE", "1")
    with_it = fitting()
    monkeypatch.setenv("MEMOS_SEARCH_RERANKER", "none")
    assert fitting() == with_it
    monkeypatch.setenv("MEMOS_SEARCH_RERANKER", endpoint.url)
    asked = len(endpoint.asked)
    assert told("search", "flumph grobnick", "--json").data["hits"] == []
    assert len(endpoint.asked) == asked, "what is not found is not sent away"


def test_secrets_stay_here(memos: Run, endpoint: RerankEndpoint) -> None:
    memos("add", "The wifi password is hunter2Falcon at the weir")
    memos("add", "Met Bob at the pub", "--label", "secret")
    memos("search", "wifi password hunter2Falcon", "--all-hits")
    memos("search", "the password is hunter2Falcon, where?", "--all-hits")
    memos("search", "Met Bob at the pub", "--all-hits", "--reveal")
    sent = json.dumps(endpoint.asked)
    assert endpoint.asked
    assert "Falcon" not in sent.replace(endpoint.asked[0]["query"], "")
    assert "Met Bob" not in json.dumps([one["documents"] for one in endpoint.asked])


def test_it_sees_only_what_the_person_may_see(told: Run, endpoint: RerankEndpoint) -> None:
    told("add", "Bob's heron at the weir", "--as", "bob")
    told("search", QUERY, "--as", "bob")
    assert [one["documents"] for one in endpoint.asked] == [["Bob's heron at the weir"]]


def test_of_a_long_memory_it_reads_the_passage(memos: Run, endpoint: RerankEndpoint) -> None:
    memos("add", "The club met and talked of slugs. " * 100 + "The heron came to the weir at noon. " + "Then it rained. " * 200)
    memos("search", "heron weir noon")
    ((text,),) = (one["documents"] for one in endpoint.asked)
    assert "heron" in text
    assert len(text) <= MOST_CHARACTERS


@pytest.mark.parametrize("how", ["refuse", "no JSON", "nothing at all"])
def test_where_it_fails_one_line_says_so_and_the_order_stays(
    told: Run, endpoint: RerankEndpoint, how: str, tmp_path: Path
) -> None:
    endpoint.how = how
    plain = contents(told, "--lexical")
    found = told("search", QUERY, "--json")
    assert [hit["content"] for hit in found.data["hits"]] == plain
    assert found.data["mode"] == "lexical"
    assert [line for line in found.err.splitlines() if "rerank" in line] == [
        line for line in found.err.splitlines() if "127.0.0.1" in line
    ]
    assert found.err.count("the reranker had no part in the order") == 1
    batch = tmp_path / "batch.jsonl"
    batch.write_text(f'{{"query": "{QUERY}"}}\n' * 5)
    asked = len(endpoint.asked)
    assert told("search", "--jsonl", str(batch)).err.count("the reranker had no part") == 1
    assert len(endpoint.asked) == asked + 1


def test_a_model_that_is_not_there_is_one_line(told: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MEMOS_SEARCH_RERANKER", str(tmp_path / "nowhere"))
    found = told("search", QUERY)
    assert found.err.count("the reranker had no part in the order") == 1
    assert len(found.out.splitlines()) == len(TOLD)


def test_a_project_may_not_say_who_reads_the_memories(
    told: Run, endpoint: RerankEndpoint, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("MEMOS_SEARCH_RERANKER")
    (tmp_path / ".memos.toml").write_text(f'[search]\nreranker = "{endpoint.url}"\n')
    monkeypatch.chdir(tmp_path)
    found = told("search", QUERY)
    assert "may not say who reads your memories" in found.err
    assert found.out
    assert endpoint.asked == []


def test_the_setting(memos: Run) -> None:
    assert memos("config", "get", "search.reranker").out.strip() == "none"
    for wrong in ("ftp://host/v1", "http://me:pw@host/v1", "http://host/v1?key=1", ""):
        assert memos("config", "set", "search.reranker", wrong).status == 2
    memos("config", "set", "search.reranker", "http://localhost:8080/v1")
    assert memos("config", "get", "search.reranker").out.strip() == "http://localhost:8080/v1"


def test_the_key_is_read_from_the_environment(endpoint: RerankEndpoint, mos: MOS) -> None:
    opinion, notice = chosen(mos.settings.given({"search.reranker": endpoint.url}), {"MEMOS_SEARCH_RERANKER_KEY": "s3cret"})
    assert notice is None
    assert opinion is not None
    mos.add(TOLD[0])
    opinion.moves("heron", [hit.memory for hit in mos.search(QUERY, lexical=True).hits], [0.0])
    assert endpoint.headers[0]["Authorization"] == "Bearer s3cret"


def test_a_model_is_loaded_once(endpoint: RerankEndpoint, mos: MOS) -> None:
    for content in TOLD:
        mos.add(content)
    mos.settings = mos.settings.given({"search.reranker": endpoint.url})
    mos.search_many([Query(QUERY), Query("weir")])
    kept = mos.memories._reranker
    mos.search_many([Query(QUERY), Query("weir")])
    assert len(endpoint.asked) == 4
    assert mos.memories._reranker is kept is not None


def test_what_a_server_is_told_is_recorded_as_a_prompt_is(mos: MOS, endpoint: RerankEndpoint) -> None:
    for content in TOLD:
        mos.add(content, visibility=Visibility.PUBLIC)
    asking = mos.settings.given({"search.reranker": endpoint.url})
    with MOS(mos.paths.data, principal="eve", settings=asking, clock=mos._clock) as eve:
        hits = eve.search(QUERY, k=1).hits
        sent = {text for one in endpoint.asked for text in one["documents"]}
        eve.search(QUERY, lexical=True)
    entries = mos.audit.log(principal="eve")
    assert sorted(entry.action for entry in entries) == ["prompt", "search", "search"]
    prompt = next(entry for entry in entries if entry.action == "prompt")
    assert prompt.purpose == "prompt"
    assert {mos.get(one).content for one in prompt.memories or ()} == sent
    assert len(sent) > len(hits) == 1
    assert (hits[0].memory.id,) in {entry.memories for entry in entries if entry.action == "search"}
    (report,) = mos.audit.report()
    assert [entry.action for entry in report.left] == ["prompt"]


def test_of_the_owner_s_it_is_where_the_policy_says_so(mos: MOS, endpoint: RerankEndpoint) -> None:
    for content in TOLD:
        mos.add(content)
    asking = mos.settings.given({"search.reranker": endpoint.url})
    with MOS(mos.paths.data, settings=asking, clock=mos._clock) as owner:
        owner.search(QUERY)
        assert mos.audit.log(action="prompt") == ()
        set_policy(owner.vault("default"), owner.author("policy"), {"audit.own": True})
        owner.search(QUERY)
    assert [entry.principal for entry in mos.audit.log(action="prompt")] == ["sam"]
