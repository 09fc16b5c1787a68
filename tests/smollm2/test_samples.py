"""What the adapter is trained on: seeded, in one style, and true of its prompt."""

import random
import re
from collections.abc import Callable

import pytest

from memos_cli.operation.prompt.fence import FENCE
from memos_cli.operation.prompt.layout import Prompt, messages
from memos_cli.operation.prompt.model_request import UNKNOWN
from tests.smollm2 import rivals, samples, written
from tests.smollm2.samples import Sample

SOURCES = {
    "written": lambda rng: written.Written(written.scenes()).sample(rng),
    "rivals": rivals.sample,
    "grammar": samples.of_grammar,
}
each = pytest.mark.parametrize("source", list(SOURCES.values()), ids=list(SOURCES))


def told(prompt: Prompt) -> str:
    return (
        "\n".join(line.text for line in prompt.lines) + str(prompt.conversation) + str([line.speaker for line in prompt.lines])
    )


@each
def test_the_same_seed_gives_the_same_samples(source: Callable[[random.Random], Sample]) -> None:
    assert source(random.Random(3)) == source(random.Random(3)) != source(random.Random(4))


@each
def test_there_is_always_something_to_ask(source: Callable[[random.Random], Sample]) -> None:
    rng = random.Random(5)
    for _ in range(10):
        sample = source(rng)
        assert 0 < len(sample.asks) <= 10
        assert all(question.strip() and answer.strip() == answer and answer for question, answer in sample.asks)


def test_grammar_and_rivals_answer_with_what_is_told() -> None:
    rng = random.Random(6)
    for _ in range(60):
        for sample in (rivals.sample(rng), samples.of_grammar(rng)):
            here = told(sample.prompt).lower()
            for question, answer in sample.asks:
                value = re.sub(r"^No, ", "", answer).rstrip(".").lower()
                known = answer in {UNKNOWN, "Yes.", "No."} or value in here
                spoken = re.match(r"(you|your .*|\w+'s .*|\d{4}-\d\d-\d\d|.*(, | and ).*|\w+)$", value)
                assert known or spoken, (question, answer, here)


def test_a_rival_is_never_answered_with_the_value_of_another() -> None:
    """Of each pair of question and person there is one answer: what is told of this person, or that it is not known."""
    rng = random.Random(7)
    refused = asked = 0
    for _ in range(60):
        sample = rivals.sample(rng)
        answers: dict[str, set[str]] = {}
        for question, answer in sample.asks:
            answers.setdefault(question.lower().rstrip("?"), set()).add(answer)
        assert all(len(found) == 1 for found in answers.values()), answers
        refused += sum(answer == UNKNOWN for _, answer in sample.asks)
        asked += len(sample.asks)
    assert 0.25 < refused / asked < 0.55


def test_held_values_are_kept_from_training() -> None:
    first = {a for _ in range(3) for _, a in rivals.sample(random.Random(8), held=True).asks}
    second = {a for n in range(40) for _, a in rivals.sample(random.Random(n)).asks}
    assert not {a for a in first - second if a[0].isdigit()} & second


def test_what_wants_to_be_obeyed_stands_in_the_fence_and_changes_no_answer() -> None:
    rng = random.Random(9)
    sample = rivals.sample(rng)
    while not sample.prompt.retrieved:
        sample = rivals.sample(rng)
    worse = samples.tempted(sample, rng, share=1.0)
    assert worse.asks == sample.asks
    assert len(worse.prompt.retrieved) == len(sample.prompt.retrieved) + 1
    asked = messages(worse.prompt, "")[-1].text
    assert asked.startswith(FENCE[0])
    assert asked.endswith(FENCE[1])
    assert asked.count(FENCE[1]) == 1


def test_fewer_unanswered_questions() -> None:
    rng = random.Random(10)
    found = [rivals.sample(rng) for _ in range(30)]
    rest = [samples.fewer(sample, rng, 0.5) for sample in found]
    before, after = (sum(a == UNKNOWN for s in many for _, a in s.asks) for many in (found, rest))
    assert 0.3 * before < after < 0.7 * before
    for sample, less in zip(found, rest, strict=True):
        assert [ask for ask in less.asks if ask[1] != UNKNOWN] == [ask for ask in sample.asks if ask[1] != UNKNOWN]
