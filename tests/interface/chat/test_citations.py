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


@pytest.mark.parametrize(
    ("question", "memory", "about"),
    [
        ("When is Anna's birthday?", "Ben's birthday is on 14 October", False),
        ("When is Anna's birthday?", "Anna's birthday is on 14 October", True),
        ("When is Anna's birthday?", "Birthday party on 14 October at the pub", True),
        ("When is Anna's birthday?", "My sister Anna turns 40 on 14 October", True),
        ("When is Anna's birthday?", "Ben celebrates his birthday on 14 October", False),
        ("When did Tom break his leg?", "Ben broke his leg skiing in March", False),
        ("When did Tom break his leg?", "Tom broke his leg skiing in March", True),
        ("When did Tom break his leg?", "I drove Tom to the hospital in March", True),
        ("Is my daughter allergic to penicillin?", "Oma Truus is allergic to penicillin", False),
        ("Is my daughter allergic to penicillin?", "My daughter is allergic to penicillin", True),
        ("When is my birthday?", "Ben's birthday is on 14 October", False),
        ("When is my birthday?", "My birthday is on 14 October", True),
        ("When is my appointment?", "Dentist appointment on Friday at 9:40", True),
        ("Where are my keys?", "Ben has the keys", True),
        ("Where are Anna's keys?", "Ben has the keys", True),
        ("Where are Anna's keys?", "Ben's keys are in the car", False),
        ("What does Anna's brother do?", "Ben, Anna's brother, repairs ferries", True),
        ("Who is allergic to nuts?", "Ben is allergic to nuts", True),
        ("What is on Friday?", "Anna arrives on Friday at nine", True),
        ("Where does Lars work?", "my brother Lars repairs ferry engines in Ålesund", True),
        ("When does the pool open?", "The pool opens at 7", True),
        ("Anna's birthday?", "Ben's birthday is on 14 October", False),
        ("Anna\u2019s birthday", "Anna\u2019s birthday is on 14 October", True),
        ("Wann ist Annas Geburtstag?", "Der Geburtstag von Anna ist am 14. Oktober", True),
        ("Was ist Annas Adresse?", "Anna wohnt in der Lindenstraße 4", True),
        ("Hoe heet de hond van Anna?", "De hond van Anna heet Bruno", True),
        ("Cuándo es el cumpleaños de Ana?", "El cumpleaños de Ana es el 14 de octubre", True),
        ("Quand est l'anniversaire d'Anna ?", "L'anniversaire d'Anna est le 14 octobre", True),
    ],
)
def test_what_is_about_somebody_else_is_not_cited(question: str, memory: str, *, about: bool) -> None:
    hit = Hit(Memory("m", memory), 0.9)
    assert bool(citations.extracts([hit], question=question)) is about


def test_a_name_that_another_memory_gives_is_who_is_meant() -> None:
    told = ("My dog is called Bruno", "The dog got his shots in May", "My son's name is Ben", "Ben's birthday is on 14 October")
    hits = [Hit(Memory(str(number), text), 0.9) for number, text in enumerate(told)]
    assert "1" in {one.id for one in citations.extracts(hits[:2], question="When did Bruno get his shots?")}
    assert "3" in {one.id for one in citations.extracts(hits[2:], question="When is my son's birthday?")}
    assert citations.extracts(hits[3:], question="When is my daughter's birthday?") == []


def test_what_others_do_is_not_cited_beside_what_the_person_does() -> None:
    told = ("My husband works at Bosch", "I work at Siemens", "Anna works with me at Siemens")
    hits = [Hit(Memory(str(number), text), 0.9) for number, text in enumerate(told)]
    assert [one.id for one in citations.extracts(hits, question="Where do I work?")] == ["1", "2"]
    assert [one.id for one in citations.extracts(hits, question="Where does my husband work?")] == ["0"]
    assert [one.id for one in citations.extracts(hits[:1], question="Where do I work?")] == ["0"]
