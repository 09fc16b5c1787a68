"""Loading a model while memories are looked up: only where an answer will need it, and without a word of its own."""

import threading
from pathlib import Path

import pytest

from memos_cli import MOS
from memos_cli.backends.llms.llamacpp import LlamaModel
from memos_cli.config import Settings, paths
from memos_cli.errors import ModelUnavailable
from memos_cli.interface.chat import preloader
from memos_cli.operation.parametric import active_adapter
from tests.fakes import Scripted


class Slow(Scripted):
    """A model that tells which thread loads it."""

    def __init__(self, *, local: bool = True, fault: bool = False) -> None:
        super().__init__()
        self.loaded: list[threading.Thread] = []
        self._here = local
        self._fault = fault

    @property
    def local(self) -> bool:
        return self._here

    @property
    def context(self) -> int:
        self.loaded.append(threading.current_thread())
        if self._fault:
            raise ModelUnavailable("it is gone")
        return 4096


def test_a_question_has_its_model_loaded_in_another_thread() -> None:
    llm = Slow()
    thread = preloader.begin(llm, "What do I eat?")
    assert thread is not None
    thread.join(10)
    assert llm.loaded == [thread]


@pytest.mark.parametrize("message", ["Remember that I am vegan", "forget my diet", "What do you know about Ana?"])
def test_what_is_done_without_the_model_loads_none(message: str) -> None:
    llm = Slow()
    assert preloader.begin(llm, message) is None
    assert llm.loaded == []


def test_a_model_elsewhere_is_not_asked_ahead() -> None:
    llm = Slow(local=False)
    assert preloader.begin(llm, "What do I eat?") is None
    assert llm.loaded == []


def test_a_fault_is_left_to_the_answer(capfd: pytest.CaptureFixture[str]) -> None:
    thread = preloader.begin(Slow(fault=True), "What do I eat?")
    assert thread is not None
    thread.join(10)
    assert capfd.readouterr() == ("", "")


def test_choosing_a_model_leaves_loading_it_to_others(home: Path, models: Path) -> None:
    folders = paths({"MEMOS_HOME": str(home)})
    environ = {"MEMOS_LLM_MODEL": str(models / "mini.gguf"), "MEMOS_EMBEDDER": "none"}
    with MOS(home, settings=Settings(environ, folders)) as mos:
        mos.add("I live in Porto")
        llm = active_adapter.chosen(mos).llm
        assert isinstance(llm, LlamaModel)
        talk = mos.conversation(llm)
        assert llm._context is None
        thread = preloader.begin(llm, "Where do I live?")
        assert thread is not None
        thread.join(30)
        assert llm._context
        assert talk.ask("Where do I live?").tokens["prompt"] > 0
        llm.close()
