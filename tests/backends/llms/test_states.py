"""States kept and put back: exactly what would have been computed, and nothing where they do not fit."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from memos_cli.backends.llama import gguf_header
from memos_cli.backends.llms.llamacpp import LlamaModel
from memos_cli.config import Settings, paths
from memos_cli.errors import ModelUnavailable, UsageError
from memos_cli.operation import models as chosen_models
from memos_cli.ports.ports import Piece, Request, Stateful
from tests.conftest import ROOT
from tests.tiny import WIDTH, write_adapter, write_recurrent, write_windowed

MINI = ROOT / "memos_cli" / "data" / "memos-mini.gguf"
TRIALS = 200
WORDS = (
    *["Ana", "moved", "to", "Porto", "in", "May", "and", "says", "that", "her", "boat", "Kittiwake", "is", "blue", "."],
    *["Where", "does", "she", "live", "now", "?", "I", "am", "vegan", "since", "2024"],
)


@pytest.fixture(scope="module")
def adapters(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two adapters for memos-mini."""
    pytest.importorskip("gguf")
    folder = tmp_path_factory.mktemp("adapters")
    shapes = {
        name: shape[:2] for name, shape in gguf_header.read(MINI).shapes.items() if name.startswith("blk.") and len(shape) == 2
    }
    return [write_adapter(folder / f"{seed}.gguf", shapes, seed=seed) for seed in (1, 2)]


@pytest.fixture
def llm(models: Path) -> Iterator[LlamaModel]:
    model = LlamaModel(models / "mini.gguf", context=512)
    yield model
    model.close()


def test_it_fills_the_port(llm: LlamaModel) -> None:
    assert isinstance(llm, Stateful)


@pytest.mark.parametrize(("kv", "flash"), [("f16", "auto"), ("f16", "on"), ("q8_0", "auto"), ("q8_0", "off")])
def test_what_is_said_after_a_restore_is_what_would_have_been_said(
    kv: str, flash: str, adapters: list[Path], tmp_path: Path
) -> None:
    pytest.importorskip("llama_cpp")
    chance = random.Random(6)
    loaded = [
        LlamaModel(MINI, kv=kv, flash=flash, adapters=given) for given in ((), [(adapters[0], 0.5)], [(adapters[1], 1.0)])
    ]
    said = set()
    for trial in range(TRIALS // 2):
        model = loaded[trial % 3]
        text = " ".join(chance.choices(WORDS, k=chance.randrange(4, 60)))
        request = Request((), (Piece(text),))
        ids = model.tokens(request)
        cut = chance.randrange(1, len(ids))
        model.advance(())
        assert model.advance(ids[:cut]) == cut
        assert model.save(tmp_path / "state") == (tmp_path / "state").stat().st_size > 0
        expected = list(model.stream(request, most=4))
        assert model.evaluated == len(ids) - cut
        model.advance(model.tokens(Request((), (Piece("Something else altogether."),))))
        assert model.restore(tmp_path / "state", ids[:cut])
        assert list(model.held()) == ids[:cut]
        assert list(model.stream(request, most=4)) == expected  # to the last bit: the logarithms are compared too
        assert model.evaluated == len(ids) - cut
        said.add(tuple(expected))
    assert len(said) > TRIALS // 4


def test_the_logits_after_a_restore_are_the_same_bits(llm: LlamaModel, models: Path, tmp_path: Path) -> None:
    ids = [7 + number % 250 for number in range(300)]
    llm.advance(ids[:290])
    llm.save(tmp_path / "state")
    llm.advance(ids)
    expected = llm.logits()
    other = LlamaModel(models / "mini.gguf", context=512)
    assert other.restore(tmp_path / "state", ids[:290])
    assert other.advance(ids) == 10
    assert (other.logits() == expected).all()


def test_what_does_not_fit_is_not_taken_and_does_no_harm(llm: LlamaModel, tmp_path: Path) -> None:
    ids = list(range(10, 60))
    llm.advance(ids)
    expected = llm.logits()
    llm.save(tmp_path / "state")
    for wrong in (ids[:-1], [*ids, 9], [*ids[:-1], 9], [9, *ids[1:]], list(range(600)), ()):
        assert llm.restore(tmp_path / "state", wrong) is False
        assert list(llm.held()) == []
        assert llm.advance(ids) == len(ids)
        assert (llm.logits() == expected).all()
    assert llm.restore(tmp_path / "none", ids) is False
    assert llm.restore(tmp_path / "state", ids) is True


def test_a_context_too_small_for_a_state_takes_nothing(models: Path, llm: LlamaModel, tmp_path: Path) -> None:
    ids = [7 + number % 250 for number in range(400)]
    llm.advance(ids)
    llm.save(tmp_path / "state")
    small = LlamaModel(models / "mini.gguf", context=256)
    assert small.restore(tmp_path / "state", ids) is False
    assert small.advance(ids[:20]) == 20


def test_going_on_and_going_back(llm: LlamaModel) -> None:
    assert llm.advance([10, 11, 12]) == 3
    assert llm.advance([10, 11, 12, 13]) == 1
    expected = llm.logits()
    assert llm.advance([10, 11, 12, 13]) == 0
    assert (llm.logits() == expected).all()
    assert llm.advance([10, 11]) == 0
    assert list(llm.held()) == [10, 11]
    assert llm.advance([10, 12]) == 1
    back = llm.logits()
    llm.advance([])
    assert list(llm.held()) == []
    llm.advance([10])
    llm.advance([10, 12])
    assert back == pytest.approx(llm.logits(), abs=1e-3)
    with pytest.raises(ModelUnavailable, match="do not fit"):
        llm.advance(list(range(600)))
    with pytest.raises(ModelUnavailable, match="no such tokens"):
        llm.advance([10, 1_000_000])
    with pytest.raises(ModelUnavailable, match="no such tokens"):
        llm.advance([-1])
    assert list(llm.held()) == [10, 12]


def test_logits_that_are_not_at_hand_are_computed(llm: LlamaModel, tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="nothing yet"):
        llm.logits()
    assert llm.save(tmp_path / "state") == 0
    llm.advance([10, 11, 12])
    expected = llm.logits()
    llm.save(tmp_path / "state")
    llm.restore(tmp_path / "state", [10, 11, 12])
    assert llm.logits() == pytest.approx(expected, abs=1e-3)
    llm.advance([10, 11, 12, 13])
    llm.advance([10, 11, 12])
    assert llm.logits() == pytest.approx(expected, abs=1e-3)
    assert list(llm.held()) == [10, 11, 12]


def test_the_identity_tells_apart_what_the_numbers_depend_on(models: Path, adapters: list[Path], tmp_path: Path) -> None:
    copy = tmp_path / "copy.gguf"
    copy.write_bytes(MINI.read_bytes())
    plain = LlamaModel(MINI).identity()
    assert LlamaModel(copy).identity() == plain
    assert all(isinstance(value, str) for value in plain.values())
    others = [
        LlamaModel(models / "mini.gguf"), LlamaModel(MINI, context=1024), LlamaModel(MINI, kv="q8_0"),
        LlamaModel(MINI, threads=2), LlamaModel(MINI, adapters=[(adapters[0], 1.0)]),
        LlamaModel(MINI, adapters=[(adapters[0], 0.5)]), LlamaModel(MINI, adapters=[(adapters[1], 1.0)]),
        LlamaModel(MINI, digest="0" * 64), LlamaModel(MINI, flash="on"), LlamaModel(MINI, kv="q8_0", flash="off"),
    ]  # fmt: skip
    found = [plain, *(model.identity() for model in others)]
    assert len({tuple(sorted(one.items())) for one in found}) == len(found)


def test_a_state_fits_only_the_attention_that_it_was_made_with(tmp_path: Path) -> None:
    pytest.importorskip("llama_cpp")
    ids = [7 + number % 250 for number in range(300)]
    made = {flash: LlamaModel(MINI, flash=flash) for flash in ("auto", "on", "off")}
    assert made["auto"].identity() == made["off"].identity() != made["on"].identity()
    for flash, model in made.items():
        model.advance(ids)
        assert model.save(tmp_path / flash) > 0
    taken = {(one, other) for one in made for other in made if made[one].restore(tmp_path / other, ids)}
    assert taken == {(one, other) for one in made for other in made if (one == "on") == (other == "on")}


def test_the_settings_reach_the_model(models: Path, home: Path) -> None:
    folders = paths({"MEMOS_HOME": str(home)})
    environ = {"MEMOS_LLM_MODEL": str(models / "mini.gguf"), "MEMOS_LLM_KV": "q8_0"}
    model = chosen_models.chosen(Settings(environ, folders), folders)
    assert isinstance(model, LlamaModel)
    assert model.identity() == LlamaModel(models / "mini.gguf", kv="q8_0").identity()
    environ |= {"MEMOS_LLM_KV": "f16", "MEMOS_LLM_FLASH": "on"}
    model = chosen_models.chosen(Settings(environ, folders), folders)
    assert isinstance(model, LlamaModel)
    assert model.identity() == LlamaModel(models / "mini.gguf", flash="on").identity()
    with pytest.raises(UsageError, match=r"llm\.flash"):
        chosen_models.chosen(Settings({**environ, "MEMOS_LLM_FLASH": "sometimes"}, folders), folders)


def test_a_model_that_forgets_as_it_reads_says_that_it_keeps_nothing(tmp_path: Path) -> None:
    pytest.importorskip("llama_cpp")
    pytest.importorskip("gguf")
    model = LlamaModel(write_recurrent(tmp_path / "mamba.gguf"))
    assert model.advance([10, 11, 12]) == 3
    assert model.save(tmp_path / "state") == 0
    assert model.advance([10, 11, 12, 13]) == 1
    expected = model.logits()
    assert model.advance([10, 11, 12]) == 3  # it cannot go back, so it begins again
    model.advance([10, 11, 12, 13])
    assert (model.logits() == expected).all()


def test_a_model_with_a_window_keeps_nothing_but_can_be_cut_back(tmp_path: Path) -> None:
    pytest.importorskip("llama_cpp")
    pytest.importorskip("gguf")
    model = LlamaModel(write_windowed(tmp_path / "gemma.gguf"), context=512)
    ids = [number * 7 % 300 for number in range(300)]
    assert model.advance(ids) == 300
    assert model.save(tmp_path / "state") == 0
    assert model.restore(tmp_path / "state", ids) is False
    model.advance([*ids[:100], 9])
    expected = model.logits()
    model.advance(ids)
    assert model.advance([*ids[:100], 9]) == 1  # far before its window: it is all there
    assert model.logits() == pytest.approx(expected, abs=0.01)


def test_adapters_change_what_is_computed(adapters: list[Path]) -> None:
    pytest.importorskip("llama_cpp")
    found = []
    for given in ((), [(adapters[0], 0.0)], [(adapters[0], 1.0)], [(adapters[0], 1.0), (adapters[1], 1.0)]):
        model = LlamaModel(MINI, adapters=given)
        model.advance([10, 11, 12])
        found.append(model.logits())
    none, nothing, one, two = found
    assert (none == nothing).all()
    assert abs(one - none).max() > 0.1
    assert abs(two - one).max() > 0.1


QUERY = {"blk.0.attn_q.weight": (WIDTH, WIDTH)}


@pytest.mark.parametrize(
    ("shapes", "said", "reason"),
    [
        (QUERY, {"type": "model"}, "no LoRA adapter"),
        (QUERY, {"adapter": "other"}, "no LoRA adapter"),
        (QUERY, {"architecture": "qwen2"}, "of the kind qwen2"),
        (QUERY, {"alpha": "none"}, "alpha"),
        ({}, {}, "pairs of factors"),
        ({"blk.0.attn_q.weight": (WIDTH, 2 * WIDTH)}, {}, "shape"),
        ({"blk.9.attn_q.weight": (WIDTH, WIDTH)}, {}, "shape"),
        ({"token_embd.weight": (WIDTH, 6 + 256 + 5)}, {}, "shape"),
    ],
)
def test_an_adapter_that_does_not_fit_is_refused_before_llama_cpp_sees_it(
    shapes: dict[str, tuple[int, int]], said: dict[str, str], reason: str, models: Path, tmp_path: Path
) -> None:
    path = write_adapter(tmp_path / "adapter.gguf", shapes, said=said)
    with pytest.raises(ModelUnavailable, match=reason):
        LlamaModel(models / "mini.gguf", adapters=[(path, 1.0)]).advance([10])


def test_an_adapter_cut_anywhere_is_refused(models: Path, tmp_path: Path) -> None:
    whole = write_adapter(tmp_path / "whole.gguf", QUERY).read_bytes()
    cut = tmp_path / "cut.gguf"
    for number in range(12):
        cut.write_bytes(whole[: len(whole) * number // 12])
        with pytest.raises(ModelUnavailable, match=r"cut\.gguf"):
            LlamaModel(models / "mini.gguf", adapters=[(cut, 1.0)]).advance([10])
    cut.unlink()
    with pytest.raises(ModelUnavailable, match=r"cut\.gguf"):
        LlamaModel(models / "mini.gguf", adapters=[(cut, 1.0)]).advance([10])
