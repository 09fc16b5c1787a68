"""Times on the command line: understood and shown in the person's zone, and UTC in JSON."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.helpers import on_terminal
from tests.conftest import Run
from tests.patience import PATIENCE

EVENING = "2027-03-07T03:00:00+00:00"
"""In Los Angeles Saturday the 6th of March 2027, 19:00."""
_RUN = """
import sys, json
from datetime import datetime
from memos_cli.cli.app import App
from memos_cli.cli.main import run
now = datetime.fromisoformat(sys.argv[1])
App.now = lambda self: now
for arguments in json.load(sys.stdin):
    print("\\x1e", end="", flush=True)
    print("\\x1e", end="", file=sys.stderr, flush=True)
    sys.stdin = open("/dev/null")
    print("\\x1f" + str(run(arguments)), end="", flush=True)
"""


def at(now: str, zone: str, *commands: list[str]) -> list[tuple[str, str, int]]:
    """What these commands print to stdout and stderr at a time in a zone, and their exit statuses."""
    done = subprocess.run(
        [sys.executable, "-c", _RUN, now], input=json.dumps(commands), capture_output=True, text=True, check=True,
        timeout=PATIENCE, env={**os.environ, "TZ": zone},
    )  # fmt: skip
    outs, errs = done.stdout.split("\x1e")[1:], done.stderr.split("\x1e")[1:]
    assert len(outs) == len(errs) == len(commands)
    return [(out.split("\x1f")[0], err, int(out.split("\x1f")[1])) for out, err in zip(outs, errs, strict=True)]


def memories(out: str) -> list[dict[str, Any]]:
    return list(json.loads(out)["data"]["memories"])


def test_no_command_shows_the_day_of_greenwich(home: Path) -> None:  # noqa: ARG001 -- the home of the commands
    made = at(
        EVENING, "America/Los_Angeles",
        ["add", "Truus plays the cello", "--key", "instrument", "--task", "music", "--external-id", "cello"],
        ["add", "Rain on the roof", "--kind", "event", "--occurred-at", "today 18:30", "--external-id", "rain"],
        ["edit", "cello", "--valid-from", "yesterday", "--valid-to", "2027-03-06 19:30"],
        ["snapshot", "create", "before"], ["view", "save", "recent", "--since", "today", "--as-of", "now"],
        ["list", "--ids"], ["task", "end", "music"], ["chat", "-m", "what does Truus play?"],
    )  # fmt: skip
    assert [status for _, _, status in made] == [0] * len(made), made
    commands = [
        ["list", "--all"], ["show", "cello"], ["show", "rain"], ["history", "cello"], ["why", "cello"], ["search", "rain"],
        ["search", "cello", "--all", "--explain"], ["undo", "--list"], ["view", "list"], ["snapshot", "list"],
        ["snapshot", "diff", "before"], ["task", "list"], ["cube", "list"], ["cube", "info"],
        ["cube", "export", "-o", "some.memcube", "--since", "today"], ["cube", "verify", "some.memcube"],
        ["lifecycle", "status"], ["lifecycle", "plan"], ["lifecycle", "tick", "--dry-run"],
        ["lifecycle", "tick"], ["lifecycle", "status"],
        ["scheduler", "status"], ["scheduler", "explain"], ["slot", "list"], ["consolidate", "show"], ["consolidate", "jobs"],
        ["review"], ["stats"], ["doctor"], ["chat", "-m", "when was there rain?"], ["forget", "rain", "--dry-run"],
        ["tag", "rain", "-a", "weather"], ["pin", "rain"], ["list", "--view", "recent"], ["--view", "recent", "list"],
    ]  # fmt: skip
    told = at(EVENING, "America/Los_Angeles", *commands)
    for command, (out, err, _) in zip(commands, told, strict=True):
        assert "2027-03-07" not in out + err, (command, out, err)
    dated = {" ".join(command): out for command, (out, _, _) in zip(commands, told, strict=True)}
    shown = (
        "list --all", "show cello", "show rain", "history cello", "why cello", "search rain", "undo --list", "cube list",
        "view list", "snapshot list", "task list", "lifecycle status", "cube verify some.memcube",
    )  # fmt: skip
    for name in shown:
        assert "2027-03-06" in dated[name], (name, dated[name])
    assert "happened  2027-03-06 18:30\n" in dated["show rain"]
    assert "valid from  2027-03-05\n" in dated["show cello"]
    assert "valid_to: 2027-03-06 19:30" in dated["history cello"]
    assert "[until 2027-03-06 19:" in dated["list --all"]
    assert dated["view list"] == "recent: --as-of '2027-03-06 19:00' --since 2027-03-06\n"


def test_json_stays_in_utc(home: Path) -> None:  # noqa: ARG001
    _, (out, _, _) = at(
        EVENING, "America/Los_Angeles", ["add", "Rain", "--kind", "event", "--occurred-at", "today"], ["list", "--json"]
    )
    (memory,) = memories(out)
    assert (memory["occurred_at"], memory["created_at"]) == ("2027-03-06T08:00:00Z", "2027-03-07T03:00:00Z")


@pytest.mark.parametrize(
    ("zone", "written", "meant"),
    [
        ("Europe/Amsterdam", "tomorrow 9am", "2027-03-08T08:00:00Z"),
        ("Europe/Amsterdam", "2026-11-20 09:00", "2026-11-20T08:00:00Z"),
        ("Europe/Amsterdam", "2026-07-20T09:00", "2026-07-20T07:00:00Z"),
        ("Europe/Amsterdam", "2026-11-20T09:00Z", "2026-11-20T09:00:00Z"),
        ("Europe/Amsterdam", "2026-11-20 09:00+05:30", "2026-11-20T03:30:00Z"),
        ("America/Los_Angeles", "tomorrow", "2027-03-07T08:00:00Z"),
        ("Asia/Kolkata", "2027-03-09 01:30", "2027-03-08T20:00:00Z"),
        ("Pacific/Kiritimati", "tomorrow", "2027-03-07T10:00:00Z"),
    ],
)
def test_a_time_is_that_of_the_clock_on_the_wall(home: Path, zone: str, written: str, meant: str) -> None:  # noqa: ARG001
    line = f'{{"content": "Coffee", "occurred_at": "{written}"}}' if written[0] == "2" else None
    Path("lines").write_text(line or '{"content": "Coffee"}')
    _, _, _, (out, _, _) = at(
        EVENING, zone,
        ["add", "Tea", "--occurred-at", written], ["add", "Milk", "--valid-from", written],
["add", "--jsonl", "lines"], ["list", "--all", "--json"],
    )  # fmt: skip
    found = {memory["content"]: memory for memory in memories(out)}
    assert found["Tea"]["occurred_at"] == meant
    assert found["Milk"]["valid_from"] == meant
    if line:
        assert found["Coffee"]["occurred_at"] == meant


def test_the_setting_names_another_zone_than_the_system(memos: Run) -> None:
    memos("config", "set", "timezone", "Asia/Kolkata")
    told = memos("add", "Tea", "--occurred-at", "2026-11-20 09:00", "--external-id", "tea", env={"TZ": "America/Los_Angeles"})
    assert (told.status, told.out.split()[2]) == (0, "2026-11-20")
    assert memos("show", "tea", "--json").data["occurred_at"] == "2026-11-20T03:30:00Z"
    assert "2026-11-20 09:00" in memos("show", "tea").out


@pytest.mark.parametrize("since", ["today", "this week", "this month", "this year"])
def test_a_period_has_what_happened_since_its_beginning(home: Path, since: str) -> None:  # noqa: ARG001
    _, (out, _, _), (before, _, _), (gone, err, status) = at(
        EVENING, "America/Los_Angeles", ["add", "note now"], ["list", "--since", since],
        ["list", "--until", since], ["forget", "--until", since, "--dry-run"],
    )  # fmt: skip
    assert "note now" in out
    assert (before, gone, status) == ("", "", 4), err


def test_forgetting_until_today_takes_what_is_older_than_its_midnight(home: Path) -> None:  # noqa: ARG001
    lines = [f'{{"content": "{when}", "occurred_at": "{when}"}}' for when in ("2027-03-05T23:59", "2027-03-06T00:00")]
    Path("lines").write_text("\n".join(lines))
    _, (out, _, _) = at(
        EVENING, "America/Los_Angeles", ["add", "--jsonl", "lines"], ["forget", "--until", "today", "--dry-run", "--json"]
    )
    assert [memory["content"] for memory in memories(out)] == ["2027-03-05T23:59"]


def test_a_window_that_no_time_lies_in_is_told(memos: Run) -> None:
    memos("add", "Tea")
    told = memos("list", "--since", "march", "--until", "march")
    assert (told.status, told.out) == (0, "")
    assert "--until stands for the beginning of what it names" in told.err
    assert "--until stands" not in memos("list", "--since", "march", "--until", "today").err


@pytest.mark.parametrize(
    ("option", "written", "readings"),
    [
        ("--since", "01/02/2026", ("1 February 2026 or 2 January 2026", "write 2026-02-01 or 2026-01-02")),
        ("--until", "last summer", ("does not say for sure", "2026-06-21")),
        ("--as-of", "2026-13-01", ("not a day", "write ")),
        ("--since", "no time at all", ("is not a time", "write ")),
    ],
)
def test_what_cannot_be_read_for_sure_is_refused(memos: Run, option: str, written: str, readings: tuple[str, str]) -> None:
    told = memos("list", option, written, env={"LANG": "C", "LC_TIME": "", "LC_ALL": ""})
    assert (told.status, told.out) == (2, "")
    first, hint = told.err.splitlines()
    assert first.startswith(f"memos: {option}: {written!r}")
    assert readings[0] in first
    assert readings[1] in hint
    assert memos("list", option, written, "--json", env={"LANG": "C"}).error["code"] == "usage"


def test_the_locale_decides_which_figure_is_the_day(memos: Run) -> None:
    memos("add", "Tea", "--occurred-at", "2026-01-15")
    for locale, found in (("en_US.UTF-8", 1), ("en_GB.UTF-8", 0)):
        told = memos("list", "--since", "01/02/2026", "--json", env={"LC_ALL": "", "LC_TIME": locale, "LANG": "de_DE"})
        assert len(told.data["memories"]) == found, locale
    assert memos("add", "x", "--occurred-at", "friday").status == 2


def test_what_is_to_come_is_listed_with_weekday_and_time(home: Path) -> None:  # noqa: ARG001
    lines = [
        {
            "content": "Bins",
            "kind": "event",
            "occurred_at": "2027-01-05",
            "metadata": {"recurrence": "RRULE:FREQ=WEEKLY;BYDAY=TU"},
        },
        {"content": "Ana's birthday", "occurred_at": "1988-03-14", "metadata": {"recurrence": "RRULE:FREQ=YEARLY"}},
        {"content": "Pulse", "occurred_at": "2020-01-01", "metadata": {"recurrence": "RRULE:FREQ=SECONDLY"}},
    ]
    Path("lines").write_text("\n".join(map(json.dumps, lines)))
    added, told, machine, first, ids, until, march, empty = at(
        EVENING, "America/Los_Angeles", ["add", "--jsonl", "lines"],
        ["list", "--upcoming"], ["list", "--upcoming", "--json"], ["list", "--upcoming", "-n", "1"],
        ["list", "--upcoming", "--ids"],
        ["list", "--upcoming", "--until", "friday"], ["list", "--until", "april", "--upcoming"],
        ["list", "--upcoming", "--kind", "rule", "--fail-empty"],
    )  # fmt: skip
    assert added[2] == 0
    listed = [" ".join(line.split()[1:]) for line in told[0].splitlines()]
    assert listed == ["Tue 2027-03-09 event Bins", "Sun 2027-03-14 note Ana's birthday"]
    assert "is listed by its date alone: not a recurrence" in told[1]
    assert [memory["next_at"] for memory in memories(machine[0])] == ["2027-03-09T08:00:00Z", "2027-03-14T08:00:00Z"]
    assert len(first[0].splitlines()) == 1
    assert ids[0].split() == [memory["id"] for memory in memories(machine[0])]
    assert (until[0].count("\n"), march[0].count("\n")) == (1, 2)
    assert (empty[0], empty[2]) == ("", 4)


@pytest.mark.parametrize("more", [("--order", "oldest"), ("--snapshot", "before")])
def test_what_is_to_come_has_an_order_of_its_own(memos: Run, more: tuple[str, str]) -> None:
    told = memos("list", "--upcoming", *more)
    assert told.status == 2
    assert "exclude each other" in told.err


def test_the_day_of_a_plan_is_listed_in_words_of_its_own(memos: Run) -> None:
    assert "nothing is to come; plan something with" in memos("list", "--upcoming").err
    assert memos("add", "Dentist", "--kind", "event", "--occurred-at", "tomorrow 9:40").status == 0
    assert " 09:40  event       Dentist" in memos("list", "--upcoming").out


def test_the_head_of_what_is_to_come_stands_above_its_columns(memos: Run) -> None:
    memos("add", "Check-up", "--kind", "event", "--occurred-at", "2031-03-04 09:40")
    _, shown = on_terminal(["--no-color", "list", "--upcoming"], size=(24, 80))
    head, line = shown.splitlines()
    assert head.index("comes") == line.index("Tue")
    assert head.index("kind") == line.index("event")
