"""Conversions between a memory and the tables: its row, its indexed text, its embedded text. Pure."""

import json
from collections.abc import Callable
from typing import Any

from memos_cli.errors import IntegrityError
from memos_cli.hybrid_clock import clock_at
from memos_cli.infra.vault.log import SEE, UNREADABLE
from memos_cli.infra.words.words import columns
from memos_cli.model import COLD_STATES, Draft, Form, Kind, Memory, Origin, Source, State, Visibility
from memos_cli.times import from_millis, to_millis

COLUMNS = (
    "id", "external_id", "content", "title", "kind", "form", "state", "key", "origin", "conversation", "session", "turn",
    "speaker", "source", "metadata", "created", "updated", "occurred_at", "valid_from", "valid_to", "expires_at", "owner",
    "visibility", "task", "priority", "pinned", "frozen", "confidence", "trust", "next_due_at", "version", "digest", "since",
)  # fmt: skip
TRUST_OF_ARRIVALS = 0.5
"""The greatest trust in an untrusted memory."""
EMBEDDED_CHARACTERS = 4000
"""More than 256 tokens of any text except runs of rare marks: the rest is cut off here, not by the tokenizer."""
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode


_NOWHERE = Source()
Due = Callable[[Memory], str | None]
"""Returns when the lifecycle has to look at a memory again."""


def no_later_than_expiry(memory: Memory) -> str | None:
    """The schedule of a cube without a policy: only what expires is ever due."""
    return memory.expires_at


def normalised(content: str) -> str:
    """The form in which two contents count as the same: Unicode NFC, white space folded. Case and the rest may matter."""
    if not content.isascii():
        import unicodedata

        content = unicodedata.normalize("NFC", content)
    return " ".join(content.split())


def digest(kind: str, content: str, source: Source, occurred_at: str | None) -> bytes:
    """16 bytes that are equal for duplicates. To say the same twice is two episodes, so there the occasion counts."""
    parts = [normalised(content)]
    if kind == Kind.EPISODE:
        parts += [str(part) for part in (source.conversation, source.session, source.turn, source.speaker, occurred_at)]
    return _short_hash(parts)


def row_of(memory: Memory, created: int, updated: int, due: str | None) -> tuple[Any, ...]:
    """The values of `COLUMNS`; the content of a cold memory is in `cold` instead.

    Args:
        created: the moment of its first operation, as `hybrid_clock.moment_of` says it; `updated` that of its last.
    """
    source = memory.source
    return (
        memory.id, memory.external_id, "" if memory.state in COLD_STATES else memory.content, memory.title, memory.kind.value,
        memory.form.value, memory.state.value,
        memory.key, memory.origin.value, source.conversation, source.session, source.turn, source.speaker,
        "{}" if source == _NOWHERE else _encode({name: value for name, value in source._asdict().items() if value is not None}),
        _encode(dict(memory.metadata)) if memory.metadata else "{}",
        created, updated, memory.occurred_at, memory.valid_from, memory.valid_to, memory.expires_at, memory.owner,
        memory.visibility.value, memory.task, memory.priority, int(memory.pinned), int(memory.frozen), memory.confidence,
        memory.trust, due, memory.version, digest(memory.kind, memory.content, source, memory.occurred_at), memory.since,
    )  # fmt: skip


def row_of_draft(identity: str, draft: Draft, owner: str, moment: int, due: Due, known: bytes | None = None) -> tuple[Any, ...]:
    """The values of `COLUMNS` for a draft that becomes a memory: what `row_of` returns for its fold, computed faster.

    A rebuild shows that both functions agree.

    Args:
        known: the draft's digest, where it was computed already.
    """
    source = draft.source
    told = Memory(
        identity, "", draft.kind, created_at=from_millis(moment >> 16), occurred_at=draft.occurred_at, valid_to=draft.valid_to,
        expires_at=draft.expires_at, priority=draft.priority, pinned=draft.pinned, frozen=draft.frozen,
        visibility=draft.visibility, confidence=draft.confidence, trust=draft.trust,
    )  # fmt: skip
    return (
        identity, draft.external_id, draft.content, draft.title, draft.kind.value, "plaintext", "generated", draft.key,
        draft.origin.value, source.conversation, source.session, source.turn, source.speaker,
        "{}" if source == _NOWHERE else _encode({name: value for name, value in source._asdict().items() if value is not None}),
        _encode(dict(draft.metadata)) if draft.metadata else "{}", moment, moment, draft.occurred_at, draft.valid_from,
        draft.valid_to, draft.expires_at, owner, draft.visibility.value, draft.task, draft.priority, int(draft.pinned),
        int(draft.frozen), draft.confidence, draft.trust, due(told), 1,
        known or digest(draft.kind, draft.content, source, draft.occurred_at), None,
    )  # fmt: skip


def packed(content: str) -> bytes | str:
    """A content as cold storage has it: compressed, or unchanged where compressing makes it no shorter."""
    import zlib

    raw = content.encode("utf-8", "surrogatepass")
    small = zlib.compress(raw, 9)
    return small if len(small) < len(raw) else content


def unpacked(body: bytes | str) -> str:
    """The content from `packed` bytes or text.

    Raises:
        ValueError: it is damaged.
    """
    if isinstance(body, str):
        return body
    import zlib

    try:
        return zlib.decompress(body).decode("utf-8", "surrogatepass")
    except zlib.error as error:
        raise ValueError(f"what was compressed is damaged ({error})") from None


def memory_of(row: dict[str, Any], cube: str) -> Memory:
    """A memory from a row of `memories` joined with its tags, labels (JSON arrays), uses and `cold`.

    Raises:
        IntegrityError: the values are impossible for a memory: the file is damaged.
    """
    try:
        return _memory_of(row, cube)
    except UNREADABLE as error:
        raise IntegrityError(f"a memory in cube {cube} cannot be read: {error}", hint=SEE) from None


def _memory_of(row: dict[str, Any], cube: str) -> Memory:
    count = row["use_count"] or 0
    state = State(row["state"])
    return Memory(
        id=row["id"],
        content=row["content"] if row["packed"] is None else unpacked(row["packed"]),
        kind=Kind(row["kind"]),
        form=Form(row["form"]),
        # A recalled memory counts as activated; recalls are not in the log, so the state is derived from the uses here.
        state=State.ACTIVATED if state is State.GENERATED and count else state,
        external_id=row["external_id"],
        title=row["title"],
        key=row["key"],
        tags=tuple(json.loads(row["tags"])),
        labels=tuple(json.loads(row["labels"])),
        created_at=from_millis(row["created"] >> 16),
        updated_at=from_millis(row["updated"] >> 16),
        occurred_at=row["occurred_at"],
        valid_from=row["valid_from"],
        valid_to=row["valid_to"],
        expires_at=row["expires_at"],
        owner=row["owner"],
        visibility=Visibility(row["visibility"]),
        task=row["task"],
        priority=row["priority"],
        pinned=bool(row["pinned"]),
        frozen=bool(row["frozen"]),
        origin=Origin(row["origin"]),
        source=Source(**json.loads(row["source"])),
        confidence=row["confidence"],
        trust=min(row["trust"], TRUST_OF_ARRIVALS) if row["untrusted"] else row["trust"],
        metadata=json.loads(row["metadata"]),
        version=row["version"],
        since=row["since"],
        access_count=count,
        last_access_at=row["use_last"],
        cube=cube,
        untrusted=bool(row["untrusted"]),
        unverified=row["accepted"] is not None,
        unaccepted=row["accepted"] == 0,
    )


def index_text(
    content: str, title: str | None, speaker: str | None, key: str | None, tags: tuple[str, ...]
) -> tuple[str, str, str]:
    """The columns of `fts`: what is said, who and what it is about, and what the rules of languages add (`words.columns`)."""
    return columns(*said_and_named(content, title, speaker, key, tags))


def said_and_named(
    content: str, title: str | None, speaker: str | None, key: str | None, tags: tuple[str, ...]
) -> tuple[str, str]:
    """What a memory says, and who and what it is about: the texts that are indexed of it."""
    return f"{title}\n{content}" if title else content, " ".join((speaker or "", key or "", *tags))


def embedded_text(content: str, title: str | None, speaker: str | None) -> str:
    """The text whose vector represents a memory.

    One vector for each memory: of a text longer than the model reads (256 tokens of MiniLM) the beginning counts. Vectors of
    all its parts, the best part counting, took four times as long on BEAM's long turns and found less (recall@10 0.531 against
    0.571).
    """
    return "".join((f"{title}: " if title else "", f"{speaker}: " if speaker else "", content[:EMBEDDED_CHARACTERS]))


def text_digest(text: str) -> bytes:
    """16 bytes that identify exactly this text: a vector belongs to it and to no other."""
    return _short_hash([text])


def _short_hash(parts: list[str]) -> bytes:
    from hashlib import sha256  # here, since it loads OpenSSL: 3 ms, and a search does not need it

    return sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).digest()[:16]


def clock_of(text: str) -> int:
    """The last clock value at an instant given as fixed-width text."""
    return clock_at(to_millis(text))


def validity_clauses(*, past: bool) -> tuple[str, str]:
    """The conditions on `memories m` that a memory has begun to be true at an instant, and has not ended.

    A question about the present (`past` is false) also finds what the words tell of the time to come, and of a time that was
    over when they were told: "from 1 February we live in Ghent", "I worked there from 2011 to 2015".
    """
    told = "json_extract(m.metadata, '$.told_validity')"
    created = "strftime('%Y-%m-%dT%H:%M:%fZ', (m.created >> 16) / 1000.0, 'unixepoch')"
    ahead, over = ("", "") if past else (f" OR {told}", f" OR (m.valid_to <= {created} AND {told})")
    return f"(m.valid_from IS NULL OR m.valid_from <= ?{ahead})", f"(m.valid_to IS NULL OR m.valid_to > ?{over})"
