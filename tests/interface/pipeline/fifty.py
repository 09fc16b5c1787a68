# ruff: noqa: E501 -- a row a topic
"""Fifty documents of one person and a hundred questions about them, each with the words that only the right page has.

The answers are made up of parts that are drawn by a seed, so that no page says what another does.
"""

import random
from typing import NamedTuple

SORTS = ("pdf", "docx", "epub", "scan", "png")
"""PDF, Word and EPUB with words, a PDF of nothing but pictures, and a picture for each page."""
_SUBJECTS = (
    ("Rental agreement", "flat"), ("Insurance policy", "insurance"), ("Car manual", "car"), ("Recipe book", "kitchen"),
    ("Travel plan", "journey"), ("Tax return", "tax"), ("School report", "school"), ("Medical report", "doctor"),
    ("Boiler manual", "boiler"), ("Garden diary", "garden"),
)  # fmt: skip
_PLACES = ("York", "Utrecht", "Porto", "Graz", "Lyon")
_TOPICS: tuple[tuple[str, str, str], ...] = (
    ("Deposit", "The deposit for the {thing} in {place} is {n} euros and is paid back within six weeks.", "How large is the deposit for the {thing} in {place}?"),
    ("Notice", "Whoever wants to end the contract about the {thing} in {place} gives notice {n} days before.", "How many days of notice end the contract about the {thing} in {place}?"),
    ("Telephone", "The office in {place} that is in charge of the {thing} answers at extension {n}.", "What is the extension of the office for the {thing} in {place}?"),
    ("Inspection", "The {thing} in {place} is inspected every {n} weeks by a fitter from the town.", "How often is the {thing} in {place} inspected?"),
    ("Parking", "Visitors of the {thing} in {place} park in lot {n} behind the old mill.", "In which lot do visitors of the {thing} in {place} park?"),
    ("Password", "The gate of the {thing} in {place} opens with the number {n}, which changes in June.", "Which number opens the gate of the {thing} in {place}?"),
)  # fmt: skip
_OTHERWISE = {
    "Deposit": "What sum is returned to me when I leave the {thing} in {place}?",
    "Notice": "How early do I have to cancel what I signed for the {thing} in {place}?",
    "Telephone": "Whom do I dial, and how, if I want to talk about the {thing} in {place}?",
    "Inspection": "When does somebody come by to check the {thing} in {place}?",
    "Parking": "Where can guests leave their car at the {thing} in {place}?",
    "Password": "What is the code for the door of the {thing} in {place}?",
}
"""The same questions in words that the pages do not have, apart from what they are about."""
_FILL = (
    "This part describes in general terms what was agreed between all who take part, and nothing in it is out of the ordinary.",
    "All that is said here holds until something else is written, and whoever has a question asks before anything is signed.",
    "Older versions of these pages are kept in the archive, where they can be read on workdays after a call.",
)


class Page(NamedTuple):
    """A page: its heading, its paragraphs, and the question that it alone answers, in its words and in others."""

    heading: str
    paragraphs: tuple[str, ...]
    question: str
    otherwise: str


class Paper(NamedTuple):
    """A document: its name without the ending, its sort, its title and its pages."""

    name: str
    sort: str
    title: str
    pages: tuple[Page, ...]


def papers(count: int) -> list[Paper]:
    """The first of the fifty documents."""
    chance, made = random.Random(2026), []
    for number in range(count):
        subject, thing = _SUBJECTS[number % len(_SUBJECTS)]
        place = _PLACES[number // len(_SUBJECTS) % len(_PLACES)]
        pages = []
        for heading, sentence, question in _TOPICS:
            words = {"thing": thing, "place": place, "n": chance.randrange(10, 10_000)}
            filling = chance.sample(_FILL, 2)
            paragraphs = (filling[0], sentence.format(**words), filling[1])
            pages.append(Page(heading, paragraphs, question.format(**words), _OTHERWISE[heading].format(**words)))
        chance.shuffle(pages)
        made.append(Paper(f"paper-{number:02}", SORTS[number % len(SORTS)], f"{subject} {place}", tuple(pages)))
    return made


def questions(asked: list[Paper], each: int, *, otherwise: bool = False) -> list[tuple[str, str, int]]:
    """So many questions of each document: the question, the document's name, and the page that answers it.

    Args:
        asked: the documents.
        each: how many.
        otherwise: in words that the pages do not have.
    """
    chance = random.Random(7)
    return [
        (paper.pages[place].otherwise if otherwise else paper.pages[place].question, paper.name, place + 1)
        for paper in asked
        for place in sorted(chance.sample(range(len(paper.pages)), each))
    ]
