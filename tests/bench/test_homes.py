"""What a benchmark's temporary home has of the person's home, and what it leaves alone."""

from pathlib import Path
from typing import Any

from memos_cli import config
from memos_cli.bench import homes
from memos_cli.config import Settings
from memos_cli.operation import model_files
from tests.conftest import Clock


def contents(folder: Path) -> dict[str, Any]:
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in sorted(folder.rglob("*"))}


def test_what_is_known_of_models_holds_and_is_left_as_it_was(home: Path) -> None:
    for name, text in (("exams/1a.json", '{"layout": "brief"}'), ("llm/1a.json", "{}"), ("models/sam--x/tiny.gguf", "GGUF")):
        (home / name).parent.mkdir(parents=True)
        (home / name).write_text(text, encoding="utf-8")
    before = contents(home)
    paths = config.paths({"MEMOS_HOME": str(home)})
    settings = Settings({"MEMOS_EMBEDDER": "none"}, paths)
    with homes.thrown_away(settings, paths, Clock(), {}) as thrown, thrown.empty() as mos:
        assert mos.paths.data != paths.data
        assert (mos.paths.data / "exams" / "1a.json").read_text(encoding="utf-8") == '{"layout": "brief"}'
        assert model_files.locate("tiny", mos.paths).samefile(home / "models" / "sam--x" / "tiny.gguf")
        (mos.paths.data / "exams" / "1a.json").write_text("another", encoding="utf-8")
        (mos.paths.data / "llm" / "2b.json").write_text("another", encoding="utf-8")
        gone = mos.paths.data
    assert contents(home) == before
    assert not gone.exists()


def test_a_home_without_models_serves(home: Path) -> None:
    paths = config.paths({"MEMOS_HOME": str(home)})
    with (
        homes.thrown_away(Settings({"MEMOS_EMBEDDER": "none"}, paths), paths, Clock(), {}) as thrown,
        thrown.empty() as mos,
    ):
        assert not mos.paths.models.exists()
    assert not home.exists()
