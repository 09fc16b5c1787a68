"""What fits into a prompt, what an answer rests on, and what answers by itself."""

import math

import pytest

from memos_cli.errors import UsageError
from memos_cli.interface.chat import citations
from memos_cli.model import Kind, Memory, Origin, Source
from memos_cli.operation.prompt import model_request
from memos_cli.operation.prompt.layout import JINJA, MINI, Line, Prompt, Turn, text
from memos_cli.operation.results import Hit
from memos_cli.ports.ports import Token
from memos_cli.times import Zone

LINES = (Line("I live in Porto."), Line("My sister Ana has a dog called Bruno."), Line("I am allergic to peanuts."))
FULL = Prompt(
    "Where do I live?",
    LINES,
    (Turn("user", "Hi"), Turn("assistant", "Hello"), Turn("user", "Well?"), Turn("assistant", "Yes")),
    (Line("topic"),),
    (Line("core"), Line("rule")),
)


def test_the_i_of_others_is_theirs() -> None:
    source = Source(speaker="Ana")
    fact = Memory("m", "I live in Leeds", Kind.FACT, owner="sam", origin=Origin.INFERENCE, source=source)
    assert model_request.line(fact, fact.content).speaker == "Ana"
    assert model_request.line(fact._replace(owner="ana"), fact.content).speaker is None
    assert model_request.line(fact._replace(origin=Origin.USER), fact.content).speaker is None
    assert model_request.line(fact._replace(kind=Kind.EPISODE, owner="ana"), fact.content).speaker == "Ana"


def test_a_line_has_the_day_that_it_was_where_the_person_is() -> None:
    evening = Memory("m", "It rained", Kind.EVENT, occurred_at="2026-03-08T03:00:00.000Z")
    days = {"America/Los_Angeles": "2026-03-07", "Etc/UTC": "2026-03-08", "Asia/Kolkata": "2026-03-08"}
    for name, day in days.items():
        assert (
            text(Prompt("When?", (model_request.line(evening, evening.content, Zone(name)),))).count(f" {day} It rained") == 1
        )
    assert text(Prompt("When?", (model_request.line(evening, evening.content),))).count(" 2026-03-08 It rained") == 1


@pytest.mark.parametrize(
    ("answer", "broken"),
    [("Por", True), ("a dog called Bru", True), ("Porto", False), ("Leeds", False), ("You", False), ("", False), ("top", True),
        ("2026-0", True), ("2026-08-02", False), ("Yes.", False), ("Bruno and Por", True), ("Bruno.", False)],
)  # fmt: skip
def test_a_copy_that_ends_within_a_word(answer: str, *, broken: bool) -> None:
    prompt = Prompt("Where is your dog?", (*LINES, Line("Yesterday I moved.", "2026-08-02", "Noa")), topics=(Line("topic"),))
    assert citations.broken_off(answer, prompt) is broken


def test_what_does_not_fit_goes_in_order() -> None:
    seen: list[tuple[int, int, int, int]] = []

    def count(prompt: Prompt) -> int:
        parts = (prompt.conversation, prompt.retrieved, prompt.topics, prompt.core)
        seen.append((len(parts[0]), len(parts[1]), len(parts[2]), len(parts[3])))
        return sum(seen[-1]) + 1

    last = model_request.fit(FULL, count, 1)
    assert last == Prompt("Where do I live?")
    assert seen == [
        (4, 3, 1, 2), (2, 3, 1, 2), (0, 3, 1, 2), (0, 2, 1, 2), (0, 1, 1, 2), (0, 0, 1, 2), (0, 0, 0, 2), (0, 0, 0, 1),
        (0, 0, 0, 0),
    ]  # fmt: skip
    assert model_request.fit(FULL, lambda _: 5, 5) is FULL


def test_the_newest_turns_and_the_best_memories_stay() -> None:
    shorter = model_request.fit(FULL, lambda prompt: len(prompt.conversation) + len(prompt.retrieved), 4)
    assert shorter.conversation == ()
    shorter = model_request.fit(FULL, lambda prompt: len(prompt.conversation) + len(prompt.retrieved), 5)
    assert shorter.conversation == FULL.conversation[2:]
    shorter = model_request.fit(FULL, lambda prompt: len(prompt.conversation) + len(prompt.retrieved), 1)
    assert shorter.retrieved == LINES[:1]


def test_a_question_that_does_not_fit_is_refused() -> None:
    with pytest.raises(UsageError, match="too long"):
        model_request.fit(FULL, lambda _: 100, 99)


@pytest.mark.parametrize(
    ("answer", "question", "wanted"),
    [
        ("Porto", "Where do I live?", [0]),
        ("You live in Porto.", "Where do I live?", [0]),
        ("Bruno", "What is my sister's dog called?", [1]),
        ("In Porto [1], and Ana has a dog [2].", "What do you know?", [0, 1]),
        ("See (2,3) and [9].", "?", [1, 2]),
        ("Yes.", "Am I allergic to peanuts?", [2]),
        ("I don't know that yet.", "Where do I live?", []),
        ("Bruno, and peanuts.", "Name two things", [1, 2]),
        ("Hello! What can I do for you today, my friend?", "Hello", []),
    ],
)
def test_citations(answer: str, question: str, wanted: list[int]) -> None:
    assert citations.cited(answer, question, LINES) == wanted


def test_certainty() -> None:
    assert model_request.certainty([Token("a"), Token("b")]) is None
    found = model_request.certainty([Token("a", math.log(0.9)), Token("b", math.log(0.4)), Token("")])
    assert found == pytest.approx((0.6, 0.4))


def _hit(content: str, score: float, *, fits: bool = True) -> Hit:
    return Hit(Memory(content, content), score, fits)


def test_extracts_fit_the_question_by_themselves() -> None:
    hits = [_hit("I live in Porto", 0.9), _hit("I eat rice", 0.8, fits=False), _hit("We lived in Leeds", 0.6), _hit("A", 0.1)]
    assert [memory.content for memory in citations.extracts(hits)] == ["I live in Porto", "We lived in Leeds"]
    assert citations.extracts([_hit("Where is it", 0.9, fits=False)]) == []
    assert citations.extracts([]) == []


def test_extracts_are_few_and_near_the_best() -> None:
    near = [_hit(str(number), 0.5) for number in range(citations.MOST_EXTRACTS + 1)]
    assert len(citations.extracts(near)) == citations.MOST_EXTRACTS
    assert len(citations.extracts([_hit("a", 0.9), _hit("b", 0.9 * citations.NEAR - 0.01)])) == 1


def test_our_layout_is_used_for_the_model_that_was_trained_on_it() -> None:
    ours = model_request.request(FULL, JINJA)
    assert "".join(piece.text for piece in ours.pieces) == text(FULL, MINI)
    assert all(piece.marks == (piece.text.startswith("<|") and piece.text.endswith("|>")) for piece in ours.pieces)
    for template in (None, "{{ messages }}"):
        other = model_request.request(FULL, template)
        assert other.pieces == ()
        assert other.messages[0][0] == "system"
        assert other.messages[-1][1].endswith("Where do I live?")


def test_what_nobody_vouched_for_stands_behind_what_is_trusted_and_takes_no_place_of_it() -> None:
    strange = [hit._replace(memory=hit.memory._replace(untrusted=True)) for hit in (_hit(f"x{n}", 0.95) for n in range(5))]
    own = [_hit("a", 0.5), _hit("b", 0.45), _hit("c", 0.1)]
    assert [one.content for one in citations.extracts([*strange, *own])] == ["a", "b", "x0"]
    assert [one.content for one in citations.extracts([*strange, _hit("a", 0.5), _hit("b", 0.5), _hit("c", 0.5)])] == [
        "a", "b", "c", "x0",
    ]  # fmt: skip
    assert [one.content for one in citations.extracts(strange)] == ["x0", "x1", "x2"]
