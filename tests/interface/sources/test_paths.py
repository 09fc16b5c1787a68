"""Whether a text is nothing but the path of a file."""

import pytest

from memos_cli.interface.sources.paths import is_path


@pytest.mark.parametrize("text", ["notes/beds.md", "beds.md", "./beds", "notes/", "my notes/on beds.txt", "a.pdf", "talk.SRT"])
def test_a_path_of_something_that_is_there(text: str) -> None:
    assert is_path(text, lambda _: True)
    assert not is_path(text, lambda _: False)


@pytest.mark.parametrize(
    "text", ["", "README", "I am vegan.", "beds", "v1.2", "a/b\nc", "a/" + "b" * 2000, "a\0/b", "memos.py"]
)
def test_a_text_that_is_not_asked_about(text: str) -> None:
    assert not is_path(text, lambda _: True)
