"""What a command costs before it does anything: the modules that it imports; and the table that saves importing them all."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from memos_cli.cli.main import COMMANDS, Tree, memos
from memos_cli.model import Filter
from tests.conftest import Run
from tests.patience import PATIENCE

HEAVY = {
    "rich", "numpy", "llama_cpp", "torch", "sentence_transformers", "transformers", "peft", "dateutil", "detect_secrets",
    "markdown_it", "tomlkit", "platformdirs", "gguf", "huggingface_hub", "jinja2", "prompt_toolkit", "plotext",
    "cryptography", "pyrage", "wcwidth", "simplemma", "psutil",
}  # fmt: skip
"""Packages that cost tens of milliseconds up to seconds, and that no everyday command needs."""
AVOIDED = {
    "dataclasses", "asyncio", "concurrent", "email", "http", "sqlite_utils", "hashlib", "tomllib", "getpass", "termios",
    "pkgutil", "subprocess", "tempfile", "random", "logging", "decimal",
}  # fmt: skip
"""What can be done without, by a command that only reads."""
_TELL = """
import os, sys
from memos_cli.cli.main import run
status = run(sys.argv[1:])
sys.stdout.flush()
print(*sorted(name for name in sys.modules if name.partition(".")[0] == "memos_cli"), file=sys.stderr)
print(status, *sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
"""

_COMPLETE = """
import sys
from memos_cli.cli.main import run
try:
    run([])
finally:
    print(*sorted(sys.modules), file=sys.stderr)
"""


def imported(*arguments: str) -> set[str]:
    """The top-level packages that a run has imported when it ends."""
    return _told(*arguments)[0]


def rooms(*arguments: str) -> set[str]:
    """The modules of memos that a run has imported when it ends."""
    return _told(*arguments)[1]


def _told(*arguments: str) -> tuple[set[str], set[str]]:
    done = subprocess.run(
        [sys.executable, "-X", "frozen_modules=on", "-c", _TELL, *arguments],
        capture_output=True,
        timeout=PATIENCE,
        check=False,
        text=True,
    )
    ours, everything = done.stderr.splitlines()[-2:]
    status, *names = everything.split()
    assert status == "0", done.stderr
    assert "memos_cli" in names
    return set(names), set(ours.split())


@pytest.mark.parametrize("arguments", [("--help",), ("-h",), ("--version",), ()])
def test_help_imports_no_command(arguments: tuple[str, ...]) -> None:
    assert not imported(*arguments) & (HEAVY | AVOIDED | {"sqlite3", "pathlib", "json"})
    assert len(rooms(*arguments)) <= 9


def test_a_single_add_imports_what_it_needs(memos: Run) -> None:
    # Also the add that makes the cube, somebody's very first one.
    assert not imported("add", "the first one makes the cube") & (HEAVY | {"sqlite_utils"})
    found, ours = _told("add", "I am vegan now", "--key", "diet")
    assert not found & (HEAVY | AVOIDED - {"hashlib"})
    assert "memos_cli.infra.vault.purge" not in ours
    assert "sqlite3" in found
    assert len(memos("list", "--json").data["memories"]) == 2


@pytest.mark.parametrize("embedder", ["none", "auto"])
def test_a_lexical_search_imports_what_it_needs(memos: Run, monkeypatch: pytest.MonkeyPatch, embedder: str) -> None:
    memos("add", "I am vegan now")
    monkeypatch.setenv("MEMOS_EMBEDDER", embedder)
    for arguments, most in {
        ("search", "--lexical", "vegan"): 77,
        ("list",): 62,
        ("list", "--json"): 63,
        ("search", "--lexical", "vegan", "--json"): 79,
    }.items():
        found, ours = _told(*arguments)
        assert not found & (HEAVY | AVOIDED), arguments
        assert "sqlite3" in found
        assert not {"memos_cli.ports", "memos_cli.infra.counts"} & ours
        assert len(ours) <= most, (arguments, "a module costs 0.3 ms before it does anything: does every such command need it?")


def test_a_block_for_a_prompt_costs_hardly_more_than_a_search(memos: Run) -> None:
    memos("add", "I am vegan now", "--pin")
    for arguments, most in {("context", "vegan"): 92, ("brief",): 76, ("brief", "--json"): 77}.items():
        found, ours = _told(*arguments)
        assert not found & (HEAVY | AVOIDED), arguments
        assert len(ours) <= most, (arguments, "it stands in a prompt of a shell: does every block need it?")


def test_a_shell_is_answered_with_few_modules(memos: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    memos("add", "I am vegan now", "--tag", "home")
    monkeypatch.setenv("_MEMOS_COMPLETE", "bash_complete")
    for line, answers, most in (("memos ", "rollback", 10), ("memos show ", "plain,", 36), ("memos list --tag h", "home", 36)):
        monkeypatch.setenv("COMP_WORDS", line)
        monkeypatch.setenv("COMP_CWORD", str(line.count(" ")))
        done = subprocess.run(
            [sys.executable, "-X", "frozen_modules=on", "-c", _COMPLETE],
            capture_output=True, timeout=PATIENCE, check=True, text=True,
        )  # fmt: skip
        assert answers in done.stdout, line
        names = done.stderr.split()
        ours = [name for name in names if name.partition(".")[0] == "memos_cli"]
        assert not {name.partition(".")[0] for name in names} & (HEAVY | AVOIDED), line
        assert len(ours) <= most, (line, "a shell is to be answered in 0.15 s: does every answer need it?", ours)


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="there the records are those of typing")
def test_the_records_of_everyday_commands_are_cheap_to_define(memos: Run) -> None:
    memos("add", "I am vegan now")
    ours = rooms("search", "--lexical", "vegan") | rooms("list", "--json") | rooms("add", "I live in Porto")
    kinds = [kind for name in ours for kind in vars(sys.modules.get(name) or import_module(name)).values() if _is_record(kind)]
    assert len(kinds) > 50
    assert [f"{kind.__module__}.{kind.__name__}" for kind in kinds if kind._replace is not Filter._replace] == []


def _is_record(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, tuple) and hasattr(kind, "_fields") and kind.__module__ != "typing"


def test_a_date_in_iso_needs_no_library_for_words(memos: Run) -> None:
    memos("add", "I am vegan now")
    found = imported("list", "--since", "2026-03-01", "--until", "2030-01-01T00:00Z")
    assert not found & (HEAVY | AVOIDED | {"zoneinfo"})
    assert not imported("list", "--since", "three days ago") & (HEAVY | AVOIDED | {"zoneinfo"})


def test_what_a_model_learnt_is_looked_at_without_torch(memos: Run, models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    memos("add", "I live in Porto.", "--kind", "fact")
    memos("lifecycle", "policy", "set", "consolidate.settled_days", "0")
    heavy = HEAVY - {"rich", "numpy", "llama_cpp", "gguf", "jinja2"}
    for name in ("none", str(models / "mini.gguf")):
        monkeypatch.setenv("MEMOS_LLM_MODEL", name)
        for command in ("plan", "jobs", "show"):
            assert not imported("consolidate", command, "--json") & heavy, command


def test_the_table_says_what_the_commands_say() -> None:
    context = memos.make_context("memos", ["list"])
    assert isinstance(memos, Tree)
    table = {name: line for family in COMMANDS.values() for name, (_, line) in family.items()}
    assert list(table) == memos.list_commands(context)
    for name, line in table.items():
        command = memos.get_command(context, name)
        assert command is not None
        assert command.name == name
        assert command.get_short_help_str(limit=300) == line, name


def test_the_table_names_the_module_in_which_each_command_stands() -> None:
    context = memos.make_context("memos", ["list"])
    for family in COMMANDS.values():
        for name, (module, _) in family.items():
            assert getattr(memos.get_command(context, name), "callback", None) is not None
            assert (Path(sys.modules["memos_cli.cli.main"].__file__ or "").parent / "commands" / f"{module}.py").is_file()


def test_every_command_says_how_it_is_called_and_how_it_ends() -> None:
    context = memos.make_context("memos", ["list"])
    for name in memos.list_commands(context):
        command = memos.get_command(context, name)
        assert command is not None
        text = command.help or ""
        if not hasattr(command, "commands"):
            assert "Examples:" in text, name
            assert f"memos {name}" in text or "memos --" in text, name


def test_help_lists_every_command_under_its_family(memos: Run) -> None:
    shown = memos("--help").out
    places = [shown.index(f"{family}:") for family in COMMANDS]
    assert places == sorted(places)
    for (family, commands), place, end in zip(COMMANDS.items(), places, [*places[1:], len(shown)], strict=True):
        for name, (_, line) in commands.items():
            assert f"\n  {name} " in shown[place:end], (family, name)
            assert line in shown[place:end]
