"""`memos lifecycle` in real processes: what it prints, its statuses, and the timers that it installs."""

import fcntl
from pathlib import Path

import pytest

from memos_cli.operation.lifecycle.transitions import TABLE
from memos_cli.operation.policy import KEYS
from tests.cli.helpers import cube_file, jsonl, operations
from tests.conftest import Run
from tests.patience import PATIENCE

LATER = "2031-01-01"


@pytest.fixture
def two(memos: Run) -> list[str]:
    """A fact that will have faded by `LATER`, and a rule, which never does."""
    return [memos("add", text, "--kind", kind, "--json").data["ids"][0] for text, kind in (
        ("The dentist is on Nachtegaalstraat", "fact"), ("Answer in one sentence", "rule"),
    )]  # fmt: skip


def test_a_tick_is_silent_and_tells_scripts_everything(memos: Run, two: list[str]) -> None:
    dry = memos("lifecycle", "tick", "--now", LATER, "--dry-run", "--json").data
    assert [(move["id"], move["to"], move["reason"]) for move in dry["cubes"][0]["moves"]] == [(two[0], "archived", "faded")]
    quiet = memos("lifecycle", "tick", "--now", LATER)
    assert (quiet.status, quiet.out, quiet.err) == (0, "", "")
    again = memos("lifecycle", "tick", "--now", LATER, "--json").data
    assert (again["now"], again["due"]) == ("2031-01-01T00:00:00Z", 0)
    assert set(again["transitions"]) >= {"archived", "expired", "purged", "activated"}
    assert again["seconds"] >= 0


def test_what_a_person_sees(memos: Run, two: list[str]) -> None:
    dry = memos("lifecycle", "tick", "--now", LATER, "--dry-run", env={"COLUMNS": "80"})
    assert "faded" in dry.out
    assert "Nachtegaalstraat" in dry.out
    plan = memos("lifecycle", "plan", "--days", "2000", env={"COLUMNS": "80"})
    assert [word in plan.out for word in ("archived", "expired", "purged")] == [True] * 3
    assert all(len(line) <= 80 for line in plan.out.splitlines())
    assert "memos pin" in plan.err
    status = memos("lifecycle", "status")
    assert "2 generated" in status.out
    assert "last tick: never" in status.out
    assert "memos lifecycle install" in status.err
    assert memos("lifecycle", "plan", "--days", "1").out == "nothing happens within 1 days\n"
    assert memos("lifecycle", "status", "--json").data["cubes"][0]["states"]["generated"] == 2
    assert len(memos("lifecycle", "plan", "--days", "2000", "--json").data["transitions"]) == 3
    assert two


def test_a_secret_is_masked_in_what_will_be_done(memos: Run) -> None:
    memos("add", "the wifi password is hunter2xyz", "--kind", "note")
    for command in (("tick", "--now", LATER, "--dry-run"), ("plan", "--days", "2000")):
        said = memos("lifecycle", *command).out
        assert "password is" in said
        assert "hunter2" not in said


def test_all_cubes_that_are_mine_are_ticked_whatever_is_wrong_with_one(memos: Run, home: Path) -> None:
    assert memos("lifecycle", "tick", "--all").status == 0, "cron may come before the first memory"
    for name in ("broken", "hers", "private", "work"):
        whose = {"MEMOS_PRINCIPAL": "eve"} if name == "hers" else {}
        assert memos("cube", "create", name, env=whose).status == 0
        assert memos("--cube", name, "add", f"an offer in {name}", "--ttl", "1d", env=whose).status == 0
    cube_file(home, "broken").write_bytes(b"no database" * 100)
    ran = memos("lifecycle", "tick", "--all", "--now", LATER, "--json")
    assert ran.status == 13, "its error comes last, and the others had their turn"
    assert [one["cube"] for one in ran.data["cubes"]] == ["private", "work"]
    assert ran.data["transitions"]["expired"] == 2
    assert memos("--cube", "work", "lifecycle", "tick", "--all").status == 2


def test_a_second_tick_is_told_to_come_back(memos: Run, home: Path, two: list[str]) -> None:
    assert two
    with (cube_file(home).parent / "tick.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        ran = memos("lifecycle", "tick", "--json")
    assert (ran.status, ran.error["code"], ran.error["exit_status"]) == (75, "busy", 75)
    assert memos("lifecycle", "tick").status == 0


def test_a_mass_of_fading_memories_is_refused_once(memos: Run, home: Path) -> None:
    memos("add", "--jsonl", "-", "--no-embed", stdin=jsonl(*({"content": f"note {n}"} for n in range(120))))
    before = operations(home)
    ran = memos("lifecycle", "tick", "--now", LATER)
    assert (ran.status, ran.out, operations(home)) == (3, "", before)
    assert "--allow-mass" in ran.err
    found = memos("lifecycle", "tick", "--now", LATER, "--allow-mass", "--json").data
    assert found["transitions"]["archived"] == 120


def test_policy(memos: Run, tmp_path: Path, two: list[str]) -> None:
    assert two
    shown = memos("lifecycle", "policy", "show")
    path = tmp_path / "policy.toml"
    path.write_text(shown.out.replace("fact = 180", "fact = 0"))
    assert memos("lifecycle", "policy", "check", str(path)).status == 0
    assert memos("lifecycle", "policy", "set", "--file", str(path)).status == 0
    assert memos("lifecycle", "policy", "show", "--json").data["archive.idle_days.fact"] == 0
    assert memos("lifecycle", "plan", "--days", "2000").out.startswith("nothing happens")
    assert memos("undo").status == 0
    assert memos("lifecycle", "policy", "show").out == shown.out
    one = memos("lifecycle", "policy", "set", "archive.idle_days.fact", "12.5")
    assert one.out == "archive.idle_days.fact = 12.5\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("set", "archive.decay", "2"), ("set", "archive.unknown", "2"), ("set", "archive.decay"), ("set",),
        ("set", "hooks.archived", "../evil"), ("check", "/dev/null/none"),
    ],
)  # fmt: skip
def test_a_wrong_policy_is_a_wrong_call(memos: Run, two: list[str], arguments: tuple[str, ...]) -> None:
    ran = memos("lifecycle", "policy", *arguments)
    assert (ran.status, ran.out) == (2, "")
    assert two


def test_a_home_without_a_cube(memos: Run) -> None:
    assert memos("lifecycle", "tick").status == 0
    assert memos("lifecycle", "policy", "show").status == 10


def test_the_help_holds_the_table_and_every_key(memos: Run) -> None:
    whole = memos("lifecycle", "--help").out
    assert all(f"{start} -> {to}: {reason}" in whole for start, to, reason, _ in TABLE)
    keys = memos("lifecycle", "policy", "--help").out
    assert all(f"{name} (default: {key.default})" in keys for name, key in KEYS.items())


def test_a_chain(memos: Run, tmp_path: Path, two: list[str]) -> None:
    path = tmp_path / "chain.toml"
    path.write_text('[[step]]\ndo = "retrieve"\nkinds = ["fact"]\n[[step]]\ndo = "archive"\n')
    assert memos("lifecycle", "run", str(path), "--dry-run").out.endswith("1 would be changed\n")
    assert memos("lifecycle", "run", str(path), "--json").data["changed"] == [two[0]]
    assert memos("lifecycle", "run", "-", stdin="nothing").status == 2


# -- timers


@pytest.fixture
def system(tmp_path: Path) -> dict[str, str]:
    """A crontab and a systemctl that write down what they are told."""
    folder = tmp_path / "bin"
    folder.mkdir()
    table, log = tmp_path / "crontab", tmp_path / "systemctl.log"
    table.write_text("5 4 * * * backup\n")
    scripts = {
        "crontab": f'if [ "$1" = -l ]; then cat {table}; else cat > {table}; fi',
        "systemctl": f'echo "$@" >> {log}',
    }
    for name, body in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\n{body}\n")
        (folder / name).chmod(0o755)
    return {"PATH": f"{folder}:/usr/bin:/bin", "XDG_CONFIG_HOME": str(tmp_path / "config")}


def test_cron(memos: Run, home: Path, tmp_path: Path, system: dict[str, str]) -> None:
    table = tmp_path / "crontab"
    for _ in range(2):
        assert memos("lifecycle", "install", "--cron", env=system).status == 0
    lines = table.read_text().splitlines()
    assert len(lines) == 2
    assert lines[0] == "5 4 * * * backup"
    assert f"MEMOS_HOME={home}" in lines[1]
    assert "lifecycle tick --all" in lines[1]
    assert memos("lifecycle", "install", "--cron", "--print", env=system).out == lines[1] + "\n"
    assert memos("lifecycle", "install", "--cron", "--remove", "--dry-run", env=system).status == 0
    assert len(table.read_text().splitlines()) == 2
    assert memos("lifecycle", "install", "--cron", "--remove", env=system).status == 0
    assert table.read_text() == "5 4 * * * backup\n"


def test_systemd(memos: Run, tmp_path: Path, system: dict[str, str]) -> None:
    folder = tmp_path / "config" / "systemd" / "user"
    assert memos("lifecycle", "install", "--systemd", env=system).status == 0
    assert "ExecStart=/" in (folder / "memos-tick.service").read_text()
    assert "OnCalendar=hourly" in (folder / "memos-tick.timer").read_text()
    assert "enable --now memos-tick.timer" in (tmp_path / "systemctl.log").read_text()
    assert memos("lifecycle", "install", "--systemd", "--remove", env=system).status == 0
    assert list(folder.iterdir()) == []


def test_a_machine_without_cron(memos: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    ran = memos("lifecycle", "install", "--cron", env={"PATH": str(tmp_path / "empty")})
    assert (ran.status, "--print" in ran.err) == (1, True)
    assert memos("lifecycle", "install").status == 2


def test_the_line_in_the_crontab_runs(memos: Run, tmp_path: Path, two: list[str]) -> None:
    """The line's command, as cron would run it: by /bin/sh in an environment with next to nothing in it."""
    import subprocess

    line = memos("lifecycle", "install", "--cron", "--print").out
    command = line.split(" ", 5)[5].rsplit(" #", 1)[0]
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        env={"HOME": str(tmp_path), "MEMOS_PRINCIPAL": "sam"},
        capture_output=True,
        check=False,
        timeout=PATIENCE,
    )
    assert (done.returncode, done.stdout) == (0, b""), done.stderr
    assert memos("lifecycle", "status", "--json").data["cubes"][0]["ticked"] is not None
    assert two


def test_a_tick_ahead_of_the_clock_wants_a_yes_to_purge(memos: Run, two: list[str]) -> None:
    memos("forget", two[0], "--yes")
    for command in (("tick",), ("tick", "--all")):
        ran = memos("lifecycle", *command, "--now", LATER)
        assert ran.status == 3
        assert f"would purge 1 memory of cube default for good: {two[0][:8]}" in ran.err
        assert "--yes" in ran.err
    assert memos("restore", two[0]).status == 0
    memos("forget", two[0], "--yes")
    dry = memos("lifecycle", "tick", "--now", LATER, "--dry-run", "--json").data["cubes"][0]
    assert [(move["id"], move["to"]) for move in dry["moves"]] == [(two[0], "purged")]
    assert memos("lifecycle", "tick", "--now", LATER, "--yes", "--json").data["transitions"]["purged"] == 1
    real = memos("lifecycle", "tick")
    assert (real.status, "ahead of this machine's clock" in real.err) == (0, True)
    quiet = memos("lifecycle", "tick")
    assert (quiet.status, quiet.out, quiet.err) == (0, "", "")


def example_of_help(memos: Run) -> str:
    """The chain that the help of `lifecycle run` shows."""
    block = memos("lifecycle", "run", "--help").out.split("A chain that archives old shopping lists:")[1]
    return "\n".join(line.strip() for line in block.split("Exit status:")[0].splitlines())


def test_the_chain_of_the_help_touches_nothing_of_a_strangers_but_old_shopping_lists(memos: Run, tmp_path: Path) -> None:
    (tmp_path / "tidy.toml").write_text(example_of_help(memos))
    lines = [
        "I am allergic to penicillin", "The boiler was serviced in March", "My passport expires in 2031",
        "The guest list of the wedding has 40 names", "Where I went shopping in Ghent", "Put penicillin allergy on the list",
        "Shopping list: milk, eggs", "Shopping list for the party: crisps",
    ]  # fmt: skip
    memos("add", "--jsonl", "-", stdin=jsonl(*({"content": one, "occurred_at": "2025-03-01"} for one in lines)))
    ran = memos("lifecycle", "run", "tidy.toml", "--dry-run")
    named = [line for line in ran.out.splitlines() if line.startswith("  ")]
    assert len(named) == 2
    assert all("Shopping list" in line and "(archived)" in line for line in named)
    assert memos("lifecycle", "run", "tidy.toml", "--dry-run", "--json").data["touched"][0]["becomes"] == ["archived"]
    memos("lifecycle", "run", "tidy.toml")
    left = [one["content"] for one in memos("list", "--json").data["memories"]]
    assert sorted(left) == sorted(lines[:6])


def test_a_dry_run_of_a_chain_masks_secrets(memos: Run, tmp_path: Path) -> None:
    memos("add", "My password is hunter2horse", "--tag", "old")
    (tmp_path / "c.toml").write_text('[[step]]\ndo = "retrieve"\ntags = ["old"]\n[[step]]\ndo = "archive"\n')
    for more in ([], ["--json"]):
        assert "hunter2horse" not in memos("lifecycle", "run", "c.toml", "--dry-run", *more).out
