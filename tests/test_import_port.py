"""The suite that importers owe, run over the importer that tests have."""

import json
import random
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from memos_cli.import_port import ImportOptions, Skipped
from memos_cli.model import Draft
from memos_cli.times import Zone
from tests.contracts.importer import BUDGET, ImporterContract, Overdue, retyped, within
from tests.importers import KIND, ScriptedImporter, note, script, scripted, turn

__all__ = ["scripted"]
ROWS = (
    turn("a", "I live in York."),
    turn("b", "How nice!", speaker="assistant"),
    {"skip": "a system message", "count": 2},
    note("c", "The boiler was serviced.", None, title="House"),
)


@pytest.mark.usefixtures("scripted")
class TestScriptedImporter(ImporterContract):
    name = KIND

    def sample(self, folder: Path) -> Path:
        return script(folder / "one.script", *ROWS)

    def mistyped(self, folder: Path, chance: random.Random) -> Path:
        rows = json.loads(json.dumps(ROWS))
        place = chance.choice((0, 1, 3))
        rows[place] = retyped(rows[place], chance)
        return script(folder / "one.script", *rows)


class _Careless(ScriptedImporter):
    """Loses what it does not know."""

    def read(self, source: Path, how: ImportOptions) -> Iterator[Draft | Skipped]:
        return (one for one in super().read(source, how) if not (isinstance(one, Skipped) and one.damaged))


class TestContract:
    def test_a_loss_without_a_word_is_found(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        suite = TestScriptedImporter()
        monkeypatch.setattr(suite, "importer", _Careless)
        with pytest.raises(AssertionError, match="trial"):
            suite.test_loses_no_record_without_a_word(tmp_path)

    def test_an_accident_is_found(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        suite = TestScriptedImporter()
        monkeypatch.setattr("tests.importers._count", lambda _: 1)
        monkeypatch.setattr("tests.importers.json.loads", lambda line: {"id": line.decode(), "text": 1 // (line[0] == 0x7B)})
        monkeypatch.setattr(suite, "importer", ScriptedImporter)
        with pytest.raises(AssertionError, match="trial"):
            suite.test_survives_mutations(tmp_path)

    def test_waiting_is_ended(self) -> None:
        assert BUDGET > 0.01
        with pytest.raises(Overdue), within(0.01):
            signal.pause()

    def test_options_have_a_zone(self) -> None:
        assert ImportOptions(Zone("UTC")).since is None
