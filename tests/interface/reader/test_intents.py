"""What a message is taken for, and what of it is kept: golden examples, each a sentence that somebody might type."""

import pytest

from memos_cli.interface.reader import intents
from memos_cli.interface.reader.reader import guess_kind

INTENTS = {
    "remember that my shoe size is 43": ("remember", "My shoe size is 43"),
    "Please remember: the key is under the mat": ("remember", "The key is under the mat"),
    "Don't forget that Ana is allergic to nuts": ("remember", "Ana is allergic to nuts"),
    "don\u2019t forget to water the plants": ("remember", "Don't forget to water the plants"),
    "Remember my locker is 12": ("remember", "My locker is 12"),
    "Keep in mind that I hate coriander.": ("remember", "I hate coriander."),
    "Do you remember that I moved?": ("ask", "Do you remember that I moved?"),
    "Remember that we met?": ("ask", "Remember that we met?"),
    "forget my shoe size": ("forget", "my shoe size"),
    "Please forget about the dentist.": ("forget", "the dentist"),
    "forget that I live in Porto": ("forget", "I live in Porto"),
    "forget what I told you about Ana": ("forget", "Ana"),
    "Forget-me-nots are blue": ("ask", "Forget-me-nots are blue"),
    "I always forget my keys": ("ask", "I always forget my keys"),
    "what do you know about Ana?": ("about", "Ana"),
    "What do you remember about my diet": ("about", "my diet"),
    "tell me everything you know about me": ("about", "me"),
    "What do you know?": ("about", ""),
    "What does Ana know about boats?": ("ask", "What does Ana know about boats?"),
}


@pytest.mark.parametrize(("message", "wanted"), INTENTS.items())
def test_intents(message: str, wanted: tuple[str, str]) -> None:
    assert tuple(intents.of(message)) == wanted


KEPT = [
    "I am vegan now",
    "I'm allergic to peanuts.",
    "My sister Ana has a dog called Bruno.",
    "Tom's birthday is on 3 May.",
    "We moved to Utrecht last week.",
    "Always answer in Dutch",
    "Dr. Silva is my dentist.",
]
DROPPED = [
    "Where do I live?",
    "where do I live",
    "is my sister vegan",
    "Do you know that I am vegan?",
    "I wonder where my keys are",
    "I don't know where I live",
    "That is great!",
    "It is raining.",
    "You are wrong about my name",
    "Tell me about my sister",
    "Thanks, I like that",
    "Hello, I am back",
    "ok",
    "I'd like to know what my sister eats",
    "Could you remind me what I eat",
]


@pytest.mark.parametrize(
    "message",
    [
        "since when do I work at Acme", "at what time is my dentist", "by when do I have to pay the rent",
        "with whom did I have lunch", "am I vegan",
        "for how long have I lived here", "whats my address", "um, when did I see Anna", "quick question, when did I see Anna",
        "seit wann arbeite ich bei Acme", "wo wohne ich", "habe ich morgen einen Termin", "welche Termine habe ich morgen",
        "wat heb ik gisteren gedaan", "sinds wanneer werk ik bij Acme", "heb ik morgen een afspraak", "quand ai-je vu Anna",
        "depuis quand je travaille chez Acme", "qu'est-ce que j'ai fait hier", "est-ce que j'ai un rendez-vous demain",
        "desde cuándo trabajo en Acme", "qué hice ayer", "我昨天做了什么", "你会来吗",
    ],
)  # fmt: skip
def test_questions_without_their_mark(message: str) -> None:
    assert intents.asks(message)
    assert intents.statements(message) == []


@pytest.mark.parametrize(
    "message",
    [
        "Since I moved I work at Acme", "From where I live it is 5 km to work", "In which case I stay at home",
        "For what it's worth I like tea", "To whom it may concern: I am away", "Wie besprochen treffen wir uns am Freitag",
        "En mi casa hay dos gatos", "De wasmachine is kapot", "À Lyon je mange du poisson", "Seit gestern bin ich krank",
        "Am Freitag habe ich einen Termin", "我什么都不吃",
    ],
)  # fmt: skip
def test_statements_that_begin_like_questions(message: str) -> None:
    assert not intents.asks(message)


@pytest.mark.parametrize("message", KEPT)
def test_statements_are_kept(message: str) -> None:
    (sentence,) = intents.statements(message)
    assert sentence == message
    assert intents.worth(guess_kind(sentence, dated=False), sentence)


@pytest.mark.parametrize("message", DROPPED)
def test_questions_and_talk_are_not(message: str) -> None:
    assert [one for one in intents.statements(message) if intents.worth(guess_kind(one, dated=False), one)] == []


def test_a_message_is_taken_apart() -> None:
    said = "Hi! I met Dr. Silva on Monday. What should I bring? My budget is 3.5 euros\nand I have no car"
    assert intents.sentences(said) == [
        "Hi!", "I met Dr. Silva on Monday.", "What should I bring?", "My budget is 3.5 euros", "and I have no car",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("sentence", "key"),
    [
        ("I am vegan now", "diet"),
        ("I'm no longer vegetarian.", "diet"),
        ("I became a pescatarian", "diet"),
        ("I am vegan curious about cheese", None),
        ("My sister is vegan", None),
        ("My name is Sam", "name"),
        ("My name day is in May", None),
    ],
)
def test_keys_are_named_only_where_they_are_certain(sentence: str, key: str | None) -> None:
    assert intents.key(sentence) == key
