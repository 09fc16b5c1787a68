"""Chat with what a model has learnt: no memory in the prompt where it is sure and one says the same, and letting go of it."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from memos_cli import MOS
from memos_cli.config import Settings, paths
from memos_cli.interface.chat.chat import Chat
from memos_cli.model import Kind
from memos_cli.operation.parametric.active_adapter import Attached
from memos_cli.operation.prompt import model_request
from memos_cli.operation.prompt.layout import JINJA
from memos_cli.ports.ports import Request, Token
from tests.conftest import Clock
from tests.learnt import grow


class Learnt:
    """An `LLM` that knows some answers by heart while it has its adapter; from memories it reads that one lives in Porto."""

    name, local, template = "learnt", True, JINJA
    context = 2048

    def __init__(self, known: Mapping[str, str], *, sure: float = 0.0) -> None:
        self.known, self.sure = dict(known), sure
        self.asked: list[str] = []
        self.adapted: list[object] = []

    def adapt(self, adapters: Sequence[tuple[Path, float]]) -> None:
        self.adapted.append(tuple(adapters))
        self.known = {}

    def count(self, request: Request) -> int:
        return request.estimate()

    def stream(self, request: Request, *, most: int, stop: Sequence[str] = (), schema: Any = None) -> Iterator[Token]:  # noqa: ARG002
        question = request.messages[-1][1]
        self.asked.append(question)
        if "</memories>" in question:
            yield Token(" Porto" if "Porto" in question.rsplit("</memories>", 1)[0] else " " + model_request.UNKNOWN, 0.0)
        else:
            yield Token(" " + self.known.get(question, model_request.UNKNOWN), self.sure)

    def close(self) -> None:
        pass


@pytest.fixture
def mos(home: Path, clock: Clock, models: Path) -> Iterator[MOS]:
    environ = {"MEMOS_EMBEDDER": "none", "MEMOS_PRINCIPAL": "sam", "MEMOS_LLM_MODEL": str(models / "mini.gguf")}
    with MOS(home, settings=Settings(environ, paths({"MEMOS_HOME": str(home)})), clock=clock) as opened:
        opened.add("I live in Porto.", kind=Kind.FACT)
        grow(opened, models / "mini.gguf")
        yield opened


def talk(mos: MOS, llm: Learnt, **how: bool) -> Chat:
    (one,) = (listed.adapter for listed in mos.parametric.list())
    return mos.conversation(llm, save=False, attached=Attached(mos, mos.vaults()[0], one, llm), **how)


def test_what_it_knows_needs_no_room_in_the_prompt(mos: MOS) -> None:
    llm = Learnt({"Where do I live?": "Porto"})
    said: list[str] = []
    answered = talk(mos, llm).ask("Where do I live?", said.append)
    (memory,) = mos.list()
    assert (answered.answer, answered.mode, answered.cited) == ("Porto", "generated", (memory.id,))
    assert "".join(said) == "Porto"
    assert answered.tokens["spared"] > 0
    assert answered.prompt is not None
    assert answered.prompt.prompt.retrieved == ()
    assert llm.asked == ["Where do I live?"]
    assert mos.get(memory.id).access_count == 1
    last = mos.scheduler.last()
    assert last is not None
    assert [one.why.value for one in last.plan.decisions] == ["trained"]


@pytest.mark.parametrize(
    "llm",
    [
        Learnt({"Where do I live?": "Madrid"}),
        Learnt({"Where do I live?": "Porto"}, sure=-5.0),
        Learnt({}),
    ],
    ids=["no memory says so", "unsure", "refused"],
)
def test_otherwise_it_is_asked_again_with_the_memories(mos: MOS, llm: Learnt) -> None:
    said: list[str] = []
    answered = talk(mos, llm).ask("Where do I live?", said.append)
    assert (answered.answer, "".join(said)) == ("Porto", "Porto")
    assert "spared" not in answered.tokens
    assert len(llm.asked) == 2
    assert "I live in Porto." in llm.asked[1]


def test_a_question_that_is_asked_again_shortens_the_conversation_once(mos: MOS) -> None:
    shortened = 0
    for before in range(4, 14):
        llm = Learnt({"Where do I live?": "Madrid"})
        llm.context = 300
        chat = talk(mos, llm)
        for number in range(before):
            chat.ask(f"Is {number} a number that anybody would ever count to?", literal=True)
        chat.ask("Where do I live?")
        answered = chat.ask("Really?")
        assert answered.prompt is not None
        left = [turn.text for turn in answered.prompt.prompt.conversation]
        assert left[-2:] == ["Where do I live?", "Porto"], before
        shortened += len(left) < 2 * before + 2
    assert shortened


def test_where_the_best_memory_was_not_learnt_it_is_read(mos: MOS) -> None:
    mos.add("I live in Porto since the autumn, in Rua do Almada.", kind=Kind.FACT)
    llm = Learnt({"Since when do I live in Rua do Almada?": "Porto"})
    talk(mos, llm).ask("Since when do I live in Rua do Almada?")
    assert len(llm.asked) == 1
    assert "</memories>" in llm.asked[0]


def test_without_recall_the_model_is_asked_alone(mos: MOS) -> None:
    llm = Learnt({"Where do I live?": "Porto"}, sure=-0.6)
    answered = talk(mos, llm, recall=False).ask("Where do I live?")
    assert (answered.answer, answered.cited, llm.asked) == ("Porto", (), ["Where do I live?"])


def test_what_is_forgotten_in_the_conversation_is_not_told_in_it(mos: MOS) -> None:
    llm = Learnt({"Where do I live?": "Porto"})
    chat = talk(mos, llm)
    assert chat.ask("Where do I live?").answer == "Porto"
    assert chat.ask("forget that I live in Porto").answer.startswith("Forgotten")
    answered = chat.ask("Where do I live?")
    assert "Porto" not in answered.answer
    assert "not used any more" in answered.notices[0]
    assert llm.adapted == [()]
    assert chat.ask("Where do I live?").notices == ()


def test_what_another_command_retires_is_let_go_of(mos: MOS, models: Path) -> None:
    llm = Learnt({"Where do I live?": "Porto"})
    chat = talk(mos, llm)
    grow(mos, models / "mini.gguf", seed=2)
    assert "not the promoted one" in chat.ask("Where do I live?").notices[0]
    assert llm.adapted == [()]
