# ruff: noqa: RUF001 -- look-alike letters are what some of the texts are for

import pytest

from memos_cli.backends.embedders.gguf import GgufEmbedder
from memos_cli.backends.embedders.readability import of_pieces, of_words, piece

FOREIGN = {
    "nl": ("Wat heb ik over de tuin besloten?", "Mijn afspraak bij de tandarts is dinsdag om half tien"),
    "de": ("Was habe ich über den Garten entschieden?", "Mein Zahnarzttermin ist am Dienstag um halb zehn"),
    "es": ("¿Qué decidí sobre el jardín?", "Soy alérgico a los cacahuetes y a los mariscos"),
    "pl": ("Moja wizyta u dentysty jest we wtorek",),
    "zh": ("我决定了花园的什么事？", "我对花生和贝类过敏", "我"),
    "ru": ("Что я решил насчёт сада?", "Привет"),
    "ko": ("나는 치과에 간다",),
    "th": ("ฉันแพ้ถั่ว",),
}  # fmt: skip


def _of(*texts: str) -> float:
    return of_words([piece(text) for text in texts])


def test_whole_words_are_read() -> None:
    assert _of("▁my", "▁dog", "▁is", "▁ill") == 1


def test_fragments_and_unknown_words_are_not() -> None:
    assert _of("▁tan", "dar", "ts", "▁af", "spr", "aa", "k", "▁bes", "lot", "en", "▁ge", "dro", "nk", "en") < 0.1
    assert _of("[UNK]", "[UNK]", "[UNK]") == 0
    assert _of("▁花", "▁生") == 0
    assert _of("▁с", "а", "д", "▁и") < 0.2


def test_one_rare_word_proves_nothing() -> None:
    assert _of("▁veg", "an") > 0.7


def test_the_tokens_of_the_model_itself_count_as_nothing() -> None:
    assert _of("[SEP]", "[CLS]", "▁hello", "[MASK]") == 1
    assert _of("[CLS]", "[SEP]") == _of() == 1


@pytest.mark.parametrize(
    ("unknown", "tokens", "characters", "read"),
    [(0, 10, 50, 1), (5, 10, 50, 0.5), (10, 10, 50, 0), (0, 40, 18, 0.5), (0, 0, 0, 1)],
)
def test_other_vocabularies_know_what_they_lack(unknown: int, tokens: int, characters: int, read: float) -> None:
    assert of_pieces(unknown, tokens, characters) == read


@pytest.mark.model
def test_minilm_reads_english_alone(shared: GgufEmbedder) -> None:
    read = {text: shared.reads(text) for texts in FOREIGN.values() for text in texts}
    assert {text: share for text, share in read.items() if share > 0.5} == {}
    assert sum(read.values()) / len(read) < 0.15
    assert shared.reads("My friend 王伟 came to dinner yesterday") > 0.9


@pytest.mark.model
def test_a_long_text_is_read_by_its_beginning(shared: GgufEmbedder) -> None:
    assert shared.reads("I went to the market with my sister. " * 20 + FOREIGN["zh"][0] * 400) == 1
