"""The two homes of these tests, made once: see `scene`."""

from pathlib import Path

import pytest

from tests.cli.governance import scene
from tests.cli.governance.scene import Home
from tests.forker import Forker


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory, forker: Forker | None) -> tuple[Home, Home]:
    """The home with what is hidden, and the one without."""
    plain = Home(tmp_path_factory.mktemp("plain") / "home", {}, forker)
    scene.visible(plain)
    full = plain.copied(tmp_path_factory.mktemp("full") / "home")._replace(ids=dict(plain.ids))
    scene.hidden(full)
    for home in (full, plain):
        assert home.run("eve", "list").status == 0
    return full, plain


@pytest.fixture
def full(homes: tuple[Home, Home], tmp_path: Path) -> Home:
    """A copy of the home with what is hidden, for a test to change."""
    return homes[0].copied(tmp_path / "full" / "home")
