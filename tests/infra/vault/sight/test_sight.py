import random
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest

import memos_cli
from memos_cli import MOS
from memos_cli.errors import MemoryNotFound, Refused
from memos_cli.infra import counts
from memos_cli.infra.vault import past, queries, search
from memos_cli.infra.vault.pool.occurrences import statistics
from memos_cli.infra.vault.rules import views
from memos_cli.infra.vault.vault import Vault
from memos_cli.model import Draft, Filter, Kind, LinkType, Source, Visibility

INFRA = Path(memos_cli.__file__).parent / "infra"
WORDS = ("river", "harbour", "lantern", "cedar", "violin", "granite", "saffron", "meadow")
TABLES = (
    "memories", "tags", "labels", "names", "links", "cold", "vectors", "cold_vectors", "pending", "uses", "arrivals",
    "strangers", "clashes", "rivals", "ops", "records",
)  # fmt: skip
HIDDEN = "topsecret"


def grant(mos: MOS, to: str, right: str, sort: str, name: str = "", **more: Any) -> None:
    """A rule, as the log has it."""
    vault = mos.vault("default")
    with vault.write("grant", "sam", mos.millis) as unit:
        identity = f"{to}{right}{sort}{name}{sorted(more)}".encode().hex().ljust(20, "a")
        unit.change("rule", identity[:60], {"to": to, "group": False, "right": right, "sort": sort, "name": name, **more})


@pytest.fixture
def both(mos: MOS) -> tuple[MOS, Vault]:
    """A cube with what eve may see and what she may not, which names itself in every way; and the cube as she sees it."""
    mos.add(
        drafts=[
            Draft(
                f"{HIDDEN} {WORDS[n % 8]} {HIDDEN}{n}", tags=(HIDDEN,), labels=(HIDDEN,), key=f"{HIDDEN}{n}", task=HIDDEN,
                external_id=f"{HIDDEN}{n}", source=Source(conversation=HIDDEN, session=HIDDEN, speaker=HIDDEN, turn=n),
            )
            for n in range(12)
        ]
    )  # fmt: skip
    ids = mos.add(drafts=[Draft(f"the {WORDS[n % 8]} is open {n}", tags=("open",)) for n in range(10)]).ids
    for identity in ids:
        mos.edit(identity, {"visibility": "public"})
    hidden = [memory.id for memory in mos.list(Filter(at=mos.now)) if HIDDEN in memory.content]
    mos.link(ids[0], LinkType.RELATES, hidden[0])
    mos.link(hidden[1], LinkType.RELATES, ids[1])
    mos.delete(hidden[2])
    mos.pipeline.save_record("view", HIDDEN, {"tags": [HIDDEN]})
    mos.snapshots.create(HIDDEN)
    mos.search(WORDS[0])
    return mos, mos.vault("default", "eve")


def test_no_table_shows_what_may_not_be_seen(both: tuple[MOS, Vault]) -> None:
    mos, eve = both
    hidden = {memory.id for memory in mos.list(Filter(at=mos.now, everything=True)) if memory.visibility != "public"}
    assert len(hidden) == 12
    for table in TABLES:
        rows = repr(eve.conn.execute("SELECT * FROM " + table).fetchall())  # noqa: S608 -- our own names
        assert HIDDEN not in rows, table
        assert not any(identity in rows for identity in hidden), table
        assert eve.conn.execute("SELECT count(*) FROM " + table).fetchone()[0] <= 20, table  # noqa: S608 -- our own names
    assert len(eve.find(Filter(at=mos.now), "newest")) == 10


def test_nothing_that_reads_a_cube_tells_of_it(both: tuple[MOS, Vault]) -> None:
    mos, eve = both
    everything = Filter(at=mos.now, everything=True, turns=True)
    sight = queries.condition(everything)
    hidden = next(memory.id for memory in mos.list(everything) if HIDDEN in memory.content)
    told = [
        eve.find(everything, order) for order in queries.ORDERS
    ] + [
        counts.statistics(eve), counts.schedule(eve, mos.now), counts.names(eve, "tags", everything),
        counts.names(eve, "task", everything), queries.tasks(eve, sight), queries.clashing(eve), queries.rivals(eve),
        list(queries.with_links(eve)), queries.records(eve), queries.links_of_type(eve, LinkType.RELATES),
        queries.ids_with_prefix(eve, "", sight, limit=100), queries.changed_since(eve, 0, 100, 100, "tick"),
        search.lexical(eve, HIDDEN, sight, 50, cold=True), search.document_counts(eve, [HIDDEN]),
        search.pending(eve, 100), search.rows_with_key(eve, f"{HIDDEN}1", sight), eve.spelled("tag", HIDDEN.upper()),
        list(past.transactions_backwards(eve)), past.touched_since(eve, {}), eve.records("view"), eve.records("snapshot"),
        eve.operations("memory", hidden), eve.operations("view", HIDDEN), eve.by_external_id(f"{HIDDEN}3"),
        eve.with_key(f"{HIDDEN}1", "sam"), eve.info()._replace(path=""),
    ]  # fmt: skip
    assert HIDDEN not in repr(told).replace(f"'{HIDDEN.upper()}'", "").replace(f"{{'{HIDDEN}': 0}}", "")
    assert hidden not in repr(told)
    assert counts.statistics(eve)["memories"] == 10
    assert eve.info().memories == 10
    for asked in (hidden, hidden[:6], f"{HIDDEN}1"):
        with pytest.raises(MemoryNotFound) as refused:
            eve.resolve(asked)
        assert HIDDEN not in (refused.value.hint or "")


def test_the_owner_s_connection_is_as_it_is(both: tuple[MOS, Vault]) -> None:
    mos, _ = both
    owner = mos.vault("default")
    assert owner.sight is None
    assert owner.conn.execute("SELECT count(*) FROM temp.sqlite_schema").fetchone() == (0,)


def _asked(vault: Vault, identity: str) -> list[str]:
    """The statements that run when somebody asks for an id."""
    run: list[str] = []
    vault.conn.set_trace_callback(run.append)
    try:
        with pytest.raises(MemoryNotFound):
            vault.resolve(identity)
        assert vault.operations("memory", identity) == []
        with pytest.raises(MemoryNotFound):
            vault.get(identity)
    finally:
        vault.conn.set_trace_callback(None)
    return [re.sub(r"'[a-z0-9~]*'", "'…'", statement) for statement in run]


def test_a_hidden_id_runs_the_statements_of_one_that_there_is_not(both: tuple[MOS, Vault]) -> None:
    mos, eve = both
    hidden = next(memory.id for memory in mos.list(Filter(at=mos.now)) if HIDDEN in memory.content)
    made_up = hidden[:12] + hidden[:11:-1]
    assert _asked(eve, hidden) == _asked(eve, made_up)


def test_rules_that_change_meanwhile_hold_at_the_next_look(both: tuple[MOS, Vault]) -> None:
    mos, eve = both
    wanted = Filter(at=mos.now)
    assert eve.count(wanted) == 10
    grant(mos, "eve", "read", "tag", HIDDEN)
    assert eve.count(wanted) == 10 + 11
    grant(mos, "eve", "read", "tag", "open", deny=True)
    assert eve.count(wanted) == 11
    with eve.reading():
        assert eve.count(wanted) == 11
        grant(mos, "eve", "read", "cube", deny=True)
        assert eve.count(wanted) == 11  # one state for the whole block
    assert eve.count(wanted) == 0


@pytest.mark.parametrize(
    "wanted",
    [
        {"tags": ["open"]}, {"kinds": ["fact"]}, {"pinned": True}, {"states": ["archived"]}, {"labels": ["health"]},
        {"task": "move"}, {"key": "who's?"}, {"conversation": "talk"}, {"speaker": "ann"}, {"session": "s1"},
        {"since": "2020-01-01T00:00:00.000Z"}, {"until": "2020-01-01T00:00:00.000Z"}, {"archived": True}, {"turns": True},
        {"everything": True}, {"as_of": "2030-01-01T00:00:00.000Z"},
    ],
    ids=lambda wanted: next(iter(wanted)),
)  # fmt: skip
def test_a_view_that_a_rule_names_lets_through_what_its_filter_finds(mos: MOS, wanted: dict[str, Any]) -> None:
    said = Source(conversation="talk", session="s1", speaker="ann", turn=1)
    mos.add(
        drafts=[
            Draft("the door is open", tags=("open",), labels=("health",), task="move", key="who's?", pinned=True),
            Draft("Ann spoke of the harbour", source=said), Draft("the meadow is in flower", kind=Kind.NOTE),
        ]
    )  # fmt: skip
    mos.pipeline.save_record("view", "it", wanted)
    grant(mos, "eve", "read", "view", "it")
    expected = {memory.id for memory in mos.list(views.filter_of(wanted, mos.now))}
    assert {memory.id for memory in mos.list(Filter(at=mos.now, everything=True), user_id="eve")} == expected


def test_what_it_said_while_it_was_private_stays_so(mos: MOS) -> None:
    (one,) = mos.add("the safe opens with 4711").ids
    mos.edit(one, {"content": "the safe opens with 0815"})
    mos.edit(one, {"content": "the safe is in the hall"})
    mos.edit(one, {"visibility": "public"})
    mos.edit(one, {"content": "the safe is in the cellar"})
    eve = mos.vault("default", "eve")
    seen = eve.operations("memory", one)
    assert [op.change and op.change.get("content") for op in seen] == ["the safe is in the hall", "the safe is in the cellar"]
    assert eve.get(one).version == 2
    assert mos.get(one).version == 5
    assert "4711" not in repr(eve.conn.execute("SELECT * FROM ops").fetchall())
    assert eve.conn.execute("SELECT count(*) FROM ops").fetchone() == (2,)
    mos.edit(one, {"visibility": "private"})
    mos.edit(one, {"visibility": "public"})
    assert len(eve.operations("memory", one)) == 1


class TestWriting:
    @pytest.fixture
    def public(self, mos: MOS) -> str:
        (one,) = mos.add("the gate closes at nine").ids
        mos.edit(one, {"visibility": "public"})
        return one

    @pytest.mark.parametrize(
        ("change", "right"),
        [
            ({"content": "it never closes"}, "write"),
            ({"tag:mine": True}, "write"),
            ({"visibility": "private"}, "share"),
            ({"state": "expired"}, "erase"),
            ({"__purged__": True}, "erase"),
        ],
    )
    def test_each_kind_of_change_asks_for_its_right_and_no_other(
        self, mos: MOS, public: str, change: dict[str, Any], right: str
    ) -> None:
        from memos_cli.infra.vault import fold

        change = {fold.PURGED if name == "__purged__" else name: value for name, value in change.items()}
        eve = mos.vault("default", "eve")
        for other in {"write", "share", "erase"} - {right}:
            grant(mos, "eve", other, "memory", public)
        with pytest.raises(Refused, match="eve may not"), eve.write("edit", "eve", mos.millis) as unit:
            unit.change("memory", public, change)
        grant(mos, "eve", right, "memory", public)
        with eve.write("edit", "eve", mos.millis) as unit:
            unit.change("memory", public, change)

    def test_what_may_not_be_seen_is_not_there_to_be_changed(self, mos: MOS) -> None:
        (one,) = mos.add("a private matter").ids
        grant(mos, "eve", "write", "memory", one)
        eve = mos.vault("default", "eve")
        for identity in (one, "b" * 20):
            missing = pytest.raises(MemoryNotFound, match=f"no memory '{identity}' in cube default")
            with missing, eve.write("edit", "eve", mos.millis) as unit:
                unit.change("memory", identity, {"content": "mine"})

    @pytest.mark.parametrize("noun", ["view", "snapshot", "policy", "rule", "principal", "adapter", "task"])
    def test_what_is_of_the_whole_cube_is_its_owner_s(self, mos: MOS, noun: str) -> None:
        mos.add("one")
        eve = mos.vault("default", "eve")
        with pytest.raises(Refused, match="the cube belongs to sam"), eve.write("x", "eve", mos.millis) as unit:
            unit.change(noun, "some", {"name": 1})

    def test_a_link_to_what_somebody_else_has_needs_the_right_to_share_it(self, mos: MOS, public: str) -> None:
        (mine,) = mos.add("a note of eve", user_id="eve").ids
        (hidden,) = mos.add("a private matter").ids
        eve = mos.vault("default", "eve")
        for target, error in ((public, Refused), (hidden, MemoryNotFound)):
            with pytest.raises(error), eve.write("link", "eve", mos.millis) as unit:
                unit.change("memory", mine, {f"link:relates:{target}": True})

    def test_nobody_takes_an_external_id_of_somebody_else(self, mos: MOS) -> None:
        (first,) = mos.add("of sam", external_id="D1").ids
        added = mos.add("of eve", external_id="D1", user_id="eve")
        assert (added.added, added.duplicates) == (1, 0)
        again = mos.add("of eve, changed", external_id="D1", user_id="eve")
        assert (again.edited, again.ids) == (1, added.ids)
        assert mos.get("D1").id == first
        assert mos.get("D1", "eve").id == added.ids[0]
        assert mos.get("D1", "eve").external_id == "D1"
        mos.edit(first, {"content": "of sam, changed"})
        assert mos.get("D1").content == "of sam, changed"

    def test_a_turn_of_somebody_else_that_repeats_a_memory_stays(self, mos: MOS) -> None:
        mos.conversation().ask("The bank of Ana is Novabanka, is it?")
        (one,) = mos.add("The bank of Ana is Novabanka", user_id="ana").ids
        before = [memory.id for memory in mos.list(Filter(at=mos.now, turns=True))]
        mos.delete(one, user_id="ana")
        assert set(before) - {one} == {memory.id for memory in mos.list(Filter(at=mos.now, turns=True))}

    def test_a_writer_is_who_the_cube_was_opened_for(self, mos: MOS) -> None:
        mos.add("one")
        refused = pytest.raises(ValueError, match="writes to a cube that was opened for sam")
        with refused, mos.author("add", "eve").write(mos.vault("default")):
            pass


def _scores(vault: Vault, asked: str, sight: queries.Condition, *, cold: bool) -> dict[str, float]:
    """The scores of the memories that a query finds, by the number at the end of their contents."""
    found = search.lexical(vault, asked, sight, 100, cold=cold)
    rows = queries.by_rows(vault, [n for n, _ in found])
    return {rows[n].content.split()[-1]: score for n, score in found}


def test_what_counts_hidden_rows_does_not_depend_on_them(mos: MOS) -> None:
    """The scores and the figures are those of a cube that has nothing but what may be seen."""
    rng = random.Random(3)
    texts = [" ".join(rng.choices(WORDS, weights=range(1, 9), k=rng.randint(2, 12))) + f" {n}" for n in range(60)]
    mos.create_cube("default")
    mos.create_cube("alone")
    default, alone = MOS(cubes=["default"], settings=mos.settings), MOS(cubes=["alone"], settings=mos.settings)
    with default, alone:
        for n, text in enumerate(texts):
            if n % 3 == 0:
                default.add(f"{text} {' '.join(rng.choices(WORDS, k=20))}")
            default.add(text, visibility=Visibility.PUBLIC)
            alone.add(text, visibility=Visibility.PUBLIC)
        for made in (default, alone):
            there = made.list(Filter(at=made.now, everything=True), order="oldest")
            gone = [memory.id for memory in there if memory.content in texts]
            for identity in gone[::7]:
                made.delete(identity)
        one, other = default.vault("default", "eve"), alone.vault("alone", "eve")
        everything = queries.condition(Filter(at=default.now, everything=True))
        for cold in (False, True):
            for asked in ("river", "meadow saffron", "lantern violin river 7", "absent"):
                found = [_scores(vault, asked, everything, cold=cold) for vault in (one, other)]
                assert found[0] == pytest.approx(found[1], rel=1e-9)
        assert statistics(one, WORDS) == statistics(other, WORDS)


# -- who says `main.`

WRITING = {
    "heads.py", "marks.py", "names.py", "uses.py", "vector_rows.py", "vector_changes.py", "vault/bulk/bulk.py",
    "vault/bulk/births.py",
    "vault/echoes.py", "vault/links.py", "vault/log.py", "vault/purge.py", "vault/rebuild.py", "vault/units.py",
    "vault/rules/rules.py", "vault/rules/views.py", "vault/past.py", "governance/access.py", "governance/read_log.py",
    "vault/sight/sight.py", "vault/sight/seen_words.py", "vault/sight/seen_index.py", "vault/sight/last_words.py",
}  # fmt: skip
"""The modules that name the tables themselves: what writes, and what decides what is seen."""
BOTH = {
    "vault/vault.py", "vault/search.py", "vault/lexical/lexical.py", "vault/lexical/weights.py", "vault/bulk/entries.py",
}  # fmt: skip
"""Modules that read, too: a statement of theirs that names the tables themselves writes, or joins what may be seen."""
_CHANGES = re.compile(rf"\b(?:INSERT(?: OR \w+)? INTO|DELETE FROM|UPDATE) ({'|'.join([*TABLES, 'fts', 'cold_fts', 'cube'])})\b")


def _modules() -> list[tuple[str, str]]:
    return [(str(path.relative_to(INFRA)), path.read_text("utf-8")) for path in sorted(INFRA.rglob("*.py"))]


def test_the_tables_themselves_are_named_in_few_modules() -> None:
    owners = ("transfer/", "repair/")
    naming = {name for name, text in _modules() if re.search(r"\bmain\.(?!py)", text) and not name.startswith(owners)}
    assert naming <= WRITING | BOTH, naming - WRITING - BOTH


def test_what_writes_names_the_tables_themselves() -> None:
    # These write to cubes of which nobody else sees anything: to one's own, or to a new file.
    own = {"vault/schema.py", "vector_changes.py", "vault/check.py", "vault/connection.py"}
    others = ("transfer/", "repair/", "local/")
    loose = {name: _CHANGES.findall(text) for name, text in _modules() if name not in own and not name.startswith(others)}
    assert not {name: found for name, found in loose.items() if found}


def test_a_statement_that_forgets_to_name_the_table_itself_fails(both: tuple[MOS, Vault]) -> None:
    _, eve = both
    with pytest.raises(sqlite3.OperationalError, match="because it is a view"):
        eve.conn.execute("DELETE FROM memories")
    with pytest.raises(sqlite3.OperationalError):
        eve.conn.execute("SELECT rowid FROM fts WHERE fts MATCH 'river'").fetchall()
