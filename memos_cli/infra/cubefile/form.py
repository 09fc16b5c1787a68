"""What both ends of a cube file share: its members' names, its limits, headers, and canonical JSON."""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from memos_cli.errors import IntegrityError
from memos_cli.signer import Signature

FORMAT = 1
SUFFIX = ".memcube"
MANIFEST, OPS, MEMORIES, LINKS, RULES, SEAL = (
    "manifest.json", "ops.jsonl", "memories.jsonl", "links.jsonl", "rules.jsonl", "seal.json",
)  # fmt: skip
BLOBS, VECTORS, ADAPTERS, SLOTS = "blobs/", "vectors/", "adapters/", "slots/"
LEARNT = ("adapter_config.json", "adapter_model.safetensors", "examples.jsonl")
"""The members of an adapter, below `adapters/ID/`, in their order."""
RECORD, STATE = ".json", ".state"
"""The two members of a slot, behind `slots/SHA256`."""
BLOCK = 512
MOST_MANIFEST = 16 << 20
"""Most bytes of the manifest: some 130 for each member."""
MOST_SEAL = 1 << 16
MOST_MEMBERS = 100_000
MOST_BYTES = 8**11 - 1
"""Most bytes of a member: what the eleven octal digits of a ustar header can express (8 GiB)."""
END = bytes(2 * BLOCK)
"""The end of every archive."""
CHUNK = 1 << 18
"""How many bytes are read at once."""
_HINT = "nothing was changed; ask for the file again"
_plain = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True).encode

Sign = Callable[[bytes], list[Signature]]
"""Makes signatures over a digest of 32 bytes."""
Tell = Callable[[int], None]
"""Called with how many bytes were written or read."""


class Member(NamedTuple):
    """A member as the manifest names it."""

    name: str
    size: int
    sha256: str


def unsound(why: str) -> IntegrityError:
    """The error for a file that is no cube file, is damaged, or is not the one encoding of its content."""
    return IntegrityError(f"not a sound cube file: {why}", hint=_HINT)


def encoded(value: Any) -> bytes:  # noqa: ANN401 -- any JSON
    """The canonical JSON of a value, as a line: sorted keys, no blanks, UTF-8, a newline."""
    return _plain(value).encode() + b"\n"


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


_decode = json.JSONDecoder(parse_constant=_no_constant).decode


def decoded(line: bytes, where: str) -> dict[str, Any]:
    """The object on a line.

    Raises:
        IntegrityError: not canonical JSON, or no object.
    """
    try:
        value = _decode(line.decode())
        same = isinstance(value, dict) and encoded(value) == line
    except (ValueError, RecursionError):
        same = False
    if not same:
        raise unsound(f"{where} is not canonical JSON")
    return value  # type: ignore[no-any-return]


def header(name: str, size: int) -> bytes:
    """The ustar header of a member: 512 bytes, all of them determined by name and size."""
    fields = b"".join(
        (
            name.encode().ljust(100, b"\0"), b"0000644\0", b"0000000\0", b"0000000\0", b"%011o\0" % size, b"00000000000\0",
            b" " * 8, b"0", bytes(100), b"ustar\x0000", bytes(64), b"0000000\0", b"0000000\0",
        )
    ).ljust(BLOCK, b"\0")  # fmt: skip
    return fields[:148] + b"%06o\0 " % sum(fields) + fields[156:]


def padding(size: int) -> bytes:
    """The zeros that fill the last block of a member."""
    return bytes(-size % BLOCK)
