"""The house: what keeps a module findable by its name, as far as import-linter (`pyproject.toml`) cannot hold it.

Each exception stands below with its reason. One that is no longer needed fails, too, so that no list outlives its cause.
"""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.conftest import ROOT

HOUSE = ROOT / "memos_cli"
TESTS = ROOT / "tests"
LAYERS = ("cli", "agents", "bench", "interface", "operation", "infra", "backends")

MOST_LINES = 400
LONG: Mapping[str, str] = {}
"""Modules that may be longer, and why."""

MOST_MODULES = 16
FULL = {"cli/commands": "a module for each command and its parts, found by the command's name"}
"""Folders that may hold more modules, and why."""

FACES = {
    "interface/chat/answers": "a shelf: chat/guards is the face, and each module checks one thing of an answer",
    "interface/cubes": "a shelf: transfer, merge, origin and keys are one service each",
    "operation/history": "timeline is the face; snapshots, differences and cube_diff are views of the same log",
    "operation/prompt": "layout is the face; the format that memos-mini was taught is called so in its card",
    "operation/operator/dedupe": "sweep is the face: what looks for duplicates and conflicts is called so by the command line",
    "operation/parametric/grammar": "a shelf: each module is one part of the English of the training data",
    "infra/crypto": "a shelf: keys, signatures, encryption and passphrases are one noun each",
    "infra/cubefile": "its __init__ is the face: the container is asked for as a whole, as a library would be",
    "infra/local": "a shelf: each module keeps one thing beside a cube",
    "infra/transfer": "a shelf: loader and dumper are the paper's words, and merge and redaction stand beside them",
}
"""Rooms without a module of their own name, and where a reader begins instead."""

OPEN = {
    "__init__.py": "`from memos_cli import MOS` has to work, and must not cost `memos --help` anything",
    "infra/cubefile/__init__.py": "the face of the container, see `FACES`; who wants a cube file wants all of it",
}
"""Files `__init__.py` that hold more than a docstring, and why."""

NOUNS = {
    "bench/poisoning/poisoning.py": "the field's word for planting what misleads a memory; the command is called so",
    "cli/commands/bench_poisoning.py": "likewise",
    "bench/ttft/timing.py": "a timing is what was measured; `bench ttft` runs the module by this name",
    "backends/trainers/packing.py": "sequence packing: short texts in one row of a batch",
    "cli/sealing/sealing.py": "the noun for signing and encrypting a cube file together",
    "infra/crypto/signing.py": "the field's word for making and checking signatures",
    "interface/reader/grounding.py": "the field's word for showing that an answer rests on a text",
    "operation/operator/ranking/ranking.py": "the field's word for the order of hits",
    "operation/parametric/training.py": "the field's word, for a model's learning",
}
"""Modules whose names end in -ing and are nouns."""

ALONE = {
    "infra/vault/rules/test_memberships.py": "memberships that two machines set at the same time, by the laws of merge",
    "interface/cubes/test_secret_names.py": "names that are secrets, in what counts, completes and suggests names",
    "agents/setup/test_used.py": "what setup wrote is started and run, by each client's own file",
    "agents/serve/test_plain_model.py": "what is served without memory, beside llama.cpp's own completions",
    "agents/test_two_sessions.py": "the README's way to an agent that remembers, up to its second session",
    "interface/test_governance_machine.py": "what principals may do, and what they see, in any order",
    "interface/cubes/test_foreign_rules.py": "what merges and imports make of principals and rules from elsewhere",
    "interface/reader/test_events.py": "the events of talks, from the reader to the list of a cube",
    "cli/governance/test_governance.py": "acting as somebody else, in every command",
    "cli/governance/test_methods.py": "acting as somebody else, in every method of the façade",
    "cli/governance/test_walker.py": "acting as somebody else, each command in a home with and without what is hidden",
    "cli/test_bounds.py": "numbers beyond all bounds, given to many commands",
    "cli/test_daily.py": "what daily use asked for, line by line, with the tests that show it",
    "cli/test_contract.py": "what every command promises to scripts",
    "cli/test_examples.py": "the examples in all help texts",
    "cli/test_privacy.py": "the modes of all that commands write, whatever the umask",
    "cli/test_zone.py": "times in the person's zone, in every command",
    "cli/test_closed.py": "streams that are closed, full or left early, in every command",
    "cli/test_wrapping.py": "lines on a terminal, of every command",
    "cli/test_nothing.py": "filters that nothing passes, in every command",
    "cli/test_out_of_reach.py": "homes and cubes that cannot be looked into, in every command",
    "cli/test_reveal.py": "`--reveal`, in every command that has it",
    "cli/test_several.py": "several cubes at once, in every command",
    "cli/test_surroundings.py": "variables of the environment that hold anything, in every command",
    "cli/test_startup.py": "what each command imports before it does anything",
    "cli/commands/test_add_change.py": "`add` and `chat`: what a text says to be over, from end to end",
    "cli/commands/test_add_extract.py": "`add --extract` and `chat`: extraction from end to end, with real models",
    "infra/test_border.py": "the border of the whole layer, which SQL does not cross",
    "infra/cubefile/test_cubefile.py": "the container as a whole, written and read",
    "infra/cubefile/test_hostile.py": "cube files by somebody who means ill, through reader, manifest and limits",
    "infra/transfer/test_merge_laws.py": "the laws of merge over random histories, which take long",
    "infra/vault/test_cold.py": "cold storage, which schema, units and search have parts of",
    "interface/test_labels.py": "sensitivity labels on every way out of a cube, and who may see secrets",
    "interface/test_demo.py": "the demo's questions, asked without its command",
    "interface/test_machine.py": "all that changes a cube, in any order",
    "interface/cubes/test_sealing.py": "sealed files, received: transfer and the layers of infra.crypto together",
}
"""Tests that are of no single module, and what they are of."""

MOST_DEFERRED = {"interface": 21, "operation": 28}
"""Imports of a layer's own modules inside functions, as many as there are today.

Each saves a command the modules that it does not use, as `tests/cli/test_startup.py` measures it, and each hides an arrow from
whoever reads the head of a file. One more has to be worth it; whoever makes one less lowers the number.
"""


def modules() -> Iterator[Path]:
    return (path for path in sorted(HOUSE.rglob("*.py")) if path.name != "__init__.py")


def folders() -> Iterator[Path]:
    return (path for path in (HOUSE, *sorted(HOUSE.rglob("*"))) if path.is_dir() and next(path.glob("*.py"), None))


def name(path: Path) -> str:
    return path.relative_to(HOUSE).as_posix()


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def told(found: Mapping[str, str], remedy: str) -> str:
    return "\n".join([*(f"{culprit}: {what}" if what else culprit for culprit, what in found.items()), remedy])


def assert_only(found: Mapping[str, str], allowed: Mapping[str, str], remedy: str) -> None:
    """Hold that what was found are the exceptions, and all of them."""
    new = {culprit: what for culprit, what in found.items() if culprit not in allowed}
    assert not new, told(new, remedy)
    stale = sorted(set(allowed) - set(found))
    assert not stale, f"exceptions that are needed no more, take them out of tests/test_house.py: {', '.join(stale)}"


def test_no_module_is_too_long_to_be_read_at_once() -> None:
    lines = {name(path): path.read_text(encoding="utf-8").count("\n") for path in HOUSE.rglob("*.py")}
    long = {module: f"{count} lines" for module, count in lines.items() if count > MOST_LINES}
    assert_only(long, LONG, f"at most {MOST_LINES} lines: give a part that is an idea of its own a module beside it")


def test_no_folder_is_too_full_to_be_seen_at_once() -> None:
    counts = {name(folder): len([path for path in folder.glob("*.py") if path.name != "__init__.py"]) for folder in folders()}
    full = {folder: f"{count} modules" for folder, count in counts.items() if count > MOST_MODULES}
    assert_only(full, FULL, f"at most {MOST_MODULES} modules: put those that belong together into a room of their own")


def test_no_class_name_means_two_things_in_a_layer() -> None:
    # `_Reader` beside `Reader` is two things as well: whoever searches for the word finds both.
    for layer in LAYERS:
        places: dict[str, list[str]] = {}
        for path in sorted((HOUSE / layer).rglob("*.py")):
            for one in tree(path).body:
                if isinstance(one, ast.ClassDef):
                    places.setdefault(one.name.lstrip("_"), []).append(f"{name(path)}:{one.lineno} {one.name}")
        twice = {word: ", ".join(found) for word, found in places.items() if len(found) > 1}
        assert not twice, told(twice, f"one name, one thing in {layer}: call each what it is beside the other")


def test_a_folder_s_init_says_what_the_room_is_and_nothing_else() -> None:
    found: dict[str, str] = {}
    for folder in folders():
        init = folder / "__init__.py"
        if not init.exists():
            found[name(init)] = "is missing"
        elif (body := tree(init).body) and not (len(body) == 1 and ast.get_docstring(tree(init))):
            found[name(init)] = "holds more than a docstring"
        elif not body:
            found[name(init)] = "is empty"
    remedy = "one docstring that says what the room is: what a face imports every command pays for, so import from its modules"
    assert_only(found, OPEN, remedy)


def test_a_room_has_a_module_of_its_own_name() -> None:
    rooms = [folder for folder in folders() if name(folder).partition("/")[0] in {"interface", "operation", "infra"}]
    found = {
        name(folder): f"no {folder.name}.py"
        for folder in rooms
        if "/" in name(folder) and not (folder / f"{folder.name}.py").exists()
    }
    assert_only(found, FACES, "where does a reader begin? Call that module like its folder, or say in FACES where")


def test_a_module_is_called_by_a_noun() -> None:
    found = {name(path): "ends in -ing" for path in modules() if path.stem.endswith("ing")}
    assert_only(found, NOUNS, "name the thing, not the doing (a writer, not writing), or say in NOUNS whose word it is")


def test_a_test_lies_where_its_module_does() -> None:
    found: dict[str, str] = {}
    for layer in LAYERS:
        for path in sorted((TESTS / layer).rglob("test_*.py")):
            place = path.relative_to(TESTS)
            wanted = place.with_name(place.name.removeprefix("test_"))
            if not (HOUSE / wanted).exists():
                found[place.as_posix()] = f"there is no memos_cli/{wanted.as_posix()}"
    assert_only(found, ALONE, "move or rename it along with its module, or say in ALONE what it is of")


def test_no_more_imports_of_neighbours_hide_in_functions() -> None:
    for layer, most in MOST_DEFERRED.items():
        found = {place: "" for path in sorted((HOUSE / layer).rglob("*.py")) for place in deferred(path, f"memos_cli.{layer}")}
        remedy = f"at most {most} in {layer}: import at the head, unless a command that does not need it starts faster so"
        assert len(found) <= most, told(found, remedy)
        assert len(found) == most, f"{layer} has {len(found)} now: lower MOST_DEFERRED"


def deferred(path: Path, package: str) -> Iterator[str]:
    """Where functions of a module import from a package."""
    lines = {
        found.lineno: ast.unparse(found)
        for function in ast.walk(tree(path))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for found in ast.walk(function)
        if isinstance(found, ast.ImportFrom) and f"{found.module}.".startswith(f"{package}.")
    }
    return (f"{name(path)}:{line} {text}" for line, text in sorted(lines.items()))
