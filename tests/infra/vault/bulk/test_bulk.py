"""Many memories written at once are what they would be one by one."""

import itertools
import random
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from memos_cli import MOS
from memos_cli.config import Settings, paths
from memos_cli.errors import UsageError
from memos_cli.infra.vault import connection, log, units
from memos_cli.infra.vault.check import check
from memos_cli.infra.vault.units import Unit
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import Draft, Kind, Origin, Source, Visibility
from memos_cli.operation.operator.placement import Placing
from tests.conftest import Clock
from tests.infra.vault.helpers import DUMPS
from tests.trials import trials

TEXTS = ("the rose", "the red rose", "die Straße", "猫が好き", "a \u2028 line", "x" * 300, '"quoted" \\ text')
DRAFTS: Any = st.builds(
    Draft,
    content=st.sampled_from(TEXTS),
    kind=st.sampled_from([Kind.NOTE, Kind.RULE, Kind.EVENT, Kind.EPISODE, Kind.FACT]),
    external_id=st.sampled_from([None, None, None, "x1", "X1"]),
    title=st.sampled_from([None, "Title"]),
    key=st.sampled_from([None, None, None, "city", "City"]),
    tags=st.sampled_from([(), ("Garden",), ("garden", "b"), ("b",)]),
    labels=st.sampled_from([(), ("secret",)]),
    occurred_at=st.sampled_from([None, "2026-02-01T00:00:00.000Z", "2026-02-01T10:00:00.000Z"]),
    valid_from=st.none(),
    given=st.none(),
    valid_to=st.sampled_from([None, "2027-02-01T00:00:00.000Z"]),
    expires_at=st.sampled_from([None, "2027-01-01T00:00:00.000Z"]),
    pinned=st.booleans(),
    priority=st.sampled_from([0, 0, 2]),
    task=st.sampled_from([None, "Move", "move"]),
    origin=st.sampled_from([Origin.USER, Origin.CONVERSATION]),
    source=st.sampled_from([Source(), Source(conversation="talk", turn=3, speaker="Ann")]),
    metadata=st.sampled_from([{}, {"times": [{"text": "today", "at": "2026-03-02", "unit": "day"}]}]),
    confidence=st.sampled_from([1.0, 0.5]),
    visibility=st.sampled_from([Visibility.PRIVATE, Visibility.SHARED]),
    trust=st.sampled_from([1.0, 0.25]),
    frozen=st.sampled_from([False]),  # a draft that has more to say of a frozen memory is refused
)


def faults(vault: Vault) -> list[str]:
    return [fault for one in check(vault) for fault in one.faults]


def folded(home: Any, drafts: list[Draft], *, at_once: bool) -> tuple[dict[str, list[Any]], list[Any]]:
    """What a cube holds after the drafts, the places of its rows instead of its ids; and its operations' changes."""
    chosen = Settings({"MEMOS_EMBEDDER": "none", "MEMOS_PRINCIPAL": "sam"}, paths({"MEMOS_HOME": str(home)}))
    numbers = itertools.count()
    with MOS(home, settings=chosen, clock=Clock()) as mos, pytest.MonkeyPatch.context() as patched:
        mos.create_cube("default")
        patched.setattr(units, "new_id", lambda: f"aaaaaaaaaaaaaaaaa{next(numbers) + 222}".replace("0", "a").replace("1", "b"))
        if not at_once:
            patched.setattr(Placing, "place_all", lambda self, lot: [self.place(draft) for draft in lot])
        mos.add(drafts=drafts)
        vault = mos.vault("default")
        assert faults(vault) == []
        assert list(log.faults(vault.conn)) == []
        names = [identity for (identity,) in vault.conn.execute("SELECT id FROM memories ORDER BY n")]

        def plain(value: Any) -> Any:
            if not isinstance(value, str):
                return value
            for place, identity in enumerate(names):
                value = value.replace(identity, f"<{place}>")
            return value

        state = {
            table: sorted([tuple(plain(value) for value in row) for row in vault.conn.execute(sql)], key=repr)
            for table, sql in {**DUMPS, "names": "SELECT * FROM names", "pending": "SELECT * FROM pending"}.items()
        }
        changes = [plain(change) for (change,) in vault.conn.execute("SELECT change FROM ops ORDER BY seq")]
        words = vault.conn.execute(
            "SELECT rowid FROM fts WHERE fts MATCH 'rose OR stra* OR ann OR garden' ORDER BY 1"
        ).fetchall()
        return {**state, "fts": words}, changes


ENDED_AND_KEYED = [
    Draft("the rose"),
    Draft("the rose"),
    Draft("die Straße", key="city", occurred_at="2026-02-01T00:00:00.000Z"),
    Draft("the rose", external_id="x1", key="city"),
]
"""Told twice: at the second time the last one is known, and has ended where the third one begins."""


@settings(max_examples=trials(8, 25))
@given(drafts=st.lists(DRAFTS, min_size=1, max_size=12))
@example(drafts=ENDED_AND_KEYED)
def test_drafts_at_once_become_what_they_become_one_by_one(
    tmp_path_factory: pytest.TempPathFactory, drafts: list[Draft]
) -> None:
    once, singly = (folded(tmp_path_factory.mktemp("home"), drafts, at_once=at_once) for at_once in (True, False))
    assert once == singly


def test_most_drafts_are_written_in_one_go(mos: MOS, monkeypatch: pytest.MonkeyPatch) -> None:
    singly: list[Draft] = []
    real = Unit.add
    monkeypatch.setattr(Unit, "add", lambda self, draft, *whose: (singly.append(draft), real(self, draft, *whose))[1])
    chance = random.Random(1)
    drafts = [Draft(f"note {n} {chance.random()}", tags=("a",)) for n in range(2_500)]
    drafts[7] = drafts[9] = Draft("told twice")
    drafts[11] = Draft("I live in Porto", key="city")
    added = mos.add(drafts=iter(drafts))
    assert (added.added, len(added.ids), len(set(added.ids))) == (2_499, 2_500, 2_499)
    assert [draft.content for draft in singly] == ["told twice", "I live in Porto"]
    assert added.ids[7] == added.ids[9]
    vault = mos.vault("default")
    assert faults(vault) == []
    assert len({clock for (clock,) in vault.conn.execute("SELECT clock FROM ops")}) == 1
    mos.undo()
    assert mos.list() == ()
    assert faults(vault) == []


def test_many_have_more_memory_while_they_are_written_and_no_longer(mos: MOS, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "MANY", 1_500)
    mos.create_cube("default")
    conn = mos.vault("default").conn
    (before,) = conn.execute("PRAGMA cache_size").fetchone()
    sizes: set[int] = set()

    def look(_: int) -> None:
        sizes.add(conn.execute("PRAGMA cache_size").fetchone()[0])

    mos.add(drafts=(Draft(f"note {n}") for n in range(1_000)), tell=look)
    assert sizes == {before}
    mos.add(drafts=(Draft(f"another {n}") for n in range(2_000)), tell=look)
    assert sizes == {before, 8 * before}
    assert conn.execute("PRAGMA cache_size").fetchone() == (before,)


def test_one_draft_that_no_file_could_carry_stores_none(mos: MOS) -> None:
    mos.add("there before")
    for bad in (Draft("x" * 1_000_001), Draft("one", metadata={"a": [[[[]]]] * 3, "b": _deep(200)})):
        with pytest.raises(UsageError, match="cannot be stored of a memory"):
            mos.add(drafts=[Draft("good"), bad, Draft("good too")])
        assert [memory.content for memory in mos.list()] == ["there before"]
    assert faults(mos.vault("default")) == []


def _deep(levels: int) -> Any:
    found: Any = []
    for _ in range(levels):
        found = [found]
    return found
