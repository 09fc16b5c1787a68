"""The language of a text: guessed where its words tell it, and left open where they do not."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memos_cli.infra.words.languages import STOP_WORDS, language

TOLD = {
    "en": (
        "Where does Nadia live?",
        "allergic to peanuts",
        "The server was upgraded to Debian 12",
        "My café order: flat white",
    ),
    "nl": ("Waar woont mijn zus?", "Tandartsafspraak vrijdag 15 uur", "Mijn dochter is allergisch voor noten", "Ik ben ziek"),
    "de": ("Wann ist mein Zahnarzttermin?", "Meine Tochter hat eine Nussallergie.", "Zahnarzttermin am Freitag um 15 Uhr"),
    "fr": ("Où habite ma sœur ?", "Rendez-vous chez le dentiste vendredi", "Je n'aime pas les champignons"),
    "es": ("¿Dónde vive mi hermana?", "Cita con el dentista el viernes", "Ella prefiere el café sin azúcar"),
    "it": ("Dove abita mia sorella?", "Appuntamento dal dentista venerdì", "Non mi piacciono i funghi"),
    "pt": ("Onde mora minha irmã?", "Consulta com o dentista na sexta", "Não gosto de cogumelos"),
    "zh": ("我的手机坏了 iPhone15", "我妹妹住在上海", "牙医"),
    "ja": ("電話番号を教えて", "妹は東京に住んでいます", "コーヒー"),
    "ko": ("전화번호", "언니는 서울에 살아요"),
    "ru": ("мой телефон", "Я живу в Москве"),
    "cyrillic": ("мій телефон",),
    "greek": ("αδελφή μου μένει στην Αθήνα",),
    "arabic": ("أختي تسكن في القاهرة",),
    "hebrew": ("אחותי גרה בחיפה",),
    "devanagari": ("मेरी बहन दिल्ली में रहती है",),
    "thai": ("น้องสาวอยู่กรุงเทพ",),
}


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in TOLD.items() for text in texts])
def test_a_text_in_a_language_is_told(name: str, text: str) -> None:
    assert language(text) == name


@pytest.mark.parametrize(
    "text", ["", "123", "hunter2", "Ania lubi pić kawę", "Hej, jag heter Sven och bor i Lund", "\u0301", "👍👍"]
)
def test_what_too_little_tells_is_left_open(text: str) -> None:
    assert language(text) is None


def test_most_of_the_text_decides() -> None:
    assert language("She said 你好 to everybody who was at the meeting yesterday") == "en"
    assert language("我昨天在公司用 Excel 做了一个表") == "zh"


@given(st.text())
def test_any_text_gets_a_name_or_none(text: str) -> None:
    found = language(text)
    assert found is None or (found.isascii() and found.islower())
    assert language(text) == found


def test_case_is_no_language() -> None:
    for name in STOP_WORDS:
        for text in TOLD[name]:
            assert language(text.upper().replace("ẞ", "SS")) in {name, None}


def test_a_long_text_takes_no_longer() -> None:
    start = time.process_time()
    for text in ("\u0301" * 1_000_000, "字" * 1_000_000, "a" * 1_000_000, "ß" * 1_000_000, "die der " * 100_000):
        language(text)
    assert time.process_time() - start < 1
