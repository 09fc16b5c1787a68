"""Input as drafts: one text, the messages of a conversation, a file taken apart, or JSON Lines taken unchanged."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from memos_cli.errors import UsageError
from memos_cli.infra.limits import CONTROL, LONGEST_NAME, fault_of_text
from memos_cli.infra.vault import fold
from memos_cli.infra.vault.log import encoded
from memos_cli.interface.reader import field_values
from memos_cli.model import Draft, Kind, Origin, Source, Visibility
from memos_cli.operation.changes import check_content
from memos_cli.times import Zone, from_text, parse_duration, to_text

if TYPE_CHECKING:
    from memos_cli.infra.vault.blobs import Blobs
    from memos_cli.interface.reader.reader import Format, Reader


_TIMES = ("occurred_at", "valid_from", "valid_to", "expires_at")
_TEXTS = ("external_id", "title", "key", "task")
LINE_FIELDS = frozenset(
    {
        "content", "kind", "tags", "labels", "ttl", "pinned", "frozen", "priority", "visibility", "confidence", "trust",
        "source", "metadata", *_TIMES, *_TEXTS,
    }
)  # fmt: skip
_LONG = 1 << 20
"""Bytes of a line from which it is looked whether a cube file could carry the memory."""


def drafts(
    content: str | None,
    messages: Sequence[Mapping[str, str]] | None,
    now: str,
    given: dict[str, Any],
    reader: "Reader | None" = None,
) -> list[Draft]:
    """The drafts of one call of `MOS.add`; `reader` reads the times in them.

    Raises:
        UsageError: nothing given, or a wrong field.
    """
    if messages is not None:
        return list(_of_messages(messages, now, given))
    if content is None:
        raise UsageError("there is nothing to remember", hint='memos add "I am vegan now"')
    return [one(content, now, given, reader)]


def one(content: str, now: str, given: dict[str, Any], reader: "Reader | None" = None) -> Draft:
    """One draft of a text that a person wrote: kind and date are guessed if not given, secrets are labelled."""
    from memos_cli.interface.reader.reader import Reader

    check_content(content)
    draft = (reader or Reader()).read_one(content, now=now, kind=given.get("kind"), occurred_at=given.get("occurred_at"))
    return with_fields(draft._replace(given=frozenset()), given)


def of_file(
    content: bytes,
    blobs: "Callable[[], Blobs]",
    *,
    name: str | None,
    form: "Format",
    now: str,
    occurred_at: str | None,
    reader: "Reader | None" = None,
) -> list[Draft]:
    """Drafts of a text that is taken apart; each names its blob and the span it was read from.

    Args:
        name: the path of the file; when it was last written tells what `yesterday` is, where neither text nor name has a day.
        reader: reads the times in it.

    Raises:
        UsageError: not UTF-8, or not text.
    """
    from memos_cli.interface.reader.reader import Reader

    written = _written(name)
    name = re.sub(CONTROL, "?", name)[:LONGEST_NAME] if name else name
    text = text_of(content, name)
    reader = reader or Reader()
    read = reader.read_text(text, name=name, now=now, format=form, occurred_at=occurred_at, written=written)
    if not read:
        return []
    digest = blobs().put(text.encode())
    return [
        draft._replace(
            content=check_content(draft.content), source=draft.source._replace(file=name, digest=digest), given=frozenset()
        )
        for draft in read
    ]


def text_of(content: bytes, name: str | None) -> str:
    """The text of a file.

    Raises:
        UsageError: not UTF-8, or not text.
    """
    where = name or "standard input"
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{where} is not UTF-8 (byte {error.start + 1})", hint="convert it first: iconv -t UTF-8") from None
    if "\x00" in text:
        raise UsageError(f"{where} holds NUL characters, so it is not text")
    return text


def _written(name: str | None) -> str | None:
    """When a file was last written; `None` for standard input, and where there is no such file."""
    from pathlib import Path

    try:
        return None if name is None else to_text(datetime.fromtimestamp(Path(name).stat().st_mtime, UTC))
    except (OSError, ValueError, OverflowError):
        return None


def typed(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields as drafts have them, where a program wrote a kind or a visibility as text, or names as a list or as one text.

    Raises:
        UsageError: there is no such kind or visibility.
    """
    found = dict(fields)
    for name, kind in (("kind", Kind), ("visibility", Visibility)):
        if isinstance(found.get(name), str):
            found[name] = field_values.one_of(kind, found[name])
    for name in ("tags", "labels"):
        if name in found:
            value = found[name]
            found[name] = (value,) if isinstance(value, str) else tuple(value or ())
    return found


def with_fields(draft: Draft, given: Mapping[str, Any]) -> Draft:
    """The draft with the fields that a caller set; tags, labels, metadata and the parts of a source are added to its own.

    Raises:
        UsageError: a field that drafts do not have.
    """
    known = [name for name in Draft._fields if name != "given"]
    if unknown := set(given) - set(known):
        raise UsageError(f"a memory has no field {min(unknown)!r}", hint=f"there are: {', '.join(known)}")
    changes = {name: value for name, value in given.items() if value is not None}
    if draft.given is not None:
        changes["given"] = draft.given | set(changes)
    for name in ("tags", "labels"):
        if name in changes:
            changes[name] = tuple(dict.fromkeys((*getattr(draft, name), *changes[name])))
    if isinstance(parts := changes.get("source"), dict):
        changes["source"] = draft.source._replace(**parts)
    if "metadata" in changes:
        changes["metadata"] = {**draft.metadata, **changes["metadata"]}
    return draft._replace(**changes)


def _of_messages(messages: Sequence[Mapping[str, str]], now: str, given: dict[str, Any]) -> Iterator[Draft]:
    """Each message as an episode, in the order in which it was said."""
    for turn, message in enumerate(messages):
        content = check_content(str(message.get("content", "")))
        source = Source(
            conversation=message.get("conversation"), session=message.get("session"), turn=turn, speaker=message.get("role")
        )
        draft = Draft(
            content, Kind.EPISODE, occurred_at=message.get("occurred_at") or now, origin=Origin.CONVERSATION, source=source
        )
        yield with_fields(draft, given)


def from_lines(
    lines: Iterable[bytes], now: str, given: Mapping[str, Any], bad: Callable[[int, str], None], zone: Zone | None = None
) -> Iterator[Draft]:
    """Drafts from JSON Lines, with the fields of each line unchanged.

    Args:
        given: fields for every line that does not set them itself.
        bad: called with the number (from 1) and the fault of a line that is no draft; unless it raises, the line is skipped.
        zone: where a time without an offset from UTC was written; `None` for UTC.
    """
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield with_fields(_of_line(line, now, zone), given) if given else _of_line(line, now, zone)
        except UsageError as error:
            bad(number, error.message)


def _of_line(line: bytes, now: str, zone: Zone | None) -> Draft:
    from memos_cli.infra.governance.secrets import find

    row = _object(line)
    content = check_content(field_values.text_of(row, "content"))
    kind = Kind.NOTE if row.get("kind") is None else field_values.one_of(Kind, row["kind"])
    times: dict[str, Any] = {name: field_values.time_of(row, name, zone) for name in _TIMES if row.get(name) is not None}
    if row.get("ttl") is not None:
        times["expires_at"] = ends(row["ttl"], now)
    check_span(times.get("valid_from"), times.get("valid_to"))
    texts: dict[str, Any] = {name: field_values.name_of(row, name) for name in _TEXTS}
    labels = field_values.names_of(row, "labels")
    level: dict[str, Any] = (
        {} if row.get("visibility") is None else {"visibility": field_values.one_of(Visibility, row["visibility"])}
    )
    shares: dict[str, Any] = {
        name: field_values.share_of(row, name) for name in ("confidence", "trust") if row.get(name) is not None
    }
    draft = Draft(
        content=content,
        kind=kind,
        tags=field_values.names_of(row, "tags"),
        labels=labels if "secret" in labels or not find(content) else (*labels, "secret"),
        pinned=field_values.flag_of(row, "pinned"),
        frozen=field_values.flag_of(row, "frozen"),
        priority=field_values.number_of(row, "priority") or 0,
        origin=Origin.CONVERSATION if kind is Kind.EPISODE else Origin.IMPORT,
        source=field_values.source_of(row.get("source")),
        metadata=field_values.checked_metadata(row.get("metadata")),
        given=frozenset(name for name, value in row.items() if value is not None) | times.keys(),
        **texts,
        **times,
        **level,
        **shares,
    )
    if len(line) > _LONG and (why := fault_of_text(encoded(fold.change_of(draft, "")))):
        raise UsageError(f"too much for one memory: {why}")
    return draft


def _object(line: bytes) -> dict[str, Any]:
    try:
        text = line.decode().removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise UsageError(f"not UTF-8 (byte {error.start + 1})") from None
    try:
        row = field_values.DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise UsageError(f"not JSON: {error.msg} (column {error.colno})") from None
    except RecursionError:
        raise UsageError("not a memory: nested too deeply") from None
    except ValueError as error:
        raise UsageError(f"not JSON: {error}") from None
    if not isinstance(row, dict):
        raise UsageError("not a JSON object")
    if not row.keys() <= LINE_FIELDS:
        unknown = min(row.keys() - LINE_FIELDS)
        raise UsageError(f"unknown field {unknown!r}; what has no field of its own goes into metadata")
    return row


def ends(ttl: object, now: str) -> str:
    """The end of something that lives for `ttl` from now on: a duration (`30d`), or a number of seconds.

    Raises:
        UsageError: not a duration, or one that ends beyond the year 9999.
    """
    if isinstance(ttl, bool) or not isinstance(ttl, str | int | float):
        raise UsageError("ttl has to be a duration such as 30d")
    length = parse_duration(ttl) if isinstance(ttl, str) else timedelta(seconds=ttl) if 0 < ttl < 3e11 else None
    if length is None:
        raise UsageError("ttl has to be longer than nothing")
    try:
        return to_text(from_text(now) + length)
    except OverflowError:
        raise UsageError("ttl ends beyond the year 9999") from None


def check_span(valid_from: str | None, valid_to: str | None) -> None:
    """Refuse a validity that ends before it begins.

    Raises:
        UsageError: it does.
    """
    if valid_from is not None and valid_to is not None and valid_to < valid_from:
        raise UsageError("valid_to lies before valid_from")
