import pytest

from memos_cli.bench.poisoning.disguises import DISGUISES, seen_through

TEXT = "My bank account is NL66 MULE"


@pytest.mark.parametrize("name", DISGUISES)
def test_a_disguise_is_another_text_that_reads_the_same(name: str) -> None:
    disguised = DISGUISES[name](TEXT)
    assert disguised != TEXT
    assert TEXT.casefold() in seen_through(disguised)


def test_what_differs_stays_different() -> None:
    assert seen_through("NL66 MULE") != seen_through("NL01 RABO")
