"""What strangers' files change of one's own: one question a file, answered at once, in `memos review`, or with `--yes`."""

import shutil
import time
from pathlib import Path

import pytest

from memos_cli import MOS
from tests.cli.commands.test_chat import Terminal
from tests.cli.helpers import operations
from tests.conftest import Run

ACCOUNT = "The bank account is NL01 ABNA 0417"
FORGED = "The bank account is NL99 EVIL 0666"


class Stranger:
    """Somebody who has a file of mine, in a home of their own, and sends back another one."""

    def __init__(self, memos: Run, tmp_path: Path) -> None:
        self._memos = memos
        self.env = {"MEMOS_HOME": str(tmp_path / "theirs")}
        assert memos("cube", "export", "-o", "mine.memcube", "-q").status == 0
        self("cube", "import", "mine.memcube", "--name", "default")

    def __call__(self, *arguments: str) -> None:
        ran = self._memos(*arguments, env=self.env)
        assert ran.status == 0, ran.err

    def sends(self, *options: str) -> str:
        self("cube", "export", "-o", "theirs.memcube", "--force", *options)
        return "theirs.memcube"


@pytest.fixture
def account(memos: Run) -> str:
    return str(memos("add", ACCOUNT, "--json").data["ids"][0])


@pytest.fixture
def stranger(memos: Run, tmp_path: Path, account: str) -> Stranger:  # noqa: ARG001 -- made before the copy
    return Stranger(memos, tmp_path)


def shown(memos: Run) -> dict[str, str]:
    return {one["id"]: one["content"] for one in memos("list", "--json").data["memories"]}


def held_bytes(home: Path) -> bytes:
    return b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())


def test_an_edit_waits_for_an_answer_and_the_rest_is_merged(memos: Run, home: Path, stranger: Stranger, account: str) -> None:
    stranger("edit", account, FORGED)
    stranger("add", "The rake is at Yuki's")
    ran = memos("cube", "merge", stranger.sends())
    assert ran.status == 3
    assert "1 change to your memories, unsigned, from replica" in ran.err
    assert "memos review" in ran.err
    assert "memos key trust" in ran.err
    assert "memos undo" in ran.err
    assert sorted(shown(memos).values()) == [ACCOUNT, "The rake is at Yuki's"]
    (question,) = memos("review", "--json").data["held"]
    assert (question["changes"], question["memories"], question["other"]) == (1, [account], "theirs.memcube")
    assert "1 change to your memories, unsigned" in memos("review").out
    assert "questions: 1" in memos("lifecycle", "status").out
    folder = home / "cubes" / "default" / "held"
    assert all(path.stat().st_mode & 0o077 == 0 for path in (folder, *folder.rglob("*")))
    assert memos("doctor").status == 0


def test_a_forget_and_a_supersession_by_key_wait_too(memos: Run, stranger: Stranger, account: str) -> None:
    stranger("forget", account, "--yes")
    stranger("pin", account)
    ran = memos("cube", "merge", stranger.sends(), "--json")
    assert (ran.status, ran.error["code"]) == (3, "refused")
    assert (ran.data["held"]["changes"], ran.data["held"]["memories"], ran.data["accepted"]) == (2, [account], False)
    assert shown(memos) == {account: ACCOUNT}


def test_what_is_looked_at_is_told_a_memory_at_a_time(memos: Run, stranger: Stranger, account: str) -> None:
    stranger("edit", account, FORGED)
    memos("cube", "merge", stranger.sends())
    (question,) = memos("review", "--json").data["held"]
    assert FORGED in memos("review", question["id"][:6]).out
    told = memos("review", question["id"], "--json").data["held"][0]["differences"]
    assert [(one["id"], one["fields"]) for one in told["different"]] == [(account, ["content"])]


def test_taken_later_it_is_merged_as_it_is_and_undo_takes_it_back(memos: Run, stranger: Stranger, account: str) -> None:
    stranger("edit", account, FORGED)
    file = stranger.sends()
    memos("cube", "merge", file)
    (question,) = memos("review", "--json").data["held"]
    done = memos("review", question["id"][:6], "--decide", "take", "--json").data
    assert (done["decision"], done["merged"]["ids"]["newer"], done["merged"]["accepted"]) == ("take", [account], True)
    assert shown(memos) == {account: FORGED}
    assert memos("review", "--json").data == {"items": [], "open": 0, "held": [], "agents": []}
    assert memos("cube", "merge", file).status == 0
    assert memos("undo", "--json").data["reverted"] == done["command_id"]
    assert shown(memos) == {account: ACCOUNT}


def test_what_was_left_is_not_asked_about_again(memos: Run, home: Path, stranger: Stranger, account: str) -> None:
    stranger("edit", account, FORGED)
    file = stranger.sends()
    memos("cube", "merge", file)
    (question,) = memos("review", "--json").data["held"]
    assert memos("review", question["id"], "--decide", "leave").status == 0
    assert FORGED.encode() not in held_bytes(home)
    again = memos("cube", "merge", file, "--json")
    assert (again.status, again.data["held"]["id"], again.data["held"]["changes"]) == (0, None, 1)
    assert shown(memos) == {account: ACCOUNT}
    assert memos("review", "--json").data["open"] == 0
    stranger("tag", account, "-a", "stolen")
    assert memos("cube", "merge", stranger.sends()).status == 3, "there is more of it"


def test_yes_takes_all_at_once_and_a_dry_run_takes_nothing(memos: Run, home: Path, stranger: Stranger, account: str) -> None:
    stranger("edit", account, FORGED)
    file = stranger.sends()
    before = operations(home)
    planned = memos("cube", "merge", file, "--dry-run", "--json")
    assert (planned.status, planned.data["held"]["id"], planned.data["held"]["memories"]) == (0, None, [account])
    assert (operations(home), (home / "cubes" / "default" / "held").exists()) == (before, False)
    assert memos("cube", "merge", file, "--yes").status == 0
    assert shown(memos) == {account: FORGED}


def test_an_answer_has_to_be_one_of_the_question(memos: Run, stranger: Stranger, account: str) -> None:
    stranger("edit", account, FORGED)
    memos("cube", "merge", stranger.sends())
    (question,) = memos("review", "--json").data["held"]
    ran = memos("review", question["id"], "--decide", "keep")
    assert (ran.status, "take, leave" in ran.err) == (2, True)
    assert memos("review", "zzzz", "--decide", "keep").status == 10


def answer(terminal: Terminal, *keys: str) -> str:
    """Type keys, each once it is waited for; all that was shown before the last one."""
    seen = ""
    for key in keys:
        seen += terminal.wait("x? ")
        time.sleep(0.2)
        terminal.type(key)
    assert terminal.ended() == 0
    return seen


@pytest.mark.parametrize(("keys", "content"), [("t", FORGED), ("?lt", FORGED), ("n", ACCOUNT), ("x", ACCOUNT)])
def test_at_a_terminal_it_is_asked_at_once(memos: Run, stranger: Stranger, account: str, keys: str, content: str) -> None:
    stranger("edit", account, FORGED)
    with Terminal("cube", "merge", stranger.sends()) as terminal:
        seen = answer(terminal, *keys)
    assert "1 change to your memories, unsigned" in seen
    assert ("NL99" in seen, "t take all" in seen) == ("l" in keys, "?" in keys)
    assert shown(memos) == {account: content}
    assert memos("review", "--json").data["open"] == (keys == "x")


def test_review_asks_at_a_terminal(memos: Run, stranger: Stranger, account: str) -> None:
    stranger("edit", account, FORGED)
    memos("cube", "merge", stranger.sends())
    with Terminal("review") as terminal:
        assert "NL99" in answer(terminal, "l", "t")
    assert shown(memos) == {account: FORGED}


def test_a_trusted_signature_ends_the_asking(memos: Run, stranger: Stranger, account: str) -> None:
    line = memos("key", "new", env=stranger.env).out
    stranger("edit", account, FORGED)
    file = stranger.sends("--sign")
    ran = memos("cube", "merge", file)
    assert (ran.status, "whom you do not trust" in ran.err) == (3, True)
    assert memos("key", "trust", line).status == 0
    assert memos("cube", "merge", file).status == 0
    assert shown(memos) == {account: FORGED}
    assert memos("review", "--json").data["open"] == 0


def test_a_later_question_takes_the_place_of_one_that_it_includes(memos: Run, stranger: Stranger, account: str) -> None:
    stranger("edit", account, FORGED)
    memos("cube", "merge", stranger.sends())
    stranger("pin", account)
    memos("cube", "merge", stranger.sends())
    (question,) = memos("review", "--json").data["held"]
    assert question["changes"] == 2


def test_a_purge_reaches_what_is_held(memos: Run, home: Path, stranger: Stranger, account: str) -> None:
    stranger("edit", account, FORGED)
    memos("cube", "merge", stranger.sends())
    assert b"EVIL" in held_bytes(home)
    ran = memos("forget", account, "--purge", "--yes")
    assert (ran.status, "held changes" in ran.out + ran.err) == (0, True)
    assert b"EVIL" not in held_bytes(home)
    assert b"ABNA" not in held_bytes(home)
    assert memos("review", "--json").data["open"] == 0
    assert memos("cube", "merge", stranger.sends()).status == 0, "what was purged here is no question"
    assert b"EVIL" not in held_bytes(home)


def test_a_file_in_this_cube_s_own_name_is_refused_and_taken_only_with_a_yes(
    memos: Run, home: Path, account: str, tmp_path: Path
) -> None:
    shutil.copytree(home, tmp_path / "copy")
    copied = {"MEMOS_HOME": str(tmp_path / "copy")}
    assert memos("edit", account, FORGED, env=copied).status == 0
    before = operations(home)
    for source in (str(tmp_path / "copy" / "cubes" / "default"), "forged.memcube"):
        memos("cube", "export", "-o", "forged.memcube", "--force", env=copied)
        ran = memos("cube", "merge", source)
        assert (ran.status, operations(home), shown(memos)) == (3, before, {account: ACCOUNT})
        assert "in the name of this very copy" in ran.err
        assert "--yes" in ran.err
    assert memos("cube", "merge", "forged.memcube", "--yes").status == 0
    assert shown(memos) == {account: FORGED}


def test_a_stranger_s_value_of_a_key_supersedes_nothing_and_is_a_question(memos: Run, tmp_path: Path) -> None:
    (mine,) = memos("add", "I am vegan", "--key", "diet", "--json").data["ids"]
    theirs = {"MEMOS_HOME": str(tmp_path / "theirs")}
    memos("add", "I eat everything", "--key", "diet", env=theirs)
    memos("cube", "export", "-o", "theirs.memcube", env=theirs)
    assert memos("cube", "merge", "theirs.memcube").status == 0
    assert memos("search", "what do I eat").status == 0
    assert memos("list").status == 0
    assert memos("lifecycle", "tick").status == 0
    assert memos("show", mine, "--json").data["valid_to"] is None
    (item,) = memos("review", "--json").data["items"]
    assert any("signed by nobody" in why for why in item["reasons"])
    assert memos("review", item["id"], "--decide", "supersede").status == 0
    assert memos("show", mine, "--json").data["valid_to"] is not None


def test_a_tick_fuses_nothing_of_a_stranger_with_mine(memos: Run, tmp_path: Path) -> None:
    memos("add", "I am allergic to peanuts")
    theirs = {"MEMOS_HOME": str(tmp_path / "theirs")}
    memos("add", "I'm allergic to peanuts", env=theirs)
    memos("cube", "export", "-o", "theirs.memcube", env=theirs)
    memos("cube", "merge", "theirs.memcube")
    assert memos("lifecycle", "tick", "--json").data["transitions"]["merged"] == 0
    assert len(shown(memos)) == 2


def test_what_a_stranger_dates_in_the_future_does_not_end_what_is_said_later(memos: Run, tmp_path: Path) -> None:
    theirs = {"MEMOS_HOME": str(tmp_path / "theirs")}
    memos("add", "I eat everything", "--key", "diet", "--valid-from", "2090-01-01", env=theirs)
    memos("cube", "export", "-o", "theirs.memcube", env=theirs)
    memos("cube", "merge", "theirs.memcube")
    (mine,) = memos("add", "I am vegan", "--key", "diet", "--json").data["ids"]
    assert memos("show", mine, "--json").data["valid_to"] is None


def test_what_is_strange_in_a_cube_beside_stays_so(memos: Run, stranger: Stranger, account: str) -> None:
    stranger("edit", account, FORGED)
    memos("cube", "create", "work")
    assert memos("cube", "merge", "work", stranger.sends()).status == 0
    ran = memos("cube", "merge", "default", "work")
    assert (ran.status, shown(memos)) == (3, {account: ACCOUNT})


def test_a_stranger_cannot_answer_my_questions_or_change_my_views(memos: Run, stranger: Stranger) -> None:
    memos("view", "save", "mine", "--tag", "a")
    again = memos("cube", "export", "-o", "again.memcube", "-q")
    assert again.status == 0
    stranger("cube", "merge", "again.memcube", "--yes")
    stranger("view", "save", "mine", "--tag", "b")
    ran = memos("cube", "merge", stranger.sends(), "--json")
    assert (ran.status, ran.data["held"]["records"]) == (3, [{"noun": "view", "name": "mine"}])


def test_a_held_question_that_a_kill_cut_short_is_asked_again(mos: MOS, memos: Run, stranger: Stranger, account: str) -> None:
    stranger("edit", account, FORGED)
    memos("cube", "merge", file := stranger.sends())
    (question,) = mos.held.list()
    shutil.rmtree(question.path)
    assert memos("cube", "merge", file).status == 3
    assert memos("review", "--json").data["open"] == 1
