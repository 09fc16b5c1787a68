"""Pages of a cube: the memories that pass a filter, in the order of interchange documents, with memory that stays bounded.

That order is the one in which they were recorded, also within a millisecond, since of two values of an attribute that begin
together the later one holds; of a memory that came from a document it is the order there (`mip.rows.CARRIED`), so that such a
document has its lines in the same places when it is written again.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from memos_cli.infra.names import compared
from memos_cli.infra.vault import queries
from memos_cli.mip.rows import CARRIED, NAMED_STATES, PREFIX, SETTLED, carried
from memos_cli.model import Filter, Memory
from memos_cli.records import NamedTuple

if TYPE_CHECKING:
    from memos_cli.infra.vault.connection import OpenCube

_PAGE = 500
_ID = f"json_extract(m.metadata, '$.{CARRIED}.id')"
_CAME = f"m.external_id = '{PREFIX}' || {_ID}"
_RECORDED = "strftime('%Y-%m-%dT%H:%M:%fZ', (m.created >> 16) / 1000.0, 'unixepoch')"
_ORDER = (
    f"CASE WHEN {_CAME} THEN coalesce(json_extract(m.metadata, '$.{CARRIED}.created_at'), '') ELSE {_RECORDED} END",
    f"CASE WHEN {_CAME} THEN m.n ELSE m.created END",
)


class Leaf(NamedTuple):
    """A memory with its place in the order, and its links: type and target of each, the target as a document names it."""

    place: tuple[str, int]
    memory: Memory
    links: tuple[tuple[str, str], ...]


def leaves(vault: "OpenCube", wanted: Filter) -> Iterator[Leaf]:
    """The memories that pass a filter, in order. The cube is read in one state if the caller sees to it (`Vault.reading`)."""
    clause, values = queries.condition(wanted)
    sql = f"SELECT m.n, {_ORDER[0]}, {_ORDER[1]} FROM memories m WHERE {clause} ORDER BY 2, 3, 1"  # noqa: S608 -- constants
    cursor = vault.conn.execute(sql, values)
    while rows := cursor.fetchmany(_PAGE):
        found = queries.by_rows(vault, [n for n, *_ in rows])
        memories = _without_borrowed(vault, [found[n] for n, *_ in rows])
        links = _links(vault, memories)
        for (_, at, order), memory in zip(rows, memories, strict=True):
            yield Leaf((at, order), memory, tuple(links[memory.id]))


def _among(vault: "OpenCube", sql: str, values: Iterable[str]) -> list[tuple[str, ...]]:
    """The rows of a statement with `IN ({})`, for as many values as there are."""
    wanted = list(dict.fromkeys(values))
    found: list[tuple[str, ...]] = []
    for start in range(0, len(wanted), _PAGE):
        part = wanted[start : start + _PAGE]
        found += vault.conn.execute(sql.format(", ".join("?" * len(part))), part)
    return found


def _without_borrowed(vault: "OpenCube", memories: Sequence[Memory]) -> list[Memory]:
    """The memories, those without what their lines said that have there the id of another memory of this cube."""
    names = {memory.id: str(told["id"]) for memory in memories if (told := carried(memory))}
    here = {one for (one,) in _among(vault, "SELECT id FROM memories WHERE id IN ({})", names.values())} if names else set()
    return [
        memory._replace(metadata={name: value for name, value in memory.metadata.items() if name != CARRIED})
        if memory.id in names and names[memory.id] in here and names[memory.id] != memory.id
        else memory
        for memory in memories
    ]


def _links(vault: "OpenCube", memories: Sequence[Memory]) -> dict[str, list[tuple[str, str]]]:
    """The links of memories; those that a line named, and whose targets are not here, go on as they were."""
    found: dict[str, list[tuple[str, str]]] = {memory.id: [] for memory in memories}
    there = _among(vault, "SELECT source, type, target FROM links WHERE source IN ({})", found)
    sql = f"SELECT m.id, CASE WHEN {_CAME} THEN {_ID} ELSE m.id END FROM memories m WHERE m.id IN ({{}})"  # noqa: S608
    names = {row[0]: row[1] for row in _among(vault, sql, (target for *_, target in there))}
    for source, kind, target in there:
        found[source].append((kind, names.get(target, target)))
    told = {memory.id: [(one["type"], one["target"]) for one in carried(memory).get("links", ())] for memory in memories}
    targets = [target for links in told.values() for _, target in links]
    if targets:
        sql = "SELECT name FROM names WHERE sort = 'external_id' AND name IN ({})"
        here = {name for (name,) in _among(vault, sql, (compared(PREFIX + one) for one in targets))}
        here |= {compared(PREFIX + one) for (one,) in _among(vault, "SELECT id FROM memories WHERE id IN ({})", targets)}
        for source, links in told.items():
            found[source] += [(kind, target) for kind, target in links if compared(PREFIX + target) not in here]
    return found


def unsettled(vault: "OpenCube", owner: str) -> list[str]:
    """The memories of an owner whose lines named links or a state that were not looked at yet; oldest first."""
    states = ", ".join(f"'{state.value}'" for state in NAMED_STATES)
    named = f"json_extract(m.metadata, '$.{CARRIED}.state') IN ({states})"
    told = f"json_extract(m.metadata, '$.{CARRIED}.links') IS NOT NULL OR {named}"
    sql = f"""SELECT m.id FROM memories m WHERE m.owner = ? AND {_CAME} AND ({told})
              AND json_extract(m.metadata, '$.{CARRIED}.{SETTLED}') IS NULL AND m.state <> 'purged' ORDER BY m.n"""  # noqa: S608
    return [identity for (identity,) in vault.conn.execute(sql, (owner,))]
