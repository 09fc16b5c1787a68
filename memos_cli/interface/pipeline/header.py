"""The header of a memory, edited: the registers that new values of its fields set."""

from collections.abc import Collection, Mapping
from enum import Enum
from typing import Any

from memos_cli.errors import UsageError
from memos_cli.infra.governance.labels import SECRET
from memos_cli.infra.names import compared
from memos_cli.infra.vault import fold
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import Draft, Memory, Source, Visibility

_SETS = {"tags": fold.TAG, "labels": fold.LABEL}
_TOLD = ("title", "key", "task", "source", "metadata")
"""The registers of a header in which words stand."""
_SWITCHES = ("pinned", "frozen")
_DEFAULTS = {"visibility": Visibility.PRIVATE.value, "confidence": 1.0, "trust": 1.0, "priority": 0}
"""What registers mean that are not set."""


def registers(
    vault: Vault, memory: Memory, fields: Mapping[str, Any], now: fold.Registers, within: Collection[str] = ()
) -> dict[str, Any]:
    """The registers that an edit sets, each with its new value; those that have it already are left out.

    What brings a secret, into the content or the header, where none was before is labelled `secret`.

    Args:
        vault: the memory's cube.
        memory: what is edited.
        fields: the new values by the name of a field or of a register; `None` takes it off. `tags` and `labels` are put on
            beside those that it has, and `None` takes all of them off.
        now: the registers that it has.
        within: the fields whose objects (`metadata`, `source`) are merged into what is there: a `None` takes a member off.

    Raises:
        UsageError: it would end before it begins.
    """
    wanted: dict[str, Any] = {}
    for name, value in fields.items():
        if name in _SETS:
            wanted |= _members(vault, memory, name, value)
        elif name in within and isinstance(value, Mapping):
            merged = {**(now.get(name) or {}), **value}
            wanted[name] = {member: one for member, one in merged.items() if one is not None} or None
        elif name in _SWITCHES:
            wanted[name] = True if value else None
        else:
            wanted[name] = value.value if isinstance(value, Enum) else value
    start, end = (wanted.get(name, now.get(name)) for name in ("valid_from", "valid_to"))
    if start is not None and end is not None and end < start and {"valid_from", "valid_to"} & wanted.keys():
        raise UsageError(
            f"{memory.id[:8]} would end before it begins: its `valid to` would be earlier than its `valid from`",
            hint="give both --valid-from and --valid-to, or take one off with --no-valid-from or --no-valid-to",
        )
    if "content" in wanted and wanted["content"] != memory.content:
        from memos_cli.infra.governance import secrets  # here, since most changes bring no words

        if secrets.find(wanted["content"]) and not secrets.find(memory.content):
            wanted[fold.LABEL + secrets.SECRET] = True
    if _brings_secret(memory, wanted):
        wanted[fold.LABEL + SECRET] = True
    return {name: value for name, value in wanted.items() if not _is_set(now.get(name), name, value)}


def _is_set(current: object, name: str, value: object) -> bool:
    """Whether a register has a value already. One that is not set means its default."""
    return current == value or (current is None and value is not None and value == _DEFAULTS.get(name))


def _brings_secret(memory: Memory, wanted: Mapping[str, Any]) -> bool:
    """Whether a change brings a secret into a header that had none."""
    told = {name: value for name, value in wanted.items() if name in _TOLD and value}
    tags = tuple(name.removeprefix(fold.TAG) for name, value in wanted.items() if name.startswith(fold.TAG) and value)
    if not (told or tags) or SECRET in memory.labels:
        return False
    from memos_cli.infra.governance import header_secrets  # here, as above

    source = Source(**{name: value for name, value in (told.pop("source", None) or {}).items() if name in Source._fields})
    brought = Draft("-", tags=tags, source=source, **told)
    return header_secrets.holds_secret(brought) and not header_secrets.holds_secret(memory)


def _members(vault: Vault, memory: Memory, name: str, value: Collection[str] | None) -> dict[str, Any]:
    """The registers of tags or labels that are put on, or of all that it has, which are taken off."""
    prefix, own = _SETS[name], getattr(memory, name)
    if value is None:
        return {prefix + one: None for one in own}
    there = {compared(one) for one in own}
    spelled = (vault.spelled("tag", one) if name == "tags" else compared(one) for one in value if compared(one) not in there)
    return {prefix + one: True for one in spelled}
