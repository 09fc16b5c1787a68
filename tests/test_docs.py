"""What is written about memos is what memos does: the pages are made anew, the README's tour is run."""

import json
import os
import pkgutil
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest

from memos_cli import __version__
from memos_cli.cli.commands.manual import completions, manual_pages
from memos_cli.times import from_millis
from tests import talks
from tests.chat_exports import chain, said, talk, zipped
from tests.conftest import ROOT, Run

README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = manual_pages()


def test_committed_man_pages_are_the_generated_ones() -> None:
    committed = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "man").iterdir()}
    assert committed == PAGES, "run: memos generate"


def test_the_page_of_the_format_has_the_limits_of_the_code() -> None:
    from memos_cli.infra import cubefile
    from memos_cli.infra import limits as texts
    from memos_cli.infra.transfer import adapter_files, slot_record, vector_file
    from memos_cli.model import Kind, LinkType, Origin, State, Visibility

    page = PAGES["memos-cube.5"].replace("\\-", "-")
    limits = (
        texts.MOST_LINE, cubefile.MOST_MANIFEST, cubefile.MOST_SEAL, cubefile.MOST_BYTES, cubefile.MOST_MEMBERS,
        texts.MOST_CHARACTERS, texts.LONGEST_NAME, texts.MOST_PARENTS, texts.MOST_REGISTERS,
        vector_file.MOST_DIMENSIONS, cubefile.MOST_ADAPTERS, cubefile.MOST_SLOTS, slot_record.MOST_TOKENS,
        slot_record.MOST_MEMORIES,
        adapter_files.MOST_CONFIG, adapter_files.MOST_HEADER, adapter_files.MOST_WEIGHTS, adapter_files.MOST_DATA,
        adapter_files.MOST_TENSORS, adapter_files.MOST_RANK, adapter_files.MOST_WIDTH, slot_record.MOST_RECORD,
    )  # fmt: skip
    for limit in limits:
        assert re.search(rf"\b{limit}\b", page), limit
    assert texts.ALPHABET in page
    assert from_millis(texts.LATEST)[:10] in page
    for word in (*Kind, *LinkType, *Origin, *State, *Visibility):
        assert word.value in page
    for name in texts.REGISTERS:
        assert rf"\fB{name}\fR" in page, name


HOUSE = ROOT / "memos_cli"
INTERNALS = re.sub(r"\\f[A-Z]", "", PAGES["memos-internals.7"]).replace("\\-", "-")


def test_the_page_of_the_house_names_paths_that_are_there() -> None:
    tops = "|".join(sorted(path.name for path in HOUSE.iterdir() if path.is_dir() and path.name != "__pycache__"))
    paths = set(re.findall(rf"(?<![\w/.])(?:{tops})/[\w/.-]*[\w/]", INTERNALS))
    assert len(paths) > 25
    assert [path for path in sorted(paths) if not (HOUSE / path).exists()] == []
    rooms = {
        f"{folder.relative_to(HOUSE).as_posix()}/"
        for layer in ("cli", "bench", "interface", "operation", "infra", "backends")
        for folder in (HOUSE / layer).rglob("*")
        if (folder / "__init__.py").exists()
    }
    assert sorted(rooms - paths) == []


def test_the_page_of_the_house_names_classes_and_functions_that_are_there() -> None:
    tops = "|".join(sorted(path.stem for path in HOUSE.iterdir() if path.is_dir() or path.suffix == ".py"))
    names = set(re.findall(rf"(?<![\w/.])(?:memos_cli\.)?(?:{tops})(?:\.\w+)+", INTERNALS))
    assert len(names) > 50
    assert [name for name in sorted(names) if not found(name)] == []


def found(name: str) -> bool:
    """Whether a dotted name below `memos_cli` leads to a module, or to what one holds."""
    try:
        pkgutil.resolve_name(f"memos_cli.{name.removeprefix('memos_cli.')}")
    except (ImportError, AttributeError):
        return False
    return True


def test_committed_completions_are_the_generated_ones() -> None:
    committed = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "completions").iterdir()}
    assert committed == completions(), "run: memos generate"


@pytest.mark.parametrize("name", sorted(PAGES))
def test_every_page_has_examples(name: str) -> None:
    assert re.search(r"EXAMPLES|Start here|START HERE|COMMANDS", PAGES[name]), name


def test_main_page_lists_every_exit_status_of_the_errors() -> None:
    from memos_cli import errors

    tree = [errors.MemosError]
    for kind in tree:
        tree += kind.__subclasses__()
    for status in {kind.exit_status for kind in tree} | {0, 130, 143}:
        assert f"\\fB{status}\\fR" in PAGES["memos.1"]


def test_the_error_tree_s_drawing_is_right() -> None:
    from memos_cli import errors

    drawn = {
        name: (int(status), code)
        for name, status, code in re.findall(r"(\w+) +(\d+)  (\w+)$", errors.__doc__ or "", re.MULTILINE)
    }
    for name, (status, code) in drawn.items():
        kind = getattr(errors, name)
        assert (kind.exit_status, kind.code) == (status, code)
    codes = [code for _, code in drawn.values()]
    assert len(set(codes)) == len(codes)


def test_installing_pages_and_completions_writes_them(memos: Run, tmp_path: Path) -> None:
    assert memos("man", "install", "--to", str(tmp_path / "man")).status == 0
    assert {path.name for path in (tmp_path / "man").glob("man[1357]/memos*")} == set(PAGES)
    done = memos("--json", "completion", "install", "--shell", "fish")
    assert Path(done.data["path"]).read_text(encoding="utf-8") == completions()["memos.fish"]


def test_bash_completion_completes_commands(memos: Run) -> None:
    env = {"_MEMOS_COMPLETE": "bash_complete", "COMP_WORDS": "memos se", "COMP_CWORD": "1"}
    assert "search" in memos(env=env).out


def test_the_changelog_speaks_of_every_command() -> None:
    from memos_cli.cli.help_page import COMMANDS

    log = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    names = [name for family in COMMANDS.values() for name in family]
    assert [name for name in names if f"`{name}" not in log and f" {name} " not in log] == []
    assert __version__


@pytest.fixture
def tour(tmp_path: Path, home: Path) -> Path:
    """A folder with what the tour speaks of, and `memos` on PATH."""
    folder = tmp_path / "tour"
    (folder / "bin").mkdir(parents=True)
    (folder / "stick").mkdir()
    script = folder / "bin" / "memos"
    script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m memos_cli "$@"\n', encoding="utf-8")
    script.chmod(0o755)
    (folder / "notes.md").write_text("# Garden\n\n- Sow the beans in May\n- The rake is at Yuki's\n", encoding="utf-8")
    (folder / "questions.jsonl").write_text('{"query": "beans"}\n', encoding="utf-8")
    (folder / "export.jsonl").write_text('{"content": "The rake came back", "tags": ["garden"]}\n', encoding="utf-8")
    environment = {
        **os.environ,
        "GIT_AUTHOR_NAME": "Sam",
        "GIT_AUTHOR_EMAIL": "s@x",
        "GIT_COMMITTER_NAME": "Sam",
        "GIT_COMMITTER_EMAIL": "s@x",
    }
    for command in (["git", "init", "-q"], ["git", "commit", "-q", "--allow-empty", "-m", "Dig the pond"]):
        subprocess.run(command, cwd=folder, env=environment, check=True)
    assert not home.exists()
    return folder


def told(heading: str) -> list[str]:
    """The commands below a heading of the README."""
    (section,) = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", README, re.DOTALL | re.MULTILINE)
    return re.findall(r"^\$ (.*)$", section, re.MULTILINE)


def run_all(commands: list[str], tour: Path) -> dict[str, str]:
    """What each of these commands prints, in the folder of the tour; none fails."""
    env = {
        **os.environ, "PATH": f"{tour / 'bin'}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT), "HOME": str(tour),
    }  # fmt: skip
    printed = {}
    for command in commands:
        done = subprocess.run(["bash", "-c", command], cwd=tour, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command}: {done.stderr}"
        printed[command] = done.stdout
    return printed


def test_every_command_of_the_readme_is_run() -> None:
    assert re.findall(r"^\$ (.*)$", README, re.MULTILINE) == told("Bring what you have") + told("A short tour")


RENT = (
    "We saw the flat on Kerkstraat today. The landlord is Mr. de Wit, and the rent that he wants is 1,350 a month. A good idea?"
)


def exported(path: Path) -> None:
    """An export of ChatGPT, as one downloads it: 200 talks in two shards, and one of them about a flat."""
    topics = ("a script that renames photos", "a card for Ana", "TCP and UDP", "an apple tree", "a letter to the landlord")
    found = [
        talk(f"t{number}", chain(
            said("user", f"Help me with {topics[number % 5]}, please, number {number}"),
            said("assistant", f"Gladly. For {topics[number % 5]} begin with a list of what you have."),
            said("user", "Thanks, that helps"), said("assistant", "You are welcome!"),
        )) for number in range(200)
    ]  # fmt: skip
    found[133] = talk("flat", chain(said("user", RENT), said("assistant", "Ask about the deposit and the notice period.")))
    path.parent.mkdir(parents=True)
    zipped(path, {
        "conversations-000.json": found[:100], "conversations-001.json": found[100:], "chat.html": "<html></html>",
        "user.json": {"id": "user-1", "email": "sam@example.org"}, "message_feedback.json": [],
    })  # fmt: skip


def test_from_an_export_to_a_first_right_answer(tour: Path) -> None:
    exported(tour / "Downloads" / "chatgpt-export.zip")
    began = time.monotonic()
    imports, search, *rest = told("Bring what you have")
    printed = run_all([imports, search], tour)
    assert time.monotonic() - began < 60  # some 4 s: the bound is for a machine with much else to do
    assert printed[imports].startswith("798 taken, 3 skipped of 801 found (chatgpt)\n")
    assert "a file about the account: message_feedback.json and others\n" in printed[imports]
    assert printed[search].splitlines()[0].endswith(RENT)
    assert "2023-11-14" in printed[search].splitlines()[0]

    session = tour / ".claude" / "projects" / "-home-sam-weather" / "s1.jsonl"
    talks.write(session, talks.turn(1, "Call the new station Halley", "2026-02-01T10:00:00.000Z"))
    printed |= run_all(rest, tour)
    assert RENT in "".join(note.read_text(encoding="utf-8") for note in (tour / "my-notes").rglob("*.md"))
    lines = (tour / "memories.jsonl").read_text(encoding="utf-8").splitlines()
    assert RENT in [row.get("content") for row in map(json.loads, lines)]
    left = run_all([search, "memos list --kind episode"], tour)
    assert "Kerkstraat" not in left[search]
    assert "Halley" in left["memos list --kind episode"]


def test_the_tour_of_the_readme_runs(tour: Path) -> None:
    commands = told("A short tour")
    assert len(commands) > 15
    printed = run_all(commands, tour)
    assert printed["memos search diet"].splitlines()[0].endswith("I am vegan now")
    assert "meat" in printed["memos search diet --as-of 2026-02-01"]
    assert "vegan" not in printed["memos search diet --as-of 2026-02-01"]
    assert json.loads(printed['memos --json search "who is allergic?"'])["data"]["hits"][0]["content"].endswith("peanuts")
    assert "heron" in printed['memos --cube work --cube default search "what is the server called?"']
    assert printed["memos cube merge stick/default.memcube"].split()[:2] == ["1", "new"]
    assert json.loads(printed["memos search --jsonl questions.jsonl -k 20"])["query"] == "beans"


def test_the_python_of_the_readme_runs(home: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "I moved to Utrecht"
    assert home.exists()
