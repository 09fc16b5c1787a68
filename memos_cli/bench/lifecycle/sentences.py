"""The texts of a generated year: sentences of three domains, filled with names, numbers and dates.

Two memories that differ in a number, a name or a date are two memories (a tick never fuses those), so every template has at
least three of them.
"""

import re
from collections.abc import Callable
from datetime import date, timedelta
from random import Random
from typing import NamedTuple

from memos_cli.model import Kind

_MARKED = re.compile(r"\*(.+?)\*")
CARE, CODE, TALK = "care", "code", "talk"


class Sentence(NamedTuple):
    """A memory's text.

    Attributes:
        cue: words of the text, for the search that needs it.
    """

    kind: Kind
    text: str
    cue: str


_TEMPLATES: dict[str, tuple[tuple[Kind, str], ...]] = {
    CARE: (
        (Kind.FACT, "*{name}* takes {dose} mg of *{drug}* at {hour}, since {date}."),
        (Kind.FACT, "*{name}* sleeps in *room* {small} and pays {euros} euros a month for it, from {date}."),
        (Kind.EVENT, "*{name}* *fell* in the *{room}* at {hour} on {date}; the bruise is {small} cm wide."),
        (Kind.EVENT, "Dr *{surname}* saw {name} on {date} at {hour} and *stopped* the *{drug}*."),
        (Kind.NOTE, "*{name}* *weighed* {kilos}.{digit} kg on {date} at {hour}."),
        (Kind.NOTE, "Blood *pressure* of *{name}* on {date}, {hour}: {upper} over {lower}."),
        (Kind.EPISODE, "*{surname}* *rang* at {hour} on {date} and asked how *{name}* slept."),
        (Kind.PREFERENCE, "*{name}* likes *{food}* at {hour}, as {surname} heard on {date}."),
        (Kind.PROCEDURE, "To *wash* *{name}*, plan {small} minutes; {surname} showed it on {date} at {hour}."),
        (Kind.RULE, "*{name}* must have no *{food}* with the *{drug}*, says Dr {surname}, {date}."),
    ),
    CODE: (
        (Kind.NOTE, "*{project}*: {verb}_{part} in line {line} of *{part}*.py fails on an empty list, {date}."),
        (Kind.NOTE, "*Profiled* {verb}_{part} of *{project}* on {date}: {line} ms, of which {small} wait."),
        (Kind.FACT, "*{project}* {version} listens on *port* {port} of the *{town}* server since {date}."),
        (Kind.EVENT, "The *build* of *{project}* {version} broke at {hour} on {date}, line {line} of {part}.py."),
        (Kind.PROCEDURE, "To *release* *{project}* {version}, run make *{part}*; {small} minutes on {date}."),
        (Kind.PREFERENCE, "*{surname}* wants *reviews* of *{project}* under {line} lines, asked on {date}."),
        (Kind.DOCUMENT, "*{project}* {version}, {date}: {verb}_{part} takes {line} *rows* at once."),
        (Kind.RULE, "No function of *{project}* in *{part}*.py over {small} lines, agreed with {surname}, {date}."),
        (Kind.EPISODE, "*{surname}* and I *paired* on {verb}_{part} of *{project}* until {hour}, {date}."),
    ),
    TALK: (
        (Kind.EPISODE, "*{name}* said on {date} that the *{thing}* in *{town}* costs {euros} euros."),
        (Kind.EPISODE, "We sat with *{name}* until {hour} on {date} and spoke of *{topic}*, {small} of us."),
        (Kind.EPISODE, "*{name}* told me at {hour} on {date} how *{surname}* sold the *{thing}*."),
        (Kind.EVENT, "*{name}* *moves* to *{town}* on {date}, into {kilos} square metres for {euros} euros."),
        (Kind.FACT, "*{name}* has worked with *{surname}* in *{town}* for {small} years, told on {date}."),
        (Kind.PREFERENCE, "*{name}* would rather *meet* in *{town}* at {hour}, as of {date}."),
        (Kind.NOTE, "Lend *{name}* the *book* on *{topic}*, {line} pages; asked in {town} on {date}."),
        (Kind.NOTE, "*{name}* *owes* me {euros} euros for the *{thing}* from {town}, {date}."),
    ),
}
"""By domain: kind and text. The words between asterisks are the cue of such a memory."""

DOMAINS = tuple(_TEMPLATES)

_WORDS: dict[str, tuple[str, ...]] = {
    "name": (
        "Ada", "Birgit", "Carlos", "Dorothy", "Emil", "Fatima", "Greta", "Hanna", "Ingrid", "Jonas", "Kemal", "Lucia", "Marta",
        "Niamh", "Olga", "Pietro", "Quentin", "Rosa", "Samira", "Tomas", "Ursula", "Viktor", "Wanda", "Yusuf", "Zofia",
    ),
    "surname": (
        "Abbott", "Byrne", "Costa", "Dvorak", "Eriksen", "Fischer", "Gallo", "Horvat", "Ito", "Jansen", "Keller", "Lindqvist",
        "Moreau", "Novak", "Okafor", "Petrov", "Quinn", "Rossi", "Silva", "Tanaka",
    ),
    "drug": ("ramipril", "metformin", "bisoprolol", "sertraline", "furosemide", "pantoprazole", "levothyroxine", "apixaban"),
    "food": ("porridge", "grapefruit", "liquorice", "yoghurt", "plum cake", "lentil soup", "rye bread", "camomile tea"),
    "room": ("kitchen", "bathroom", "hallway", "garden", "stairwell", "dining room"),
    "project": ("Kestrel", "Lantern", "Marlin", "Nimbus", "Orchard", "Pebble", "Quarry", "Rowan", "Saffron", "Tundra"),
    "verb": ("read", "write", "merge", "split", "parse", "check", "load", "sort"),
    "part": ("index", "schema", "vectors", "parser", "ledger", "queue", "tokens", "session"),
    "thing": ("boat", "piano", "bicycle", "cottage", "loom", "telescope", "kiln", "accordion"),
    "town": ("Porto", "Genoa", "Cork", "Ghent", "Turku", "Split", "Lublin", "Arles", "Bergen", "Trieste"),
    "topic": ("beekeeping", "glaciers", "chess", "sourdough", "lighthouses", "tides", "typefaces", "mosses"),
}  # fmt: skip
_NUMBERS: dict[str, Callable[[Random], object]] = {
    "dose": lambda draw: draw.randrange(5, 500, 5) / 2,
    "hour": lambda draw: f"{draw.randrange(6, 23)}:{draw.randrange(0, 60, 5):02d}",
    "small": lambda draw: draw.randrange(3, 60),
    "digit": lambda draw: draw.randrange(10),
    "kilos": lambda draw: draw.randrange(42, 110),
    "upper": lambda draw: draw.randrange(100, 180),
    "lower": lambda draw: draw.randrange(55, 100),
    "euros": lambda draw: draw.randrange(20, 3000, 5),
    "line": lambda draw: draw.randrange(10, 900),
    "port": lambda draw: draw.randrange(2000, 9000),
    "version": lambda draw: f"{draw.randrange(1, 9)}.{draw.randrange(20)}.{draw.randrange(10)}",
}


def sentence(draw: Random, domain: str, today: date) -> Sentence:
    """A sentence of a domain as somebody might say it today.

    Args:
        draw: chooses words and numbers; the date in it is one of the last few days.
    """
    told = today - timedelta(days=draw.randrange(3))
    filling: dict[str, object] = {name: draw.choice(words) for name, words in _WORDS.items()}
    filling |= {name: number(draw) for name, number in _NUMBERS.items()}
    filling["date"] = f"{told.day} {told:%B %Y}"
    kind, template = draw.choice(_TEMPLATES[domain])
    marked = template.format(**filling)
    return Sentence(kind, marked.replace("*", ""), " ".join(_MARKED.findall(marked)))
