"""Purge: what a memory said is gone for good, from every place that held it, and a receipt says which those were.

Two steps. `purge` belongs to a write transaction: it leaves a tombstone in the log, erases the payload of every operation on
the memory, and sets a mark in the cube. `wipe` follows the commit: it makes sure that no page of the file holds a byte of what
was erased, and takes the mark away. Whoever is killed in between leaves the mark, and the next purge, tick or doctor goes on.
"""

import json
import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

from memos_cli.errors import CubeLocked, StorageFull
from memos_cli.infra.vault import connection, fold
from memos_cli.infra.vault.blobs import Blobs
from memos_cli.infra.vault.units import Unit, clear_unwiped, compact, mark_unwiped, unwiped
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import Link, LinkType, Memory, State

DERIVING = (LinkType.DERIVED_FROM, LinkType.MERGED_INTO)
"""Links along which a text travels from one memory to another."""
_SHORTEST = 4
"""Characters that a text has to have for it to be looked for elsewhere: "ok" is everywhere and tells nothing."""
_SHORTEST_STRAY = 12
"""Characters from which on a text is also blanked where it stands in a file that memories were read from by itself."""
_PROBES = 8
_WORD = re.compile(r"\w{5,}")


class Purged(NamedTuple):
    """What a purge took away. It holds the texts, to find what else says them, and is never stored.

    Attributes:
        removed: how many things were removed, place by place.
        links: links between what was purged and others along which a text may have travelled.
    """

    ids: tuple[str, ...]
    texts: tuple[str, ...]
    removed: dict[str, int]
    links: tuple[Link, ...] = ()


class Holder(NamedTuple):
    """What still holds the text, or may: a memory (or another noun of the log) and how it comes to."""

    noun: str
    id: str
    how: str


class TextHolder(Protocol):
    """Something outside of the cube's file that may hold what a memory said: caches, slots, adapters, data sets."""

    @property
    def name(self) -> str:
        """What the receipt calls it."""
        ...

    def wipe(self, purged: Purged, *, dry_run: bool) -> int:
        """Remove what holds these texts or was made from these memories; how many things that were.

        It is called before the purge is committed, since only then the texts are sure to be known; if the purge fails after
        all, what was removed here must be no loss.
        """
        ...

    def sweep(self) -> None:
        """Remove what may have been made between `wipe` and the commit; called after it, perhaps by another process."""
        ...


def purge(vault: Vault, unit: Unit, ids: Iterable[str], places: Sequence[TextHolder] = (), *, dry_run: bool = False) -> Purged:
    """Purge memories inside the caller's write transaction, in any number; `wipe` has to follow its commit.

    For a tick: `wipe` first, so that nothing is left of earlier purges; then one call a transaction; then one `wipe` with the
    texts of all of them. Ids of what was purged before are passed over.

    Args:
        vault: the cube that `unit` writes to.
        unit: the transaction.
        ids: full ids.
        places: see `Place`.
        dry_run: count only; the caller takes the transaction back.

    Raises:
        IntegrityError: a file that memories came from is damaged, so it cannot be blanked.
    """
    wanted = [one for one in dict.fromkeys(ids) if vault.get(one).state is not State.PURGED]
    texts: list[str] = []
    spans: dict[str, list[tuple[int, int]]] = {}
    removed = dict.fromkeys(("operations", "rows", "index entries", "vectors", "links", "uses", "files"), 0)
    between: list[Link] = []
    for identity in wanted:
        history = vault.operations("memory", identity)
        texts += said(history)
        for digest, span in _places(history):
            spans.setdefault(digest, []).append(span)
        outgoing, incoming = vault.links(identity)
        between += [link for link in (*outgoing, *incoming) if link.type in DERIVING]
        for name, count in _counts(vault.conn, identity, history, outgoing).items():
            removed[name] += count
        unit.change("memory", identity, {fold.PURGED: True})
    known = tuple(dict.fromkeys(texts))
    removed["files"], doomed = _blank(vault, unit, spans, known, dry_run=dry_run)
    mark_unwiped(vault.conn, doomed)
    links = tuple(link for link in dict.fromkeys(between) if not {link.source, link.target} <= set(wanted))
    purged = Purged(tuple(wanted), known, removed, links)
    outside = {place.name: place.wipe(purged, dry_run=dry_run) for place in places}
    return purged._replace(removed={name: count for name, count in (removed | outside).items() if count})


def follow(vault: Vault, unit: Unit, histories: Iterable[Sequence[Any]]) -> tuple[str, ...]:
    """Let go of what a tombstone from elsewhere erased, inside the transaction that brought it; `wipe` has to follow.

    Args:
        histories: for each memory the operations on it as they were known, here or there, before they were erased.

    Returns:
        The texts that are gone.
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
    """The files that the memory was read from, with the span in each."""
    for operation in history:
        source = (operation.change or {}).get("source") or {}
        if source.get("digest"):
            yield source["digest"], (source.get("start") or 0, source.get("end") or 0)


def _counts(conn: sqlite3.Connection, identity: str, history: Sequence[Any], links: Sequence[Link]) -> dict[str, int]:
    (n,) = conn.execute("SELECT n FROM memories WHERE id = ?", (identity,)).fetchone()

    def one(sql: str, value: object) -> int:
        return int(conn.execute(sql, (value,)).fetchone()[0])

    vectors = "SELECT (SELECT count(*) FROM vectors WHERE n = ?1) + (SELECT count(*) FROM cold_vectors WHERE n = ?1)"
    return {
        "operations": sum(operation.change is not None for operation in history), "rows": 1, "index entries": 1,
        "vectors": one(vectors, n), "links": len(links), "uses": one("SELECT count(*) FROM uses WHERE id = ?", identity),
    }  # fmt: skip


# -- files that memories were read from


def _blank(
    vault: Vault, unit: Unit, spans: dict[str, list[tuple[int, int]]], texts: Sequence[str], *, dry_run: bool
) -> tuple[int, list[str]]:
    """Overwrite spans with spaces in files that other memories need too; how many files, and those that nobody needs now.

    The blanked file is there before the transaction that names it is committed, and the old one goes after that: a kill at any
    instant leaves every memory its file.
    """
    blobs = Blobs(vault.folder / connection.BLOBS)
    doomed: list[str] = []
    for digest, found in spans.items():
        if digest not in blobs:
            continue
        others = [vault.get(identity) for identity in blob_users(vault.conn, digest)]
        doomed.append(digest)
        if not others or dry_run:
            continue
        content = _blanked(blobs.get(digest), found, texts, others)
        blank = blobs.put(content)
        if blank == digest:
            doomed.pop()
            continue
        for other in others:
            source = fold.fold(vault.operations("memory", other.id))["source"]
            unit.change("memory", other.id, {"source": {**source, "digest": blank}})
    return len(doomed), doomed


def blob_users(conn: sqlite3.Connection, digest: str) -> list[str]:
    """The ids of the memories that were read from a file."""
    sql = "SELECT id FROM memories WHERE json_extract(source, '$.digest') = ? AND state <> 'purged' ORDER BY n"
    return [identity for (identity,) in conn.execute(sql, (digest,))]


def _blanked(content: bytes, spans: Iterable[tuple[int, int]], texts: Iterable[str], others: Iterable[Memory]) -> bytes:
    """A file with spaces for the spans, and for the texts wherever they stand outside of what others were read from."""
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


# -- what else says it


def holders(vault: Vault, purged: Purged) -> list[Holder]:
    """What still holds one of the texts: other memories, now or in an earlier version, and other nouns of the log.

    Upper and lower case and white space make no difference. One pass over the log: some 2 s for a million operations.
    """
    found: dict[tuple[str, str], str] = {}
    needles = [_bounded(_folded(json.dumps(text, ensure_ascii=False)[1:-1])) for text in purged.texts if len(text) >= _SHORTEST]
    for noun, subject, change in vault.conn.execute(
        "SELECT noun, subject, change FROM ops WHERE change IS NOT NULL ORDER BY n"
    ):
        hay = _folded(change)
        if (noun, subject) not in found and any(plain in hay and exact.search(hay) for plain, exact in needles):
            found[noun, subject] = "says it"
    for (noun, subject), _ in list(found.items()):
        if noun == "memory" and not _says_now(vault, subject, purged.texts):
            found[noun, subject] = "said it in an earlier version"
    for link in purged.links:
        other = link.target if link.source in purged.ids else link.source
        if vault.conn.execute("SELECT 1 FROM memories WHERE id = ? AND state <> 'purged'", (other,)).fetchone():
            found.setdefault(("memory", other), f"linked by {link.type.value}")
    return [Holder(noun, subject, how) for (noun, subject), how in found.items() if subject not in purged.ids]


def _folded(text: str) -> str:
    return " ".join(text.replace("\\n", " ").split()).casefold()


def _bounded(text: str) -> tuple[str, re.Pattern[str]]:
    """The text as it is looked for: quickly, then as whole words."""
    return text, re.compile(rf"(?<!\w){re.escape(text)}(?!\w)")


def _says_now(vault: Vault, identity: str, texts: Iterable[str]) -> bool:
    memory = vault.get(identity)
    now = _folded(f"{memory.title or ''} {memory.content}")
    return any(_folded(text) in now for text in texts)


def kin(vault: Vault, ids: Iterable[str]) -> list[str]:
    """Those that came from these memories and those that they came from (`DERIVING`), each way on to the end."""
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
    """See to it that nothing purged is left in the cube's file, if the mark says that something may be; what is unfinished.

    SQLite overwrites what is deleted with zeros (`secure_delete`). Three things it leaves: the full-text indexes mark their
    deleted words and keep them until segments are merged, so all are; the write-ahead log keeps old pages, so it is emptied;
    and what a page's rearrangement may leave behind is looked for by the rarest words, and the file written anew if they are
    found. Where the texts are not known any more, the file is written anew in any case.

    Args:
        vault: the cube.
        places: see `Place`.
        texts: what was purged since nothing was left to wipe; `None` where nobody knows that any more.

    Returns:
        A line for each thing that could not be done now; the mark stays then. Empty when all is wiped.
    """
    mark = unwiped(vault.conn)
    try:
        if mark is None:  # another process came first; which files hold these texts it did not know
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
    """Inside the write lock: nobody commits a memory that needs one of them meanwhile."""
    blobs = Blobs(vault.folder / connection.BLOBS)
    for digest in digests:
        if not blob_users(vault.conn, digest):
            blobs.remove(digest)


def _remove_strays(vault: Vault, texts: Sequence[str]) -> None:
    """Remove files that no operation names and that hold a text: of an `add` that failed, or was killed."""
    blobs = Blobs(vault.folder / connection.BLOBS)
    for name in _unnamed(vault, blobs.older_than()):
        content = blobs.raw(name)
        if any(len(text) >= _SHORTEST and text.encode("utf-8", "surrogatepass") in content for text in texts):
            blobs.remove(name)


def _unnamed(vault: Vault, names: set[str]) -> set[str]:
    """Those of these files that no operation of the log names."""
    if names:
        for (change,) in vault.conn.execute("SELECT change FROM ops WHERE instr(change, '\"digest\"')"):
            names = names - {(json.loads(change).get("source") or {}).get("digest")}
    return names


def _write_anew(vault: Vault) -> None:
    with connection.translated(vault.path):
        vault.conn.execute("VACUUM")


def _empty_wal(vault: Vault) -> bool:
    with connection.translated(vault.path):
        return connection.checkpoint(vault)


def _is_left(vault: Vault, texts: Sequence[str]) -> bool:
    """Whether a rare word of the texts, one that no memory has, is still somewhere in the file."""
    import mmap

    words = sorted({word for text in texts for word in _WORD.findall(text)}, key=lambda word: (-len(word), word))
    rare = [word for word in words if not _is_indexed(vault.conn, word)][:_PROBES]
    with vault.path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as pages:
        return any(pages.find(form.encode("utf-8", "surrogatepass")) >= 0 for word in rare for form in {word, word.lower()})


def _is_indexed(conn: sqlite3.Connection, word: str) -> bool:
    return any(
        conn.execute(f"SELECT 1 FROM {index} WHERE {index} MATCH ? LIMIT 1", (f'"{word}"',)).fetchone()
        for index in ("fts", "cold_fts")
    )


def sweep_blobs(vault: Vault, before: float) -> int:
    """Remove files that no operation of the log names and that were last touched before a time (seconds since 1970); how many.

    A kill between writing a file and committing what names it leaves such files; `before` spares the ones being added.
    """
    blobs = Blobs(vault.folder / connection.BLOBS)
    old = _unnamed(vault, blobs.older_than(before))
    for name in old:
        blobs.remove(name)
    return len(old)
