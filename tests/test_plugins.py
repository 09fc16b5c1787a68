import subprocess
import sys

import pytest

from memos_cli import plugins
from memos_cli.errors import UsageError
from memos_cli.ports.ports import Parser


def test_every_built_in_name_leads_somewhere() -> None:
    for name in plugins._BUILT_IN:
        assert callable(plugins.load(*name.split(".", 1)))


def test_parsers_fill_their_port() -> None:
    for name in ("transcript", "markdown", "prose"):
        assert isinstance(plugins.load("parser", name)(), Parser)


def test_an_unknown_name_lists_those_there_are() -> None:
    with pytest.raises(UsageError) as caught:
        plugins.load("parser", "klingon")
    assert caught.value.hint is not None
    assert "transcript" in caught.value.hint


def test_importing_the_package_imports_nothing_of_it() -> None:
    code = "import sys, memos_cli; print(sorted(name for name in sys.modules if name.startswith('memos_cli')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['memos_cli']"
