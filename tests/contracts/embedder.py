"""What every embedder owes: one suite, run over each of them by a subclass that gives the fixture `embedder`."""

# ruff: noqa: RUF001 -- look-alike letters are what some of the texts are for

from __future__ import annotations

import threading
from typing import Any

import pytest

from memos_cli.ports.ports import Embedder

TEXTS = [
    "what did I decide about the garden?", "", "   ", "I am vegan now", "Ünïcödé façade naïve Straße ÅNGSTRÖM",
    "日本語のテキストをここに書く。", "我喜欢吃苹果,但是不喜欢香蕉", "🎉🚀 party at 8pm 😀", "e\u0301cole caf\u00e9 cafe\u0301",
    "İstanbul'da ΑΒΓ Σίσυφος ΟΔΥΣΣΕΥΣ", "Привет, как дела? Ёлка", "مرحبا بالعالم", "नमस्ते दुनिया", "한국어 문장입니다",
    "phone 555-1234, mail a.b@c.org, https://x.y/z?q=1&r=2", "tab\tnew\nline\r\nreturn\u00a0nbsp\u200bzwsp\u00ad soft",
    "x" * 150, "[SEP] [CLS] hello [MASK]", "##ing ##ed", "$100 €20 £5 ¥3 ₹9 ©®™", "long " * 600,
    "The quick brown fox jumps over the lazy dog. " * 60, "\x00\x01control\x7f chars\x85", "ﬁ ligature ½ ² ①",
    "„quotes“ «guillemets» — –", "ไทยภาษา", "שלום עולם", "Tiếng Việt", "\ufffd replacement \ufeff bom", "𝓗𝓮𝓵𝓵𝓸 𝟙𝟚𝟛",
    "👨‍👩‍👧‍👦 family 🇩🇪 flag ❤️", "word " + "y" * 101 + " end", "😀" * 300, "a▁b ▁c",
]  # fmt: skip
"""Texts in many scripts, and what trips tokenizers: nothing, very long, control characters, special tokens."""


class EmbedderContract:
    """The promises of `memos_cli.ports.ports.Embedder`."""

    same = 0.9999
    """The least cosine of a text's vectors alone and among others: lower for weights of 4 bits, whose kernels round."""

    @pytest.fixture
    def embedder(self) -> Embedder:
        raise NotImplementedError

    def test_it_is_an_embedder(self, embedder: Embedder) -> None:
        assert isinstance(embedder, Embedder)
        assert embedder.fingerprint

    def test_each_text_gives_one_unit_row(self, embedder: Embedder) -> None:
        vectors = embedder.embed(TEXTS)
        assert vectors.shape == (len(TEXTS), embedder.dimensions)
        assert vectors.dtype == "float32"
        assert abs((vectors**2).sum(axis=1) - 1).max() < 1e-5

    def test_no_texts_give_no_rows(self, embedder: Embedder) -> None:
        assert embedder.embed([]).shape == (0, embedder.dimensions)

    def test_company_and_order_change_nothing(self, embedder: Embedder) -> None:
        texts = TEXTS[:8]
        together = embedder.embed(texts)
        assert _cosines(together[::-1], embedder.embed(texts[::-1])).min() > 0.9999
        alone = [embedder.embed([text])[0] for text in texts[:4]]
        assert _cosines(together[:4], alone).min() > self.same

    def test_the_same_texts_give_the_same_vectors(self, embedder: Embedder) -> None:
        assert (embedder.embed(TEXTS[:5]) == embedder.embed(TEXTS[:5])).all()

    def test_meaning_is_near_and_other_things_are_far(self, embedder: Embedder) -> None:
        dog, puppy, tax = embedder.embed(["my dog is ill", "the puppy is not well", "the tax return is due in May"])
        assert dog @ puppy > dog @ tax + 0.2

    def test_queries_have_vectors_of_the_same_kind(self, embedder: Embedder) -> None:
        queries = embedder.embed_queries(["is my dog ill?", "when is the tax return due?"])
        assert queries.shape == (2, embedder.dimensions)
        assert abs((queries**2).sum(axis=1) - 1).max() < 1e-5
        cosines = queries @ embedder.embed(["my dog is ill", "the tax return is due in May"]).T
        assert (cosines.argmax(axis=1) == [0, 1]).all()

    def test_it_says_how_near_unrelated_texts_are(self, embedder: Embedder) -> None:
        mean, spread = embedder.background
        assert 0 < spread < 0.2
        unrelated = embedder.embed_queries(["who fed the goldfish?"]) @ embedder.embed(["the bridge was painted in 1931"]).T
        assert abs(float(unrelated[0, 0]) - mean) < 4 * spread
        alike = embedder.embed_queries(["who fed the goldfish?"]) @ embedder.embed(["Tom gave the goldfish its food"]).T
        assert float(alike[0, 0]) > mean + 4 * spread
        assert embedder.background == (mean, spread)

    def test_it_reads_english(self, embedder: Embedder) -> None:
        for text in ("what did I decide about the garden?", "I am vegan now", "vegan", "We moved to Porto in 2019. " * 200):
            assert embedder.reads(text) > 0.7, text

    def test_what_has_no_letters_is_read(self, embedder: Embedder) -> None:
        assert [embedder.reads(text) for text in ("", "  \n", "42", "?!")] == [1, 1, 1, 1]

    def test_what_is_read_is_a_share_of_any_text(self, embedder: Embedder) -> None:
        assert all(0 <= embedder.reads(text) <= 1 for text in TEXTS)

    def test_what_lies_past_the_limit_changes_nothing(self, embedder: Embedder) -> None:
        long = "alpha beta " * 400
        first, second = embedder.embed([long, long + "and something quite different"])
        assert first @ second > self.same

    def test_two_threads_at_once_get_their_own_vectors(self, embedder: Embedder) -> None:
        expected = embedder.embed(TEXTS[:6])
        got: dict[int, Any] = {}

        def work(number: int) -> None:
            got[number] = embedder.embed([TEXTS[number]])[0]

        threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert _cosines(expected, [got[number] for number in range(6)]).min() > self.same

    def test_a_lone_surrogate_is_no_obstacle(self, embedder: Embedder) -> None:
        assert embedder.embed(["a file called \udcff.txt"]).shape == (1, embedder.dimensions)

    def test_closing_twice_is_fine_and_embedding_again_too(self, embedder: Embedder) -> None:
        before = embedder.embed(["once"])
        embedder.close()
        embedder.close()
        assert _cosines(before, embedder.embed(["once"])).min() > 0.9999


def _cosines(first: Any, second: Any) -> Any:
    import numpy as np

    return (np.asarray(first) * np.asarray(second)).sum(axis=1)
