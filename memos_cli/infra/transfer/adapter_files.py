"""The three files of an adapter in a cube file: PEFT's configuration, the tensors, and the data set to train it again.

Written by hand, as in `vector_file`: numpy and the library of safetensors belong to an extra, and a reader of hostile files
must check a size before it allocates. Each file has the one form in which memos and the library of safetensors write it, so
that what is accepted here can be written again as the same bytes; none of them can be executed.
"""

import json
import math
import re
import struct
import sys
from array import array
from collections.abc import Iterable, Mapping
from typing import Any

from memos_cli.infra.cubefile import LEARNT, Source, unsound
from memos_cli.infra.limits import is_count

CONFIG, WEIGHTS, DATA = LEARNT
MOST_CONFIG = 1 << 16
"""Most bytes of the configuration; PEFT's has some 1,500."""
MOST_HEADER = 1 << 20
MOST_TENSORS = 4096
"""Two factors for each of seven matrices in 292 layers."""
MOST_RANK = 1024
MOST_WIDTH = 1 << 24
"""The most numbers on the longer side of a factor."""
MOST_WEIGHTS = 1 << 32
"""Most bytes of all tensors: 4 GiB, a billion numbers."""
MOST_DATA = 1 << 28
"""Most bytes of the data set; one of 2,000 facts has some 20 MiB."""
_NUMBER = 4
"""The bytes of an F32."""
_CHUNK = 1 << 18
_FACTOR = re.compile(r"([A-Za-z0-9_]{1,100}(?:\.[A-Za-z0-9_]{1,100}){1,20})\.lora_([AB])\.weight")
_TEXTS, _LISTS, _DATED = ("answer", "form", "kind", "question", "split"), ("memories", "rules"), ("facts", "shown")
_SPLITS = frozenset({"train", "watch", "gate"})


def check(source: Source, rank: int) -> int:
    """Read one of the files to its end.

    Args:
        source: the file; the end of its name says which of the three it is.
        rank: the rank in the configuration; 0 before the configuration was read.

    Returns:
        The rank of the adapter.

    Raises:
        IntegrityError: it is not in its one form, or beyond a limit.
    """
    if source.name.endswith(CONFIG):
        return _check_config(source)
    if source.name.endswith(WEIGHTS):
        _check_weights(source, rank)
    else:
        _check_data(source)
    return rank


def _no_constant(name: str) -> None:
    raise ValueError(name)


_decode = json.JSONDecoder(parse_constant=_no_constant).decode


def _object(text: bytes, **form: Any) -> dict[str, Any] | None:  # noqa: ANN401 -- what `json.dumps` takes
    """The JSON object in a text of this form; otherwise `None`."""
    try:
        value = _decode(text.decode())
        same = isinstance(value, dict) and json.dumps(value, sort_keys=True, allow_nan=False, **form).encode() + b"\n" == text
    except (ValueError, RecursionError):
        return None
    return value if same else None


def _check_config(source: Source) -> int:
    told = _object(source.read(source.size), indent=1) if source.size <= MOST_CONFIG else None
    if told is None:
        raise unsound(f"{source.name} is not in its one form")
    rank, alpha, scaled = told.get("r"), told.get("lora_alpha"), told.get("use_rslora")
    sound = (
        told.get("peft_type") == "LORA"
        and is_count(rank, MOST_RANK + 1)
        and rank
        and type(alpha) in (int, float)
        and 0 < float(alpha or 0) < 1e6
        and (scaled is None or isinstance(scaled, bool))
    )
    if not sound or not isinstance(rank, int):
        raise unsound(f"{source.name} describes no LoRA adapter")
    return rank


def header(shapes: Mapping[str, Iterable[int]]) -> bytes:
    """The header of a file with these F32 tensors, by name, as the library of safetensors writes it."""
    told: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name in sorted(shapes):
        shape = list(shapes[name])
        begin, end = end, end + _NUMBER * math.prod(shape)
        told[name] = {"dtype": "F32", "shape": shape, "data_offsets": [begin, end]}
    text = json.dumps(told, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text


def _check_weights(source: Source, rank: int) -> None:
    size = int.from_bytes(source.read(8), "little")
    text = source.read(size) if 0 < size <= MOST_HEADER and size + 8 <= source.size else b""
    shapes = _shapes(text)
    if shapes is None or header(shapes)[8:] != text:
        raise unsound(f"{source.name} does not begin as it should")
    if not all(_is_factor(name, shape, rank) for name, shape in shapes.items()) or not _are_pairs(shapes):
        raise unsound(f"{source.name} holds what are no pairs of factors of rank {rank}")
    numbers = sum(math.prod(shape) for shape in shapes.values())
    if len(text) + 8 + _NUMBER * numbers != source.size or source.size > MOST_WEIGHTS:
        raise unsound(f"{source.name} is not as long as it says")
    while chunk := source.read(_CHUNK):
        if not _are_finite(chunk):
            raise unsound(f"{source.name} holds what is no number")


def _shapes(text: bytes) -> dict[str, tuple[int, ...]] | None:
    """The shapes in a header; whether its form is canonical shows when it is written again."""
    try:
        told = _decode(text.decode())
        found = {name: tuple(one["shape"]) for name, one in told.items() if name != "__metadata__"}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    sound = 0 < len(found) <= MOST_TENSORS and all(
        len(shape) == 2 and all(is_count(side, MOST_WIDTH + 1) and side for side in shape) for shape in found.values()
    )
    return found if sound else None


def _is_factor(name: str, shape: tuple[int, ...], rank: int) -> bool:
    """Whether this is A (rank, columns) or B (rows, rank)."""
    found = _FACTOR.fullmatch(name)
    return found is not None and shape["AB".index(found[2])] == rank


def _are_pairs(names: Iterable[str]) -> bool:
    found = [name.rsplit(".", 2)[:2] for name in names]
    sides = {(stem, side) for stem, side in found}
    return all((stem, {"lora_A": "lora_B", "lora_B": "lora_A"}[side]) in sides for stem, side in sides)


def _are_finite(chunk: bytes) -> bool:
    """Whether a run of F32 has neither infinities nor NaN: a sum in double precision has them if one of its terms does."""
    numbers = array("f", chunk)
    if sys.byteorder == "big":
        numbers.byteswap()
    return math.isfinite(sum(numbers))


def _check_data(source: Source) -> None:
    if source.size > MOST_DATA:
        raise unsound(f"{source.name} is larger than {MOST_DATA:,} bytes")
    for number, line in enumerate(source.lines(), 1):
        told = _object(line, ensure_ascii=False)
        if told is None or not _is_example(told):
            raise unsound(f"line {number} of {source.name} is not canonical, or no example")


def _is_example(told: Mapping[str, Any]) -> bool:
    lists = [told.get(name, []) for name in (*_LISTS, *_DATED)]
    return (
        told.keys() <= {*_TEXTS, *_LISTS, *_DATED}
        and all(isinstance(told.get(name, ""), str) for name in _TEXTS)
        and bool(told.get("kind"))
        and told.get("split") in _SPLITS
        and all(isinstance(one, list) for one in lists)
        and all(isinstance(text, str) for one in lists[:2] for text in one)
        and all(_is_dated(one) for pairs in lists[2:] for one in pairs)
    )


def _is_dated(pair: Any) -> bool:  # noqa: ANN401 -- whatever the file says
    """Whether this is a text and its day, or `None` where it has none."""
    return (
        isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str) and (pair[1] is None or isinstance(pair[1], str))
    )
