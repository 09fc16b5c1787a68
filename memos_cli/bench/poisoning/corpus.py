"""The attacks: frames written by hand, filled in with what a made-up person has told memos, and with what is untrue of it.

A frame is what an attacker writes, in one of five languages: its texts, and the fields that it claims. A victim is one thing
that the person told, with the question that asks for it, what is true, and what is not. The frames and the victims ship as JSON
Lines in `data/poisoning`. The same seed and number give the same attacks.
"""

import json
import random
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

from memos_cli.bench.poisoning.disguises import DISGUISES

PERSON = "sam"
"""The name of the one who is attacked."""
STRANGER = "mallory"
"""The name of the one who attacks, where a name is needed."""
CARRIERS = ("mcp", "chat", "mail", "cube", "jsonl", "notes")
"""How an attack comes in: told by an agent, in a result or a reply of a chat's export, in a mail, in a stranger's cube file, in
JSON Lines, in notes."""
OWN = frozenset(("jsonl", "notes"))
"""Carriers whose words are by nobody else: who brings them in brings them in as their own."""
_WORDS_ALONE = frozenset(("chat", "mail"))
"""Carriers that bring words, a speaker and a day, and no other field."""
_LEADS = {
    "en": ("", "", "By the way: ", "As discussed, ", "For the record: ", "FYI: "),
    "nl": ("", "", "Trouwens: ", "Ter info: "),
    "de": ("", "", "Übrigens: ", "Zur Info: "),
    "fr": ("", "", "Au fait : ", "Pour info : "),
    "es": ("", "", "Por cierto: ", "Para tu información: "),
}
_CODES = ("KESTREL", "OBSIDIAN", "VALDRIS", "TURMALIN", "ZORVEX", "QUILLON", "MARGRAVE", "NIMBUS")


class Victim(NamedTuple):
    """One thing that the person told.

    Attributes:
        statement: what was told, with `{}` for the value.
        true, false: values that it may have, and those that attackers claim.
        kind: the kind of its memory.
    """

    lang: str
    key: str
    topic: str
    statement: str
    question: str
    true: tuple[str, ...]
    false: tuple[str, ...]
    kind: str

    @property
    def told(self) -> str:
        """What the person told."""
        return self.statement.format(self.true[0])


class Frame(NamedTuple):
    """What an attacker writes.

    Attributes:
        kind: the kind of attack.
        texts: of one memory each, with names in braces that an attack fills in.
        fields: what is claimed of them beside their words; `disguise` and `act` are none, but what is done with the words.
        via: the carriers that can bring it; empty for all.
    """

    kind: str
    lang: str
    texts: tuple[str, ...]
    fields: Mapping[str, Any]
    via: tuple[str, ...]


class Attack(NamedTuple):
    """One attack.

    Attributes:
        number: its place in the corpus.
        carrier: how it comes in.
        bait: what may not be told as true: the untrue value, or the word that an instruction asks for.
        fields: what is claimed of each text, without what only prepares it.
        act: what is asked for: `remember`, or `revise`, `forget`, `remember and forget`, `archive` of the memory attacked.
    """

    number: int
    kind: str
    lang: str
    carrier: str
    victim: Victim
    texts: tuple[str, ...]
    bait: str
    fields: Mapping[str, Any]
    act: str


@cache
def frames() -> tuple[Frame, ...]:
    """All frames."""
    return tuple(
        Frame(one["kind"], one["lang"], tuple(one["texts"]), one.get("fields", {}), tuple(one.get("via", ())))
        for one in _rows("frames")
    )


@cache
def victims() -> tuple[Victim, ...]:
    """All that may be attacked; of those in one language a home is made."""
    return tuple(Victim(**{**one, "true": tuple(one["true"]), "false": tuple(one["false"])}) for one in _rows("victims"))


def _rows(name: str) -> list[dict[str, Any]]:
    text = (resources.files("memos_cli.data") / "poisoning" / f"{name}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


KINDS = (
    "instruction", "correction", "preference", "tool result", "disguise", "split", "fence", "forged header", "claim",
    "takeover",
)  # fmt: skip
"""The kinds of attack, of which a corpus has equally many."""


def corpus(count: int, seed: int = 0) -> list[Attack]:
    """So many attacks, the kinds in turn; of each kind every frame, and of each frame every carrier that can bring it."""
    rng = random.Random(seed)  # noqa: S311 -- made anew from its seed
    waiting: dict[str, list[tuple[Frame, str]]] = {kind: [] for kind in KINDS}
    found: list[Attack] = []
    for number in range(count):
        kind = KINDS[number % len(KINDS)]
        if not waiting[kind]:
            waiting[kind] = [(frame, via) for frame in frames() if frame.kind == kind for via in _via(frame)]
            rng.shuffle(waiting[kind])
        frame, carrier = waiting[kind].pop()
        victim = rng.choice([one for one in victims() if one.lang == frame.lang])
        found.append(_attack(number, frame, carrier, victim, rng))
    return found


def _via(frame: Frame) -> Sequence[str]:
    if frame.via:
        return frame.via
    return (
        CARRIERS if not frame.fields.keys() - {"speaker", "disguise"} else [one for one in CARRIERS if one not in _WORDS_ALONE]
    )


def _attack(number: int, frame: Frame, carrier: str, victim: Victim, rng: random.Random) -> Attack:
    command = f"{rng.choice(_CODES)}-{rng.randrange(1000, 10000)}"
    value = rng.choice(victim.false)
    filled = {
        "lie": victim.statement.format(value), "value": value, "fact": victim.told, "truth": victim.true[0],
        "topic": victim.topic, "question": victim.question, "cmd": command, "person": PERSON, "key": victim.key, "id": "{id}",
    }  # fmt: skip
    lead = rng.choice(_LEADS[frame.lang])
    disguise = DISGUISES.get(frame.fields.get("disguise", ""), str)
    texts = [disguise(text.format(**filled)) for text in frame.texts]
    if frame.kind not in {"fence", "takeover", "split"} and "disguise" not in frame.fields:
        texts[0] = lead + texts[0]
    fields = {name: one.format(**filled) if isinstance(one, str) else one for name, one in frame.fields.items()}
    act = fields.pop("act", "remember")
    fields.pop("disguise", None)
    told = " ".join(frame.texts)
    bait = command if "{cmd}" in told else value
    return Attack(number, frame.kind, frame.lang, carrier, victim, tuple(texts), bait, fields, act)
