"""Secrets as people note them."""

from collections.abc import Callable, Iterator

import pytest

from memos_cli.infra.governance import secret_words

Finder = Callable[[str], Iterator[tuple[int, int]]]


def hidden(text: str, finder: Finder) -> list[str]:
    return sorted({text[start:end] for start, end in finder(text)})


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("pw trustno1", "trustno1"), ("password - blueMoon88", "blueMoon88"), ("the password's Kastanje-44", "Kastanje-44"),
        ("changed my password to W!nterb3rry", "W!nterb3rry"), ("password Netflix: Gatto88!", "Gatto88!"),
        ("Le mot de passe de la box est Lavande-34", "Lavande-34"), ("<password>Lavendel</password>", "Lavendel"),
    ],
)  # fmt: skip
def test_passwords(text: str, secret: str) -> None:
    assert hidden(text, secret_words.passwords) == [secret]


@pytest.mark.parametrize(
    "text",
    ["boarding pass QX7T4L9a", "must pass test8users", "pass 3 of 5", "password reset: v2ab34", "password for user admin",
     "pw is short",
     'the password of the day was "umbrella"'],
)  # fmt: skip
def test_talk_of_passwords_is_none(text: str) -> None:
    assert hidden(text, secret_words.passwords) == []


@pytest.mark.parametrize(
    "text",
    ["The key safe opens with the code {}", "Der Code für die Haustür ist {}", "de code van de kluis is {}", "alarm code {}",
     "le code de la porte est {}", "il codice del cancello è {}", "o código do portão é {}", "Code for the bike lock: {}"],
)  # fmt: skip
def test_a_code_that_opens_something_is_secret(text: str) -> None:
    assert hidden(text.format("4471"), secret_words.codes) == ["4471"]


@pytest.mark.parametrize(
    "text",
    ["error code 4471 at the gate", "Zip code 4471, the door is red", "the code is 4471 lines long", "code 4471 is a teapot",
     "the door code changed in 2024", "product code 4471 of the lock", "the code of conduct hangs at the door, 4471 read it"],
)  # fmt: skip
def test_other_codes_are_not(text: str) -> None:
    assert hidden(text, secret_words.codes) == []


def test_pins_proofs_accounts_and_networks() -> None:
    assert hidden("SIM-PIN: 7781, puk 73920184", secret_words.pins) == ["73920184", "7781"]
    assert hidden("GPIO pin: 13, pin 4 goes to ground", secret_words.pins) == []
    assert hidden("backup codes: 8291 4420, 1187 3359", secret_words.codes) == ["8291 4420, 1187 3359"]
    assert hidden("login shop: sam / Zonnebloem19", secret_words.of_accounts) == ["Zonnebloem19"]
    assert hidden("wifi Huisje / zomer2019", secret_words.of_networks) == ["zomer2019"]
    assert hidden("passphrase: four otters in a boat", secret_words.phrases) == ["four otters in a boat"]
    assert hidden("my passphrase is kept in the safe at home", secret_words.phrases) == []
    assert hidden("ANSIBLE_VAULT_PASSWORD=oak.leaf.seven", secret_words.keys) == ["oak.leaf.seven"]
    assert hidden("DB_PASSWORD=settings.db.password", secret_words.keys) == []
    assert hidden("Door entry: 1947#", secret_words.keyed) == ["1947#"]
