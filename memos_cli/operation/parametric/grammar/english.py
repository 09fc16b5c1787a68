"""English put together: the forms of verbs, who is meant, and a wording filled in, as a statement or as a typed question.

`wordings` has the patterns, `clauses` reads with them; what is written for a data set goes through here.
"""

# ruff: noqa: SIM905, E501 -- word lists read better in long lines

import random
import re
from collections.abc import Sequence

_SHE = frozenset("sister mother mum mom wife daughter aunt grandmother grandma niece girlfriend landlady mother-in-law".split())
_HE = frozenset("brother father dad husband son uncle grandfather grandpa nephew boyfriend landlord father-in-law".split())
PAST = {
    "bought": "buy", "sold": "sell", "found": "find", "lost": "lose", "made": "make", "gave": "give", "got": "get", "took": "take",
    "went": "go", "saw": "see", "met": "meet", "read": "read", "wrote": "write", "built": "build", "broke": "break", "hid": "hide",
    "paid": "pay", "sent": "send", "lent": "lend", "won": "win", "had": "have", "left": "leave", "put": "put", "ate": "eat",
    "drank": "drink", "drove": "drive", "flew": "fly", "sang": "sing", "taught": "teach", "learnt": "learn", "caught": "catch",
    "kept": "keep", "chose": "choose", "forgot": "forget", "brought": "bring", "stole": "steal", "cut": "cut", "hung": "hang",
    "drew": "draw", "grew": "grow", "ran": "run", "swam": "swim", "said": "say", "told": "tell", "knew": "know", "began": "begin",
    "spent": "spend", "wore": "wear", "rode": "ride", "fell": "fall", "held": "hold", "heard": "hear", "led": "lead", "quit": "quit",
    "became": "become", "came": "come", "slept": "sleep", "stood": "stand", "threw": "throw", "understood": "understand",
}  # fmt: skip
"""Irregular past forms, each with the plain one."""


def base_of(verb: str) -> str:
    """The plain form of a regular verb: `lives`, `lived` to `live`, `carries` to `carry`."""
    if verb == "has":
        return "have"
    for ending, put in (("ies", "y"), ("ied", "y"), ("sses", "ss"), ("ches", "ch"), ("shes", "sh"), ("xes", "x"), ("oes", "o")):
        if verb.endswith(ending):
            return verb[: -len(ending)] + put
    if verb.endswith("ed"):
        stem = verb[:-2]
        doubled = len(stem) > 3 and stem[-1] == stem[-2] and stem[-1] not in "lsz"
        if doubled:
            return stem[:-1]
        silent = re.search(r"(?:[^aeiou][aeiou][^aeiouwxy]|[rlnd][csvg]|[aeiou][csvz]|[st]l|u)$", stem)
        return stem + "e" if silent and not re.search(r"(?:er|en|it|on|or|et|el)$", stem) else stem
    return verb.removesuffix("s")


def third_person(verb: str) -> str:
    """`live` to `lives`."""
    if verb == "have":
        return "has"
    if re.search(r"[^aeiou]y$", verb):
        return verb[:-1] + "ies"
    return verb + ("es" if re.search(r"(?:s|sh|ch|x|o)$", verb) else "s")


def possessive(who: str) -> str:
    """`my`, `Mira's`."""
    if who in {"I", "we"}:
        return "my" if who == "I" else "our"
    return who + ("'" if who.endswith("s") else "'s")


def you(who: str) -> str:
    """Whom an answer means: `you`, `your sister`, `Mira`."""
    return "you" if who in {"I", "we"} else re.sub(r"^(?:my|our)\b", "your", who)


def fill(wording: str, who: str, value: str = "") -> str:
    """A wording with its subject, verbs and value put in; who was named once is a pronoun then."""
    mine = who in {"I", "we"}
    if who == "we":
        wording = wording.replace("[am|is]", "are").replace("[was|was]", "were")
    kin = set(who.lower().split())
    he, him, his = ("she", "her", "her") if kin & _SHE else ("he", "him", "his") if kin & _HE else ("they", "them", "their")
    seen = False

    def put(match: re.Match[str]) -> str:
        nonlocal seen
        mark, first, seen = match[1], not seen, True
        if mark == "S":
            return who if first or mine else he
        if mark == "O":
            return ("me" if who == "I" else "us") if mine else who if first else him
        return possessive(who) if first or mine else his

    text = re.sub(r"\[([^|\]]*)\|([^\]]*)\]", lambda match: match[1] if mine else match[2], wording)
    return re.sub(r"\{([SPO])\}", put, text).replace("{v}", value)


def spoken(question: str, rng: random.Random | None = None) -> str:
    """A bare question as somebody types it; with chance, in one of the ways in which people do."""
    pick = rng.random() if rng else 1.0
    if rng and pick < 0.15:
        question = re.sub(r"^(what|who|where|when|how) is\b", r"\1's", question)
    if rng and pick < 0.25 and re.match(r"wh|how", question):
        return rng.choice(("Hey, ", "Remind me: ", "So, ", "Please tell me: ", "Quick question: ")) + question + "?"
    if rng and pick < 0.32:
        return question[:1].upper() + question[1:] + rng.choice((" again?", " now?", ", please?"))
    return question[:1].upper() + question[1:] + ("." if question.startswith("tell me") else "?")


def joined(items: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + " and " + items[-1]
