"""What a model is asked about its own answer: the same question, with what was found that the answer rests on and no more."""

from typing import Any, cast

from memos_cli.errors import ModelUnavailable
from memos_cli.interface.chat import second_question
from memos_cli.interface.chat.asked_again import Again
from memos_cli.operation.prompt.layout import Line, Prompt
from memos_cli.operation.prompt.layouts import LAYOUTS
from memos_cli.operation.prompt.model_request import UNKNOWN
from memos_cli.operation.results import Laid
from memos_cli.ports.ports import Request

PORTO, YORK = "Anna lives in Porto.", "Ben lives in York."
RULE = "Answer in Dutch."


class Scored:
    """A model that finds a refusal the likelier the fewer memories there are, and a long answer less likely at its end."""

    template = None
    taught = True

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def score(self, request: Request, answer: str, *, most: int | None = None) -> list[float]:
        text = "".join(message for _, message in request.messages)
        self.asked.append((text, answer))
        if answer == UNKNOWN:
            return [-4.0 + 2.0 * (YORK not in text), -0.1][:most]
        return [-0.2, -0.4, -9.0]


class Failing(Scored):
    def score(self, *_: Any, **__: Any) -> list[float]:
        raise ModelUnavailable("it ran away")


class Memory:
    def __init__(self, identity: str) -> None:
        self.id = identity


def laid(question: str, *, core: bool = False) -> Laid:
    prompt = Prompt(question, (Line(PORTO), Line(YORK)), core=(Line(RULE),) if core else ())
    return Laid(prompt, cast("Any", tuple(map(Memory, ["r"] * core + ["p", "y"]))))


def asked(llm: object, answer: str, one: Laid, whole: Laid | None = None) -> Again | None:
    return second_question.asking(cast("Any", llm), LAYOUTS["fence"], answer, one, whole or one)()


def test_of_what_was_found_it_is_asked_with_only_the_memory_of_its_answer() -> None:
    model = Scored()
    found = asked(model, "In Porto.", laid("Where does Anna live?", core=True))
    assert found is not None
    assert found == Again(-4.0, -2.0, -0.2, (-0.2 - 0.4) / 2)
    (every, first), (few, said), (alone, last) = model.asked
    assert (first, said, last) == (UNKNOWN, "In Porto.", UNKNOWN)
    assert all(text in every for text in (PORTO, YORK, RULE))
    assert few == alone
    assert PORTO in few
    assert YORK not in few
    assert RULE in few, "what stands before the conversation stays, or all of it is evaluated again"


def test_of_an_answer_that_rests_on_the_core_it_is_not_asked() -> None:
    one = laid("Which language shall I answer in?", core=True)
    assert asked(model := Scored(), "Answer in Dutch.", one) is None
    assert model.asked == []


def test_a_model_that_nobody_taught_to_refuse_is_not_asked() -> None:
    model = Scored()
    model.taught = False
    assert asked(model, "In Porto.", laid("Where does Anna live?")) is None
    assert model.asked == []


def test_an_answer_without_words_of_its_own_is_asked_of_with_the_memory_that_fits_best() -> None:
    one = laid("Is it so?")
    whole = one._replace(memories=tuple(reversed(one.memories)))
    model = Scored()
    asked(model, "Yes.", one, whole)
    assert YORK in model.asked[1][0]
    assert PORTO not in model.asked[1][0]


def test_a_model_that_cannot_tell_is_not_heard() -> None:
    assert asked(Failing(), "In Porto.", laid("Where does Anna live?")) is None
    assert asked(object(), "In Porto.", laid("Where does Anna live?")) is None
    assert asked(Scored(), "In Porto.", Laid(Prompt("Where does Anna live?"), ())) is None
