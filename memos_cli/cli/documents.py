"""Results as JSON documents: the fields of what a command answers, turned into what `json.dumps` takes.

`App.data` does it with whatever a command hands over. Where a document differs from the fields of its result, the command says
so with `fields_of`. A secret is masked here, wherever in an answer its memory stands.
"""

from collections.abc import Collection, Mapping, Sequence
from enum import Enum
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from memos_cli.model import Memory
from memos_cli.times import shown

if TYPE_CHECKING:
    from memos_cli.operation.results import Version

_PUBLISHED = {"txn": "command_id"}
"""Fields of results that every document calls otherwise."""
_PUBLISHED_OF_MEMORY = {"untrusted": "arrived", "unverified": "owner_unverified"}
_PLAIN = frozenset({str, int, float, bool, type(None)})
_TIMES = ("created_at", "updated_at", "occurred_at", "valid_from", "valid_to", "expires_at", "last_access_at")
"""Of a memory."""


def fields_of(
    value: Any,  # noqa: ANN401 -- a named tuple or dataclass; they have no type in common
    *,
    only: Sequence[str] = (),
    without: Collection[str] = (),
    **renamed: str,
) -> dict[str, Any]:
    """The fields of a named tuple or dataclass, by the names that they have in its document; `to_json` goes on from there.

    `txn` is published as `command_id`. What is named `at`, or something that ends in `_at`, is a time, and is shown as
    `times.shown` has it. The `content` of a memory is not masked by this: take it from `render.content`.

    Args:
        only: the fields and properties that the document has, in its order; all the fields where none is named.
        without: fields that the document leaves out.
        renamed: other names, as `field="name in the document"`.
    """
    names = {**_PUBLISHED, **renamed}
    found = {}
    for name in only or _names(type(value)):
        if name not in without:
            field = getattr(value, name)
            found[names.get(name, name)] = shown(field) if name == "at" or name.endswith("_at") else field
    return found


def _names(kind: type) -> Collection[str]:
    """The fields of a type; none of what is neither a named tuple nor a dataclass. It works without importing either."""
    names: Collection[str] = getattr(kind, "_fields", ()) or getattr(kind, "__dataclass_fields__", ())
    return names


def to_json(value: object, *, reveal: bool = False) -> Any:  # noqa: ANN401, PLR0911 -- whatever it is; a return a sort of value
    """A value as `json.dumps` takes it: named tuples and dataclasses by their fields, enums by value, sets sorted.

    What is of no type that is known here stays as it is.

    Args:
        reveal: leave secrets unmasked.
    """
    if type(value) in _PLAIN:
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Memory):
        return _memory(value, reveal=reveal)
    if _names(type(value)):
        return _result(value, reveal=reveal)
    if isinstance(value, (list, tuple)):
        return [to_json(item, reveal=reveal) for item in value]
    if isinstance(value, Mapping):
        return {name: to_json(item, reveal=reveal) for name, item in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted(to_json(item, reveal=reveal) for item in value)
    return str(value) if isinstance(value, PurePath) else value


def _result(value: object, *, reveal: bool) -> dict[str, Any]:
    from memos_cli.operation.results import Version  # here, since settings are answered without it

    if isinstance(value, Version):
        return _version(value, reveal=reveal)
    return {name: to_json(field, reveal=reveal) for name, field in fields_of(value).items()}


def _memory(memory: Memory, *, reveal: bool) -> dict[str, Any]:
    """A memory with all the fields of its header. Metadata came as JSON, however deep, and is not gone through again."""
    from memos_cli.cli.render import content
    from memos_cli.operation.results import covered, holds_secret

    # JSON keeps the name under which the field was published: fields are added, never renamed.
    text = content(memory, reveal=reveal)
    told = memory if reveal or "secret" not in memory.labels else covered(memory)
    fields = {_PUBLISHED_OF_MEMORY.get(name, name): value for name, value in told._asdict().items()}
    fields["content"] = text
    fields["source"] = {name: value for name, value in told.source._asdict().items() if value is not None}
    fields["metadata"] = dict(told.metadata)
    for name in _TIMES:
        fields[name] = shown(fields[name])
    return {**fields, "masked": text != memory.content or (told is not memory and holds_secret(memory))}


def _version(version: "Version", *, reveal: bool) -> dict[str, Any]:
    """One version of a memory. What it changed is JSON already."""
    return {
        "version": version.number,
        **fields_of(version, only=("at",)),
        **fields_of(version.operation, only=("command", "principal", "txn", "id"), id="operation"),
        "change": version.operation.change if reveal else version.masked,
        "erased": version.erased,
    }
