"""The guard against invention: what passes is its span with words left out; what a model adds or turns never passes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memos_cli.interface.reader import grounding
from memos_cli.interface.reader.grounding import fault, find, words

PLAIN = [
    "sister", "dog", "garden", "boat", "violin", "tea", "river", "lamp", "blue", "small", "keeps", "plays", "brings", "waters",
    "Ana", "Porto", "Leeds", "Bruno", "my", "our",
]  # fmt: skip
MARKED = sorted(set().union(*(marks for _, marks in grounding._MARKERS)))
sentences = st.lists(st.sampled_from(PLAIN), min_size=4, max_size=14)
numbers = st.integers(0, 99_999).map(str) | st.sampled_from(["3.5", "12:30", "555-1234", "2026-03-01", "\u0664\u0662", "IV2"])
names = st.from_regex(r"[A-Z\u00c4\u0416][a-z]{2,9}", fullmatch=True).filter(
    lambda name: name.lower() not in {*map(str.lower, PLAIN)}
)


def inserted(words: list[str], place: int, word: str) -> str:
    at = place % (len(words) + 1)
    return " ".join([*words[:at], word, *words[at:]])


@given(sentences, st.data())
def test_a_span_says_itself_and_what_is_left_of_it(said: list[str], data: st.DataObject) -> None:
    text = "Well, hello! " + " ".join(said) + ". See you."
    kept = data.draw(st.lists(st.booleans(), min_size=len(said), max_size=len(said)).filter(lambda flags: sum(flags) >= 2))
    left = [word for word, stays in zip(said, kept, strict=True) if stays]
    assert fault(" ".join(said), " ".join(said), text) is None
    assert fault(" ".join(left), " ".join(said), text) is None
    assert fault("The " + " ".join(left), "\n ".join(said), text) is None


@given(sentences, st.integers(0, 50), names | numbers | st.sampled_from(MARKED))
def test_no_name_number_or_mark_that_the_span_lacks_comes_in(said: list[str], place: int, new: str) -> None:
    text = " ".join(said)
    assert fault(inserted(said, place, new), text, text)


@given(sentences, st.integers(0, 50), st.sampled_from(MARKED))
def test_no_negation_doubt_or_tense_is_lost(said: list[str], place: int, mark: str) -> None:
    text = inserted(said, place, mark)
    assert fault(text, text, text) in {None, "it was a question"}
    assert fault(" ".join(said), text, text)
    # Nor by a span that leaves it out, on either side.
    assert fault(" ".join(said), " ".join(said), f"{mark} {' '.join(said)}")
    assert fault(" ".join(said), " ".join(said), f"{' '.join(said)} {mark}")


@given(sentences, numbers, numbers, st.data())
def test_a_number_keeps_what_it_is_said_of(said: list[str], one: str, other: str, data: st.DataObject) -> None:
    first, second = data.draw(st.permutations(["cats", "dogs"]))
    text = f"{' '.join(said)} {one} {first} {other} {second}"
    assert fault(f"{' '.join(said)} {other} {second}", text, text) is None
    if (one, first) != (other, first):
        assert fault(f"{' '.join(said)} {one} {second}", text, text)


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_whatever_comes_there_is_an_answer(content: str, span: str, text: str) -> None:
    if fault(content, span, text) is None:
        place = find(span, text)
        assert place is not None
        assert text[place.start : place.end].split() == span.split()
        assert set(words(content)) - grounding._GLUE <= set(words(span))


@given(sentences, st.integers(0, 50))
def test_words_in_another_order_are_another_statement(said: list[str], place: int) -> None:
    turned = said[place % len(said) :] + said[: place % len(said)]
    if fault(" ".join(turned), " ".join(said), " ".join(said)) is None:
        assert turned == said


TEXT = (
    "My sister Ana lives in Leeds, and I don't eat meat. Do I live in Porto? It's not true that Bruno snores. I have 2 dogs "
    "and 3 cats! My number is 555-1234. I think Ana owns a boat. I was a baker. I stopped eating fish. I'll move to Bergen. "
    "I moved in May and may stay."
)


@pytest.mark.parametrize(
    ("content", "span"),
    [
        ("My sister Ana lives in Leeds", "My sister Ana lives in Leeds"),
        ("Ana lives in Leeds", "sister Ana lives in Leeds"),
        ("I do not eat meat", "I don\u2019t eat meat".replace("\u2019", "'")),
        ("I moved in May", "I moved in May"),
        ("I have 3 cats", "I have 2 dogs and 3 cats"),
        ("I will move to Bergen", "I'll move to Bergen"),
    ],
)
def test_what_stands_there_passes(content: str, span: str) -> None:
    assert fault(content, span, TEXT) is None


@pytest.mark.parametrize(
    ("content", "span", "why"),
    [
        ("I eat meat", "I don't eat meat", "a negation"),
        ("eat meat", "eat meat", "a negation"),
        ("Bruno snores", "Bruno snores", "a negation"),
        ("I eat fish", "I stopped eating fish", "not said"),
        ("I live in Porto", "I live in Porto", "a question"),
        ("Ana owns a boat", "Ana owns a boat", "a doubt"),
        ("I stay", "I moved in May and may stay", "a doubt"),
        ("I am a baker", "I was a baker", "the past"),
        ("I have 2 cats", "I have 2 dogs and 3 cats", "something else"),
        ("My number is 1234", "My number is 555-1234", "not said"),
        ("Carla lives in Leeds", "sister Ana lives in Leeds", "not said"),
        ("Ana lives in Berlin", "sister Ana lives in Leeds", "not said"),
        ("Ana lives in Porto", "Ana lives in Porto", "not in the text"),
        ("ana lives", "ister Ana lives", "not in the text"),
        ("Leeds", "Leeds", "says nothing"),
        ("", "", "not in the text"),
    ],
)
def test_what_does_not_stand_there_falls(content: str, span: str, why: str) -> None:
    assert why in (fault(content, span, TEXT) or "")


def test_scripts_without_blanks_keep_their_negation() -> None:
    text = "\u6211 \u4e0d\u5403\u8089 \u4e86"
    assert fault(text, text, text) is None
    assert fault("\u6211 \u4e86", text, text)
