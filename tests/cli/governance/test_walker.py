"""Every command, run by somebody who may see only a part: what is hidden does not exist, and nothing of others changes.

Each command line runs in two homes, of which one lacks what is hidden. All that it says has to be the same, to the byte;
whatever it does, what belongs to others stays as it was. The lines of a command are run as text and for JSON by turns, and
each of them in both forms with MEMOS_TRIALS=many.
"""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from memos_cli.cli.main import memos as tree
from tests.cli.governance import scene
from tests.cli.governance.commands import CASES, NO_CUBE
from tests.cli.governance.scene import Home
from tests.conftest import Ran
from tests.trials import trials

CHAIN = """[[step]]
do = "retrieve"
query = "ferry"
[[step]]
do = "augment"
tags = ["seen"]
"""


def leaves(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[str]:
    """The words of every command that has none below it."""
    if not isinstance(command, click.Group):
        yield " ".join(path)
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        below = command.get_command(context, name)
        assert below is not None
        yield from leaves(below, (*path, name))


COMMANDS = sorted(leaves(tree))
FORMS: tuple[tuple[str, ...], ...] = ((), ("--json",))


def test_every_command_is_walked() -> None:
    assert {*COMMANDS} - {*CASES} - {*NO_CUBE} == set(), "say in tests/cli/governance/commands.py how eve is to try it"
    assert {*CASES} & {*NO_CUBE} == set()


LINES = """{"mip":"1.0","id":"x","content":"qlocellar","external_id":"qlocellar-1"}
{"content": "The ferry leaves at ten", "external_id": "ferry-1"}
"""
DATES = """BEGIN:VCALENDAR
BEGIN:VEVENT
UID:qlocellar-1
SUMMARY:The harbour ferry leaves at nine
DTSTART:20260504T090000Z
END:VEVENT
END:VCALENDAR
"""
TALK = """{"content": "Overwritten by an import", "external_id": "D1"}
{"content": "The qlocellar key lies under the blue pot", "external_id": "qlocellar-1"}
{"content": "A plum of mine", "id": "p1"}
"""


def lines(command: str, ids: dict[str, str]) -> Iterator[tuple[str, list[str], str]]:
    """For each case of a command the exit status, the words and what is given on standard input."""
    for case in CASES[command]:
        status, _, words = case.partition(" ")
        words, _, given = words.partition(" < ")
        filled = re.sub(r"\{(\w+):(\d)\}", lambda found: ids[found[1]][: int(found[2])], words)
        filled = re.sub(r"\{(\w+)\}", lambda found: ids.get(found[1], "zzzz"), filled)
        yield status, [*command.split(), *shlex.split(filled)], given.replace("{{", "{").replace("}}", "}")


@pytest.mark.parametrize("command", sorted({*CASES} & {*COMMANDS}))
def test_what_is_hidden_does_not_exist_and_nothing_of_others_changes(
    command: str, homes: tuple[Home, Home], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full, plain = homes
    faults: list[str] = []
    cases = list(lines(command, full.ids))
    for number, (status, words, given) in enumerate(cases):
        for form in FORMS if len(cases) == 1 or trials(0, 1) else (FORMS[number % 2],):
            line, said = (*form, *words), []
            for kind, home in (("full", full), ("plain", plain)):
                place = tmp_path / f"{kind}{number}{len(form)}"
                monkeypatch.chdir(furnished(place))
                done, told, changed = tried(home, place, line, given)
                said.append((done.status, *told))
                faults += [f"{shlex.join(line)} ({kind}) changes what belongs to others: {changed}"] if changed else []
                if kind == "full":
                    faults += leaks(line, given, done.out + done.err, full)
                expected = status.split("/")[-1 if form else 0]
                if expected not in {"-", str(done.status)}:
                    faults.append(f"{shlex.join(line)} ({kind}): exit status {done.status}, not {expected}: {told}")
            if said[0] != said[1]:
                faults.append(f"{shlex.join(line)} tells what is hidden:\n  {said[0]}\n  {said[1]}")
    assert not faults, "\n".join(faults)


def furnished(place: Path) -> Path:
    """A folder with the files that the command lines name."""
    place.mkdir()
    (place / "chain.toml").write_text(CHAIN)
    (place / "talk.jsonl").write_text(TALK)
    (place / "lines.jsonl").write_text(LINES)
    (place / "dates.ics").write_text(DATES)
    (place / "rows.csv").write_text("what,uid\nThe qlocellar key lies under the blue pot,qlocellar-1\n")
    (place / "notes").mkdir()
    (place / "notes" / "cellar.md").write_text("# Cellar\n\nThe qlocellar key lies under the blue pot\n\nSee [[qlodiary]].\n")
    (place / "policy.toml").write_text("[expire]\narchived_days = 3\n")
    return place


def tried(home: Home, place: Path, line: tuple[str, ...], given: str) -> tuple[Ran, tuple[str, str], list[str]]:
    """A command, run as eve in a copy: how it ended, what it said without what is random in it, what of others it changed."""
    before, others = untouched(home)
    copy = home.copied(place / "home")
    done = copy.run("eve", *line, stdin=given)
    changed = [name for name, rows in copy.others("eve").items() if not whole(others.get(name, "gone"), rows)]
    made = scene.added(copy, before)
    return done, (scene.retold(done.out, copy, made), scene.retold(done.err, copy, made)), changed


_UNTOUCHED: dict[Path, tuple[tuple[set[str], set[str]], dict[str, Any]]] = {}


def untouched(home: Home) -> tuple[tuple[set[str], set[str]], dict[str, Any]]:
    """What lies in a home of which copies are made, and what of it belongs to others than eve; read once."""
    if home.folder not in _UNTOUCHED:
        _UNTOUCHED[home.folder] = scene.dump(home), home.others("eve")
    return _UNTOUCHED[home.folder]


def whole(before: object, after: object) -> bool:
    """Whether all is there as it was; a cube may come, as one of eve's own."""
    return before == after or (isinstance(after, list) and before == [one for one in after if one != "mine"])


def leaks(words: tuple[str, ...], given: str, told: str, home: Home) -> list[str]:
    """What is hidden and stands in what was told, other than what eve typed herself."""
    rest = told.lower()
    for word in sorted((*words, given), key=len, reverse=True):
        if scene.HIDDEN in word.lower():
            rest = rest.replace(word.lower(), "")
    typed = " ".join((*words, given)).lower()
    found = {one for one in re.findall(r"qlo[\w-]*", rest) if one not in typed}
    seen = {"ferry", "wifi", "pier", "pears", "press", "txn"}
    found |= {name for name, one in home.ids.items() if name not in seen and one[:8] in told and one[:8] not in typed}
    return [f"{shlex.join(words)} names {sorted(found)}: {told}"] if found else []
