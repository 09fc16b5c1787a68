from collections.abc import Sequence

import pytest

from memos_cli.errors import ModelUnavailable
from memos_cli.operation.operator.unread import REMEDY, notices, sample
from tests.infra.vault.helpers import Embedder

DUTCH = ("waar heb ik de sleutels gelaten", "de tandarts is op dinsdag", "ze drinkt geen melk meer")
ENGLISH = ("where did I leave the keys", "the dentist is on Tuesday", "she drinks no milk now")


class English(Embedder):
    """Reads what has an English word that is everywhere, and counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def reads(self, text: str) -> float:
        self.asked += 1
        return 1.0 if {"the", "she", "vegan"} & set(text.split()) else 0.1


class Gone(Embedder):
    def reads(self, text: str) -> float:
        raise ModelUnavailable(text)


def _nothing() -> Sequence[str]:
    pytest.fail("what was not found is not looked at where something was")


def test_a_query_that_cannot_be_read_is_told_with_the_remedy() -> None:
    (line,) = notices(English(), DUTCH[0], ENGLISH, _nothing)
    assert line.startswith("the query is in a language")
    assert line.endswith(REMEDY)


def test_memories_that_cannot_be_read_are_told_when_they_are_most_of_what_was_found() -> None:
    (line,) = notices(English(), ENGLISH[0], (*DUTCH, ENGLISH[1]), _nothing)
    assert line.startswith("most of what was found")
    assert notices(English(), ENGLISH[0], (*ENGLISH, DUTCH[1]), _nothing) == []


def test_where_nothing_was_found_some_of_what_there_is_is_looked_at() -> None:
    (line,) = notices(English(), ENGLISH[0], (), lambda: DUTCH)
    assert line.startswith("what there is to find")
    assert notices(English(), ENGLISH[0], (), lambda: ENGLISH) == []
    assert notices(English(), ENGLISH[0], (), lambda: ()) == []


@pytest.mark.parametrize(
    "query", ["fiets", "Zbigniew Brzezinski", "42", "", "kubectl rollout restart nginx --help", "npm run build fails"]
)
def test_a_name_or_a_rare_word_is_no_other_language(query: str) -> None:
    assert notices(English(), query, (), tuple) == []


def test_another_alphabet_shows_in_one_word() -> None:
    assert notices(English(), "\u8fc7\u654f", (), tuple)
    assert notices(English(), "\u043f\u0440\u0438\u0432\u0435\u0442", (), tuple)


def test_few_of_many_hits_are_looked_at() -> None:
    embedder = English()
    notices(embedder, ENGLISH[0], ENGLISH * 100, _nothing)
    assert embedder.asked <= 11


def test_an_embedder_that_cannot_be_run_has_nothing_to_tell() -> None:
    assert notices(Gone(), ENGLISH[0], ENGLISH, _nothing) == []


def test_a_sample_tells_from_a_fifth_on() -> None:
    much, little = sample(English(), DUTCH + ENGLISH), sample(English(), (DUTCH[0], *ENGLISH * 3))
    assert (much.unread, much.texts, much.is_much) == (3, 6, True)
    assert (little.unread, little.texts, little.is_much) == (1, 10, False)
    assert REMEDY in much.words()
    assert not sample(English(), ()).is_much
