"""References: what a person writes to name a memory, the beginning of its id or a whole external id."""

from typing import TYPE_CHECKING

from memos_cli.errors import AmbiguousId, MemoryNotFound
from memos_cli.infra.limits import ID_LENGTH
from memos_cli.infra.names import compared
from memos_cli.infra.vault import queries
from memos_cli.model import Filter

if TYPE_CHECKING:
    from memos_cli.infra.vault.connection import OpenCube

_TELLING, SHOWN = 4, 8
"""The number of letters from which a prefix may mean a purged memory, and of those that are shown."""


def resolve(vault: "OpenCube", text: str) -> str:
    """The full id that a prefix (or a whole external id) means.

    What somebody called a memory of their own is that memory, whatever other ids begin so: `r` was chosen, an id comes by
    chance. A name that others gave, an agent or a file that nobody accepted, never takes the place of an id.

    Raises:
        MemoryNotFound: none that may be seen; the message names the nearest. AmbiguousId: several, which the message lists.
    """
    prefix = text.strip().lower()
    sight = queries.by_id(Filter(at="", everything=True))
    named = _with_external_id(vault, text, sight)
    if prefix and prefix.isascii() and prefix.isalnum() and len(prefix) <= ID_LENGTH:
        found = queries.ids_with_prefix(vault, prefix, sight)
        if prefix in found:
            return prefix
        if found and named and _is_own(vault, named):
            return named
        if len(found) == 1:
            return found[0]
        if found:
            raise AmbiguousId(
                f"{prefix} is the beginning of several ids: {' '.join(found[:10])}", hint="write one more letter or two"
            )
    if named:
        return named
    if vault.sight is None:
        _refuse_purged(vault, prefix)
    nearest = _nearest(vault, prefix, sight)
    hint = f"nearest: {' '.join(nearest)}" if nearest else "see what there is with: memos list"
    raise MemoryNotFound(f"no memory {text[:40]!r} in cube {vault.name}", hint=hint)


def _with_external_id(vault: "OpenCube", text: str, sight: queries.Condition) -> str | None:
    order = f"m.owner IS ? DESC, {queries.AS_WRITTEN}"  # one's own first, of those that several people call so
    sql = f"SELECT m.id FROM memories m WHERE {queries.WITH_ID} AND {sight[0]} ORDER BY {order}"
    values = (compared(text), text.strip(), *sight[1], vault.seer, text.strip())
    row = vault.conn.execute(sql, values).fetchone()
    return str(row[0]) if row else None


def _is_own(vault: "OpenCube", identity: str) -> bool:
    sql = "SELECT 1 FROM memories m WHERE m.id = ? AND m.owner IS ? AND NOT EXISTS (SELECT 1 FROM arrivals a WHERE a.id = m.id)"
    return vault.conn.execute(sql, (identity, vault.seer)).fetchone() is not None


def _refuse_purged(vault: "OpenCube", prefix: str) -> None:
    found = queries.ids_with_prefix(vault, prefix, ("m.state = 'purged'", [])) if len(prefix) >= _TELLING else []
    if len(found) == 1:
        raise MemoryNotFound(
            f"{prefix[:SHOWN]} was purged: nothing of it is left", hint="only its id stays, so that no copy brings it back"
        )


def _nearest(vault: "OpenCube", prefix: str, sight: queries.Condition) -> list[str]:
    for length in range(min(len(prefix) - 1, ID_LENGTH), 0, -1):  # a name may be as long as an agent likes
        if found := queries.ids_with_prefix(vault, prefix[:length], sight, limit=3):
            return [identity[:SHOWN] for identity in found]
    return []
