"""The border of `infra`: a cube's connection, and SQLite at all, are used nowhere else."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import memos_cli

ROOT = Path(memos_cli.__file__).parent
OTHERS = "backends/importers/"
"""Where the databases of other programs are read, which are no cubes."""
OUTSIDE = [path for path in sorted(ROOT.rglob("*.py")) if path.relative_to(ROOT).parts[0] != "infra"]


def trespasses(source: str) -> Iterator[str]:
    """The places in a module where it uses a cube's connection or SQLite, a line each."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Attribute(attr="conn"):
                yield f"line {node.lineno}: .conn"
            case ast.Import(names=names) if any(one.name.split(".")[0] == "sqlite3" for one in names):
                yield f"line {node.lineno}: import sqlite3"
            case ast.ImportFrom(module=str(module)) if module.split(".")[0] == "sqlite3":
                yield f"line {node.lineno}: from sqlite3 import"
            case ast.withitem(context_expr=ast.Call(func=ast.Attribute(attr="derive")), optional_vars=ast.expr()):
                yield f"line {node.context_expr.lineno}: what derive() yields, which is the connection"


def test_nothing_outside_infra_uses_a_connection() -> None:
    assert len(OUTSIDE) > 100
    ours = [path for path in OUTSIDE if not path.relative_to(ROOT).as_posix().startswith(OTHERS)]
    found = [f"{path.relative_to(ROOT)}, {line}" for path in ours for line in trespasses(path.read_text("utf-8"))]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "line",
    [
        "rows = vault.conn.execute('SELECT 1')",
        "import sqlite3",
        "import os, sqlite3.dbapi2",
        "from sqlite3 import Error",
        "def f():\n    import sqlite3",
        "if TYPE_CHECKING:\n    import sqlite3",
        "with a, vault.derive() as conn:\n    pass",
    ],
)
def test_what_would_cross_the_border_is_seen(line: str) -> None:
    assert len(list(trespasses(line))) == 1


def test_what_does_not_cross_it_is_left_alone() -> None:
    assert not list(trespasses("with vault.derive():\n    conn = 'sqlite3'"))


def test_no_process_of_ours_takes_modules_from_the_working_folder() -> None:
    """`python -m` looks there first, unless it is told not to: whatever was unpacked there would be run."""
    begun = [
        (path, ast.unparse(found))
        for path in sorted(ROOT.rglob("*.py"))
        for found in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(found, ast.List | ast.Tuple) and ast.unparse(found).lstrip("[(").startswith("sys.executable, '-")
    ]
    assert len(begun) > 5
    assert not [f"{path}: {said}" for path, said in begun if not said.lstrip("[(").startswith("sys.executable, '-P'")]
