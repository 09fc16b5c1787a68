"""Loading a model while memories are looked up: only where an answer will need it, and without a word of its own."""

import threading

import pytest

from memos_cli.errors import ModelUnavailable
from memos_cli.interface.chat import loading
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
    thread = loading.begin(llm, "What do I eat?")
    assert thread is not None
    thread.join(10)
    assert llm.loaded == [thread]


@pytest.mark.parametrize("message", ["Remember that I am vegan", "forget my diet", "What do you know about Ana?"])
def test_what_is_done_without_the_model_loads_none(message: str) -> None:
    llm = Slow()
    assert loading.begin(llm, message) is None
    assert llm.loaded == []


def test_a_model_elsewhere_is_not_asked_ahead() -> None:
    llm = Slow(local=False)
    assert loading.begin(llm, "What do I eat?") is None
    assert llm.loaded == []


def test_a_fault_is_left_to_the_answer(capfd: pytest.CaptureFixture[str]) -> None:
    thread = loading.begin(Slow(fault=True), "What do I eat?")
    assert thread is not None
    thread.join(10)
    assert capfd.readouterr() == ("", "")
