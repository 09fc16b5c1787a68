import random
import sys
import unicodedata
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memos_cli.backends.embedders.files import Weights
from memos_cli.backends.embedders.gguf import GgufEmbedder
from memos_cli.backends.embedders.wordpiece import WORD_START, WordPiece, is_plain
from tests.contracts.embedder import TEXTS

PIECES = {f"{WORD_START}{word}": number for number, word in enumerate(["un", "able", "a", ",", "x"])} | {"able": 5, "[SEP]": 6}


def test_the_longest_piece_wins_and_continues_without_the_mark() -> None:
    assert WordPiece(PIECES, 99).encode("unable able") == [0, 5, 1]


def test_what_cannot_be_spelled_is_unknown_as_a_whole() -> None:
    assert WordPiece(PIECES, 99).encode("unzzz, a") == [99, 3, 2]


def test_a_word_too_long_is_unknown() -> None:
    assert WordPiece({f"{WORD_START}x": 1, "x": 2}, 99).encode("x" * 101 + " " + "x" * 100) == [99, 1, *[2] * 99]


def test_special_tokens_in_a_text_are_seen() -> None:
    assert WordPiece(PIECES, 99).encode("a[SEP]a") == [2, 6, 2]


@pytest.mark.parametrize("text", ["plain, text!", "naïve Straße", "日本語", "Привет", "😀", "tab\tline\n"])
def test_common_text_is_plain(text: str) -> None:
    assert is_plain(text)


@pytest.mark.parametrize("text", ["한국어", "नमस्ते", "\x0b", "[CLS]", "y" * 101, "e\u0948"])
def test_what_llama_cpp_takes_otherwise_is_not_plain(text: str) -> None:
    assert not is_plain(text)


OLD = unicodedata.ucd_3_2_0
"""Of what is younger Hugging Face's tokenizer has another opinion on some 500 marks and punctuation signs."""
KNOWN = st.characters(exclude_categories=["Cs"]).filter(lambda char: OLD.category(char) != "Cn")
WRITTEN = st.lists(
    st.one_of(
        st.text(KNOWN, max_size=12),
        st.sampled_from(["[SEP]", "[MASK]", "[UNK]", "unable", "able un", " ", "\u0130", "\u03a3\u03c2", "\u1e9b\u0323",
                         "\ud55c\uad6d", "\u0915\u094d\u0937\u093f", "\u4e2d\u6587", "\u200d", "\ufeff", "x" * 101, "a" * 100]),
    ),
    max_size=8,
).map("".join)  # fmt: skip


@pytest.fixture(scope="module")
def both() -> tuple[WordPiece, Any]:
    """This tokenizer and Hugging Face's over one vocabulary, in which each of 40,000 characters is a token."""
    tokenizers = pytest.importorskip("tokenizers")
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    alone = [
        char
        for code in range(33, 0x10000)
        if OLD.category(char := chr(code)) not in {"Cn", "Cs"} and not char.isspace() and char != WORD_START
    ]
    written = {
        one: number
        for number, one in enumerate(dict.fromkeys([*special, "un", "##able", *alone, *(f"##{one}" for one in alone)]))
    }
    pieces = {
        one if one in special else one[2:] if len(one) > 2 and one.startswith("##") else WORD_START + one: number
        for one, number in written.items()
    }
    reference = tokenizers.Tokenizer(tokenizers.models.WordPiece(written, unk_token="[UNK]", max_input_chars_per_word=100))
    reference.normalizer = tokenizers.normalizers.BertNormalizer(lowercase=True)
    reference.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    reference.add_special_tokens(special)
    return WordPiece(pieces, written["[UNK]"]), lambda text: reference.encode(text, add_special_tokens=False).ids


@settings(max_examples=400, deadline=None)
@given(WRITTEN)
def test_any_text_gives_the_tokens_of_hugging_face(both: tuple[WordPiece, Any], text: str) -> None:
    ours, theirs = both
    assert ours.encode(text) == theirs(text)


@pytest.fixture(scope="module")
def reference(weights: Weights) -> object:
    tokenizers = pytest.importorskip("tokenizers")
    assert weights.folder is not None
    tokenizer = tokenizers.Tokenizer.from_file(str(weights.folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(weights.max_tokens)
    return lambda text: tokenizer.encode(text).ids


@pytest.fixture(scope="module")
def tokenize(weights: Weights) -> object:
    embedder = GgufEmbedder(weights)
    embedder.warm()
    yield embedder._tokenize
    embedder.close()


@pytest.mark.model
def test_tokens_are_those_of_hugging_face(reference: object, tokenize: object) -> None:
    assert {text[:20] for text in TEXTS if tokenize(text) != reference(text)} == set()


@pytest.mark.model
def test_every_assigned_character_of_a_sample_gives_the_same_tokens(reference: object, tokenize: object) -> None:
    """All of the plain ranges' first 0x500, and 6,000 others; what Unicode 8, which the reference knows, lacks may differ."""
    chosen = list(range(1, 0x500)) + random.Random(1).sample(range(0x500, sys.maxunicode), 6_000)
    old = unicodedata.ucd_3_2_0
    different = [
        hex(code)
        for code in chosen
        if old.category(char := chr(code)) not in {"Cn", "Cs"} and tokenize(text := f"ca{char}rt {char} x") != reference(text)
    ]
    assert different == []
