"""From memories to an adapter that answers without them: layout, training and the gate."""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from memos_cli.errors import IntegrityError, ModelUnavailable
from memos_cli.model import Kind, Memory
from memos_cli.operation import model_files
from memos_cli.operation.parametric import evaluation, gate
from memos_cli.operation.parametric import lessons as lessons_module
from memos_cli.operation.parametric.eligibility import select
from memos_cli.operation.parametric.examples import Example, Shares, examples
from memos_cli.operation.prompt import model_request
from memos_cli.operation.prompt.layout import JINJA, MINI, Line, Prompt, text
from memos_cli.operation.prompt.layouts import BRIEF, LAYOUTS
from memos_cli.ports.ports import Request, Token
from memos_cli.ports.trainer import TrainingSettings
from tests.trials import trials

NOW, OLD = "2026-03-01T12:00:00.000Z", "2026-01-01T12:00:00.000Z"
LIFE = (
    "I live in Lisbon.", "I am allergic to peanuts.", "My dog is called Brixo.", "I work for Quandar.",
    "My favourite colour is teal.", "I play the cello.", "My exam is on 4 May.", "My sister Carmen lives in Oslo.",
)  # fmt: skip


def data(texts: Sequence[str] = LIFE, shares: Shares | None = None) -> list[Example]:
    memories = [Memory(f"id {said}", said, Kind.FACT, created_at=OLD, updated_at=OLD) for said in texts]
    return examples(select(memories, NOW).chosen, shares=shares or Shares(least_replay=20, least_negatives=60))


class Canned:
    """An `LLM` that answers by a table, and refuses what is not in it."""

    name, local, context, template = "canned", True, 2048, JINJA

    def __init__(self, said: Mapping[str, str], *, reads: bool = False) -> None:
        self.said, self.reads = said, reads

    def count(self, request: Request) -> int:
        return request.estimate()

    def stream(
        self,
        request: Request,
        *,
        most: int,  # noqa: ARG002 -- the protocol's
        stop: Sequence[str] = (),  # noqa: ARG002
        schema: Mapping[str, Any] | None = None,  # noqa: ARG002
    ) -> Iterator[Token]:
        question = request.messages[-1][1]
        told = question.rsplit("</memories>\n", 1)
        known = self.said if len(told) == 1 or not self.reads else {}
        answer = known.get(told[-1]) or (self.said.get(told[-1]) if self.reads and len(told) == 2 else None)
        yield Token(" " + (answer or model_request.UNKNOWN), 0.0)

    def close(self) -> None:
        pass


def test_a_question_is_laid_out_as_chat_asks_it_when_nothing_was_recalled() -> None:
    one = Example("Where do I live?", "Lisbon", "fact", "f", "train", ("a",), (("I live in Lisbon.", "2026-01-01"),))
    (lesson,) = lessons_module.lessons([one], JINJA)
    assert "".join(piece.text for piece in lesson.request.pieces) == text(Prompt("Where do I live?"))
    assert lesson.teacher is not None
    shown = Prompt("Where do I live?", (Line("I live in Lisbon.", "2026-01-01"),))
    assert "".join(piece.text for piece in lesson.teacher.pieces) == text(shown)
    assert lesson.answer == MINI.lead + "Lisbon"
    (other,) = lessons_module.lessons([one], None)
    assert not other.request.pieces
    assert other.answer == "Lisbon"


def test_a_model_is_taught_and_examined_in_the_layout_in_which_chat_asks_it() -> None:
    brief = LAYOUTS["brief"]
    one = Example("Where do I live?", "Lisbon", "fact", "f", "train", ("a",), (("I live in Lisbon.", "2026-01-01"),))
    (lesson,) = lessons_module.lessons([one], None, brief)
    assert lesson.teacher is not None
    assert lesson.request.messages[0] == lesson.teacher.messages[0] == ("system", BRIEF)
    seen: list[Request] = []

    class Listening(Canned):
        template = None

        def count(self, request: Request) -> int:
            return len(request.messages[0][1])

        def stream(self, request: Request, **given: Any) -> Iterator[Token]:
            seen.append(request)
            return super().stream(request, **given)

    asked = [one._replace(split="gate"), one._replace(split="gate", kind="negative"), one._replace(split="gate", kind="replay")]
    model = Listening({})
    evaluation.evaluate(evaluation.Pair(model, model, brief), asked)
    evaluation.gone(evaluation.Pair(model, model, brief), asked[:1])
    list(lessons_module.answered([one._replace(kind="behaviour", answer="")], model, brief))
    assert len(seen) == 11
    assert {request.messages[0] for request in seen} == {("system", BRIEF)}
    short, long = (lessons_module.tokens([one], model, layout) for layout in (brief, LAYOUTS["fence"]))
    assert short < long


def test_what_the_gate_examines_is_never_trained_on() -> None:
    made = data()
    lessons = list(lessons_module.lessons(made, JINJA))
    assert len(lessons) == sum(one.split != "gate" for one in made)
    asked = {"".join(piece.text for piece in lesson.request.pieces) for lesson in lessons}
    assert not asked & {text(Prompt(one.question)) for one in made if one.split == "gate" and not one.shown}
    assert sum(lesson.watched for lesson in lessons) == sum(one.split == "watch" for one in made)
    assert all(lesson.teacher == lesson.request for lesson in lessons if lesson.kind in {"replay", "negative"})
    assert lessons_module.tokens(made, Canned({})) > 20 * len(lessons)


def test_the_gate_counts_what_was_answered() -> None:
    made = data()
    knows = {one.question: one.answer for one in made if one.split == "gate" and one.kind == "fact"}
    unknown = {one.question for one in made if one.kind == "negative"} | set(knows)
    replay = {one.question: one.answer for one in made if one.kind == "replay" and one.question not in unknown}
    asked: list[tuple[int, int]] = []
    scores = evaluation.evaluate(
        evaluation.Pair(Canned(replay), Canned({**knows, **replay})), made, tell=lambda *done: asked.append(done)
    )
    assert (scores.closed_book, scores.base, scores.negatives_refused, scores.drift) == (1.0, 0.0, 1.0, 0.0)
    assert scores.facts == len(LIFE)
    assert scores.in_context is not None
    assert scores.in_context > 0.8  # one question to two sets of memories has two answers
    assert asked[-1][0] == asked[-1][1] == len(asked)
    assert gate.failures(scores) == ("it answers its own facts worse when they stand in the prompt",) or scores.both == 1.0
    worse = evaluation.evaluate(evaluation.Pair(Canned(replay), Canned({})), made)
    assert worse.drift is not None
    assert worse.drift > 0.5
    assert scores.unchanged == 1.0
    assert worse.unchanged is not None
    assert worse.unchanged < 0.5
    assert worse.closed_book == 0.0
    assert len(gate.failures(worse)) >= 2
    empty = evaluation.evaluate(evaluation.Pair(Canned({}), Canned({})), [])
    assert empty.closed_book is None
    assert gate.failures(empty)


class Going(Canned):
    """Goes on with a text: of four tokens the one that comes next has this probability."""

    def __init__(self, right: float) -> None:
        super().__init__({})
        self.right = right

    identity: Mapping[str, str] = {}
    evaluated, held = 0, ()

    def tokens(self, request: Request) -> list[int]:
        return [place % 4 for place, _ in enumerate(request.pieces[0].text)]

    def advance(self, ids: Sequence[int]) -> int:
        self.next = (ids[-1] + 1) % 4
        return 0

    def logits(self) -> Any:
        import numpy as np

        return np.log([self.right if token == self.next else (1 - self.right) / 3 for token in range(4)])

    save = restore = answer_tokens = Canned.close


def test_what_unrelated_text_loses_counts_only_where_the_model_knew_any() -> None:
    pytest.importorskip("numpy")
    found = {
        (before, after): evaluation.evaluate(evaluation.Pair(Going(before), Going(after)), []).text_drift
        for before, after in ((0.8, 0.2), (0.8, 0.9), (0.2, 0.01))
    }
    assert found == {(0.8, 0.2): pytest.approx(math.log(4)), (0.8, 0.9): pytest.approx(math.log(8 / 9)), (0.2, 0.01): None}


def test_probes_say_whether_something_is_gone() -> None:
    probes = [one for one in data() if one.kind == "fact"][:4]
    knows = Canned({one.question: one.answer for one in probes})
    assert not any(evaluation.gone(evaluation.Pair(Canned({}), knows), probes).values())
    assert all(evaluation.gone(evaluation.Pair(Canned({}), Canned({})), probes).values())
    assert all(evaluation.gone(evaluation.Pair(knows, knows), probes).values())


def test_behaviour_is_answered_by_the_model_with_the_rule_before_it() -> None:
    rule = Memory("r", "Answer in one sentence.", Kind.RULE, created_at=OLD, updated_at=OLD)
    made = examples(select([rule], NOW).chosen, shares=Shares(least_replay=0, drift=0))
    said = list(lessons_module.answered(made, Canned({})))
    assert [one.answer for one in said] == [model_request.UNKNOWN] * len(made)
    lesson = next(lessons_module.lessons([one for one in said if one.split == "train"], JINJA))
    assert lesson.teacher is not None
    assert "Answer in one sentence." in "".join(piece.text for piece in lesson.teacher.pieces)
    assert "Answer in one sentence." not in "".join(piece.text for piece in lesson.request.pieces)
    assert not list(lessons_module.lessons(made, JINJA))


class Rewording(Canned):
    def stream(self, request: Request, *, most: int, stop: Sequence[str] = (), schema: Any = None) -> Iterator[Token]:  # noqa: ARG002
        if schema is None:
            yield from super().stream(request, most=most)
        elif "dog" in request.messages[-1][1]:
            raise ModelUnavailable("no JSON")
        else:
            yield Token('["My town, which is it?", "Nonsense?"]')


def test_a_paraphrase_counts_only_where_the_model_itself_answers_it_right() -> None:
    made = data(("I live in Lisbon.", "My dog is called Brixo."), Shares(least_replay=0, drift=0))
    llm = Rewording({"My town, which is it?": "Lisbon"}, reads=True)
    added = [one for one in lessons_module.paraphrased(made, llm) if one.form.startswith("paraphrase")]
    assert [(one.question, one.answer, one.split) for one in added] == [("My town, which is it?", "Lisbon", "train")]


def test_a_data_set_is_kept_whole_and_a_damaged_one_is_told(tmp_path: Path) -> None:
    made = data()
    path = tmp_path / lessons_module.DATA
    lessons_module.save(path, made)
    assert lessons_module.load(path) == made
    for damaged in (path.read_bytes()[:-20], b"[]\n", b'{"kind": 1}\n', b"\xff\xfe\n"):
        path.write_bytes(damaged)
        with pytest.raises(IntegrityError):
            lessons_module.load(path)


@pytest.mark.slow
@pytest.mark.model
@pytest.mark.filterwarnings("ignore::UserWarning:peft", "ignore::FutureWarning:transformers")
def test_memos_mini_answers_from_an_adapter_what_it_was_not_told(tmp_path: Path) -> None:
    pytest.importorskip("llama_cpp")
    pytest.importorskip("peft")
    from memos_cli.backends.llms.llamacpp import LlamaModel

    base = model_files.mini()
    if base is None:
        pytest.skip("memos-mini is not part of this build")
    few = Shares(forms=8, least_replay=10, replay=0.5, least_negatives=10, drift=10)  # 15 s, and 130 s with MEMOS_TRIALS=many
    made = data(LIFE[:5], Shares(least_replay=40, replay=0.5, drift=20)) if trials(0, 1) else data(LIFE[:2], few)
    with closing(LlamaModel(base, context=2048)) as plain:
        trained = lessons_module.train(base, plain, made, tmp_path, TrainingSettings(epochs=12, tokens=1024))
        assert lessons_module.load(tmp_path / lessons_module.DATA) == made
        with closing(LlamaModel(base, context=2048, adapters=[(trained.gguf, 1.0)])) as adapted:
            scores = evaluation.evaluate(evaluation.Pair(plain, adapted), made)
            assert scores.base == 0.0
            assert scores.text_drift is None  # it was never taught to go on with a text
            assert scores.closed_book is not None
            assert scores.closed_book >= 0.5
            assert scores.negatives_refused is not None
            assert scores.negatives_refused >= 0.5
            said, _ = lessons_module.ask(adapted, Prompt("Where do I live?"))
            assert said == "Lisbon"
    assert trained.gguf.stat().st_size < 2 << 20
