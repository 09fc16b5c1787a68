"""Cards: which model one belongs to, where it lies, and what chat takes from it."""

import json
from pathlib import Path

import pytest

from memos_cli import MOS
from memos_cli.config import Paths, Settings, paths
from memos_cli.infra import files
from memos_cli.operation.exam import cards
from memos_cli.operation.exam.cards import Card, Subject
from memos_cli.operation.model_files import MINI
from memos_cli.operation.operator.recall import Recall, Recalled
from memos_cli.operation.prompt.layouts import LAYOUTS
from memos_cli.operation.results import Hit
from tests.examined import AT, trust, trust_endpoint
from tests.fakes import Scripted

FULL = Card(
    "ab" * 32, "cd" * 32, "list", 0.42, 30, 1, 2, 15, 48, {"list": {"right": 9, "wrong": 1, "asked": 12}}, 21.5, 0.9,
    trusted=True, by="exam", at=AT, why="it did better than citing",
)  # fmt: skip


def given(home: Path, **names: str) -> tuple[Settings, Paths]:
    environ = {"MEMOS_HOME": str(home), **{f"MEMOS_LLM_{name.upper()}": value for name, value in names.items()}}
    return Settings(environ, paths(environ)), paths(environ)


def test_a_card_is_kept_whole_and_only_for_its_model_and_adapter(home: Path) -> None:
    _, folders = given(home)
    cards.keep(FULL, folders)
    assert cards.of(Subject(FULL.model, FULL.adapter), folders) == FULL
    assert cards.of(Subject(FULL.model), folders) is None
    assert cards.of(Subject(FULL.model, "ef" * 32), folders) is None
    assert [path.stat().st_mode & 0o777 for path in (home / "exams").iterdir()] == [0o600]
    cards.forget(Subject(FULL.model, FULL.adapter), folders)
    assert cards.of(Subject(FULL.model, FULL.adapter), folders) is None


def test_without_a_model_there_is_no_card(home: Path) -> None:
    assert cards.find(*given(home)) is None
    assert cards.find(*given(home, model="/nowhere.gguf")) is None
    assert cards.layout(*given(home)) == LAYOUTS["fence"]
    assert cards.identity(*given(home)) == {}


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"model": 3}', '{"model": "x", "trusted": "yes"}', '{"model": "x", "layout": []}', "\xff"]
)
def test_a_damaged_card_is_none(home: Path, content: str) -> None:
    _, folders = given(home)
    files.write(home / "exams" / f"{'ab' * 32}.json", content.encode("latin-1"))
    assert cards.of(Subject("ab" * 32), folders) is None


def test_a_later_version_s_fields_are_left_out(home: Path) -> None:
    _, folders = given(home)
    files.write(home / "exams" / f"{'ab' * 32}.json", json.dumps({"model": "ab" * 32, "trusted": True, "more": 1}).encode())
    assert cards.of(Subject("ab" * 32), folders) == Card("ab" * 32, trusted=True)


def test_memos_mini_s_card_ships_with_memos() -> None:
    for key, card in cards.shipped().items():
        assert key == Subject(card.model, card.adapter).key
        assert card.layout in LAYOUTS
        assert card.why
    mini = cards.shipped()[files.digest(Path(str(__import__("memos_cli").__path__[0])) / "data" / f"{MINI}.gguf")]
    assert (mini.trusted, mini.by, mini.layout) == (False, "shipped", "fence")


def test_a_card_of_this_machine_comes_before_the_shipped_one(home: Path) -> None:
    pytest.importorskip("llama_cpp")
    settings, folders = given(home, model=MINI)
    mini = cards.find(settings, folders)
    assert mini is not None
    assert mini.by == "shipped"
    cards.keep(mini._replace(trusted=True, by="exam"), folders)
    assert cards.find(settings, folders) == mini._replace(trusted=True, by="exam")


def test_trust_keeps_what_the_exam_found(home: Path) -> None:
    _, folders = given(home)
    cards.keep(FULL._replace(trusted=False), folders)
    card = cards.trust(Subject(FULL.model, FULL.adapter), folders, AT)
    assert card == FULL._replace(by="trust", why=card.why)
    assert "--trust" in card.why
    assert cards.of(Subject(FULL.model, FULL.adapter), folders) == card


def test_an_endpoint_is_known_by_its_url_and_its_name(home: Path) -> None:
    card = trust_endpoint(home, "http://127.0.0.1:9/v1", "m")
    assert cards.find(*given(home, endpoint="http://127.0.0.1:9/v1", model="m")) == card
    assert cards.find(*given(home, endpoint="http://127.0.0.1:9/v1", model="other")) is None
    assert cards.find(*given(home, endpoint="http://127.0.0.1:8/v1", model="m")) is None


def test_a_file_is_known_by_its_bytes(home: Path, models: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.gguf"
    copy.write_bytes((models / "plain.gguf").read_bytes())
    card = cards.find(*given(home, model=str(copy)))
    assert card is not None
    assert (card.trusted, card.by, card.model) == (True, "trust", files.digest(copy))
    assert trust(home, copy) == card


def test_chat_asks_in_the_layout_of_the_card(mos: MOS, home: Path, models: Path) -> None:
    card = trust(home, models / "plain.gguf")
    cards.keep(card._replace(layout="list_last"), mos.paths)
    mos.settings = mos.settings.given({"llm.model": str(models / "plain.gguf")})
    for text, at in (("I eat fish", "2024-01-01"), ("I eat rice", "2025-01-01")):
        mos.add(text, valid_from=f"{at}T00:00:00.000Z")
    old, new = sorted(mos.list(), key=lambda memory: memory.content)
    recall = Recall(mos, mos.memories, "sam", reveal=False, local=True)
    hits = tuple(Hit(one, score, fits=True) for one, score in ((old, 0.9), (new, 0.5)))
    laid, _ = recall.fit(Scripted(context=1000), recall.lay("What do I eat?", Recalled(hits=hits), ()))
    assert [line.text for line in laid.prompt.retrieved] == ["I eat rice", "I eat fish"]
    assert cards.identity(mos.settings, mos.paths)["layout"] == "list_last"
