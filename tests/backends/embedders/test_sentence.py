import os
from collections.abc import Iterator
from dataclasses import replace

import pytest

from memos_cli.backends.embedders.files import Weights
from memos_cli.backends.embedders.gguf import GgufEmbedder
from memos_cli.backends.embedders.sentence import SentenceEmbedder, batches
from memos_cli.errors import ModelUnavailable
from tests.contracts.embedder import TEXTS, EmbedderContract


@pytest.fixture(scope="module")
def shared(sentence_weights: Weights) -> Iterator[SentenceEmbedder]:
    embedder = SentenceEmbedder(sentence_weights)
    yield embedder
    embedder.close()


@pytest.mark.model
@pytest.mark.slow
class TestSentenceEmbedder(EmbedderContract):
    @pytest.fixture
    def embedder(self, shared: SentenceEmbedder) -> SentenceEmbedder:
        return shared


@pytest.mark.model
@pytest.mark.slow
def test_both_runtimes_agree(shared: SentenceEmbedder, weights: Weights) -> None:
    other = GgufEmbedder(weights)
    cosines = (shared.embed(TEXTS) * other.embed(TEXTS)).sum(axis=1)
    other.close()
    assert shared.fingerprint == other.fingerprint
    assert {text[:20]: cosine for text, cosine in zip(TEXTS, cosines, strict=True) if cosine < 0.9999} == {}


@pytest.mark.model
@pytest.mark.slow
def test_it_gives_what_sentence_transformers_itself_gives(shared: SentenceEmbedder) -> None:
    shared.warm()
    theirs = shared._model.encode(TEXTS, normalize_embeddings=True, show_progress_bar=False)
    assert (shared.embed(TEXTS) * theirs).sum(axis=1).min() > 0.99999


@pytest.mark.model
@pytest.mark.slow
def test_loading_is_silent_and_leaves_the_environment_alone(
    sentence_weights: Weights, capfd: pytest.CaptureFixture[str]
) -> None:
    before = _hub_settings()
    embedder = SentenceEmbedder(sentence_weights)
    embedder.embed(["hello"])
    embedder.close()
    assert capfd.readouterr() == ("", "")
    assert _hub_settings() == before


def _hub_settings() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith(("HF_", "TRANSFORMERS_"))}


@pytest.mark.model
def test_weights_without_a_folder_are_model_unavailable(weights: Weights) -> None:
    with pytest.raises(ModelUnavailable, match="folder"):
        SentenceEmbedder(replace(weights, folder=None)).embed(["hello"])


def test_batches_keep_to_the_budget_and_lose_nothing() -> None:
    lengths = [3, 250, 7, 7, 90, 1, 40, 256, 0]
    groups = list(batches(lengths, budget=256))
    assert sorted(index for group in groups for index in group) == list(range(9))
    assert all(len(group) * max(lengths[index] for index in group) <= 256 for group in groups)
    assert list(batches([], budget=256)) == []


def test_a_text_longer_than_the_budget_goes_alone() -> None:
    assert list(batches([300, 300, 2], budget=256)) == [[0], [1], [2]]
