"""Cards and account numbers by their check digits."""

import pytest

from memos_cli.infra.governance.secret_numbers import find


def places(text: str) -> list[str]:
    return [text[start:end] for start, end in find(text)]


@pytest.mark.parametrize(
    "card", ["4111111111111111", "5555 5555 5555 4444", "3782-822463-10005", "30569309025904", "2221000000000009"]
)
def test_a_card_is_told_by_its_last_digit(card: str) -> None:
    assert places(f"the card is {card}, ok") == [card]
    wrong = card[:-1] + str((int(card[-1]) + 1) % 10)
    assert places(f"the card is {wrong}, ok") == []


@pytest.mark.parametrize(
    "text",
    [
        "order 4000123412341234 shipped",
        "Bestellnummer: 4111111111111111",
        "41 1111 1111 1111 11 is grouped as no card is",
        "4111-1111 1111-1111",
        "EAN 4006381333931",
        "9111111111111111",
        "x.4111111111111111",
        "4111111111111111.5",
    ],
)
def test_a_number_of_something_else_is_no_card(text: str) -> None:
    assert places(text) == []


def test_what_stands_beside_a_card_goes_with_it_and_by_itself_stays() -> None:
    assert places("4111 1111 1111 1111 exp 09/28 123") == ["4111 1111 1111 1111", "09/28", "123"]
    assert places("09/28 is the date of the fair, 123 came") == []
    assert places("4111 1111 1111 1111" + " and so on" * 20 + " 09/28") == ["4111 1111 1111 1111"]
    assert places("CVV: 123") == ["123"]


@pytest.mark.parametrize(
    "number", ["NL91 ABNA 0417 1643 00", "DE89370400440532013000", "no9386011117947", "GB82-WEST-1234-5698-7654-32"]
)
def test_an_account_number_is_told_by_its_check_digits_and_length(number: str) -> None:
    assert places(f"pay {number} FOR RENT") == [number]
    wrong = number[:2] + ("12" if number[2:4] != "12" else "13") + number[4:]
    assert places(f"pay {wrong} FOR RENT") == []
    assert places(f"pay {number}7 now") == []
    assert places(f"pay {number[:-1]}") == []
