"""What ranking reads of a few memories of a cube: their rows, the turns beside them in a conversation, and their vectors."""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from memos_cli.infra.vault import rows
from memos_cli.infra.vault.pool.occurrences import Text
from memos_cli.infra.vault.queries import Condition
from memos_cli.records import NamedTuple

if TYPE_CHECKING:
    from memos_cli.infra.vault.connection import OpenCube

Turn = tuple[str, str | None, int]
"""A turn's conversation, session and number in it."""


class Row(NamedTuple):
    """What ranking reads of a memory.

    Attributes:
        turn: `None` outside of conversations.
        kind: as `model.Kind`; `state` as `model.State`.
    """

    n: int
    turn: Turn | None
    text: Text
    occurred_at: str | None
    kind: str
    state: str
    priority: int
    pinned: bool
    untrusted: bool
    valid_from: str | None
    valid_to: str | None
    created: int


_COLUMNS = """m.n, m.conversation, m.session, m.turn, m.content, c.body, m.title, m.speaker, m.key,
    (SELECT json_group_array(tag) FROM (SELECT tag FROM tags t WHERE t.n = m.n ORDER BY tag)),
    m.occurred_at, m.kind, m.state, m.priority, m.pinned,
    EXISTS (SELECT 1 FROM arrivals a WHERE a.id = m.id), m.valid_from, m.valid_to, m.created"""


def rows_of(vault: "OpenCube", numbers: Iterable[int]) -> dict[int, Row]:
    """What ranking reads of these rows."""
    sql = f"""SELECT {_COLUMNS} FROM json_each(?) j CROSS JOIN memories m ON m.n = j.value LEFT JOIN cold c ON c.n = m.n"""
    return {row[0]: _row(row) for row in vault.conn.execute(sql, (json.dumps(list(numbers)),))}


def _row(row: tuple[Any, ...]) -> Row:
    n, conversation, session, turn, content, packed, title, speaker, key, tags, occurred, kind, state, *rest = row
    priority, pinned, untrusted, valid_from, valid_to, created = rest
    at = (conversation, session, turn) if conversation is not None and turn is not None else None
    text = Text(content if packed is None else rows.unpacked(packed), title, speaker, key, tuple(json.loads(tags)))
    return Row(
        n, at, text, occurred, kind, state, priority, bool(pinned), bool(untrusted), valid_from, valid_to, created,
    )  # fmt: skip


def turns_beside(vault: "OpenCube", turns: Iterable[Turn], reach: int, sight: Condition) -> dict[Turn, int]:
    """The rows of the turns at most `reach` before and after these, among those that the condition lets through."""
    near = {(talk, session, turn + step) for talk, session, turn in turns for step in range(-reach, reach + 1) if step}
    clause, values = sight
    sql = f"""SELECT m.conversation, m.session, m.turn, m.n FROM json_each(?) j CROSS JOIN memories m
              ON m.conversation = j.value ->> 0 AND m.session IS j.value ->> 1 AND m.turn = j.value ->> 2 WHERE {clause}"""
    found = vault.conn.execute(sql, (json.dumps(sorted(near, key=str)), *values))
    return {(talk, session, turn): n for talk, session, turn, n in found}
