"""The files of an adapter from elsewhere: one form, bounded before anything is made of it, and numbers that are numbers."""

import io
import json
import math
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from memos_cli.errors import IntegrityError
from memos_cli.infra.transfer import adapter_files
from memos_cli.infra.transfer.members import Opened
from tests.learnt import FACTORS, RANK, config, weights

A, B = FACTORS
LINE = {"kind": "fact", "split": "train", "question": "Where?", "answer": "Pörto", "memories": ["a"], "facts": [["x", None]]}


def checked(name: str, content: bytes, rank: int = RANK) -> int:
    source = Opened(f"adapters/x/{name}", io.BytesIO(content), "")
    found = adapter_files.check(source, rank)
    assert source.read(1) == b""  # all of it was seen
    return found


def lines(*told: Any) -> bytes:
    return "".join(json.dumps(one, ensure_ascii=False, sort_keys=True) + "\n" for one in told).encode()


def test_what_a_training_writes_is_let_in() -> None:
    assert checked(adapter_files.CONFIG, config(), 0) == RANK
    assert checked(adapter_files.WEIGHTS, weights()) == RANK
    checked(adapter_files.DATA, lines(LINE, {"kind": "statement", "split": "gate"}))
    checked(adapter_files.DATA, b"")


def test_the_header_is_the_one_that_the_library_writes(tmp_path: Path) -> None:
    numpy = pytest.importorskip("numpy")
    library = pytest.importorskip("safetensors.numpy")
    names = [f"base.layers.{layer}.mlp.{part}.lora_{side}.weight" for layer in (10, 2, 0) for part in "ud" for side in "BA"]
    shapes = {name: (4, 8) if "A" in name else (16, 4) for name in names}
    tensors = {name: numpy.full(shape, 0.5, numpy.float32) for name, shape in shapes.items()}
    library.save_file(tensors, tmp_path / "a", metadata={"format": "pt"})
    written = (tmp_path / "a").read_bytes()
    assert written.startswith(adapter_files.header(shapes))
    checked(adapter_files.WEIGHTS, written)


def told(**other: Any) -> dict[str, Any]:
    """The header as an object, with other entries; those of the factors by `A` and `B`."""
    made = json.loads(weights()[8 : 8 + int.from_bytes(weights()[:8], "little")])
    for name, value in other.items():
        made[{"A": A, "B": B}.get(name, name)] = value
    return {name: value for name, value in made.items() if value is not None}


def packed(header: dict[str, Any] | bytes, body: bytes | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    size = 8 * RANK * FACTORS[A][1]
    return struct.pack("<Q", len(text)) + text + (bytes(size) if body is None else body)


def entry(begin: int, end: int, *shape: Any, dtype: str = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end]}


def number(value: float, place: int = 100) -> bytes:
    content = bytearray(weights())
    content[-4 * place : -4 * place + 4] = struct.pack("<f", value)
    return bytes(content)


def twice() -> bytes:
    text = json.dumps(told(), separators=(",", ":")).encode()
    return packed(text[:-1] + b"," + json.dumps({A: told()[A]}, separators=(",", ":")).encode()[1:])


HALF = 4 * RANK * 64
WEIGHTS: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "a length and no more": lambda: struct.pack("<Q", 64),
    "a header longer than the file": lambda: struct.pack("<Q", 1 << 40) + b"{}",
    "a header beyond its limit": lambda: packed(b" " * (adapter_files.MOST_HEADER + 8)),
    "a header that is no JSON": lambda: packed(b"{" * 64),
    "a header nested ten thousand deep": lambda: packed(b"[" * 10_000),
    "a header that is a list": lambda: packed(b"[]"),
    "a pickle": lambda: b"\x80\x04\x95" + bytes(200),
    "numbers of another size": lambda: packed(told(A=entry(0, HALF, RANK, 64, dtype="F16"))),
    "tensors that overlap": lambda: packed(told(B=entry(0, HALF, 64, RANK))),
    "a gap between tensors": lambda: packed(told(B=entry(HALF + 8, 2 * HALF + 8, 64, RANK)), bytes(2 * HALF + 8)),
    "an end before the beginning": lambda: packed(told(A=entry(HALF, 0, RANK, 64))),
    "a place below zero": lambda: packed(told(A=entry(-8, HALF, RANK, 64))),
    "a shape of a billion by a billion": lambda: packed(told(A=entry(0, HALF, 10**9, 10**9))),
    "a shape with zero": lambda: packed(told(A=entry(0, 0, RANK, 0), B=entry(0, HALF, 64, RANK))),
    "a shape of switches": lambda: packed(told(A=entry(0, HALF, *[True, 64]))),
    "a shape of fractions": lambda: packed(told(A=entry(0, HALF, 4.0, 64))),
    "three dimensions": lambda: packed(told(A=entry(0, HALF, RANK, 8, 8))),
    "another rank than the configuration says": lambda: packed(told(A=entry(0, HALF, 64, RANK))),
    "a factor without the other": lambda: packed(told(B=None), bytes(HALF)),
    "a tensor that is no factor": lambda: packed(told(B=None) | {"model.weight": entry(HALF, 2 * HALF, 64, RANK)}),
    "a name that is a path": lambda: packed(told(B=None) | {"../../x.lora_B.weight": entry(HALF, 2 * HALF, 64, RANK)}),
    "a tensor twice": twice,
    "more said of it": lambda: packed(told(__metadata__={"format": "pt", "note": "x"})),
    "nothing said of it": lambda: packed(told(__metadata__=None)),
    "blanks in the header": lambda: packed(json.dumps(told()).encode()),
    "tensors out of order": lambda: packed(dict(reversed(told().items()))),
    "a tensor cut short": lambda: weights()[:-4],
    "half a number": lambda: weights()[:-2],
    "more than it says": lambda: weights() + bytes(8),
    "an infinity": lambda: number(math.inf),
    "two that cancel out": lambda: number(math.inf)[:-8] + struct.pack("<2f", -math.inf, 1.0),
    "what is no number": lambda: number(math.nan),
    "no number at the very end": lambda: number(math.nan, 1),
}


@pytest.mark.parametrize("case", WEIGHTS)
def test_no_tensors_that_a_training_would_not_write_are_let_in(case: str) -> None:
    with pytest.raises(IntegrityError, match="not a sound cube file") as caught:
        checked(adapter_files.WEIGHTS, WEIGHTS[case]())
    assert "\n" not in caught.value.message


CONFIGS: dict[str, bytes] = {
    "nothing": b"",
    "a list": b"[]\n",
    "no end of line": config()[:-1],
    "blanks": config().replace(b": ", b":  "),
    "a key twice": config().replace(b"{\n", b'{\n "r": 9,\n', 1),
    "beyond its limit": config(note="x" * adapter_files.MOST_CONFIG),
    "another kind": config(peft_type="IA3"),
    "no rank": config(r=None),
    "rank 0": config(r=0),
    "a rank below": config(r=-4),
    "a rank beyond": config(r=adapter_files.MOST_RANK + 1),
    "a rank that is a switch": config(r=True),
    "no alpha": config(lora_alpha=None),
    "alpha 0": config(lora_alpha=0),
    "an alpha without end": config(lora_alpha=1).replace(b": 1,", b": 1e999,"),
    "an alpha that is none": config(lora_alpha=1).replace(b": 1,", b": NaN,"),
    "scaled by a word": config(use_rslora="yes"),
    "bytes that are no UTF-8": config(note="x").replace(b'"x"', b'"\xff"'),
}


@pytest.mark.parametrize("case", CONFIGS)
def test_no_configuration_that_a_training_would_not_write_is_let_in(case: str) -> None:
    with pytest.raises(IntegrityError):
        checked(adapter_files.CONFIG, CONFIGS[case], 0)


DATA: dict[str, bytes] = {
    "no end of line": lines(LINE)[:-1],
    "a list": b"[]\n",
    "an empty line": b"\n",
    "no JSON": b"{\n",
    "escapes that need not be": json.dumps(LINE, sort_keys=True).encode() + b"\n",
    "no blanks": lines(LINE).replace(b", ", b","),
    "keys out of order": json.dumps(dict(reversed(LINE.items()))).encode() + b"\n",
    "an unknown field": lines(LINE | {"run": "x"}),
    "an unknown part": lines(LINE | {"split": "other"}),
    "a part that is a list": lines(LINE | {"split": ["train"]}),
    "a question that is a number": lines(LINE | {"question": 5}),
    "a fact that is a text": lines(LINE | {"facts": ["x"]}),
    "a fact of three": lines(LINE | {"facts": [["a", "b", "c"]]}),
    "memories that are numbers": lines(LINE | {"memories": [1]}),
    "half a surrogate pair": lines(LINE).replace(b"Where", b"\\ud800"),
    "nested ten thousand deep": b"[" * 10_000 + b"\n",
}


@pytest.mark.parametrize("case", DATA)
def test_no_data_set_that_a_training_would_not_write_is_let_in(case: str) -> None:
    with pytest.raises(IntegrityError):
        checked(adapter_files.DATA, DATA[case])
