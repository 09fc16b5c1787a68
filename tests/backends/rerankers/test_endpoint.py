"""An endpoint with `POST /rerank` on loopback: what is sent to it, and what is made of what it answers."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from memos_cli.backends.rerankers.endpoint import EndpointReranker
from memos_cli.errors import ModelUnavailable, UsageError
from memos_cli.ports.ports import Reranker
from tests.backends.rerankers.endpoint import RerankEndpoint
from tests.endpoint import LIES, serving

TEXTS = ["four", "a", "eleven more"]


@pytest.fixture
def endpoint() -> Iterator[RerankEndpoint]:
    with serving(RerankEndpoint()) as made:
        yield made


def test_it_is_a_reranker(endpoint: RerankEndpoint) -> None:
    reranker = EndpointReranker(endpoint.url, "m")
    assert isinstance(reranker, Reranker)
    assert not reranker.local
    assert reranker.name == f"m at {endpoint.url.split('/')[2]}"
    assert EndpointReranker(endpoint.url).name == endpoint.url.split("/")[2]
    reranker.close()
    reranker.close()
    assert endpoint.asked == []


@pytest.mark.parametrize("path", ["", "/", "/rerank", "/rerank/"])
def test_what_is_sent(endpoint: RerankEndpoint, path: str) -> None:
    EndpointReranker(endpoint.url + path, "m", key="s3cret ").scores("how long?", TEXTS)
    assert endpoint.asked == [
        {"path": "/v1/rerank", "query": "how long?", "documents": TEXTS, "top_n": 3, "return_documents": False, "model": "m"}
    ]
    assert endpoint.headers[0]["Authorization"] == "Bearer s3cret"


def test_no_key_and_no_model_without_one(endpoint: RerankEndpoint) -> None:
    EndpointReranker(endpoint.url).scores("how long?", TEXTS)
    assert "Authorization" not in endpoint.headers[0]
    assert "model" not in endpoint.asked[0]


@pytest.mark.parametrize("how", ["results", "list", "data"])
def test_the_ways_to_answer(endpoint: RerankEndpoint, how: str) -> None:
    endpoint.how = how
    assert EndpointReranker(endpoint.url).scores("how long?", TEXTS) == [4.0, 1.0, 11.0]


def test_a_text_that_it_says_nothing_of_has_no_score(endpoint: RerankEndpoint) -> None:
    endpoint.how = "few"
    assert EndpointReranker(endpoint.url).scores("how long?", TEXTS) == [None, None, 11.0]


@pytest.mark.parametrize(("how", "words"), [("refuse", "404: no such model"), ("detail", "422: too many"), ("redirect", "302")])
def test_what_goes_wrong_is_one_line(endpoint: RerankEndpoint, how: str, words: str) -> None:
    endpoint.how = how
    with pytest.raises(ModelUnavailable, match=words) as caught:
        EndpointReranker(endpoint.url, key="s3cret").scores("how long?", TEXTS)
    assert "\n" not in caught.value.message
    assert len(endpoint.asked) == 1  # a redirect is not followed: the key would go with it


@pytest.mark.parametrize(
    "told",
    [
        {}, [], {"results": []}, {"results": "abc"}, {"results": [1]}, {"results": [{"index": 0}]}, 5, "x",
        *(
            {"results": [{"index": index, "relevance_score": score}]}
            for index, score in ((3, 1), (-1, 1), (True, 1), ("0", 1), (0.0, 1), (0, "1"), (0, None), (0, True), (0, 10**400))
        ),
        {"results": [{"index": 0, "relevance_score": float("nan")}]},
        {"results": [{"index": 0, "relevance_score": float("inf")}]},
        {"results": [{"index": 0, "relevance_score": 1}, {"index": 0, "relevance_score": 2}]},
    ],
)  # fmt: skip
def test_what_is_no_score_is_an_error(endpoint: RerankEndpoint, told: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "_told", lambda _: told)
    with pytest.raises(ModelUnavailable, match="does not answer as a reranker does"):
        EndpointReranker(endpoint.url).scores("how long?", TEXTS)


@pytest.mark.parametrize("how", LIES)
def test_a_server_that_means_ill_costs_a_moment(endpoint: RerankEndpoint, how: str) -> None:
    endpoint.how = how
    start = time.monotonic()
    with pytest.raises(ModelUnavailable) as caught:
        EndpointReranker(endpoint.url, wait=0.3).scores("how long?", TEXTS)
    assert time.monotonic() - start < 10
    assert caught.value.message.isprintable()


def test_nobody_there_and_nobody_who_answers(endpoint: RerankEndpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelUnavailable, match="cannot talk to"):
        EndpointReranker("http://127.0.0.1:9/v1").scores("how long?", TEXTS)

    monkeypatch.setattr(endpoint, "answer", lambda *_: endpoint.stopping.wait(5))
    with pytest.raises(ModelUnavailable, match=r"word|sent nothing") as caught:
        EndpointReranker(endpoint.url, wait=0.2).scores("how long?", TEXTS)
    assert "search.reranker_wait" in (caught.value.hint or "")


@pytest.mark.parametrize("url", ["ftp://host/v1", "http://", "http://me:pw@host/v1", "http://host/v1?key=1", "localhost:80"])
def test_what_is_no_endpoint(url: str) -> None:
    with pytest.raises(UsageError):
        EndpointReranker(url)


def test_a_key_of_other_characters_and_a_port_that_is_none(endpoint: RerankEndpoint) -> None:
    with pytest.raises(UsageError, match="key"):
        EndpointReranker(endpoint.url, key="\u00e9")
    with pytest.raises(UsageError, match="port"):
        EndpointReranker("http://host:99999999/v1").scores("x", TEXTS)
