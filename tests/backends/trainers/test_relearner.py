"""How many steps a fact takes on top of an adapter: none if it is known, some if not, and as many for one as for the other."""

from pathlib import Path

import pytest

from memos_cli.errors import IntegrityError, ModelUnavailable
from memos_cli.ports.trainer import Lesson
from tests import tiny
from tests.backends.trainers.test_lora import FEW, request, train

pytest.importorskip("llama_cpp")
pytest.importorskip("torch")
pytest.importorskip("peft")

from memos_cli.backends.trainers import relearner

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:peft", "ignore::FutureWarning:transformers")


def fact(what: str, answer: str) -> list[Lesson]:
    return [Lesson(request(f"{how} {what}?"), answer, watched=how == "Tell") for how in ("What", "Tell")]


@pytest.mark.parametrize("upper", [1.0, 0.5])
def test_what_is_known_takes_no_step_and_what_is_not_takes_some(tmp_path: Path, upper: float) -> None:
    base = tiny.write_random(tmp_path / "base.gguf")
    settings = FEW._replace(upper=upper)
    trained = train(base, tmp_path / "made", settings)
    facts = [fact("city", "Oslo"), fact("city", "Rome"), fact("hat", "red"), fact("city", "Rome")]
    known, other, new, again = relearner.steps(base, facts, trained.adapter, tmp_path / "again", settings)
    assert known == 0
    assert other
    assert new
    assert other == again, "each begins with the same adapter"
    assert relearner.steps(base, [fact("hat", "red")], trained.adapter, tmp_path / "again", settings, most=1) == [None]


def test_a_damaged_adapter_and_a_question_without_room_are_said(tmp_path: Path) -> None:
    base = tiny.write_random(tmp_path / "base.gguf")
    (tmp_path / "bad.safetensors").write_bytes(b"no tensors")
    with pytest.raises(IntegrityError, match="cannot be trained further"):
        relearner.steps(base, [fact("city", "Oslo")], tmp_path / "bad.safetensors", tmp_path / "again", FEW)
    with pytest.raises(ModelUnavailable, match="does not fit"):
        relearner.steps(base, [fact("city " * 900, "Oslo")], tmp_path / "bad.safetensors", tmp_path / "again", FEW)
