"""The exam: in what order it asks, which layout it takes, and what card comes of the answers."""

from collections.abc import Iterator, Sequence

import pytest

from memos_cli.operation.exam import exam, questions
from memos_cli.operation.exam.cards import Subject
from memos_cli.operation.exam.grades import Sat
from memos_cli.operation.exam.questions import ExamQuestion
from memos_cli.operation.prompt import model_request
from memos_cli.operation.prompt.layout import JINJA, Prompt
from memos_cli.operation.prompt.layouts import LAYOUTS
from memos_cli.ports.ports import Request, Token
from tests.examined import AT

ASKED = questions.shipped()
SUBJECT = Subject("ab" * 32)


class Pupil:
    """An `LLM` that knows every answer in some layouts; in the others it says the first wrong thing."""

    name, local, context = "pupil", True, 4000

    def __init__(self, *good: str, least: float = -0.1, template: str | None = None) -> None:
        self.good, self.least, self.template = good, least, template
        self.asked: list[Request] = []

    def count(self, request: Request) -> int:
        return request.estimate()

    def stream(self, request: Request, *, most: int, stop: Sequence[str] = (), schema: object = None) -> Iterator[Token]:  # noqa: ARG002
        self.asked.append(request)
        known, one = self.found(request)
        said = (one.answers[0] if one.answers else model_request.UNKNOWN) if known else "Zanzibar"
        yield Token(said, self.least if known else -0.05)
        yield Token("", -0.01)

    def found(self, request: Request) -> tuple[bool, ExamQuestion]:
        """Whether a request is in one of the good layouts, and its question; with two memories two orders may be the same."""
        said = request.messages[-1][1]
        one = next(one for one in ASKED if said.endswith(one.question) and one.best_first[0].text in said)
        return any(prompt(one, name, self.template).messages == request.messages for name in self.good), one

    def close(self) -> None:
        pass


def prompt(one: ExamQuestion, name: str, template: str | None = None) -> Request:
    layout = LAYOUTS[name]
    lines = {"oldest": one.memories, "best_first": tuple(one.best_first), "best_last": tuple(reversed(one.best_first))}
    return model_request.request(Prompt(one.question, lines[layout.order]), template, layout)


@pytest.mark.parametrize("good", exam.CANDIDATES)
def test_the_layout_is_taken_in_which_the_model_knows_the_answers(good: str) -> None:
    found = list(exam.sit(Pupil(good), ASKED))
    assert len(found) == exam.calls(ASKED)
    examining = [sat for sat in found if ASKED[sat.number].use == "examine"]
    assert {sat.layout for sat in examining} == {good}
    assert sorted(sat.number for sat in examining) == [n for n, one in enumerate(ASKED) if one.use == "examine"]
    assert len({(sat.layout, sat.number) for sat in found}) == len(found)  # nothing twice
    made = exam.card(SUBJECT, ASKED, found, AT)
    assert made is not None
    assert (made.layout, made.right, made.wrong, made.asked, made.bar, made.trusted) == (good, 48, 0, 48, 0.0, True)
    assert made.per_layout[good] == {"right": 12, "wrong": 0, "refused": 0, "asked": 12}
    assert {one["asked"] for name, one in made.per_layout.items() if name != good} <= {4, 8, 12}


def test_where_all_do_as_well_the_first_is_taken() -> None:
    assert next(reversed(list(exam.sit(Pupil(*exam.CANDIDATES), ASKED)))).layout == exam.CANDIDATES[0]
    assert next(reversed(list(exam.sit(Pupil(), ASKED)))).layout == exam.CANDIDATES[0]


def test_what_the_exam_would_choose_of_all_answers_is_what_it_chooses() -> None:
    pupil = Pupil("list_last")
    every = [exam.ask(pupil, ASKED, place, LAYOUTS[name]) for name in exam.CANDIDATES for place in range(12)]
    assert exam.chosen(ASKED, every, exam.CANDIDATES) == "list_last"


def test_the_choice_takes_a_share_of_the_time_at_most() -> None:
    found = list(exam.sit(Pupil("examples"), ASKED, seconds=1e-9))
    assert sum(ASKED[sat.number].use == "choose" for sat in found) == exam.ROUND * len(exam.CANDIDATES)
    assert found[-1].layout == "examples"


def test_one_layout_needs_no_choice_but_is_asked_all_the_same() -> None:
    assert exam.calls(ASKED, ("list",)) == len(list(exam.sit(Pupil("list"), ASKED, ("list",))))


def test_too_few_answers_make_no_card() -> None:
    found = list(exam.sit(Pupil("fence"), ASKED))
    first = next(place for place, sat in enumerate(found) if ASKED[sat.number].use == "examine")
    assert exam.card(SUBJECT, ASKED, found[: first + 23], AT) is None
    assert exam.card(SUBJECT, ASKED, found[:first], AT) is None
    made = exam.card(SUBJECT, ASKED, found[: first + 24], AT)
    assert made is not None
    assert (made.asked, made.trusted) == (24, True)


def test_a_guard_takes_answers_back_before_the_bar_is_chosen() -> None:
    found = [sat if number % 4 else sat._replace(text="Zanzibar") for number, sat in enumerate(exam.sit(Pupil("fence"), ASKED))]
    plain = exam.card(SUBJECT, ASKED, found, AT)
    assert plain is not None
    assert (plain.trusted, plain.wrong) == (False, 0)
    assert plain.unsure == 48

    def guard(one: ExamQuestion, sat: Sat) -> Sat:
        told = any(sat.text in line.text for line in one.memories)
        return sat._replace(stands=told or sat.text in {*one.answers, model_request.UNKNOWN})

    held = exam.card(SUBJECT, ASKED, found, AT, guard)
    assert held is not None
    assert (held.trusted, held.wrong, held.right, held.unsure) == (True, 0, 36, 12)


def test_memos_mini_is_asked_in_its_own_marks() -> None:
    pupil = Pupil("fence", template=JINJA)
    exam.ask(pupil, ASKED, 0, LAYOUTS["fence"])
    assert pupil.asked[0].pieces[0].text == "<|begin|>"


def test_speed_and_time_are_of_the_questions_that_examine() -> None:
    found = [sat._replace(first=0.5, seconds=0.7, tokens=5) for sat in exam.sit(Pupil("fence"), ASKED)]
    made = exam.card(SUBJECT, ASKED, found, AT)
    assert made is not None
    assert made.first_token_s == 0.5
    assert made.tokens_per_second == pytest.approx(20)


def test_memories_that_have_no_room_are_left_out_and_a_layout_that_has_none_is_no_answer() -> None:
    class Narrow(Pupil):
        context = 180

    one = next(place for place, found in enumerate(ASKED) if len(found.memories) == 8 and found.answers)
    pupil = Narrow("brief")
    exam.ask(pupil, ASKED, one, LAYOUTS["brief"])
    shown = [line for line in ASKED[one].memories if line.text in pupil.asked[-1].messages[-1][1]]
    assert 0 < len(shown) < 8
    assert set(shown) == set(ASKED[one].best_first[: len(shown)])
    none = exam.ask(pupil, ASKED, one, LAYOUTS["examples"])
    assert (none.text, none.stands, len(pupil.asked)) == ("", False, 1)
