"""What every test gets: a home of its own, a clean environment, a clock that stands still, and a way to run the program."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from memos_cli import MOS
from memos_cli.config import Settings, paths
from memos_cli.operation import model_files
from memos_cli.operation.prompt.layout import JINJA
from tests import memory_disk
from tests.examined import trust
from tests.forker import Forker
from tests.patience import PATIENCE
from tests.tiny import write_model
from tests.trials import trials

ROOT = Path(__file__).parent.parent
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)

# A job in the background of a shell is started with SIGINT ignored, and hands that on to the programs under test.
signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile(
    "memos", deadline=None, max_examples=trials(40, 300), suppress_health_check=[HealthCheck.function_scoped_fixture]
)
settings.load_profile("memos")


def pytest_configure() -> None:
    """Lay the files of the run into memory, where there is room and nobody said where they are to lie."""
    if "TMPDIR" not in os.environ and (place := memory_disk.folder()) is not None:
        os.environ["TMPDIR"] = tempfile.tempdir = str(place)
    # Without compiled modules a new interpreter takes 0.31 s of a processor for `memos list`, and 0.12 s with them.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No variable of the developer's reaches a test, and no test reaches the developer's files."""
    for name in list(os.environ):
        if name.startswith(("MEMOS_", "_MEMOS")) or name in {"NO_COLOR", "FORCE_COLOR", "EDITOR", "VISUAL", "COLUMNS"}:
            monkeypatch.delenv(name)
    folder = tmp_path / "home"
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("PAGER", "cat")  # no test waits for a key that nobody presses
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("MEMOS_HOME", str(folder))
    monkeypatch.setenv("MEMOS_EMBEDDER", "none")
    monkeypatch.setenv("MEMOS_PRINCIPAL", "sam")
    monkeypatch.chdir(tmp_path)
    return folder


class Clock:
    """A clock that goes on when it is told to."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> None:
        self.now += timedelta(**span)


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of temporary files, which has to be empty in the end."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def mos(home: Path, clock: Clock) -> Iterator[MOS]:
    folders = paths({"MEMOS_HOME": str(home)})
    chosen = Settings({"MEMOS_EMBEDDER": "none", "MEMOS_PRINCIPAL": "sam"}, folders)
    with MOS(home, settings=chosen, clock=clock) as opened:
        yield opened


@dataclass(frozen=True)
class Ran:
    """A finished run of the program."""

    status: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        document = json.loads(self.out)
        assert document["schema_version"] == 1
        return document["data"]

    @property
    def error(self) -> Any:
        document = json.loads(self.err)
        assert document["schema_version"] == 1
        return document["error"]


Run = Callable[..., Ran]
ANSWER = ("Porto,", "where", "the", "river", "ends")
"""What the tiny models of the tests say."""


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with tiny models that llama.cpp really runs: mini, plain, unsure, endless."""
    pytest.importorskip("llama_cpp")
    pytest.importorskip("gguf")
    folder = tmp_path_factory.mktemp("models")
    write_model(folder / "mini.gguf", ANSWER, template=JINJA)
    write_model(folder / "plain.gguf", ANSWER)
    write_model(folder / "unsure.gguf", ANSWER, template=JINJA, sure=False)
    write_model(folder / "endless.gguf", ANSWER, template=JINJA, endless=True, context=60_000)
    return folder


@pytest.fixture(scope="session")
def tried(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What memos notes of a model that passed its trial in a child process, for each of the tiny ones."""
    from memos_cli.backends.llms import checks

    folder = tmp_path_factory.mktemp("tried")
    for model in sorted(models.glob("*.gguf")):
        checks.check(model, folder)
    return folder


@pytest.fixture(autouse=True)
def _trusted(request: pytest.FixtureRequest, home: Path) -> None:
    """Chat asks the tiny models of the tests without an exam, which none of them would pass, and without a trial in each home.

    A trial takes 0.5 s of a processor; `tests/backends/llms` tries models anew.
    """
    if "models" in request.fixturenames:
        for model in request.getfixturevalue("models").glob("*.gguf"):
            trust(home, model)
        shutil.copytree(request.getfixturevalue("tried"), home / model_files.RECORDS, dirs_exist_ok=True)


@pytest.fixture
def mini_answers(home: Path) -> None:
    """Chat asks memos-mini, which its exam found no better than citing memories, as after `memos model use --trust`."""
    trust(home, ROOT / "memos_cli" / "data" / "memos-mini.gguf")


def start(arguments: Sequence[str], **options: Any) -> "subprocess.Popen[bytes]":
    """The program in a process of its own."""
    return subprocess.Popen([sys.executable, "-m", "memos_cli", *arguments], **options)


@pytest.fixture(scope="session")
def forker() -> Iterator[Forker | None]:
    """What runs the program fast; `None` where an interpreter cannot safely fork."""
    made = Forker() if sys.platform == "linux" else None
    yield made
    if made is not None:
        made.close()


@pytest.fixture
def memos(home: Path, forker: Forker | None) -> Run:  # noqa: ARG001 -- the home is made, then found through the environment
    """Run the program in a process of its own; its output is read as UTF-8."""

    def run(
        *arguments: str, stdin: str | bytes | None = "", env: dict[str, str] | None = None, timeout: float = PATIENCE
    ) -> Ran:
        given, around = stdin.encode() if isinstance(stdin, str) else stdin, {**os.environ, **(env or {})}
        if forker is not None and forker.fits(around):
            status, out, err = forker.run(arguments, given, around, timeout)
            return Ran(status, out.decode(), err.decode())
        done = subprocess.run(
            [sys.executable, "-m", "memos_cli", *arguments],
            input=given,
            capture_output=True,
            env=around,
            timeout=timeout,
            check=False,
        )
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())

    return run
