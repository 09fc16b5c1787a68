"""A package registry that has one wheel, behind a pip that the tests play."""

from pathlib import Path
from textwrap import dedent

import pytest

PIP = '''
"""A pip that copies FAKE_WHEEL, or fails as FAKE_PIP says; what it was asked for is written to FAKE_ASKED."""
import json, os, shutil, sys
from pathlib import Path
asked = sys.argv[1:]
wanted = Path(asked[asked.index("--requirement") + 1]).read_text()
Path(os.environ["FAKE_ASKED"]).write_text(json.dumps([asked, wanted]))
if os.environ.get("FAKE_PIP"):
    sys.exit(os.environ["FAKE_PIP"])
goal = Path(asked[asked.index("--dest") + 1])
goal.mkdir()
if os.environ["FAKE_WHEEL"]:
    shutil.copy(os.environ["FAKE_WHEEL"], goal)
'''


def play(folder: Path, monkeypatch: pytest.MonkeyPatch, wheel: Path) -> None:
    """Let `python -m pip` be the one above, which fetches this wheel and writes what it was asked for to `asked.json`."""
    package = folder / "fake" / "pip"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "__main__.py").write_text(dedent(PIP))
    monkeypatch.setenv("PYTHONPATH", str(folder / "fake"))
    monkeypatch.setenv("FAKE_WHEEL", str(wheel))
    monkeypatch.setenv("FAKE_ASKED", str(folder / "asked.json"))
