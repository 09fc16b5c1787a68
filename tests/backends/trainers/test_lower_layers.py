"""An adapter on the upper layers: the layers below it are computed once, and what comes out is the same."""

from pathlib import Path

import pytest

from tests import tiny
from tests.backends.trainers.test_lora import FEW, answers, lessons, train

pytest.importorskip("llama_cpp")
torch = pytest.importorskip("torch")
pytest.importorskip("peft")

from memos_cli.backends.llama import gguf_header  # noqa: E402 -- after the skips
from memos_cli.backends.trainers import lora, packing  # noqa: E402
from memos_cli.backends.trainers.lower_layers import below  # noqa: E402
from memos_cli.ports.ports import Piece, Request  # noqa: E402
from memos_cli.ports.trainer import Lesson, TrainingSettings  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:peft", "ignore::FutureWarning:transformers")
UPPER = FEW._replace(upper=0.5)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.write_random(tmp_path_factory.mktemp("base") / "base.gguf")


def test_stored_states_give_what_the_whole_model_gives(base: Path, tmp_path: Path) -> None:
    encoded = packing.encode(base, lessons())
    with torch.no_grad():
        stored = lora.Run(base, encoded, tmp_path, UPPER, "x")
        stored.reader.half = False
        for name, one in stored.weights.items():  # an adapter that changes something
            one.copy_(torch.sin(torch.arange(one.numel(), dtype=torch.float32) + len(name)).reshape(one.shape))
        rows = stored.packing.rows(range(len(stored.packing.lessons)), 96)
        assert max(map(len, rows)) > 2
        assert stored.reader.lower is not None
        quick = stored.reader.logs(rows)
        stored.reader.lower = None
        whole = stored.reader.logs(rows)
    assert float((quick - whole).abs().max()) < 1e-4
    assert float((whole.exp().sum(1) - 1).abs().max()) < 1e-4


def test_only_upper_layers_are_trained_and_llama_cpp_says_what_was_learnt(base: Path, tmp_path: Path) -> None:
    trained = train(base, tmp_path, UPPER)
    named = gguf_header.read(trained.gguf).shapes
    assert {name.split(".")[1] for name in named} == {"1"}
    wanted = [lesson.answer for lesson in lessons() if lesson.kind == "fact" and not lesson.watched]
    assert answers(base, trained.gguf) == wanted
    assert trained.parameters * 2 == train(base, tmp_path / "all", FEW._replace(epochs=1)).parameters


@pytest.mark.parametrize(("layers", "upper", "count"), [(30, 1 / 3, 20), (6, 1.0, 0), (2, 0.1, 1), (1, 0.1, 0), (24, 0.5, 12)])
def test_at_least_one_layer_has_an_adapter(layers: int, upper: float, count: int) -> None:
    assert below(layers, upper) == count


def test_a_long_beginning_is_read_once_for_many_questions(base: Path) -> None:
    """A system text longer than a row used to leave each question a row of its own, with the whole text in it."""
    text = "Answer from the memories and from nothing else, briefly. " * 2

    def asked(question: str) -> Request:
        return Request((), (Piece(text), Piece("<|user|>", marks=True), Piece(question), Piece("<|assistant|>", marks=True)))

    made = [Lesson(asked(f"What is my number {number}?"), "7") for number in range(20)]
    encoded = packing.encode(base, made)
    packed = packing.Packing(encoded, 2048)
    rows = packed.rows(range(20), packed.row)
    assert len(encoded[0].prompt) > packing.ROW
    assert sum(map(packed.width, rows)) * 3 < sum(one.length for one in encoded)
    short = packing.Packing(packing.encode(base, lessons()), 64)
    assert short.row == packing.ROW


def test_a_watched_replay_that_the_model_gets_wrong_is_not_waited_for(base: Path, tmp_path: Path) -> None:
    replay = Lesson(lessons()[0].request, "green", None, "replay", watched=True)
    encoded = packing.encode(base, [*lessons(), replay])
    kinds = [encoded[0]._replace(watched=True), *encoded[1:]]
    run = lora.Run(base, kinds, tmp_path, UPPER, "x")
    assert {run.packing.lessons[number].kind for number in run.plan.watching} == {"fact"}
    every = lora.Run(base, kinds, tmp_path, FEW, "y")
    assert "replay" in {every.packing.lessons[number].kind for number in every.plan.watching}


def test_facts_have_no_teacher_where_the_settings_say_so(base: Path, tmp_path: Path) -> None:
    facts = [one._replace(teacher=lessons()[-1].request) if one.kind == "fact" else one for one in lessons()]
    encoded = packing.encode(base, facts)

    def taught(settings: TrainingSettings) -> set[str]:
        run = lora.Run(base, encoded, tmp_path, settings, str(settings.taught))
        return {run.packing.lessons[number].kind for number in run.teacher.soft}

    assert taught(FEW) == {"fact", "replay"}
    assert taught(FEW._replace(taught=False)) == {"replay"}
