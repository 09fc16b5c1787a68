# ruff: noqa: RUF001 -- look-alike letters are what some of the texts are for

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memos_cli.backends.embedders.unigram import Specials, Unigram, normalize, pack
from tests.backends.embedders.tiny_e5 import vocabulary

PIECES, SCORES = vocabulary()
SPECIALS = Specials(0, 2, 3)


@pytest.fixture(params=["few", "many"])
def tokenizer(request: pytest.FixtureRequest) -> Unigram:
    made = Unigram(pack(PIECES, SCORES, SPECIALS, (1, len(PIECES) - 1)))
    if request.param == "many":
        made.many()
    return made


def _said(tokenizer: Unigram, text: str) -> list[str]:
    return [PIECES[identifier].decode() for identifier in tokenizer.encode(text)]


def test_the_most_probable_pieces_spell_a_word(tokenizer: Unigram) -> None:
    assert _said(tokenizer, "the dog  is\till") == ["▁the", "▁dog", "▁is", "▁ill"]
    assert _said(tokenizer, "query: dogs") == ["▁que", "ry", ":", "▁dog", "s"]
    assert _said(tokenizer, "我花园") == ["▁我", "花园"]


def test_unknown_characters_in_a_row_are_one_token(tokenizer: Unigram) -> None:
    assert _said(tokenizer, "dog 園林") == ["▁dog", "▁", "<unk>"]
    assert _said(tokenizer, "園a林") == ["▁", "<unk>", "a", "<unk>"]


def test_no_text_is_read_as_a_token_that_stands_for_none(tokenizer: Unigram) -> None:
    for special in ("<s>", "</s>", "<mask>", "<pad>", "<unk>"):
        assert not {0, 1, 2, len(PIECES) - 1} & set(tokenizer.encode(special)), special


def test_nothing_gives_nothing(tokenizer: Unigram) -> None:
    assert tokenizer.encode("") == tokenizer.encode(" \n\t\u200b") == []


def test_texts_are_normalized_as_sentencepiece_does() -> None:
    assert normalize("ＡＢＣ ﬁ e\u0301 ²\u00a0½") == "ABC fi é 2 1⁄2"
    assert normalize("a\u200bb\x01c\x7f\r\nd") == "a bc  d"
    assert normalize("～") == "～"
    assert normalize("▁") == " "


@given(st.text(max_size=60))
def test_one_by_one_and_in_a_dictionary_pieces_are_the_same(text: str) -> None:
    one = Unigram(pack(PIECES, SCORES, SPECIALS, (1, len(PIECES) - 1)))
    other = Unigram(pack(PIECES, SCORES, SPECIALS, (1, len(PIECES) - 1)))
    other.many()
    assert one.encode(text) == other.encode(text)


@given(st.integers(0, 10**6))
def test_a_vocabulary_that_is_cut_short_is_told(length: int) -> None:
    whole = pack(PIECES, SCORES, SPECIALS)
    with pytest.raises(ValueError, match="cut short"):
        Unigram(whole[: length % len(whole)])
    with pytest.raises(ValueError, match="no vocabulary"):
        Unigram(b"x" + whole[1:])


def test_what_llama_cpp_logs_of_it_is_plain_text() -> None:
    assert pack(PIECES, SCORES, SPECIALS)[:40].decode("ascii").isprintable()
