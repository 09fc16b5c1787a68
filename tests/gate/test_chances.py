"""The weights beside the trees are those that their recipe makes, and they tell right answers from wrong ones."""

import json

from memos_cli.interface.chat import answer_scores, guards
from memos_cli.interface.chat.answers import answer_forms
from tests.gate import chances


def test_the_shipped_weights_are_those_of_the_recipe() -> None:
    assert json.loads(answer_scores.FILE.read_text("utf-8"))["chances"] == chances.made()


def test_more_certainty_and_a_likelier_memory_raise_the_chance() -> None:
    for weights in answer_scores.chances().values():
        low = dict.fromkeys(weights.weights, 0.0) | {"least": 0.5}
        assert weights.chance(low | {"least": 0.9}) > weights.chance(low)
        assert weights.chance(low | {"odds": 1.0}) > weights.chance(low)
        assert 0 < weights.chance(low | {"least": 0.0}) < weights.chance(low)


def test_of_the_answers_shown_on_scenes_that_were_held_out_few_are_wrong() -> None:
    asked = list(chances.given())
    shown = []
    for one in asked:
        verdict = guards.judge(one.answer, one.question, one.lines, least=one.least, again=lambda one=one: one.again)
        if verdict.stands and not answer_forms.is_refusal(one.answer):
            shown.append((one.recalled, one.right))
    assert len(asked) == 418 + 151
    assert shown.count((False, True)) >= 133
    assert shown.count((False, False)) <= 8
    assert shown.count((True, True)) >= 65
    assert shown.count((True, False)) <= 7
