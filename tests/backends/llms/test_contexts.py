"""What a context is made with: the choice of flash attention, of the types of keys and values, and of threads."""

import pytest

from memos_cli.backends.llama.bindings import bindings
from memos_cli.backends.llms.contexts import Choice, flash_attention, threads
from memos_cli.backends.llms.llamacpp import LlamaModel
from tests.conftest import ROOT

pytest.importorskip("llama_cpp")

MINI = ROOT / "memos_cli" / "data" / "memos-mini.gguf"
SOME = 128 << 20


@pytest.mark.parametrize(
    ("kv", "flash", "scores", "offloaded", "expected"),
    [
        ("f16", "auto", SOME, 0, "DISABLED"),
        ("f16", "auto", SOME, -1, "AUTO"),
        ("f16", "auto", 1 << 30, 0, "AUTO"),
        ("f16", "on", SOME, 0, "ENABLED"),
        ("f16", "off", 1 << 30, -1, "DISABLED"),
        ("q8_0", "auto", SOME, 0, "ENABLED"),
        ("q8_0", "auto", SOME, -1, "ENABLED"),
        ("q8_0", "off", SOME, 0, "DISABLED"),
    ],
)
def test_flash_attention_is_on_where_it_pays(kv: str, flash: str, scores: int, offloaded: int, expected: str) -> None:
    native = bindings()
    found = flash_attention(native, Choice(kv=kv, flash=flash), scores=scores, offloaded=offloaded)
    assert found == getattr(native, f"LLAMA_FLASH_ATTN_TYPE_{expected}")


def test_without_flash_attention_only_keys_are_quantized() -> None:
    sizes = {}
    for kv, flash in (("f16", "off"), ("q8_0", "off"), ("q8_0", "on")):
        model = LlamaModel(MINI, kv=kv, flash=flash)
        model.advance([7])
        sizes[kv, flash] = (model._params.type_k, model._params.type_v)
    f16, q8_0 = (getattr(bindings(), f"GGML_TYPE_{name}") for name in ("F16", "Q8_0"))
    assert sizes == {("f16", "off"): (f16, f16), ("q8_0", "off"): (q8_0, f16), ("q8_0", "on"): (q8_0, q8_0)}


def test_flash_attention_changes_no_answer() -> None:
    ids = [7 + number % 250 for number in range(300)]
    found = []
    for flash in ("on", "off"):
        model = LlamaModel(MINI, flash=flash)
        model.advance(ids)
        found.append(model.logits())
    assert found[0] == pytest.approx(found[1], abs=0.02)
    assert found[0].argmax() == found[1].argmax()


@pytest.mark.parametrize(
    ("chosen", "size", "available", "expected"),
    [
        (0, 1 << 20, 8, (1, 1)), (0, 98 << 20, 1, (1, 1)), (0, 98 << 20, 2, (1, 2)), (0, 98 << 20, 3, (1, 2)),
        (0, 98 << 20, 4, (2, 2)), (0, 98 << 20, 16, (8, 8)), (3, 1 << 20, 16, (3, 3)), (3, 98 << 20, 2, (3, 3)),
    ],
)  # fmt: skip
def test_a_prompt_gets_two_threads_and_a_token_half_of_the_cores(
    chosen: int, size: int, available: int, expected: tuple[int, int]
) -> None:
    assert threads(chosen, size, available) == expected
