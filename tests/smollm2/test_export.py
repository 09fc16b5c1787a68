"""The adapter as it ships: the checkpoint's numbers in f16."""

from pathlib import Path

import pytest

gguf = pytest.importorskip("gguf")


def test_a_checkpoint_is_halved(tmp_path: Path) -> None:
    import numpy as np

    from memos_cli.backends.llama import gguf_header
    from tests.smollm2 import export

    model, checkpoint, target = (tmp_path / name for name in ("model.gguf", "checkpoint.gguf", "target.gguf"))
    out = gguf.GGUFWriter(model, "llama")
    out.add_tensor("blk.0.attn_v.weight", np.zeros((4, 6), dtype=np.float32))
    made = gguf.GGUFWriter(checkpoint, "llama")
    made.add_type(gguf.GGUFType.ADAPTER)
    made.add_string(gguf.Keys.Adapter.TYPE, "lora")
    made.add_float32(gguf.Keys.Adapter.LORA_ALPHA, 3.0)
    down, up = np.arange(12, dtype=np.float32).reshape(2, 6) / 7, np.ones((4, 2), dtype=np.float32)
    made.add_tensor("blk.0.attn_v.weight.lora_a", down)
    made.add_tensor("blk.0.attn_v.weight.lora_b", up)
    for writer in (out, made):
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
    export.write(checkpoint, model, target)
    header = gguf_header.read(target)
    assert header.get("adapter.lora.alpha") == pytest.approx(3.0)
    assert header.get("general.name") == export.NAME
    found = {tensor.name: tensor.data for tensor in gguf.GGUFReader(target).tensors}
    assert {data.dtype for data in found.values()} == {np.dtype(np.float16)}
    assert np.allclose(found["blk.0.attn_v.weight.lora_a"], down, atol=1e-3)
    assert (found["blk.0.attn_v.weight.lora_b"] == up).all()
