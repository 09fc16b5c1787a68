"""What a value has to look like to be a secret."""

import pytest

from memos_cli.infra.governance.secret_values import is_key, is_made_up, is_placeholder, is_strong


@pytest.mark.parametrize("value", ["k1tchen-Sink", "Zebra$cross9", "trustno1", "Tr00s-0ma-1942!", "montaña77"])
def test_what_can_only_be_made_up(value: str) -> None:
    assert is_made_up(value)
    assert is_strong(value)


@pytest.mark.parametrize(
    "value",
    ["oauth2", "sha256", "12345678", "QX7T4L", "test_users2", "notes2.md", "stdout=PIPE", "2026-11-30", "report-2026", "100kg",
     "$DB_PASS1", "{token1}", "a.b.c1", "sunflower", "12:30:45"],
)  # fmt: skip
def test_words_names_and_measures_are_not_made_up(value: str) -> None:
    assert not is_made_up(value)


def test_a_key_is_long_and_has_letters_and_digits() -> None:
    assert is_key("5f4dcc3b5aa765d61d8327deb882cf99")
    assert not is_key("bert-base-uncased-2")
    assert not is_key("short1")
    assert is_placeholder("Changeme")
