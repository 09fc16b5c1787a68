"""Tokens drawn at random, compared with llama-cpp-python's own loop over the same weights."""

from pathlib import Path

import pytest

from memos_cli.backends.llms.llamacpp import LlamaModel
from memos_cli.ports.ports import Request
from memos_cli.ports.sampled import Sampled, Sampling

ASKED = Request((("user", "Where do I live?"),))


def said(model: LlamaModel, sampling: Sampling, most: int = 24) -> str:
    return "".join(token.text for token in model.sampled(ASKED, sampling, most=most))


def test_greedy_decoding_is_what_streams(models: Path) -> None:
    model = LlamaModel(models / "mini.gguf")
    assert isinstance(model, Sampled)
    assert said(model, Sampling()) == "".join(token.text for token in model.stream(ASKED, most=24))
    model.close()


def test_a_seed_makes_it_the_same_and_another_one_different(models: Path) -> None:
    model = LlamaModel(models / "unsure.gguf")
    drawn = [said(model, Sampling(temperature=1.0, seed=seed)) for seed in (1, 1, 2, 3)]
    assert drawn[0] == drawn[1]
    assert len(set(drawn)) > 1
    assert said(model, Sampling(temperature=1.0, seed=1, top_p=1e-6)) == said(model, Sampling())
    model.close()


@pytest.mark.parametrize("sampling", [Sampling(temperature=0.8, top_p=0.9, seed=7), Sampling(temperature=1.3, seed=2)])
def test_the_same_tokens_are_drawn_as_by_llama_cpps_own_loop(models: Path, sampling: Sampling) -> None:
    llama_cpp = pytest.importorskip("llama_cpp")
    model = LlamaModel(models / "unsure.gguf", context=256)
    ids = model.tokens(ASKED)
    theirs = llama_cpp.Llama(str(models / "unsure.gguf"), n_ctx=256, n_batch=256, n_threads=1, verbose=False)
    theirs.set_seed(sampling.seed)
    drawn = []
    for token in theirs.generate(ids, top_k=0, top_p=sampling.top_p, min_p=0.0, temp=sampling.temperature):
        if token == theirs.token_eos() or len(drawn) == 24:
            break
        drawn.append(token)
    theirs.close()
    list(model.sampled(ASKED, sampling, most=24))
    held = list(model.held())[len(ids) :]
    assert held == drawn[: len(held)]
    assert len(held) >= len(drawn) - 1
    assert len(drawn) > 4
    model.close()


def test_what_was_said_is_not_said_again(models: Path) -> None:
    model = LlamaModel(models / "unsure.gguf")
    begun = len(model.tokens(ASKED))
    for sampling, repeats in ((Sampling(temperature=1.0, seed=1), True), (Sampling(presence=2.0, frequency=2.0), False)):
        list(model.sampled(ASKED, sampling, most=80))
        held = model.held()[begun:]
        assert len(held) > 4
        assert (len(set(held)) < len(held)) is repeats
    model.close()


def test_a_grammar_holds_what_is_drawn(models: Path) -> None:
    import json

    model = LlamaModel(models / "unsure.gguf")
    schema = {"type": "object", "properties": {"a": {"type": "boolean"}}, "required": ["a"], "additionalProperties": False}
    tokens = model.sampled(ASKED, Sampling(temperature=1.0, seed=5), most=200, schema=schema)
    assert set(json.loads("".join(token.text for token in tokens))) == {"a"}
    model.close()
