"""How extracted memories are compared with the facts of a dialogue, and that the rules are measured by it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from memos_cli.ports.ports import Request, Token
from tests.answers import extraction
from tests.answers.extraction import Count, Dialogue


@pytest.mark.parametrize(
    ("memory", "fact", "held"),
    [
        (
            "I'm going with my friend Oyelaran, from 3 to 10 March.",
            "I am going with my friend Oyelaran from 3 to 10 March.",
            True,
        ),
        ("The dentist put me down for 14 November at quarter past nine.", "The dentist is on 14 November at 9:15.", True),
        ("The dentist put me down for 14 November at nine.", "The dentist is on 14 November at 9:15.", False),
        ("The parents' evening is on Thursday at 7.", "The parents' evening is on Thursday at 8.", False),
        ("The parents' evening is on Thursday at 7.", "The parents' evening is on Friday at 7.", False),
        ("I eat pork.", "I do not eat pork.", False),
        ("I don't eat pork.", "I do not eat pork.", True),
        ("She's a border terrier, eleven weeks old.", "Pesto is 11 weeks old.", True),
        ("My cat sleeps.", "My father takes 20 mg of lisinopril.", False),
    ],
)
def test_a_memory_holds_a_fact_by_content_words_numbers_and_negation(memory: str, fact: str, held: bool) -> None:  # noqa: FBT001
    assert extraction.holds(memory, fact) is held


def test_what_holds_no_fact_is_invented_and_foreign_where_nobody_said_it() -> None:
    dialogue = Dialogue(
        (("user", "My dog Rex is nine. Nice weather!"), ("assistant", "Is he a poodle?")), ("My dog Rex is 9.",)
    )
    assert extraction.count(dialogue, ["My dog Rex is nine."]) == Count(1, 0, 0, 0)
    assert extraction.count(dialogue, ["Nice weather!"]) == Count(0, 1, 1, 0)
    assert extraction.count(dialogue, ["The poodle barks at 12."]) == Count(0, 1, 1, 1)
    assert extraction.count(dialogue, ["My dog Rex is 12."]) == Count(0, 1, 1, 1)
    assert extraction.count(dialogue, ["My dog Rex."]) == Count(0, 1, 0, 0), "a part of a fact is neither"
    assert extraction.count(dialogue, []) == Count(0, 1, 0, 0)


class Babbling:
    """An `LLM` that answers no JSON."""

    name, local, context, template = "babbling", True, 4096, None

    def count(self, request: Request) -> int:
        return request.estimate()

    def stream(
        self,
        request: Request,  # noqa: ARG002 -- the protocol's
        *,
        most: int,  # noqa: ARG002
        stop: Sequence[str] = (),  # noqa: ARG002
        schema: Mapping[str, Any] | None = None,  # noqa: ARG002
    ) -> Iterator[Token]:
        yield Token("Sure, here are the memories", 0.0)

    def close(self) -> None:
        pass


def test_what_the_rules_find_in_place_of_a_model_does_not_count_as_the_models() -> None:
    asked = extraction.dialogues()[:4]
    total, rows, _ = extraction.measured(Babbling(), asked)
    assert total.right == total.invented == 0
    assert total.missed == sum(len(one.facts) for one in asked) > 0
    assert all(not found for _, found in rows)


def test_the_rules_over_all_dialogues() -> None:
    asked = extraction.dialogues()
    total, rows, _ = extraction.measured(None, asked)
    assert (len(rows), total.right + total.missed) == (100, 141)
    assert total.right >= 79
    assert total.invented <= 14
    assert total.foreign == 0, "rules take sentences word for word"
