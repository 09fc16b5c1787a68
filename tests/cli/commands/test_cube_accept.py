"""`memos cube import` of a stranger's cube: what rules in it until it is accepted, whose it is, and what was purged here."""

import json
from pathlib import Path

import pytest

from tests.cli.commands.test_chat import Terminal
from tests.conftest import Run

ANA = "Ana Torres"


@pytest.fixture
def sent(memos: Run, tmp_path: Path) -> dict[str, str]:
    """A file from somebody whose policy runs a hook, and forgets soon; the environment of their home."""
    theirs = {"MEMOS_HOME": str(tmp_path / "theirs"), "MEMOS_PRINCIPAL": ANA}
    assert memos("add", "the heron nests behind the willow", env=theirs).status == 0
    for setting in (("hooks.archived", "notify"), ("archive.idle_days.note", "0.001"), ("archive.idle_days.fact", "0.001")):
        assert memos("lifecycle", "policy", "set", *setting, env=theirs).status == 0
    assert memos("cube", "export", "-o", "theirs.memcube", "-q", env=theirs).status == 0
    return theirs


@pytest.fixture
def ran(home: Path, tmp_path: Path) -> Path:
    """A hook of mine that leaves a file where it runs."""
    (home / "hooks").mkdir(parents=True, mode=0o700)
    (home / "hooks" / "notify").write_text(f"#!/bin/sh\ntouch {tmp_path / 'ran'}\n")
    (home / "hooks" / "notify").chmod(0o700)
    return tmp_path / "ran"


LATER = ("--now", "2031-01-01")


@pytest.mark.usefixtures("sent")
def test_a_stranger_s_policy_and_hooks_rule_once_it_is_accepted(memos: Run, ran: Path) -> None:
    came = memos("cube", "import", "theirs.memcube", "--name", "evil")
    assert came.status == 0
    assert "memos cube accept evil" in came.err.splitlines()[-1]
    ticked = memos("lifecycle", "tick", "--all", *LATER, "--json")
    assert (ticked.status, ticked.data["skipped"], ticked.data["cubes"]) == (0, ["evil"], [])
    assert "memos cube accept evil" in memos("lifecycle", "tick", "--all").err
    assert json.loads(memos("--cube", "evil", "lifecycle", "status", "--json").out)["data"]["cubes"][0]["policy"] == {}
    assert memos("--cube", "evil", "lifecycle", "tick").status == 0
    assert not ran.exists()
    for command in (("--cube", "evil", "lifecycle", "status"), ("cube", "info", "evil"), ("doctor",)):
        done = memos(*command)
        assert "memos cube accept evil" in done.out + done.err, command
    assert memos("doctor", "--json").data["unaccepted"] == ["evil"]
    assert memos("cube", "info", "evil", "--json").data["accepted"] is False
    assert memos("cube", "accept", "evil", "--json").data == {"cube": "evil", "accepted": True, "changed": True}
    assert memos("cube", "accept", "evil").out == "cube evil was accepted already, or is your own\n"
    assert memos("--cube", "evil", "lifecycle", "tick", *LATER).status == 0
    assert ran.exists()
    assert memos("doctor").err == ""
    assert memos("cube", "accept", "none").status == 10


@pytest.mark.parametrize("how", ["accepted", "signed", "own"])
def test_an_accepted_or_trusted_cube_is_as_one_s_own_at_once(memos: Run, sent: dict[str, str], how: str) -> None:
    home = sent
    if how == "own":
        home = {}
        memos("add", "mine")
    if how != "accepted":
        line = memos("key", "new", "kim", env=home).out
        memos("cube", "export", "-o", "theirs.memcube", "--sign", "--force", env=home)
        if how == "signed":
            assert memos("key", "trust", line).status == 0
    options = ("--accept",) if how == "accepted" else ()
    came = memos("cube", "import", "theirs.memcube", "--name", "ana", "--json", *options)
    assert (came.status, came.data["accepted"], came.data["owner_unverified"]) == (0, True, how == "accepted")
    assert memos("lifecycle", "tick", "--all", "--json").data["skipped"] == []
    assert bool(memos("--cube", "ana", "lifecycle", "status", "--json").data["cubes"][0]["policy"]) == (how != "own")
    assert memos("doctor", "--json").data["unaccepted"] == []


def test_a_policy_set_here_stays_when_the_cube_is_accepted(memos: Run, sent: dict[str, str]) -> None:
    assert sent
    memos("cube", "import", "theirs.memcube", "--name", "evil")
    memos("--cube", "evil", "lifecycle", "policy", "set", "archive.decay", "0.6")
    memos("cube", "accept", "evil")
    assert memos("--cube", "evil", "lifecycle", "status", "--json").data["cubes"][0]["policy"] == {"archive.decay": 0.6}


def test_an_owner_from_outside_is_unverified_until_a_trusted_key_signs(memos: Run, sent: dict[str, str]) -> None:
    assert memos("add", "mine").status == 0
    assert f"by {ANA} (unverified)" in memos("cube", "verify", "theirs.memcube").out
    memos("cube", "import", "theirs.memcube", "--name", "ana")
    memos("cube", "merge", "theirs.memcube")
    for cube in ("ana", "default"):
        (theirs,) = [one for one in memos("--cube", cube, "list", "--json").data["memories"] if one["owner"] == ANA]
        assert theirs["owner_unverified"] is True
        assert f"{ANA} (unverified)" in memos("--cube", cube, "show", theirs["id"]).out
        assert f"{ANA} (unverified)" in memos("--cube", cube, "why", theirs["id"]).out
    assert f"{ANA} (unverified)" in memos("cube", "info", "ana").out
    assert memos("cube", "info", "ana", "--json").data["maker_unverified"] is True
    (mine,) = [one for one in memos("list", "--json").data["memories"] if one["content"] == "mine"]
    assert mine["owner_unverified"] is False
    assert "(unverified)" not in memos("show", mine["id"]).out
    memos("cube", "accept", "ana")
    assert f"{ANA} (unverified)" in memos("--cube", "ana", "show", theirs["id"]).out, "who says yes does not know who it was"
    line = memos("key", "new", "kim", env=sent).out
    memos("cube", "export", "-o", "signed.memcube", "--sign", env=sent)
    memos("key", "trust", line)
    memos("cube", "merge", "signed.memcube")
    assert "(unverified)" not in memos("show", theirs["id"]).out


def test_what_was_purged_here_comes_back_only_with_a_yes(memos: Run, home: Path) -> None:
    (gone, _) = (memos("add", text, "--json").data["ids"][0] for text in ("the heron nests here", "the rake is at Yuki's"))
    memos("cube", "export", "-o", "old.memcube", "-q")
    assert memos("forget", gone, "--purge", "--yes").status == 0
    ran = memos("cube", "import", "old.memcube", "--name", "back")
    assert ran.status == 3
    assert "1 memory in it was purged in this home (default)" in ran.err
    assert "--yes" in ran.err
    assert not (home / "cubes" / "back").exists()
    planned = memos("cube", "import", "old.memcube", "--name", "back", "--dry-run", "--json")
    assert (planned.status, planned.data["purged_here"]) == (0, [gone])
    with Terminal("cube", "import", "old.memcube", "--name", "back") as terminal:
        terminal.wait("[y/N]")
        terminal.type("n\n")
        assert terminal.ended() == 3
    assert not (home / "cubes" / "back").exists()
    done = memos("cube", "import", "old.memcube", "--name", "back", "--yes")
    assert (done.status, gone[:8] in done.err) == (0, True)
    memos("cube", "rm", "back", "--yes")
    with Terminal("cube", "import", "old.memcube", "--name", "back") as terminal:
        terminal.wait("[y/N]")
        terminal.type("y\n")
        assert terminal.ended() == 0
    assert len(memos("--cube", "back", "list", "--json").data["memories"]) == 2
