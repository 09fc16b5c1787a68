"""Operations made by hand, and what a cube's tables hold, in an order that does not depend on how they came to hold it."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from zlib import crc32

import pytest

from memos_cli import MOS, hybrid_clock
from memos_cli.infra import limits
from memos_cli.infra.vault import links, rows
from memos_cli.infra.vault.log import order
from memos_cli.model import Operation, State
from memos_cli.operation.results import Receipt

DUMPS = {
    "memories": f"SELECT {', '.join(rows.COLUMNS)} FROM memories ORDER BY id",  # noqa: S608 -- the program's own columns
    "cold": "SELECT m.id, c.characters, c.body FROM cold c JOIN memories m ON m.n = c.n ORDER BY 1",
    "tags": "SELECT m.id, t.tag FROM tags t JOIN memories m ON m.n = t.n ORDER BY 1, 2",
    "labels": "SELECT m.id, l.label FROM labels l JOIN memories m ON m.n = l.n ORDER BY 1, 2",
    "links": "SELECT * FROM links ORDER BY 1, 2, 3",
    "records": "SELECT * FROM records ORDER BY 1, 2",
}


def dump(conn: sqlite3.Connection) -> dict[str, list[Any]]:
    """All folded state."""
    return {table: conn.execute(sql).fetchall() for table, sql in DUMPS.items()}


@contextmanager
def ungated() -> Iterator[None]:
    """Write as versions did that checked nothing: what no cube file can carry gets into the log."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(limits, "fault", lambda *_: "")
        patched.setattr(limits, "fault_of_state", lambda _: "")
        patched.setattr(links, "leads", lambda *_: False)
        patched.setattr(hybrid_clock, "check_wall", lambda *_: None)
        yield


def operation(
    seq: int,
    change: dict[str, Any] | None,
    *,
    clock: int | None = None,
    replica: str = "a",
    parents: tuple[str, ...] = (),
    subject: str = "m",
) -> Operation:
    return Operation(
        id=f"{replica}{seq}", replica=replica, seq=seq, clock=seq << 16 if clock is None else clock, previous="",
        parents=parents, principal="sam", command="edit", txn=f"t{replica}{seq}", reverts=None, noun="memory", subject=subject,
        digest="", salt=b"", change=change,
    )  # fmt: skip


def in_order(operations: list[Operation]) -> list[Operation]:
    return sorted(operations, key=order)


class Embedder:
    """Vectors of texts without a model: words are hashed to places, so that texts that share words are near."""

    fingerprint = "words"
    dimensions = 32
    background = (0.1, 0.1)

    def embed_queries(self, texts: Sequence[str]) -> Any:
        return self.embed(texts)

    def reads(self, text: str) -> float:  # noqa: ARG002
        return 1.0

    def embed(self, texts: Sequence[str]) -> Any:
        import numpy as np

        vectors = np.full((len(texts), self.dimensions), 0.01, np.float32)
        for vector, text in zip(vectors, texts, strict=True):
            for word in text.lower().split():
                vector[crc32(word.encode("utf-8", "surrogatepass")) % self.dimensions] += 1
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def close(self) -> None:
        pass


def move(mos: MOS, identity: str, state: State) -> None:
    """Bring a memory to a state, as a tick does."""
    with mos.author("tick").write(mos.vault("default")) as unit:
        unit.change("memory", identity, {"state": state.value, "since": mos.now})


def purge(mos: MOS, *ids: str) -> Receipt:
    return mos.purge(ids, thaw=True)
