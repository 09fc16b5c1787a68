"""How fast a model evaluates tokens and restores states on this machine: a few measured numbers in the cache.

The file has no history and no text: only sums in which an older answer counts less than a newer one. Writing is best effort,
and an unreadable file counts as missing. If two processes write at the same time, one measurement is lost, which does no harm.
"""

import json
import math
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from memos_cli import modes

FILE = "speeds.json"
_STAYS = 0.9
"""The weight of the earlier answers when one more is added: after some seven more an answer counts half."""
_LEAST = 32
"""Below so many tokens the time to the first word says little about the evaluation of a prompt."""
_MOST = 16
"""The most models that are remembered."""


class Speed(NamedTuple):
    """Sums over the last answers: tokens evaluated, seconds for that, bytes of slots restored, seconds for that."""

    tokens: float = 0.0
    evaluating: float = 0.0
    bytes: float = 0.0
    restoring: float = 0.0

    @property
    def prefill(self) -> float | None:
        """Seconds to evaluate a token; `None` where nothing was measured."""
        return self.evaluating / self.tokens if self.tokens and self.evaluating else None

    @property
    def restore(self) -> float | None:
        """Seconds to read, check and restore a byte of a slot; `None` where nothing was measured."""
        return self.restoring / self.bytes if self.bytes and self.restoring else None

    def plus(self, other: "Speed") -> "Speed":
        """The sums with another answer; what that answer did not measure stays unchanged."""
        told = other if other.tokens >= _LEAST else other._replace(tokens=0.0, evaluating=0.0)
        old = tuple(_STAYS if new else 1.0 for new in (told.tokens, told.tokens, told.bytes, told.bytes))
        return Speed(*(stays * before + new for stays, before, new in zip(old, self, told, strict=True)))


def name_of(identity: Mapping[str, str]) -> str:
    """The name under which a model's speeds are kept, from its identity (`Stateful.identity`) or a part of it."""
    return f"{identity.get('model', '')[:16]} {identity.get('kv', '')}"


class Speeds:
    """The speeds of the models of a home.

    Args:
        folder: the cache folder.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    def of(self, name: str) -> Speed:
        """The speeds of a model; all zero where nothing is known."""
        return self._read().get(name, Speed())

    def add(self, name: str, answer: Speed) -> None:
        """Add an answer to the sums."""
        known = self._read()
        after = known.pop(name, Speed()).plus(answer)
        if not any(after):
            return
        kept = {**known, name: after}
        half = self._path.with_name(f".{FILE}.{os.urandom(6).hex()}")
        with suppress(OSError):
            try:
                modes.make_folder(half.parent)
                modes.make_file(half)
                half.write_text(json.dumps(dict(list(kept.items())[-_MOST:])), encoding="utf-8")
                half.replace(self._path)
            finally:
                half.unlink(missing_ok=True)

    def _read(self) -> dict[str, Speed]:
        try:
            found = json.loads(self._path.read_bytes())
        except (OSError, ValueError, RecursionError):
            return {}
        items = found.items() if isinstance(found, dict) else ()
        return {name: Speed(*map(float, sums)) for name, sums in items if _is_sound(sums)}


def _is_sound(sums: object) -> bool:
    """Whether this is what `add` writes: four numbers that are not negative."""
    return (
        isinstance(sums, list)
        and len(sums) == len(Speed._fields)
        and all(isinstance(one, int | float) and math.isfinite(one) and one >= 0 for one in sums)
    )
