"""Every command, run by somebody who may see only a part: what is hidden does not exist, and nothing of others changes.

Each command line runs in two homes, of which one lacks what is hidden. All that it says has to be the same, to the byte, as
text and as JSON; whatever it does, what belongs to others stays as it was.
"""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from memos_cli.cli.main import memos as tree
from tests.cli.governance import scene
from tests.cli.governance.commands import CASES, NO_CUBE
from tests.cli.governance.scene import Home
from tests.forker import Forker

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


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory, forker: Forker | None) -> tuple[Home, Home]:
    """The home with what is hidden, and the one without."""
    plain = Home(tmp_path_factory.mktemp("plain") / "home", {}, forker)
    scene.visible(plain)
    full = plain.copied(tmp_path_factory.mktemp("full") / "home")._replace(ids=dict(plain.ids))
    scene.hidden(full)
    assert full.run("eve", "list").status == 0
    return full, plain


def test_every_command_is_walked() -> None:
    assert {*COMMANDS} - {*CASES} - {*NO_CUBE} == set(), "say in tests/cli/governance/commands.py how eve is to try it"
    assert {*CASES} & {*NO_CUBE} == set()


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
    monkeypatch.chdir(tmp_path)
    full, plain = homes
    faults: list[str] = []
    for number, (status, words, given) in enumerate(lines(command, full.ids)):
        for form in ((), ("--json",)):
            said = []
            for kind, home in (("full", full), ("plain", plain)):
                place = tmp_path / f"{kind}{number}{len(form)}"
                place.mkdir()
                (place / "chain.toml").write_text(CHAIN)
                (place / "policy.toml").write_text("[expire]\narchived_days = 3\n")
                monkeypatch.chdir(place)
                copy = home.copied(place / "home")
                before, others = scene.dump(copy), copy.others("eve")
                done = copy.run("eve", *form, *words, stdin=given)
                told = tuple(scene.retold(text, copy, before) for text in (done.out, done.err))
                said.append((done.status, *told))
                changed = [name for name, rows in copy.others("eve").items() if not whole(others.get(name, "gone"), rows)]
                if changed:
                    faults.append(f"{shlex.join((*form, *words))} ({kind}) changes what belongs to others: {changed}")
                if kind == "full":
                    faults += leaks((*form, *words), given, done.out + done.err, full)
                if status not in {"-", str(done.status)}:
                    faults.append(f"{shlex.join((*form, *words))} ({kind}): exit status {done.status}, not {status}: {told}")
            if said[0] != said[1]:
                faults.append(f"{shlex.join((*form, *words))} tells what is hidden:\n  {said[0]}\n  {said[1]}")
    assert not faults, "\n".join(faults)


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
    found = {one for one in re.findall(r"zq[\w-]*", rest) if one not in typed}
    seen = {"ferry", "wifi", "pier", "pears", "press", "txn"}
    found |= {name for name, one in home.ids.items() if name not in seen and one[:8] in told and one[:8] not in typed}
    return [f"{shlex.join(words)} names {sorted(found)}: {told}"] if found else []
