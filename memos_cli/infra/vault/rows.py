"""Between a memory and the tables: its row, the text that is indexed, the text that is embedded. Pure."""

import json
import re
from typing import Any

from memos_cli.infra.vault.log import clock_at
from memos_cli.model import Form, Kind, Memory, Origin, Source, State, Visibility
from memos_cli.times import from_millis

COLUMNS = (
    "id", "external_id", "content", "title", "kind", "form", "state", "key", "origin", "conversation", "session", "turn",
    "speaker", "source", "metadata", "created", "updated", "occurred_at", "valid_from", "valid_to", "expires_at", "owner",
    "visibility", "task", "priority", "pinned", "frozen", "confidence", "trust", "next_due_at", "version", "heads", "digest",
)  # fmt: skip
PART_CHARACTERS = 900
"""About what MiniLM reads at once: 256 tokens of English. Longer text is embedded in parts, and its best part counts."""
MOST_PARTS = 12
_SPACELESS = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u30ff\u3130-\u318f\u31f0-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff"
    "\U00020000-\U0003ffff]+"
)
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode


def normalised(content: str) -> str:
    """What counts as the same content: Unicode NFC, white space folded. Case and the rest are kept: they may matter."""
    if not content.isascii():
        import unicodedata

        content = unicodedata.normalize("NFC", content)
    return " ".join(content.split())


def digest(kind: str, content: str, source: Source, occurred_at: str | None) -> bytes:
    """16 bytes that are equal for duplicates. Saying the same twice is two episodes, so there the occasion counts."""
    parts = [normalised(content)]
    if kind == Kind.EPISODE:
        parts += [str(part) for part in (source.conversation, source.session, source.turn, source.speaker, occurred_at)]
    return _short_hash(parts)


def row_of(memory: Memory, created: int, updated: int, heads: tuple[str, ...]) -> tuple[Any, ...]:
    """The values of `COLUMNS`; `created` and `updated` are clocks."""
    source = memory.source
    return (
        memory.id, memory.external_id, memory.content, memory.title, memory.kind.value, memory.form.value, memory.state.value,
        memory.key, memory.origin.value, source.conversation, source.session, source.turn, source.speaker,
        _encode({name: value for name, value in source._asdict().items() if value is not None}), _encode(dict(memory.metadata)),
        created, updated, memory.occurred_at, memory.valid_from, memory.valid_to, memory.expires_at, memory.owner,
        memory.visibility.value, memory.task, memory.priority, int(memory.pinned), int(memory.frozen), memory.confidence,
        memory.trust, memory.expires_at, memory.version, _encode(list(heads)),
        digest(memory.kind, memory.content, source, memory.occurred_at),
    )  # fmt: skip


def memory_of(row: dict[str, Any], cube: str) -> Memory:
    """A memory from a row of `memories` joined with its tags, labels (comma separated) and uses."""
    count = row["use_count"] or 0
    state = State(row["state"])
    return Memory(
        id=row["id"],
        content=row["content"],
        kind=Kind(row["kind"]),
        form=Form(row["form"]),
        # A memory that was recalled is activated; that it was recalled is not in the log, so the state is read off here.
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
        trust=row["trust"],
        metadata=json.loads(row["metadata"]),
        version=row["version"],
        access_count=count,
        last_access_at=row["use_last"],
        cube=cube,
    )


def grams(text: str) -> list[str]:
    """Overlapping pairs of characters of the runs in scripts that put no spaces between words; a lone character is itself."""
    found: list[str] = []
    for run in _SPACELESS.findall(text):
        found += [run[i : i + 2] for i in range(len(run) - 1)] or [run]
    return found


def index_text(
    content: str, title: str | None, speaker: str | None, key: str | None, tags: tuple[str, ...]
) -> tuple[str, str, str]:
    """The columns of `fts`: what is said, who and what it is about, and the character pairs."""
    body = f"{title}\n{content}" if title else content
    return body, " ".join((speaker or "", key or "", *tags)), " ".join(grams(body))


def embedding_parts(content: str, title: str | None, speaker: str | None) -> list[str]:
    """The texts whose vectors stand for a memory: one, or for long content several that overlap by a tenth."""
    ahead = "".join((f"{title}: " if title else "", f"{speaker}: " if speaker else ""))
    if len(content) <= PART_CHARACTERS:
        return [ahead + content]
    step = PART_CHARACTERS - PART_CHARACTERS // 10
    starts = range(0, min(len(content), step * MOST_PARTS), step)
    return [ahead + content[start : start + PART_CHARACTERS] for start in starts]


def _short_hash(parts: list[str]) -> bytes:
    from hashlib import sha256  # here, since it loads OpenSSL: 3 ms that a search has no use for

    return sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).digest()[:16]


def text_digest(parts: list[str]) -> bytes:
    """16 bytes that name exactly these texts: a vector is theirs and no others'."""
    return _short_hash(parts)


def clock_of(text: str) -> int:
    """The last clock value at an instant given as fixed-width text."""
    from memos_cli.times import to_millis

    return clock_at(to_millis(text))
