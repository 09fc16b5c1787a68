"""`memos principal`, `grant`, `revoke` and `access` on the command line, and MEMOS_TOKEN."""

import re
import shlex
from pathlib import Path

import pytest

from memos_cli import MOS
from memos_cli.infra.governance.access import Right
from tests.conftest import Run


@pytest.fixture
def cube(memos: Run) -> dict[str, str]:
    """A cube of sam's with a memory for work and a public one; their ids."""
    memos("add", "The deadline is on Friday", "--tag", "work")
    memos("add", "The fair is in June", "--visibility", "public", "--tag", "town")
    return {memory["tags"][0]: memory["id"] for memory in memos("--json", "list").data["memories"]}


def token_of(memos: Run, name: str = "bot") -> str:
    done = memos("principal", "add", name, "--agent")
    assert re.fullmatch(r"memos_[\w-]{43}\n", done.out)
    assert "shown this once" in done.err
    return done.out.strip()


def test_rights_are_given_and_taken_away(memos: Run, cube: dict[str, str]) -> None:
    token_of(memos)
    assert re.fullmatch(r"bot may read what has the tag work  rule \w{8}\n", memos("grant", "bot", "read", "--tag", "work").out)
    assert memos("--as", "bot", "access", "--of", "bot").out.splitlines()[:2] == [
        "bot is an agent: of others' memories it sees only what a rule names", "  may read 1 memory now",
    ]  # fmt: skip
    shown = memos("access", cube["work"]).out
    assert re.search(r"\n  bot may read it: by rule \w{8}: tag work, to bot\n", shown)
    assert "\n  sam may erase it: owns the cube\n" in shown
    assert "everybody else may read it: it is public" in memos("access", cube["town"]).out
    done = memos("revoke", "bot", "read", "--tag", "work")
    assert (done.out, done.err) == ("bot may not read what has the tag work\n", "ended 1 rule\n")
    assert memos("undo", "--list", "-n", "1").out.endswith("revoke    2 changed  bot may not read what has the tag work\n")
    assert memos("undo").out.startswith("took back revoke (")
    assert "bot may read what has the tag work" in memos("access").out


def test_every_sort_of_object_and_of_condition_has_an_option(memos: Run, cube: dict[str, str]) -> None:
    memos("view", "save", "fairs", "--tag", "town")
    objects = (
        [cube["work"][:6]], ["--all"], ["--cube", "default"], ["--tag", "a", "--tag", "b"], ["--key", "diet"],
        ["--kind", "note"], ["--view", "Fairs"], ["--task", "move"], ["--cube", "default", "--tag", "c"],
    )  # fmt: skip
    for given in objects:
        done = memos("grant", "eve", "read", *given, "--json").data
        assert (
            len(done["made"])
            == len(done["objects"]) - len(done["known"])
            == given.count("--tag") + ("--tag" not in given) - ("--cube" in given and "--tag" not in given)
        )
    when = ("--command", "cube export", "--purpose", "export", "--hours", "9-17", "--until", "2099-01-01")
    rule = memos("grant", "eve", "share", "--all", *when, "--json").data["made"][0]
    assert {name: rule[name] for name in ("commands", "purposes", "hours", "until")} == {
        "commands": ["cube export"], "purposes": ["export"], "hours": "09:00-17:00", "until": "2099-01-01T00:00:00Z",
    }  # fmt: skip
    assert "in cube export, for export, from 09:00 to 17:00, until 2099-01-01" in memos("access", "--of", "eve").out
    assert len(memos("access", "--json").data["rules"]) == 10


@pytest.mark.parametrize(
    ("line", "status", "message"),
    [
        ("grant bot read", 2, "on what? Nothing is named"),
        ("grant bot read --all --tag x", 2, "--all is all of the cube, and more is named"),
        ("grant bot fly --all", 2, "Invalid value"),
        ("grant bot read --all --command serach", 2, "there is no command 'serach'. Did you mean search"),
        ("grant bot read --all --command 'cube exprot'", 2, "there is no command 'cube exprot'. Did you mean export"),
        ("grant bot read --all --hours noon", 2, "are no hours of a day"),
        ("grant bot read --all --hours 25-26", 2, "are no hours of a day"),
        ("grant bot read --all --until 2020-01-01", 2, "--until lies in the past"),
        ("grant bot read zzzz", 10, "no memory 'zzzz' in cube default"),
        ("grant bot read --view nosuch", 10, "no view 'nosuch'"),
        ("grant bto read --all", 10, "did you mean bot? Somebody new: memos principal add bto"),
        ("grant sam read --all", 3, "sam owns the cube"),
        ("--cube default --cube other grant bot read --tag x", 2, "a rule lies in one cube"),
        ("--as eve grant eve read --all", 3, "eve may not give rights: the cube belongs to sam"),
        ("--as eve revoke bot read --all", 3, "eve may not take rights away"),
        ("--as eve principal add spy --agent", 3, "eve may not register principals"),
        ("--as eve principal list", 3, "eve may not see who is registered"),
        ("--as eve access --of bot", 3, "eve may not see what others may do"),
        ("--as eve access", 3, "eve may not see the rules"),
        ("revoke nobody read --all", 10, "no principal or group is called 'nobody'"),
        ("principal add eve --new-token", 2, "eve is a person: only agents have tokens"),
        ("principal add bot", 0, "bot is registered already, an agent"),
        ("principal add sam --agent", 3, "sam owns the cube, and is no agent"),
        ("principal show bto", 10, "did you mean bot?"),
        ("principal rm bto", 10, "did you mean bot?"),
        ("principal rm bot --group g", 10, "bot is in no group 'g'"),
        ("principal token eve", 10, "no principal 'eve' is registered"),
        ("access zzzz", 10, "no memory 'zzzz'"),
        ("access --of nobody", 10, "no principal or group is called 'nobody'"),
        ("access zzzz --of bot", 2, "ID and --of exclude each other"),
    ],
)
def test_each_fault_has_its_status_and_a_line(memos: Run, line: str, status: int, message: str) -> None:
    memos("add", "sam's")
    memos("cube", "create", "other")
    token_of(memos)
    done = memos(*shlex.split(line))
    assert done.status == status
    assert message in done.out + done.err


@pytest.mark.usefixtures("cube")
def test_an_agent_acts_by_its_token_and_as_nobody_else(memos: Run) -> None:
    token = token_of(memos)
    own = {"MEMOS_TOKEN": token}
    memos("grant", "bot", "write", "--all")
    assert memos("add", "the bot's own", env=own).status == 0
    assert memos("--json", "list", "--all").data["memories"][0]["owner"] == "bot"
    assert memos("--as", "bot", "access", "--of", "bot", env=own).status == 0
    for line, message in {
        ("--as", "sam", "list"): "MEMOS_TOKEN is not the token of sam in cube default",
        ("list", "--as", "eve"): "MEMOS_TOKEN is not the token of eve in cube default",
        ("--cube", "nosuch", "list"): "no cube nosuch knows this MEMOS_TOKEN",
        ("--cube", "nosuch", "add", "x"): "no cube nosuch knows this MEMOS_TOKEN",
        ("cube", "create", "mine"): "an agent may not do this: memos cube create",
        ("config", "set", "principal", "sam"): "an agent may not do this: memos config set",
        ("key", "new"): "an agent may not do this: memos key new",
    }.items():
        done = memos(*line, env=own)
        assert (done.status, message in done.err) == (12, True), (line, done.err)
        assert token not in done.err + done.out
    for wrong in ("", "sam", token[:-1], f"{token} "):
        done = memos("list", env={"MEMOS_TOKEN": wrong})
        assert (done.status, done.out) == (12, ""), wrong
        assert "no cube default knows this MEMOS_TOKEN" in done.err
        assert not wrong or len(wrong) < 9 or wrong not in done.err
    error = memos("--json", "list", env={"MEMOS_TOKEN": "x"}).error
    assert (error["code"], error["exit_status"]) == ("access_denied", 12)
    assert memos("principal", "token", "bot").out.strip() != token
    assert memos("list", env=own).status == 12


def test_a_home_without_a_cube_knows_no_token(memos: Run) -> None:
    for line in (("list",), ("add", "x"), ("search", "x"), ("undo", "--list"), ("principal", "list"), ("access",), ("stats",)):
        assert memos(*line, env={"MEMOS_TOKEN": "memos_x"}).status == 12, line
    assert memos("cube", "list", "--json").data["cubes"] == []


@pytest.mark.usefixtures("cube")
def test_a_token_is_never_told_again(memos: Run) -> None:
    token = token_of(memos)
    memos("grant", "bot", "read", "--all")
    told = [
        memos(*line).out
        for line in (("principal", "list"), ("principal", "show", "bot"), ("principal", "show", "bot", "--json"),
                     ("undo", "--list"), ("undo", "--list", "--json"), ("access", "--json"), ("principal", "list", "--json"))
    ]  # fmt: skip
    assert not any(token in text or "blake2b" in text for text in told)
    assert memos("principal", "add", "bot", "--json").data["token"] is None
    memos("cube", "export", "-o", "a.memcube")
    assert token.encode() not in Path("a.memcube").read_bytes()


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("memos grant ", ["bot", "eve", "family"]),
        ("memos grant f", ["family"]),
        ("memos principal show ", ["bot", "eve"]),
        ("memos principal rm eve --group ", ["family"]),
        ("memos access --of b", ["bot"]),
        ("memos --as e", ["eve"]),
        ("memos grant bot ", ["read", "write", "share", "erase", "reveal"]),
    ],
)
def test_names_are_completed(memos: Run, words: str, names: list[str]) -> None:
    memos("add", "sam's")
    memos("principal", "add", "eve", "--group", "family")
    token = token_of(memos)
    env = {"_MEMOS_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(len(words.split(" ")) - 1)}
    found = [line.partition(",")[2] for line in memos(env=env).out.splitlines()]
    assert [name for name in found if name != "sam"] == names
    assert not {"bot", "eve", "family"} & set(re.findall(r"\w+", memos(env=env | {"MEMOS_TOKEN": "wrong"}).out))
    assert memos(env=env | {"MEMOS_TOKEN": token}).status == 0


@pytest.mark.usefixtures("cube")
def test_a_rule_for_one_command_holds_in_that_command(memos: Run) -> None:
    token_of(memos)
    memos("grant", "bot", "read", "--tag", "work", "--command", "access")
    assert "may read 0 memories now" in memos("access", "--of", "bot").out, "in no particular command"
    with MOS() as mos:
        memory = next(one for one in mos.list() if "work" in one.tags)
        for command, allowed in (("access", True), ("list", False), ("", False)):
            mos.command = command
            assert mos.access(mos.vault("default"), "bot").may(Right.READ, memory) == allowed
