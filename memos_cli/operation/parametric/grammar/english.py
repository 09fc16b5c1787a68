"""English put together: the forms of verbs, who is meant, and a wording filled in, as a statement or as a typed question.

`wordings` has the patterns, `clauses` reads with them; what is written for a data set goes through here.
"""

# ruff: noqa: SIM905, E501 -- word lists read better in long lines

import random
import re
from collections.abc import Sequence
from functools import lru_cache

_SHE = frozenset("sister mother mum mom wife daughter aunt grandmother grandma niece girlfriend landlady mother-in-law".split())
_HE = frozenset("brother father dad husband son uncle grandfather grandpa nephew boyfriend landlord father-in-law".split())
_BASES = dict(
    pair.split(":")
    for pair in (
        "abode:abide addicted:addict annexed:annex assailed:assail axed:axe bade:bid barbed:barb bent:bend bit:bite bore:bear"
        " bound:bind broke:break bussed:bus cancelled:cancel civilized:civilize cleft:cleave conned:con crafted:craft crew:crow"
        " crooked:crook damned:damn deposited:deposit detailed:detail developed:develop dispelled:dispel dissed:diss dove:dive"
        " drenched:drench dumbfounded:dumbfound endangered:endanger enveloped:envelop envied:envy exemplified:exemplify"
        " extolled:extol feathered:feather felt:feel fixed:fix ground:grind guarded:guard hove:heave interned:intern labelled:label"
        " left:leave longed:long mixed:mix modelled:model panicked:panic preferred:prefer prefixed:prefix privileged:privilege"
        " psyched:psych rose:rise routed:route shied:shy shook:shake shot:shoot signalled:signal slew:slay smelt:smell"
        " smoothed:smooth spelt:spell swore:swear thanked:thank thought:think trafficked:traffic trod:tread unfolded:unfold"
        " winged:wing won:win wound:wind"
        " analyses:analyse annexes:annex attaches:attach busses:bus crosses:cross curries:curry exemplifies:exemplify fixes:fix"
        " forwards:forward fulfils:fulfil instals:install means:mean mixes:mix poles:pole prefixes:prefix remains:remain thanks:thank"
    ).split()
)
"""Forms of verbs whose base `simplemma` does not give: it takes them for another part of speech (`left`, `felt`, `thanks`) or
has a word that there is not (`cancell`, `fixe`). They are those that it missed (`simplemma` 2.0.0, against the lexicon of
LemmInflect 0.2.3) among the 60,000 most frequent words of English (wordfreq 3.1): of 3,773 past forms 79, modal verbs and
archaic words among them, of 3,237 third persons 38, most of them nouns. With this table 753 regular and 160 irregular past
forms of everyday verbs have the right base; with endings alone, without a dictionary, 101 and 84 of them had a wrong one."""
_UNCHANGED = frozenset(
    "beat bet broadcast burst cast cost cut forecast hit hurt let put quit read set shut split spread thrust upset".split()
)
"""Verbs whose past is their base; beside `I` too they are read as past, since a memory tells more often what was."""
_PLAIN = frozenset("bare dice embed imbed lower overlay shed shred sled span spade wed weed".split())
"""Bases that look like a form of another verb, or like a past that ends in `ed`."""


@lru_cache(maxsize=4096)
def base_of(verb: str) -> str:
    """The base of a form of a verb: of `lives` and `lived` it is `live`, of `bought` `buy`; the word itself where none is known.

    Where the package `simplemma` is missing it is a stem, which no sentence should be made with: nothing is trained there
    (`base_model.require_tools`), but `consolidate plan` counts what would be learnt.
    """
    if verb in _PLAIN or verb in _UNCHANGED:
        return verb
    if verb in _BASES:
        return _BASES[verb]
    try:
        from simplemma import lemmatize
    except ImportError:
        return re.sub(r"(?:ed|s)$", "", verb)
    lemma = lemmatize(verb, lang="en")
    return lemma if lemma.islower() else verb  # of `peter` it gives the name


def is_past(verb: str) -> bool | None:
    """Whether a form of a verb is its past; `None` where that is not certain: `lay` is both, `facetimed` is in no dictionary."""
    if verb in _UNCHANGED:
        return True
    if verb == "lay":
        return None
    known = base_of(verb) != verb
    if verb.endswith("ed"):
        return known or (False if verb in _PLAIN or verb.endswith("eed") else None)
    return known and not verb.endswith(("s", "ing", "er", "est", "ly"))


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
