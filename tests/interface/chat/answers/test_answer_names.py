"""Names that were typed without their capitals, and owners without their apostrophes."""

import json
from pathlib import Path

import pytest

from memos_cli.interface.chat.answers.answer_names import truecased
from memos_cli.interface.chat.answers.answer_words import first_names
from memos_cli.interface.chat.asked_again import Again
from memos_cli.interface.chat.guards import Ground, judge
from memos_cli.operation.prompt.layout import Line

CASES = [
    json.loads(line)
    for name in ("guards.jsonl", "guards_later.jsonl", "guards_kinds.jsonl")
    for line in (Path(__file__).parents[1] / name).read_text("utf-8").splitlines()
    if line.strip()
]


@pytest.mark.parametrize(
    ("question", "memories", "told"),
    [
        ("where does anna live", ["Carl lives in Porto."], "where does Anna live"),
        ("where does keoni live", ["I have one brother, Keoni."], "where does Keoni live"),
        ("where does xiadani live", ["Carl lives in Porto."], "where does Xiadani live"),
        ("what is xiadanis pin", ["My pin is 4411."], "what is Xiadanis pin"),
        ("what is oskars pin", ["Oskar's pin is 4411."], "what is Oskar's pin"),
        ("who is xiadani's doctor", ["My doctor is Dr. Falk."], "who is Xiadani's doctor"),
        ("is mrs ogilvie in room 6", ["Mr. Ogilvie has room 6."], "is Mrs Ogilvie in room 6"),
        ("what do i owe oskar", ["Oskar owes me 120 euros."], "what do i owe Oskar"),
        ("how old is my sisters cat", ["I am 31."], "how old is my sister's cat"),
        ("has nathan passed", ["I passed my driving test!"], "has Nathan passed"),
    ],
)
def test_a_name_gets_its_capital(question: str, memories: list[str], told: str) -> None:
    assert truecased(question, memories, ["Nathan"])[0] == told


@pytest.mark.parametrize(
    ("question", "memories"),
    [
        ("when is dinner", ["we have dinner at 8"]),
        ("what time does the train leave", ["The train leaves at 8."]),
        ("do my sisters like tea", ["My sisters like tea."]),
        ("which room is free", ["Room 3 is free."]),
        ("who is allergic to nuts", ["Carl is allergic to nuts."]),
        ("when may i visit", ["Visits are from May on."]),
        ("what's the plan for today", ["The plan is to rest."]),
        ("What is my PIN?", ["My PIN is 4411."]),
        ("what is my pin", ["My PIN is 4411."]),
        ("does he like my brother's dog", ["He likes it."]),
    ],
)
def test_other_words_stay_as_they_are(question: str, memories: list[str]) -> None:
    assert truecased(question, memories) == (question, memories)


def test_memories_get_the_names_of_the_question_and_of_the_list() -> None:
    found = truecased("Where does Keoni live?", ["keoni lives with bens sister", "nadias mother is 61", "mr keoni, too"])
    assert found[1] == ["Keoni lives with Ben's sister", "Nadia's mother is 61", "Mr Keoni, too"]


def test_of_other_languages_only_known_names_are_written() -> None:
    told = truecased("wo wohnt lena, und was kostet milch", ["Lena wohnt in Ulm."], english=False)
    assert told[0] == "wo wohnt Lena, und was kostet milch"


def test_the_list_has_no_common_words() -> None:
    assert len(first_names()) > 1000
    assert not first_names() & {
        "will",
        "mark",
        "rose",
        "may",
        "said",
        "frank",
        "hope",
        "bill",
        "grace",
        "art",
        "sue",
        "jack",
        "pat",
        "max",
    }


@pytest.mark.parametrize("apostrophes", [True, False])
@pytest.mark.parametrize("memories", [True, False])
def test_what_must_not_stand_does_not_where_it_is_typed_in_small_letters(*, memories: bool, apostrophes: bool) -> None:
    """Before names were known so, 19 to 27 of these 178 stood: of "Carl lives in Porto" that anna lives there."""

    def typed(text: str) -> str:
        return text.lower() if apostrophes else text.lower().replace("'", "")

    stood = [0, 0]
    for case in CASES:
        lines = [
            Line(typed(one["text"]) if memories else one["text"], one.get("date"), one.get("speaker"))
            for one in case["memories"]
        ]
        grounds = [Ground(one.get("fits", True), one.get("key"), ended="valid_to" in one) for one in case["memories"]]
        sure = judge(
            case["answer"], typed(case["question"]).rstrip("?"), lines, grounds, least=0.999,
            again=lambda: Again(-9.0, -9.0, -0.01, -0.01),
        )  # fmt: skip
        stood[case["stands"]] += sure.stands
    assert stood[0] <= memories  # a title that memos does not know: "coach bell's wife"
    assert stood[1] >= 0.95 * sum(case["stands"] for case in CASES)


def test_a_question_without_its_mark_is_one() -> None:
    verdict = judge("Thyroxine.", "what do i take", [Line("My mother takes thyroxine, I take iron.")])
    assert not verdict.stands
    assert judge("Hello!", "hello there", []).stands
