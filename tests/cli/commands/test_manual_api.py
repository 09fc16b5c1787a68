"""The page of the Python interface: it names what there is, and its example runs as it stands."""

import inspect
import re
from textwrap import dedent

import pytest

from memos_cli import MOS
from memos_cli.cli.commands.manual import manual_pages
from memos_cli.interface import api
from memos_cli.interface.services import Services

PAGE = manual_pages()["memos-api.3"]


def test_it_names_every_public_method_and_service() -> None:
    names = {
        name for name, member in {**vars(MOS), **vars(Services)}.items() if not name.startswith("_") and inspect.getdoc(member)
    }
    assert len(names) > 40
    missing = [name for name in sorted(names) if not re.search(rf"mos\.{name}\b", PAGE)]
    assert missing == []


def test_the_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    example = dedent((inspect.getdoc(api) or "").split("\n\n", 1)[1])
    for line in example.splitlines():
        assert line.replace("-", "\\-").replace("\\-", "-").strip() in PAGE.replace("\\-", "-").replace("\\&", "")
    exec(compile(example, "example", "exec"), {})  # noqa: S102 -- our own words, as a reader would type them
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("I am vegan now ")
    assert told[-2:] == ["I am vegetarian now 2", "3"]  # two turns, and what the first one tells
