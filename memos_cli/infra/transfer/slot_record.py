"""The record of a slot in a cube file: what its state was computed from. The state itself is opaque.

The record has no time, use or principal: those belong to the machine. A reader of a slot has to trust its maker, since
llama.cpp trusts a state, and to have the same model, since the state fits only that one.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from memos_cli.infra.cubefile import Source, decoded, encoded, unsound
from memos_cli.infra.limits import is_count, is_id, is_name

LAYERS = ("core", "topics")
"""Slots of a conversation are left out: they contain turns that the cube may not have."""
MOST_TOKENS = 1_000_000
MOST_MEMORIES = 10_000
MOST_IDENTITY = 100
"""Most entries of an identity; memos writes some twenty."""
MOST_RECORD = 8 << 20
_KEYS = frozenset({"covers", "identity", "ids", "memories", "name"})
_BIG = 1 << 31


class Travelling(NamedTuple):
    """A slot for a cube file, or from one.

    Attributes:
        covers: `core` or `topics`.
        name: of the set of memories; empty for the core.
        identity: of the model and of all that computed the state.
        ids: the tokens that the state follows.
        memories: the memories whose words are in it, by id, with their versions, in the order of the prompt.
        digest: SHA-256 of the state.
        path: where the state lies.
    """

    covers: str
    name: str
    identity: Mapping[str, str]
    ids: tuple[int, ...]
    memories: Mapping[str, int]
    digest: str
    path: Path

    def record(self) -> bytes:
        """The bytes of the record's member."""
        told = {
            "covers": self.covers, "identity": dict(self.identity), "ids": list(self.ids),
            "memories": [[identity, version] for identity, version in self.memories.items()], "name": self.name,
        }  # fmt: skip
        return encoded(told)


def read(source: Source, path: Path) -> Travelling:
    """A slot from its record.

    Args:
        source: the member, named by the digest of the state.
        path: where its state will lie.

    Raises:
        IntegrityError: the record is malformed.
    """
    line = source.read(source.size) if source.size <= MOST_RECORD else b""
    told = decoded(line, source.name)
    if set(told) != _KEYS or not _is_sound(told):
        raise unsound(f"{source.name} describes no slot")
    digest = source.name.rpartition("/")[2].partition(".")[0]
    memories = dict(told["memories"])
    return Travelling(told["covers"], told["name"], told["identity"], tuple(told["ids"]), memories, digest, path)


def _is_sound(told: Mapping[str, Any]) -> bool:
    identity, ids, memories = told["identity"], told["ids"], told["memories"]
    return (
        told["covers"] in LAYERS
        and (is_name(told["name"]) if told["covers"] == "topics" else told["name"] == "")
        and isinstance(identity, dict)
        and len(identity) <= MOST_IDENTITY
        and all(is_name(name) and (value == "" or is_name(value)) for name, value in identity.items())
        and isinstance(ids, list)
        and 0 < len(ids) <= MOST_TOKENS
        and all(is_count(one, _BIG) for one in ids)
        and isinstance(memories, list)
        and 0 < len(memories) <= MOST_MEMORIES
        and all(isinstance(one, list) and len(one) == 2 and is_id(one[0]) and is_count(one[1]) and one[1] for one in memories)
        and len({one[0] for one in memories}) == len(memories)
    )
