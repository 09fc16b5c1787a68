"""Purge: erases what a memory said from every place that held it, for good; a receipt names those places.

There are two steps. `purge` runs in a write transaction: it leaves a tombstone in the log, erases the payload of every
operation on the memory, and sets a mark in the cube. `wipe` follows the commit: it ensures that no page of the file holds a
byte of the erased text, and removes the mark. A process killed in between leaves the mark, and the next purge, tick or doctor
goes on.
"""

import json
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from memos_cli.errors import CubeLocked, StorageFull
from memos_cli.infra import places
from memos_cli.infra.marks import clear_unwiped, compact, mark_unwiped, unwiped
from memos_cli.infra.vault import connection, echoes, fold, log
from memos_cli.infra.vault.blobs import Blobs
from memos_cli.infra.vault.echoes import Ended
from memos_cli.infra.vault.units import Unit
from memos_cli.infra.vault.vault import Vault
from memos_cli.infra.words.words import folded
from memos_cli.model import Link, LinkType, Memory, State
from memos_cli.times import from_millis

DERIVING = (LinkType.DERIVED_FROM, LinkType.MERGED_INTO)
"""Types of links along which a text passes from one memory to another."""
SHORTEST = 4
"""Characters that a text needs to be looked for elsewhere: "ok" is everywhere and identifies nothing."""
_SHORTEST_STRAY = 12
"""Characters that a text needs to be blanked also outside of its own span in a source file."""
_PROBES = 8
_WORD = re.compile(r"\w{5,}")


class Purged(NamedTuple):
    """What a purge removed. It holds the texts, to find what else says them, and is never stored.

    Attributes:
        removed: how many things were removed, place by place.
        links: links between purged memories and others along which a text may have passed.
        turns: the turns of chat that were purged with the memories, since they repeat them.
        turns_said: the texts of these turns.
        spared: turns that repeat the memories and were left.
    """

    ids: tuple[str, ...]
    texts: tuple[str, ...]
    removed: dict[str, int]
    links: tuple[Link, ...] = ()
    turns: tuple[str, ...] = ()
    turns_said: tuple[str, ...] = ()
    spared: tuple[str, ...] = ()

    @property
    def all_ids(self) -> tuple[str, ...]:
        """The purged memories and turns."""
        return (*self.ids, *self.turns)

    @property
    def all_texts(self) -> tuple[str, ...]:
        """The texts of both."""
        return (*self.texts, *self.turns_said)


class TextHolder(Protocol):
    """Something outside of the cube's file that may hold what a memory said: caches, slots, adapters, data sets."""

    @property
    def name(self) -> str:
        """Its name in the receipt."""
        ...

    def wipe(self, purged: Purged, *, dry_run: bool) -> int:
        """Remove what holds these texts or was made from these memories; how many things that were.

        It is called before the purge is committed, since the texts are known for certain only then; if the purge fails after
        all, the removal must do no harm.
        """
        ...

    def sweep(self) -> None:
        """Remove what was made between `wipe` and the commit; called after the commit, perhaps by another process."""
        ...


def purge(
    vault: Vault,
    unit: Unit,
    ids: Iterable[str],
    places: Sequence[TextHolder] = (),
    *,
    dry_run: bool = False,
    may: Callable[[Memory], bool] = lambda _: True,
) -> Purged:
    """Purge any number of memories inside the caller's write transaction; `wipe` has to follow its commit.

    Turns of chat that repeat them are purged as well. A tick first calls `wipe`, which finishes earlier purges; then this once
    in each transaction; then one `wipe` with the texts of all of them. Ids of memories purged before are skipped.

    Args:
        vault: the cube that `unit` writes to.
        unit: the transaction.
        ids: full ids.
        places: see `TextHolder`.
        dry_run: count only; the caller rolls the transaction back.
        may: whether a turn of chat may be purged.

    Raises:
        IntegrityError: a source file of a memory is damaged, so it cannot be blanked.
    """
    wanted = [one for one in dict.fromkeys(ids) if vault.get(one).state is not State.PURGED]
    histories = {identity: log.of_subject(vault.conn, "memory", identity) for identity in wanted}
    turns, spared = _turns(vault, unit, histories, may)
    between: list[Link] = []
    for identity in wanted:
        outgoing, incoming = vault.links(identity)
        between += [link for link in (*outgoing, *incoming) if link.type in DERIVING]
    histories |= {identity: log.of_subject(vault.conn, "memory", identity) for identity in turns}
    removed = dict.fromkeys(("operations", "rows", "index entries", "vectors", "links", "uses", "files"), 0)
    spans: dict[str, list[tuple[int, int]]] = {}
    for identity, history in histories.items():
        for digest, span in _places(history):
            spans.setdefault(digest, []).append(span)
        for name, count in _counts(vault.conn, identity, history, vault.links(identity)[0]).items():
            removed[name] += count
        unit.change("memory", identity, {fold.PURGED: True})
        unit.ended.pop(identity, None)  # its turns are dealt with here
    texts, said_in_turns = (
        tuple(dict.fromkeys(text for identity in some for text in said(histories[identity]))) for some in (wanted, turns)
    )
    removed["files"], doomed = _blank(vault, unit, spans, texts, dry_run=dry_run)
    removed["turns of chat"] = len(turns)
    mark_unwiped(vault.conn, doomed)
    links = tuple(link for link in dict.fromkeys(between) if not {link.source, link.target} <= set(wanted))
    purged = Purged(tuple(wanted), texts, removed, links, tuple(turns), said_in_turns, tuple(spared))
    outside = {place.name: place.wipe(purged, dry_run=dry_run) for place in places}
    return purged._replace(removed={name: count for name, count in (removed | outside).items() if count})


def _turns(
    vault: Vault, unit: Unit, histories: Mapping[str, Sequence[Any]], may: Callable[[Memory], bool]
) -> tuple[list[str], list[str]]:
    """The turns of chat that repeat memories: those that may be purged with them, and the others."""
    ended = {}
    for identity, history in histories.items():
        source = vault.get(identity).source
        ended[identity] = Ended("purged", tuple(said(history)), (source.conversation, source.session, source.turn))
    found = [turn for turn, _ in echoes.find(vault.conn, ended, from_millis(unit.log.millis), every=True)]
    found = [turn for turn in found if unit.sees(turn)]  # another one is neither purged nor named
    allowed = [turn for turn in found if may(unit.memory(turn))]
    return allowed, [turn for turn in found if turn not in allowed]


def follow(vault: Vault, unit: Unit, histories: Iterable[Sequence[Any]]) -> tuple[str, ...]:
    """Erase what a tombstone from elsewhere erased, inside the transaction that brought it; `wipe` has to follow.

    Args:
        histories: for each memory its operations, as either cube had them before they were erased.

    Returns:
        The erased texts.
    """
    known = [operation for history in histories for operation in history]
    texts = tuple(dict.fromkeys(said(known)))
    spans: dict[str, list[tuple[int, int]]] = {}
    for digest, span in _places(known):
        spans.setdefault(digest, []).append(span)
    _, doomed = _blank(vault, unit, spans, texts, dry_run=False)
    mark_unwiped(vault.conn, doomed)
    return texts


def said(history: Iterable[Any]) -> Iterator[str]:
    """Every text that the operations gave their memory."""
    for operation in history:
        for name in ("content", "title"):
            text = (operation.change or {}).get(name)
            if isinstance(text, str) and text.strip():
                yield text.strip()


def _places(history: Iterable[Any]) -> Iterator[tuple[str, tuple[int, int]]]:
    """The source files of the memory, each with its span."""
    for operation in history:
        for name in ("source", fold.SEEN):
            source = (operation.change or {}).get(name) or {}
            if source.get("digest"):
                yield source["digest"], (source.get("start") or 0, source.get("end") or 0)


def _counts(conn: sqlite3.Connection, identity: str, history: Sequence[Any], links: Sequence[Link]) -> dict[str, int]:
    (n,) = conn.execute("SELECT n FROM main.memories WHERE id = ?", (identity,)).fetchone()

    def one(sql: str, value: object) -> int:
        return int(conn.execute(sql, (value,)).fetchone()[0])

    vectors = "SELECT (SELECT count(*) FROM main.vectors WHERE n = ?1) + (SELECT count(*) FROM main.cold_vectors WHERE n = ?1)"
    return {
        "operations": sum(operation.change is not None for operation in history), "rows": 1, "index entries": 1,
        "vectors": one(vectors, n), "links": len(links), "uses": one("SELECT count(*) FROM main.uses WHERE id = ?", identity),
    }  # fmt: skip


# -- source files of memories


def _blank(
    vault: Vault, unit: Unit, spans: dict[str, list[tuple[int, int]]], texts: Sequence[str], *, dry_run: bool
) -> tuple[int, list[str]]:
    """Overwrite spans with spaces in files that other memories need too; how many files, and those that nothing needs now.

    The blanked file is there before the transaction that names it is committed, and the old one is removed after that: a kill
    at any instant leaves every memory its file.
    """
    blobs = Blobs(vault.folder / connection.BLOBS)
    doomed: list[str] = []
    for digest, found in spans.items():
        if digest not in blobs:
            continue
        others = [unit.memory(identity) for identity in blob_users(vault.conn, digest)]
        doomed.append(digest)
        if not others or dry_run:
            continue
        content = _blanked(blobs.get(digest), found, texts, others)
        blank = blobs.put(content)
        if blank == digest:
            doomed.pop()
            continue
        with unit.unasked():
            for other in others:
                told = fold.fold(log.of_subject(vault.conn, "memory", other.id))["source"]
                unit.change("memory", other.id, {"source": {**told, "digest": blank}})
    return len(doomed), doomed


def blob_users(conn: sqlite3.Connection, digest: str) -> list[str]:
    """The ids of the memories that were read from a file."""
    sql = "SELECT id FROM main.memories WHERE json_extract(source, '$.digest') = ? AND state <> 'purged' ORDER BY n"
    return [identity for (identity,) in conn.execute(sql, (digest,))]


def _blanked(content: bytes, spans: Iterable[tuple[int, int]], texts: Iterable[str], others: Iterable[Memory]) -> bytes:
    """A file with spaces over the spans, and over the texts wherever they are outside of other memories' spans."""
    taken = [(memory.source.start or 0, memory.source.end or 0) for memory in others]
    stray = [
        (match.start(), match.end())
        for text in texts
        if len(text) >= _SHORTEST_STRAY
        for match in re.finditer(re.escape(text.encode()), content)
        if not any(start <= match.start() and match.end() <= end for start, end in taken)
    ]
    blanked = bytearray(content)
    for start, end in (*spans, *stray):
        blanked[start:end] = b" " * len(blanked[start:end])
    return bytes(blanked)


def kin(vault: Vault, ids: Iterable[str]) -> list[str]:
    """The memories that came from these, and those that these came from (`DERIVING`), directly or through others."""
    wanted = list(dict.fromkeys(ids))
    found = dict.fromkeys(wanted)
    for forwards in (True, False):
        line = list(wanted)
        while line:
            for near in _next_kin(vault, line.pop(), forwards=forwards):
                if near not in found:
                    found[near] = None
                    line.append(near)
    return [identity for identity in found if vault.get(identity).state is not State.PURGED]


def _next_kin(vault: Vault, identity: str, *, forwards: bool) -> Iterator[str]:
    outgoing, incoming = vault.links(identity)
    made, making = (incoming, outgoing) if forwards else (outgoing, incoming)
    there = {link.source if forwards else link.target for link in made if link.type is LinkType.DERIVED_FROM}
    there |= {link.target if forwards else link.source for link in making if link.type is LinkType.MERGED_INTO}
    known = "SELECT 1 FROM memories WHERE id = ?"
    return (near for near in sorted(there) if vault.conn.execute(known, (near,)).fetchone())


# -- after the commit


def wipe(vault: Vault, places: Sequence[TextHolder] = (), texts: Sequence[str] | None = None) -> list[str]:
    """Ensure that the cube's file holds no purged text, if the mark says that it may; what is unfinished.

    SQLite overwrites deleted content with zeros (`secure_delete`), with three exceptions. The full-text indexes only mark
    deleted words until segments are merged, so all are merged. The write-ahead log keeps old pages, so it is emptied.
    Rearranging a page may leave copies, so the file is searched for the rarest words, and rewritten if one is found. Where the
    texts are no longer known, the file is rewritten in any case.

    Args:
        vault: the cube.
        places: see `TextHolder`.
        texts: what was purged since the last complete wipe; `None` where that is no longer known.

    Returns:
        A line for each thing that could not be done now, for which the mark stays. Empty when all is wiped.
    """
    mark = unwiped(vault.conn)
    try:
        if mark is None:  # another process wiped already, without knowing these texts
            if texts:
                _remove_strays(vault, texts)
            return []
        for place in places:
            place.sweep()
        return _wipe(vault, mark, texts)
    except (CubeLocked, StorageFull) as error:
        return [error.message]


def _wipe(vault: Vault, mark: dict[str, Any], texts: Sequence[str] | None) -> list[str]:
    with vault.derive() as conn:
        compact(conn)
        _remove_blobs(vault, mark["blobs"])
        _remove_strays(vault, texts or ())
    if texts is None:
        _write_anew(vault)
    if not _empty_wal(vault):
        return [f"another process is reading cube {vault.name}, so its write-ahead log still holds what was purged"]
    if texts and _is_left(vault, texts):
        _write_anew(vault)
        if not _empty_wal(vault):
            return [f"another process is reading cube {vault.name}, so its file could not be written anew"]
    with vault.derive() as conn:
        clear_unwiped(conn, mark)
    return []


def _remove_blobs(vault: Vault, digests: Iterable[str]) -> None:
    """Inside the write lock, so that no other process commits a memory that needs one of the files."""
    blobs = Blobs(vault.folder / connection.BLOBS)
    for digest in digests:
        if not blob_users(vault.conn, digest):
            blobs.remove(digest)


def _remove_strays(vault: Vault, texts: Sequence[str]) -> None:
    """Remove files that no operation names and that hold a text: an `add` that failed or was killed left them."""
    blobs = Blobs(vault.folder / connection.BLOBS)
    for name in _unnamed(vault, blobs.older_than()):
        content = blobs.raw(name)
        if any(len(text) >= SHORTEST and text.encode("utf-8", "surrogatepass") in content for text in texts):
            blobs.remove(name)


def _unnamed(vault: Vault, names: set[str]) -> set[str]:
    """Those of these files that no operation of the log names."""
    if names:
        for (change,) in vault.conn.execute("SELECT change FROM main.ops WHERE instr(change, '\"digest\"')"):
            names = names - {(json.loads(change).get("source") or {}).get("digest")}
    return names


def _write_anew(vault: Vault) -> None:
    with connection.translated(vault.path):
        vault.conn.execute("VACUUM")


def _empty_wal(vault: Vault) -> bool:
    with connection.translated(vault.path):
        return connection.checkpoint(vault)


def _is_left(vault: Vault, texts: Sequence[str]) -> bool:
    """Whether a rare word of the texts, one that no memory has, is still in the file, as it was written or indexed."""
    words = sorted({word for text in texts for word in _WORD.findall(text)}, key=lambda word: (-len(word), word))
    rare = [word for word in words if not _is_indexed(vault.conn, word)][:_PROBES]
    forms = [form.encode("utf-8", "surrogatepass") for word in rare for form in _forms(word)]
    before = b""
    for part in places.parts(vault.path):
        if any(form in before + part for form in forms):
            return True
        before = part[-max(map(len, forms), default=0) :]
    return False


def _forms(word: str) -> set[str]:
    indexed = folded(word).lower()
    return {word, word.lower(), *([] if " " in indexed else [indexed])}


def _is_indexed(conn: sqlite3.Connection, word: str) -> bool:
    return any(
        conn.execute(f"SELECT 1 FROM main.{index} WHERE {index} MATCH ? LIMIT 1", (f'"{folded(word)}"',)).fetchone()
        for index in ("fts", "cold_fts")
    )


def sweep_blobs(vault: Vault, before: float) -> int:
    """Remove files that no operation of the log names, last touched before a time (seconds since 1970); how many.

    A kill between writing a file and committing the operation that names it leaves such files; `before` spares new ones.
    """
    blobs = Blobs(vault.folder / connection.BLOBS)
    old = _unnamed(vault, blobs.older_than(before))
    for name in old:
        blobs.remove(name)
    return len(old)
