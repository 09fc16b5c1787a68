"""What the log knows of the files that were read: which memories came from each, by the absolute path of the file.

A file is a record of the noun `file`. It names the memories in the order of the file, for each the clock of the log when the
file last said it, and a digest of the whole text. A record that came in with a stranger's cube is not believed.

The digest is salted with the salts of the memories' first operations, which a purge erases: nobody can guess from it what a
purged memory said.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from memos_cli.infra.limits import is_name
from memos_cli.infra.transfer import familiarity
from memos_cli.infra.vault import fold
from memos_cli.infra.vault.bulk.bulk import first_salts
from memos_cli.infra.vault.past import FILE
from memos_cli.infra.vault.units import Unit
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import Link, LinkType, Memory, Operation

NOUN = FILE


class FileRecord(NamedTuple):
    """What was read from a file last.

    Attributes:
        memories: ids, in the order of the file; `clocks` has as many entries.
        digest: the salted digest of the text; `None` where the file is read anew whatever it says: a talk or a log is in it, or
            nothing.
    """

    memories: tuple[str, ...] = ()
    clocks: tuple[int, ...] = ()
    digest: str | None = None


def subject(path: str, principal: str, owner: str | None) -> str:
    """The name of a file's record: its path; behind `//` and a name that of the files of another than the cube's owner."""
    named = path if principal == owner else f"//{principal}{path}"
    return named if is_name(named) else f"//sha256/{sha256(named.encode('utf-8', 'surrogateescape')).hexdigest()}"


def path_of(name: str, principal: str, owner: str | None) -> str | None:
    """The path of a record of this principal's files; `None` for another's."""
    if principal == owner:
        return None if name.startswith("//") else name
    return name.removeprefix(f"//{principal}") if name.startswith(f"//{principal}/") else None


def salt(vault: Vault, memories: Sequence[str]) -> bytes | None:
    """What the digest of a file with these memories is salted with; `None` if one of them was purged, or there are none."""
    if vault.sight is None:
        known = first_salts(vault, memories)
        salts = [known.get(one) for one in memories]
    else:
        firsts = [vault.operations("memory", one)[:1] for one in memories]
        salts = [first[0].salt if first else None for first in firsts]
    return b"".join(one or b"" for one in salts) if salts and all(salts) else None


def salted(salt: bytes | None, digest: str) -> str | None:
    """The digest of a text as a record has it; `None` where there is no salt."""
    return None if salt is None else sha256(salt + digest.encode()).hexdigest()


def records(vault: Vault) -> dict[str, FileRecord]:
    """The records of a cube that can be believed, by their names."""
    strange = familiarity.unaccepted(vault, NOUN)
    return {name: _record(fields) for name, fields in vault.records(NOUN).items() if name not in strange}


def _record(fields: dict[str, Any]) -> FileRecord:
    ids, clocks = fields.get("memories", []), fields.get("clocks", [])
    return FileRecord(tuple(ids), (*clocks[: len(ids)], *[0] * (len(ids) - len(clocks))), fields.get("digest"))


def write(unit: Unit, name: str, now: FileRecord, before: FileRecord | None) -> None:
    """Record what a file says now, if that is something else than before."""
    if now == before:
        return
    was = before or FileRecord()
    fields = {"memories": list(now.memories), "clocks": list(now.clocks), "digest": now.digest}
    unit.change(NOUN, name, {key: value for key, value in fields.items() if before is None or value != _told(was, key)})
    unit.accept(NOUN, name)


def _told(record: FileRecord, key: str) -> Any:  # noqa: ANN401 -- of the type of the field
    value = getattr(record, key)
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else value


def drop(unit: Unit, name: str) -> None:
    """Take a record away: its file is another one now."""
    unit.change(NOUN, name, dict.fromkeys(FileRecord._fields))


def link_parts(vault: Vault, unit: Unit, parts: Iterable[str], whole: str, untouchable: Callable[[Memory], object]) -> None:
    """Make what is new of a document a part of it; no memory of somebody else's, and none that is frozen."""
    for part in parts:
        link = Link(part, LinkType.PART_OF, whole)
        if part != whole and link not in vault.links(part)[0] and not untouchable(vault.get(part)):
            unit.change("memory", part, {fold.link_register(link.type, whole): True})


def is_by_hand(operation: Operation) -> bool:
    """Whether a memory was told without a file by this operation."""
    change = operation.change or {}
    places = [change[fold.SEEN]] if fold.SEEN in change else []
    if operation.command == "add" and "content" in change:
        places.append(change.get("source"))
    return any(not (isinstance(place, Mapping) and place.get("digest")) for place in places)
