"""The converter: what PEFT computes and what llama.cpp computes from its file are the same, for each architecture."""

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from memos_cli.errors import IntegrityError, MemosError, ModelUnavailable
from tests import tiny

pytest.importorskip("llama_cpp")
torch = pytest.importorskip("torch")
pytest.importorskip("peft")

from safetensors.numpy import save_file  # noqa: E402 -- after the skips

from memos_cli.backends.llms.llamacpp import LlamaModel  # noqa: E402
from memos_cli.backends.trainers import adapter  # noqa: E402
from memos_cli.backends.trainers.base import load, with_adapter  # noqa: E402
from memos_cli.ports.trainer import TrainingSettings  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:peft", "ignore::FutureWarning:transformers")
SETTINGS = TrainingSettings(rank=4, scale=2.0)
TOKENS = [1, 40, 77, 80, 120, 9, 33, 200]


def peft_model(base: Path, seed: int = 2) -> Any:
    """The base in transformers with a random adapter that changes every linear layer."""
    model = with_adapter(load(base, "cpu"), SETTINGS, [part.rpartition(".")[2] for part in adapter.PARTS])
    torch.manual_seed(seed)
    with torch.no_grad():
        for one in model.parameters():
            if one.requires_grad:
                one.copy_(torch.randn_like(one) / 4)
    return model.eval()


def stored(model: Any, folder: Path) -> Path:
    from peft import get_peft_model_state_dict

    path = folder / "adapter_model.safetensors"
    save_file({name: one.numpy() for name, one in get_peft_model_state_dict(model).items()}, path)
    (folder / "adapter_config.json").write_text(json.dumps({"r": SETTINGS.rank, "lora_alpha": SETTINGS.rank * SETTINGS.scale}))
    return path


def through_llama(base: Path, *adapters: Path) -> np.ndarray:
    with closing(LlamaModel(base, context=256, adapters=[(path, 1.0) for path in adapters])) as model:
        model.advance(TOKENS)
        return model.logits()


@pytest.mark.parametrize("architecture", sorted(adapter.ARCHITECTURES))
def test_llama_cpp_computes_with_it_what_peft_does(architecture: str, tmp_path: Path) -> None:
    base = tiny.write_random(tmp_path / "base.gguf", architecture)
    model = peft_model(base)
    target = tmp_path / "adapter.gguf"
    adapter.convert(stored(model, tmp_path), target, base)
    with torch.no_grad():
        tuned = model(torch.tensor([TOKENS])).logits[0, -1].numpy()
        with model.disable_adapter():
            plain = model(torch.tensor([TOKENS])).logits[0, -1].numpy()
    # llama.cpp keeps keys and values in half precision: 1e-2 of logits that spread over several units.
    assert np.abs(through_llama(base) - plain).max() < 2e-2
    assert np.abs(through_llama(base, target) - tuned).max() < 2e-2
    assert np.abs(tuned - plain).max() > 1


def test_rotary_rows_are_interleaved_head_by_head() -> None:
    rows = np.arange(8, dtype=np.float32)[:, None]
    assert adapter.interleaved(rows, 2)[:, 0].tolist() == [0, 2, 1, 3, 4, 6, 5, 7]
    with pytest.raises(IntegrityError):
        adapter.interleaved(rows, 3)


def test_what_is_no_adapter_for_the_base_is_refused(tmp_path: Path) -> None:
    base = tiny.write_random(tmp_path / "base.gguf")
    good = stored(peft_model(base), tmp_path)
    target = tmp_path / "adapter.gguf"
    from safetensors.numpy import load_file

    tensors = load_file(good)
    first = next(name for name in tensors if "q_proj.lora_A" in name)
    for wrong in (
        {**tensors, "base_model.model.lm_head.lora_A.weight": tensors[first]},
        {**tensors, first: tensors[first][:, :-1]},
        {name: one for name, one in tensors.items() if name != first},
    ):
        with pytest.raises(MemosError):
            adapter.write(target, wrong, 8.0, base)
        assert not list(tmp_path.glob("*adapter.gguf*"))
    with pytest.raises(IntegrityError):
        adapter.convert(tmp_path / "none.safetensors", target, base)
    recurrent = tiny.write_recurrent(tmp_path / "mamba.gguf")
    with pytest.raises(ModelUnavailable, match="mamba"):
        adapter.convert(good, target, recurrent)
    with pytest.raises(ModelUnavailable, match="mamba"):
        load(recurrent, "cpu")


def test_a_cut_or_flipped_adapter_never_reaches_llama_cpp(tmp_path: Path) -> None:
    base = tiny.write_random(tmp_path / "base.gguf")
    target = tmp_path / "adapter.gguf"
    adapter.convert(stored(peft_model(base), tmp_path), target, base)
    whole = target.read_bytes()
    for length in (0, 3, 40, len(whole) // 2, len(whole) - 1):
        target.write_bytes(whole[:length])
        with pytest.raises(ModelUnavailable):
            through_llama(base, target)


def with_second(model: Any, folder: Path, base: Path) -> Path:
    """Add a second random adapter to a model of PEFT, make both active, and write the second one for llama.cpp."""
    from peft import get_peft_model_state_dict

    model.add_adapter("second", model.peft_config["default"])
    model.base_model.set_adapter(["default", "second"])
    torch.manual_seed(9)
    with torch.no_grad():
        for name, one in model.named_parameters():
            if ".second." in name:
                one.copy_(torch.randn_like(one) / 4)
    tensors = get_peft_model_state_dict(model, adapter_name="second")
    adapter.write(
        target := folder / "second.gguf",
        {name: one.detach().numpy() for name, one in tensors.items()},
        SETTINGS.rank * SETTINGS.scale,
        base,
    )
    return target


@pytest.mark.parametrize("half", [False, True], ids=["f32", "f16"])
@pytest.mark.parametrize("architecture", sorted(adapter.ARCHITECTURES))
def test_two_adapters_are_one_on_top_of_the_other_as_in_peft(architecture: str, tmp_path: Path, *, half: bool) -> None:
    base = tiny.write_random(tmp_path / "base.gguf", architecture, half=half)
    model = peft_model(base)
    first, other = tmp_path / "first.gguf", tmp_path / "other"
    other.mkdir()
    adapter.convert(stored(model, other), first, base)
    second = with_second(model, tmp_path, base)
    with torch.no_grad():
        both = model(torch.tensor([TOKENS])).logits[0, -1].numpy()
        merged = load(base, "cpu", beneath=[first, second])(torch.tensor([TOKENS])).logits[0, -1].numpy()
        one = load(base, "cpu", beneath=[first])(torch.tensor([TOKENS])).logits[0, -1].numpy()
    assert np.abs(through_llama(base, first, second) - both).max() < 2e-2  # the tolerance of a single one
    assert np.abs(through_llama(base, first) - one).max() < 2e-2
    assert np.abs(merged - both).max() < 1e-3
    assert np.abs(both - one).max() > 1
    with closing(LlamaModel(base, context=256, adapters=[first])) as stacked:
        stacked.adapt([(second, 1.0)])
        stacked.advance(TOKENS)
        assert np.array_equal(stacked.logits(), through_llama(base, first, second))
        stacked.adapt(())
        stacked.advance(TOKENS)
        assert np.array_equal(stacked.logits(), through_llama(base, first))


def test_half_rows_are_the_inverse_of_interleaved_ones() -> None:
    rows = np.arange(24, dtype=np.float32).reshape(12, 2)
    assert np.array_equal(adapter.halved(adapter.interleaved(rows, 3), 3), rows)


def test_an_adapter_in_half_precision_is_read_as_llama_cpp_reads_it(tmp_path: Path) -> None:
    import gguf

    base = tiny.write_random(tmp_path / "base.gguf")
    path = tmp_path / "half.gguf"
    generator = np.random.default_rng(4)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", 8.0)
    for name, (into, out) in {"blk.0.attn_q": (64, 64), "blk.1.attn_k": (64, 32), "blk.1.ffn_down": (96, 64)}.items():
        for factor, shape in (("lora_a", (4, into)), ("lora_b", (out, 4))):
            writer.add_tensor(f"{name}.weight.{factor}", (generator.standard_normal(shape) / 4).astype(np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    with torch.no_grad():
        merged = load(base, "cpu", beneath=[path])(torch.tensor([TOKENS])).logits[0, -1].numpy()
        plain = load(base, "cpu")(torch.tensor([TOKENS])).logits[0, -1].numpy()
    assert np.abs(through_llama(base, path) - merged).max() < 2e-2
    assert np.abs(merged - plain).max() > 0.5


def test_an_adapter_of_other_tensors_cannot_be_trained_over(tmp_path: Path) -> None:
    base = tiny.write_random(tmp_path / "base.gguf")
    path = tiny.write_adapter(tmp_path / "output.gguf", {"output.weight": (64, 262)})
    with pytest.raises(ModelUnavailable, match=r"changes 'output\.weight'"):
        load(base, "cpu", beneath=[path])
