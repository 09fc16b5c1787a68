"""Where the words of a query occur: the same whether all columns of a memory are indexed or those that may matter."""

from pathlib import Path

import pytest

from memos_cli.infra.vault import rows
from memos_cli.infra.vault.pool import occurrences as pool
from memos_cli.infra.vault.pool.occurrences import Text, occurrences
from memos_cli.infra.words.words import query_fours, query_words

LANGUAGES = Path(__file__).parents[3] / "ranker" / "languages"
QUERIES = (
    "Wann hat Ömer Geburtstag?", "Geburtstage", "Welke fiets heb ik gekocht?", "¿Cuándo es la cita del dentista?",
    "anniversaire de maman", "When is the dentist's appointment?", "奶奶的生日", "奶奶对什么过敏", "WLAN 密码", "term",
)  # fmt: skip


def memories(language: str) -> list[str]:
    lines = (LANGUAGES / f"{language}.txt").read_text(encoding="utf-8").splitlines()
    return [line.split(" | ")[2] for line in lines if line.count(" | ") == 2]


@pytest.mark.parametrize("query", QUERIES)
def test_what_is_left_out_of_the_index_is_not_asked_for(query: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said = [text for language in ("de", "nl", "fr", "es", "en", "zh") for text in memories(language)]
    assert len(said) > 500
    texts = {n: Text(text, None, "Ömer" if n % 7 else None, None, ("Termin",)) for n, text in enumerate(said)}
    words = query_words(query)
    fours = query_fours(query, words)
    found = occurrences(words, texts, fours)
    monkeypatch.setattr(pool, "_columns", lambda text, **_: rows.index_text(*text))
    monkeypatch.setattr(pool, "_has_most", lambda *_: True)
    assert found == occurrences(words, texts, fours)
    assert query == "term" or any(found.body)


def test_four_letters_in_a_longer_word_of_another_language_are_not_that_word() -> None:
    texts = {
        1: Text("Die Zahnarzttermine sind nicht vor Montag", None, None, None, ()),
        2: Text("the term ends", None, None, None, ()),
    }
    assert [set(body) for body in occurrences(("term",), texts).body] == [{2}]


def test_an_index_that_is_used_again_has_nothing_of_the_search_before() -> None:
    earlier = {n: Text(f"Die Zahnarzttermine {n} sind montags", None, "Ann", None, ()) for n in range(1, 9)}
    words = query_words("Zahnarzt montags Ann")
    occurrences(words, earlier, query_fours("Zahnarzt montags Ann", words))
    found = occurrences(words, {3: Text("Etwas ganz anderes", None, None, None, ())}, ())
    assert not any(found.body)
    assert not any(found.names)
    for conn in pool._kept:
        for table in ("asked_terms", "told_terms", "cut_terms"):
            assert conn.execute("SELECT term FROM " + table).fetchall() == []  # noqa: S608 -- a name from above
        assert not conn.in_transaction


def test_an_index_that_failed_is_empty_when_it_is_used_again() -> None:
    broken = {1: Text("walnut", None, None, None, ()), 2: Text("walnut", None, 7, None, ())}  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        occurrences(("walnut",), broken)
    assert not any(occurrences(("walnut",), {2: Text("rose", None, None, None, ())}).body)
