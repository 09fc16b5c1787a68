"""What of a stranger's cube touches what is familiar: each way in which it may, and what of it is nobody's business."""

from pathlib import Path

import pytest

from memos_cli import MOS
from memos_cli.errors import Refused
from memos_cli.infra.transfer import familiarity, merge
from memos_cli.infra.vault import schema
from memos_cli.model import Draft, LinkType, State
from memos_cli.operation.operator.dedupe import fusion
from memos_cli.operation.policy import set_policy
from tests.infra.transfer.merging import assert_sound, copy, machine, take

HOLD = merge.Terms(hold=True)


def mine(here: MOS, there: MOS, content: str = "the account is NL01", **fields: object) -> str:
    """A memory of mine that the stranger has, too."""
    (identity,) = here.add(drafts=[Draft(content, **fields)]).ids  # type: ignore[arg-type]
    take(there.writable(), here.writable())
    return str(identity)


def held(here: MOS, there: MOS) -> tuple[tuple[str, str], ...]:
    """What a merge leaves out."""
    touched = take(here.writable(), there.writable(), HOLD).touched
    assert_sound(here.writable())
    return touched.subjects


def test_every_change_of_what_is_mine(here: MOS, there: MOS) -> None:
    ids = [mine(here, there, f"note {number}") for number in range(4)]
    there.edit(ids[0], {"content": "otherwise"})
    there.delete([ids[1]])
    there.switch([ids[2]], "pin", {"pinned": True})
    there.purge([ids[3]])
    touched = take(here.writable(), there.writable(), HOLD).touched
    assert set(touched.subjects) == {("memory", one) for one in ids}
    assert (touched.changes, touched.erased, touched.replicas) == (4, (ids[3],), (there.writable().meta["replica"],))
    assert [here.get(one).version for one in ids] == [1, 1, 1, 1]


@pytest.mark.parametrize("kind", [LinkType.SUPERSEDES, LinkType.CONTRADICTS, LinkType.RELATES])
def test_a_new_memory_that_is_linked_to_mine(here: MOS, there: MOS, kind: LinkType) -> None:
    identity = mine(here, there)
    (new, other) = there.add(drafts=[Draft("the account is NL99"), Draft("the rake")]).ids
    there.link(new, kind, identity)
    ended = {("memory", identity)} if kind is LinkType.SUPERSEDES else set()  # what is superseded ends
    assert set(held(here, there)) == {("memory", new)} | ended
    assert here.writable().links(identity) == ([], [])
    assert here.get(identity).valid_to is None
    assert here.get(other).unaccepted


def test_a_new_memory_that_claims_my_external_id(here: MOS, there: MOS) -> None:
    (identity,) = here.add(drafts=[Draft("mine", external_id="D1")]).ids
    (new,) = there.add(drafts=[Draft("theirs", external_id="D1")]).ids
    assert held(here, there) == (("memory", new),)
    assert here.writable().by_external_id("D1") == here.get(identity)


def test_an_answer_to_my_question(here: MOS, there: MOS) -> None:
    one, other = mine(here, there), mine(here, there, "the account is NL02")
    pair = fusion.pair_id(one, other)
    there.pipeline.save_record("review", pair, {"memories": [one, other], "decision": "keep"})
    there.pipeline.save_record("view", "theirs", {"tags": ["x"]})
    assert held(here, there) == (("review", pair),)
    assert set(here.writable().records("view")) == {"theirs"}


def test_what_is_the_stranger_s_own_is_free_until_i_use_it(here: MOS, there: MOS) -> None:
    (used, unused) = there.add(drafts=[Draft("used"), Draft("unused")]).ids
    assert held(here, there) == ()
    here.writable().confirm([used])
    assert (here.get(used).untrusted, here.get(used).unaccepted) == (False, True)
    for one in (used, unused):
        there.edit(one, {"content": f"{one} edited"})
    assert held(here, there) == (("memory", used),)
    here.edit(used, {"title": "mine now"})
    assert (here.get(used).unaccepted, here.get(used).unverified) == (False, True)


def test_a_purge_of_what_came_from_there_asks_too(here: MOS, there: MOS) -> None:
    (gone,) = there.add("the heron").ids
    take(here.writable(), there.writable(), HOLD)
    there.purge([gone])
    assert held(here, there) == (("memory", gone),)
    assert here.get(gone).state is State.GENERATED


def test_what_was_purged_here_is_no_question(here: MOS, there: MOS) -> None:
    identity = mine(here, there)
    here.purge([identity])
    there.edit(identity, {"content": "otherwise"})
    assert held(here, there) == ()


def test_a_policy_comes_in_as_data(here: MOS, there: MOS) -> None:
    set_policy(here.writable(), here.author("policy"), {"archive.decay": 0.4})
    set_policy(there.writable(), there.author("policy"), {"archive.decay": 0.6})
    assert held(here, there) == ()
    assert here.writable().policy == {"archive.decay": 0.4}


def test_what_goes_on_in_this_cube_s_name_is_refused_unless_it_is_trusted_or_accepted(here: MOS, tmp_path: Path) -> None:
    here.add("mine")
    with copy(here.writable(), tmp_path / "copied") as copied:
        with copied.write("add", "sam", 0) as unit:
            unit.add(Draft("written there"), "sam")
        with pytest.raises(Refused, match="copied goes on in the name of this very copy"):
            take(here.writable(), copied, HOLD)
        assert take(here.writable(), copied, merge.Terms(hold=True, trusted=True)).plan.operations == 1


def test_a_trusted_cube_holds_what_is_strange_in_it(here: MOS, there: MOS, tmp_path: Path) -> None:
    identity = mine(here, there)
    there.edit(identity, {"content": "forged"})
    with machine(tmp_path / "beside") as beside:
        take(beside.writable(), there.writable(), HOLD)
        trusted = HOLD._replace(trusted=True)
        assert take(here.writable(), beside.writable(), trusted).touched.subjects == (("memory", identity),)
        beside.edit(identity, {"content": "looked at"})
        assert take(here.writable(), beside.writable(), trusted).touched.subjects == ()
    assert here.get(identity).content == "looked at"


def test_an_older_cube_takes_for_strange_what_is_untrusted_and_was_not_changed_here(here: MOS, there: MOS) -> None:
    one, other = (there.add(text).ids[0] for text in ("one", "other"))
    ours = here.writable()
    take(ours, there.writable())
    here.edit(one, {"title": "mine"})
    ours.conn.execute("INSERT INTO arrivals VALUES (?)", (one,))
    ours.conn.execute("DROP TABLE strangers")
    schema.m004_strangers(ours.conn)
    assert ours.conn.execute("SELECT * FROM strangers").fetchall() == [("memory", other, 0)]


def test_what_a_purge_erases_is_no_stranger_any_more(here: MOS, there: MOS) -> None:
    (gone,) = there.add("the heron").ids
    take(here.writable(), there.writable(), HOLD)
    here.purge([gone])
    assert here.writable().conn.execute("SELECT * FROM strangers").fetchall() == []
    assert familiarity.purged_in(here.writable(), there.writable()) == [gone]
