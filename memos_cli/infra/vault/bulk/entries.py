"""What a cube knows of the entries of an import, by their stable names: asked for many at once."""

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from memos_cli.infra.limits import ALPHABET, ID_LENGTH
from memos_cli.infra.names import compared
from memos_cli.model import State
from memos_cli.records import NamedTuple

if TYPE_CHECKING:
    import sqlite3

    from memos_cli.infra.vault.connection import OpenCube

_SOME = 2000
"""Names of one statement."""
_COLUMNS = "m.id, m.state, m.digest, m.title, m.occurred_at, m.frozen"
_LIST = "(SELECT value FROM json_each(?))"
_ENTRIES = f"""
    SELECT m.external_id, {_COLUMNS} FROM memories m WHERE m.external_id IN {_LIST} AND m.owner IS ?
    UNION ALL
    SELECT r.external_id, {_COLUMNS} FROM rivals r JOIN memories m ON m.id = r.id
    WHERE r.external_id IN {_LIST} AND m.owner IS ?
    UNION ALL
    SELECT m.id, {_COLUMNS} FROM memories m WHERE m.id IN {_LIST}"""
_OWN = f"SELECT {_COLUMNS}, m.created FROM memories m WHERE m.id IN {_LIST} AND (m.owner IS ? OR m.state = 'purged')"


class Entry(NamedTuple):
    """A memory that an entry of an import became.

    Attributes:
        digest: `rows.digest` of it.
        hidden: whether it is there, and its owner may not see it; nothing else is known of it then.
        is_own: whether no import made it: it was recorded here, and the entry is a line of an export of it.
    """

    id: str
    state: State
    digest: bytes = b""
    title: str | None = None
    occurred_at: str | None = None
    frozen: bool = False
    hidden: bool = False
    is_own: bool = False


def name(cube: str, owner: str, external_id: str) -> str:
    """The id of the memory that an entry becomes: the same in all copies of a cube, and another one in any other cube.

    What was purged has lost its external id; by this it is known all the same, and not brought back.
    """
    from hashlib import sha256

    letters = sha256(f"{cube}\0{owner}\0{external_id}".encode("utf-8", "surrogatepass")).digest()
    return "".join(ALPHABET[byte % len(ALPHABET)] for byte in letters[:ID_LENGTH])


def known(vault: "OpenCube", ids: Mapping[str, str], owner: str) -> dict[str, Entry]:
    """Those of these entries that the cube has of an owner, by their external ids as they are written.

    Args:
        ids: by the external ids of the entries the ids that they become (`name`).
        owner: whose memories count.
    """
    found: dict[str, Entry] = {}
    asked = list(ids)
    for start in range(0, len(asked), _SOME):
        some = asked[start : start + _SOME]
        found |= _known(vault, {one: ids[one] for one in some}, owner)
    return found


def _known(vault: "OpenCube", ids: Mapping[str, str], owner: str) -> dict[str, Entry]:
    externals, own = json.dumps(list(ids)), json.dumps(list(ids.values()))
    rows = list(vault.conn.execute(_ENTRIES, (externals, owner, externals, owner, own)))
    by_name = {row[0]: _entry(row) for row in reversed(rows)}
    found = {one: by_name[key] for one, identity in ids.items() for key in (identity, one) if key in by_name}
    if vault.sight is not None:
        there = {one for (one,) in vault.conn.execute(f"SELECT id FROM main.memories WHERE id IN {_LIST}", (own,))}
        for one, identity in ids.items():
            if identity in there and one not in found:
                found[one] = Entry(identity, State.EXPIRED, hidden=True)
    return found


def own(vault: "OpenCube", recorded: Mapping[str, int], owner: str) -> dict[str, Entry]:
    """Those of these memories that the cube itself has of an owner, by their ids.

    Args:
        recorded: by their ids when they were recorded, in milliseconds since 1970: what was recorded at another time is
            another memory, of elsewhere, whatever id it has.
        owner: whose memories count; what was purged is nobody's any more, and known all the same.
    """
    found: dict[str, Entry] = {}
    asked = list(recorded)
    for start in range(0, len(asked), _SOME):
        for *row, created in vault.conn.execute(_OWN, (json.dumps(asked[start : start + _SOME]), owner)):
            entry = Entry(row[0], State(row[1]), row[2], row[3], row[4], bool(row[5]), is_own=True)
            if entry.state is State.PURGED or created >> 16 == recorded[entry.id]:
                found[entry.id] = entry
    return found


def _entry(row: tuple[str, str, str, bytes, str | None, str | None, int]) -> Entry:
    return Entry(row[1], State(row[2]), row[3], row[4], row[5], bool(row[6]))


def names_there(vault: "OpenCube", externals: Iterable[str]) -> set[str]:
    """Those of these external ids, in the form in which names are compared, that a memory has or would have."""
    wanted = {compared(one): one for one in externals}
    found: set[str] = set()
    names, written = list(wanted), list(wanted.values())
    for start in range(0, len(names), _SOME):
        sql = f"SELECT name FROM names WHERE sort = 'external_id' AND name IN {_LIST}"
        found.update(one for (one,) in vault.conn.execute(sql, (json.dumps(names[start : start + _SOME]),)))
        sql = f"SELECT external_id FROM rivals WHERE external_id IN {_LIST}"
        some = json.dumps(written[start : start + _SOME])
        found.update(compared(one) for (one,) in vault.conn.execute(sql, (some,)))
    return found


def taken(conn: "sqlite3.Connection", externals: Iterable[str]) -> set[str]:
    """Those of these external ids that a memory has, whoever may see it."""
    found: set[str] = set()
    asked = list(externals)
    for start in range(0, len(asked), _SOME):
        sql = f"SELECT external_id FROM main.memories WHERE external_id IN {_LIST}"
        found.update(one for (one,) in conn.execute(sql, (json.dumps(asked[start : start + _SOME]),)))
    return found
