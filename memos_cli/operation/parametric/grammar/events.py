"""Invented tellings besides the facts of a life: deeds, habits, and what things are like. Pure.

Each is a sentence with questions about it, for the exercises of `replay`.
"""

import random
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from memos_cli.operation.parametric.grammar import english, strangers


class Asked(NamedTuple):
    """A question in an exercise: its kind, the name of its form, its words, and the answer; `None` where no line gives one."""

    kind: str
    form: str
    question: str
    answer: str | None


class Telling(NamedTuple):
    """Sentences about one thing, with questions about them.

    Attributes:
        key: the attribute and the person; an exercise has no key twice.
        texts: the sentences, in the order of time.
        asked: the questions; the answer `DAY` means the day of the first sentence.
        memory: the id of the memory that states it, where it is this person's own.
        dated: whether its lines need a day.
    """

    key: tuple[str, str]
    texts: tuple[str, ...]
    asked: tuple[Asked, ...]
    memory: str = ""
    dated: bool = False


DAY = "\0"
Pick = Callable[[Sequence[str]], str]
"""Chooses a word that may occur in the exercise."""


def event(rng: random.Random, pick: Pick, who: str) -> Telling:
    """What somebody did with a thing, or will do; sometimes also with whom, where and when."""
    base, past = pick(strangers.DEEDS).split()
    thing, place, other = strangers.value("object", rng), strangers.value("city", rng), strangers.who(rng)
    by = rng.choice(("with", "for", "without")) if rng.random() < 0.3 else ""
    where = rng.choice(("in", "near")) if rng.random() < 0.35 else ""
    time = _time(rng) if rng.random() < 0.35 else ""
    ahead = rng.random() < 0.2 and not time.startswith(("last", "yesterday", "this"))
    verb, third, did = rng.choice(_ahead(who, base)) if ahead else (past, past, f"did {who} {base}")
    rest = [part for part in (f"{by} {other}" if by else "", f"{where} {place}" if where else "") if part]
    parts = [thing, *(reversed(rest) if rng.random() < 0.3 else rest)]
    told = f"{who} {verb} {' '.join(parts)}"
    said = f"{time}, {told}" if time and rng.random() < 0.3 else f"{told} {time}".strip()
    the = re.sub(r"^an? ", "the ", thing)
    what = (f"what {did}", f"which thing {did}", f"what was it that {who} {verb}", f"tell me what {who} {verb}")
    asked = [Asked("event", "event/what", rng.choice(what), thing)]
    asked.append(Asked("who", "event/who", f"who {third} {rng.choice((the, thing))}", english.you(who)))
    if by:
        whom = rng.choice((f"who {did} {the} {by}", f"{by} whom {did} {the}"))
        asked.append(Asked("event", "event/other", whom, english.you(other)))
    if where == "in":
        asked.append(Asked("event", "event/where", rng.choice((f"where {did} {the}", f"in which town {did} {the}")), place))
    elif not where and rng.random() < 0.4:
        asked.append(Asked("refuse", "event/where", rng.choice((f"where {did} {the}", f"in which town {did} {the}")), None))
    answer = re.sub(r"^(?:on|in) ", "", time) or (None if ahead else DAY)
    asked.append(Asked("when", "event/when", f"when {did} {the}", answer))
    if rng.random() < 0.4:
        asked.append(Asked("check", "event/check", f"{did} {the}", "Yes."))
    return Telling((base, who), (said,), tuple(asked))


def _time(rng: random.Random) -> str:
    return rng.choice((f"on {strangers.value('when', rng)}", f"in {strangers.value('year', rng)}", *strangers.TIMES))


def _ahead(who: str, base: str) -> tuple[tuple[str, str, str], ...]:
    """Wordings of the future: the verb of the person `who`, that of a third person, and that of a question."""
    am, want, do = ("am", "want", "do") if who == "I" else ("is", "wants", "does")
    return (
        (f"will {base}", f"will {base}", f"will {who} {base}"),
        (f"{want} to {base}", f"wants to {base}", f"{do} {who} want to {base}"),
        (f"{am} about to {base}", f"is about to {base}", f"{am} {who} about to {base}"),
    )


def habit(rng: random.Random, pick: Pick, who: str) -> Telling:
    """What somebody does on a day of the week, or likes, or does not like."""
    do, mine = ("do", True) if who == "I" else ("does", False)
    if rng.random() < 0.4:
        activity, day = strangers.value("activity", rng), rng.choice(strangers.DAYS)
        verb, when = pick(("go", "train", "practise", "teach", "try")), rng.choice((f"on {day}s", f"every {day}"))
        said = f"{who} {verb if mine else english.third_person(verb)} {activity}"
        which = f"{rng.choice(('when', 'on which day'))} {do} {who} {verb} {activity}"
        asks = (
            Asked("habit", "habit/when", which, when.removeprefix("on ")),
            Asked("habit", "habit/what", f"what {do} {who} {verb if verb != 'go' else 'do'} {when}", activity),
        )  # fmt: skip
        return Telling(("habit", who), (rng.choice((f"{said} {when}", f"{when} {said}")),), asks)
    verb = pick(strangers.HABITS)
    value = strangers.value(rng.choice(("object", "dish", "things", "title", "animal", "subject")), rng)
    third = english.third_person(verb)
    here, check = verb if mine else third, f"{do} {who} {verb} {value}"
    if rng.random() < 0.25:
        said = rng.choice((f"{who} {do} not {verb} {value}", f"{who} never {here} {value}"))
        no = (Asked("check", "habit/check", check, "No."), Asked("habit", "habit/not", f"what {do} {who} not {verb}", value))
        return Telling((verb, who), (said,), no)
    likes = (
        Asked("habit", "habit/likes", rng.choice((f"what {do} {who} {verb}", f"tell me what {who} {here}")), value),
        Asked("who", "habit/who", f"who {third} {value}", english.you(who)),
        Asked("check", "habit/check", check, "Yes."),
    )
    return Telling((verb, who), (f"{who} {here} {value}",), likes)


def thing(rng: random.Random, pick: Pick, who: str) -> Telling:
    """An attribute of a thing, which may belong to somebody."""
    bare = pick(strangers.THINGS) if rng.random() < 0.7 else strangers.word(rng)
    if rng.random() < 0.3:
        bare = f"{rng.choice(strangers.ADJECTIVES)} {bare}"
    entity = f"the {bare}" if rng.random() < 0.6 else f"{english.possessive(who)} {bare}"
    says = pick([row[1][0] for row in strangers.OF_THINGS])
    kind, tells, asks = next(row for row in strangers.OF_THINGS if row[1][0] == says)
    noun, value = pick(strangers.ATTRIBUTES), strangers.value(kind, rng)

    def filled(wording: str) -> str:
        return wording.replace("{E}", entity).replace("{N}", noun).replace("{v}", value)

    asked = Asked("thing", f"thing {kind}", filled(rng.choice(asks)), value)
    return Telling((f"{kind} {noun if '{N}' in says else says}", entity), (filled(rng.choice(tells)),), (asked,))
