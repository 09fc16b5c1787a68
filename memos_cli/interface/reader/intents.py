"""What a message in a conversation asks for, and which of its sentences to keep: rules, without a model. Pure functions.

Neither a question nor talk about the talk ("that is great", "tell me more") is ever kept. What is kept is a statement about
the person, about somebody or something that is named, or a rule that the person gives.
"""

import re
from typing import NamedTuple

from memos_cli.model import Kind


class Intent(NamedTuple):
    """What a message asks for.

    Attributes:
        name: `remember`, `forget`, `about` or `ask`.
        what: the text to remember, to forget or to report about; for `ask` the message.
    """

    name: str
    what: str


_POLITE = r"(?:(?:please|ok|okay|hey|now|and|also|could you|can you|would you)[,\s]+)*"
_REMEMBER = re.compile(
    rf"(?is)^{_POLITE}(?:remember|memori[sz]e|(?:make a )?note|don'?t forget|do not forget|keep in mind|bear in mind)"
    r"(?:\s+(?:that|this)\b|\s*:)[\s:,]*(?P<what>.+)$"
)
_REMEMBER_TO = re.compile(rf"(?is)^{_POLITE}(?P<what>(?:remember|don'?t forget|do not forget) to\s.+)$")
_REMEMBER_BARE = re.compile(rf"(?is)^{_POLITE}(?:remember|memori[sz]e)\s+(?P<what>(?:my|i|i'm|our|we)\b.+)$")
_FORGET = re.compile(
    rf"(?is)^{_POLITE}forget(?![\w-])(?:\s+(?:about|that|what i (?:said|told you)(?: about)?|what you know about))*"
    r"[\s:,]*(?P<what>.*)$"
)
_ABOUT = re.compile(
    rf"(?is)^{_POLITE}(?:what (?:else )?(?:do you (?:know|remember)|have you (?:stored|saved|remembered)|did i tell you)"
    r"|(?:tell|show) me (?:everything|all|what)(?: that)? you (?:know|remember|have stored)|what'?s in your memory"
    r"|show (?:me )?my memories)(?:\s+(?:about|on|of))?\s*(?P<what>.*)$"
)


def of(message: str) -> Intent:
    """The intent of a message."""
    said = message.strip().replace("\u2019", "'")
    asks = said.rstrip(" .!").endswith("?")
    if not asks:
        for pattern in (_REMEMBER, _REMEMBER_TO, _REMEMBER_BARE):
            found = pattern.match(said)
            if found:
                return Intent("remember", _opened(found["what"].strip()))
        found = _FORGET.match(said)
        if found:
            return Intent("forget", found["what"].strip().rstrip(" .!"))
    found = _ABOUT.match(said)
    if found:
        return Intent("about", found["what"].strip().rstrip(" .!?"))
    return Intent("ask", message)


def _opened(text: str) -> str:
    return text[:1].upper() + text[1:] if text[:1].islower() else text


# -- statements

_SENTENCE = re.compile(r"(?<=[.!?\u2026])[\"')\]]*\s+(?=[\"'(]?[A-Z0-9\u00c0-\u024f])|\n+")
_ABBREVIATED = re.compile(
    r"\b(?:Dr|Mr|Mrs|Ms|St|Prof|No|vs|etc|e\.g|i\.e|approx|Jan|Feb|Mar|Apr|Aug|Sept?|Oct|Nov|Dec|[A-Z])\.$"
)
_ASKS = re.compile(
    r"(?i)^(?:(?:and|so|but|ok|okay|well|hey|hi|hello|please|then|now|um|uh|hm+|sorry|(?:quick )?question)[,:\s]+)*"
    r"(?:who|whom|whose|what|when|where|which|why|how|(?:what|where|when|who|how)s"
    r"|(?:since|until|till|by|from|at|on|in|for|with|to|about|under) (?:what|which|whom|whose|when|how|where) (?:\w+ ){0,2}?"
    r"(?:is|are|am|was|were|do|does|did|have|has|had|can|could|will|would|shall|should|must)"
    r"|is|are|am (?=i\b)|was|were|do|does|did|have|has|had|can|could|will|would|shall|should|may|might|must"
    r"|isn't|aren't|wasn't|don't you|doesn't|didn't|can't you|won't|any idea|any chance|remind me)\b"
)
_ASKS_ELSEWHERE = re.compile(
    r"(?i)^(?:(?:und|also|en|et|y|hey|hallo|salut|hola)[,\s]+)*"
    r"(?!wie (?:besprochen|gesagt|immer|vereinbart|gewohnt|üblich)\b)(?:"
    r"(?:(?:seit|ab|bis|um|von|mit|an|in|für) )?(?:wann|wem|wen|wessen|welche[rsnm]?|wie viel\w*)|wer|wo|woher|wohin|warum"
    r"|wieso|wie|(?:habe?|hatte|muss|kann|darf|soll|bin|war) ich"
    r"|(?:(?:sinds|vanaf|tot|om|met|op|van|in) )?(?:wanneer|wie|welke?|hoe|wat)|waar|waarom|(?:heb|had|moet|kan|mag|ben) ik"
    r"|(?:(?:depuis|à|jusqu'à|avec|pour|de|dans|en) )?(?:quand|qui|quel(?:le)?s?|combien)|où|d'où|comment|pourquoi"
    r"|¿|(?:(?:desde|hasta|a|con|de|en|para|por) )?(?:cuándo|dónde|quién(?:es)?|qué|cuál(?:es)?|cuánt[oa]s?)|cómo)(?![\w-])"
    r"|^(?:qu')?est-ce\b|(?:什么|谁|哪|几点|多少|怎么)(?![都也])|[吗呢]\s*$"
)
"""What begins a question in other languages, or makes one of a sentence."""
_TELLS = re.compile(
    r"(?i)^(?:(?:and|so|but|ok|okay|well|hey|please|then|now)[,\s]+)*(?:tell|give|show|write|explain|describe|list|find|search"
    r"|summari[sz]e|translate|compare|help|suggest|recommend|make|let|let's|look|check|repeat|continue|go on|imagine|say|ask"
    r"|try|stop|wait|guess|think|forget|thanks|thank|yes|no|yeah|nope|sure|great|nice|good"
    r"|bye|goodbye|sorry|never mind|hi|hello|hey)\b"
)
_TALK = re.compile(
    r"(?i)^(?:(?:and|so|but|oh|well|ok|okay)[,\s]+)*(?:that|this|it|you|there|these|those|what)(?:'s|'re|'ll|'d)?\b"
    r"|\bi (?:\w+ )?(?:wonder|wondered|ask|asked|am asking|mean|meant|guess|suppose|don't know|do not know|didn't know|forgot"
    r"|want to know|would like to know|need to know|don't understand|can't remember|don't remember|do not remember)\b"
    r"|\bi'd like to know\b|\bi(?:'m| am) (?:asking|wondering|not sure|sorry|curious)\b"
)
_ABOUT_ME = re.compile(r"(?i)\b(?:i|i'm|i've|i'll|i'd|my|mine|me|we|we're|we've|our|ours|us)\b")
_NAMED = re.compile(r"^(?:The |A |An )?[A-Z\u00c0-\u024f][\w'\u2019-]+")
_MOST_WORDS = 60
_LEAST_WORDS = 3
_KINDS = (Kind.FACT, Kind.PREFERENCE, Kind.EVENT, Kind.RULE)


def sentences(text: str) -> list[str]:
    """The sentences of a message, in order; the full stop of an abbreviation ends none."""
    found: list[str] = []
    for part in _SENTENCE.split(text):
        piece = part.strip()
        if found and _ABBREVIATED.search(found[-1]):
            found[-1] += f" {piece}"
        elif piece:
            found.append(piece)
    return found


def asks(sentence: str) -> bool:
    """Whether a sentence is a question, also one without its mark."""
    said = sentence.strip().replace("\u2019", "'")
    return "?" in said or "\uff1f" in said or bool(_ASKS.match(said) or _ASKS_ELSEWHERE.search(said))


def statements(message: str) -> list[str]:
    """The sentences whose form makes them worth keeping; `worth` then looks at their kind."""
    return [sentence for sentence in sentences(message) if _states(sentence)]


def _states(sentence: str) -> bool:
    said = sentence.replace("\u2019", "'")
    words = said.split()
    if not _LEAST_WORDS <= len(words) <= _MOST_WORDS or asks(said) or _TELLS.match(said) or _TALK.search(said):
        return False
    return bool(_ABOUT_ME.search(said) or _NAMED.match(said))


def tells(sentence: str) -> bool:
    """Whether a sentence says something, so that it is neither a question, nor a request, nor a greeting."""
    said = sentence.replace("\u2019", "'")
    return _LEAST_WORDS <= len(said.split()) <= _MOST_WORDS and not asks(said) and not _TELLS.match(said)


def worth(kind: Kind, sentence: str) -> bool:
    """Whether a statement of this kind is kept: a statement about nobody in particular only counts as a rule."""
    said = sentence.replace("\u2019", "'")
    return kind in _KINDS and (kind is Kind.RULE or bool(_ABOUT_ME.search(said) or _NAMED.match(said)))


_DIET = re.compile(
    r"(?i)^(?:(?:and|so|but|well)[,\s]+)*i(?:'m| am|'ve become| have become| became| went| turned)"
    r"(?: (?:now|not|no longer|strictly|a|an|fully))* (?:vegan|vegetarian|pescatarian|omnivore|carnivore|flexitarian)"
    r"(?: (?:now|again|these days|today))?[.!]?$"
)
_NAME = re.compile(r"(?i)^my name(?:'s| is)\b")


def key(sentence: str) -> str | None:
    """The single-valued attribute that a sentence certainly states, so that it replaces the earlier value."""
    said = sentence.strip().replace("\u2019", "'")
    if _DIET.match(said):
        return "diet"
    return "name" if _NAME.match(said) else None


_STATED = {
    "diet": r"\bi(?:'m| am|'ve become| have become| became| went)(?: \w+)? (?:vegan|vegetarian|pescatarian|flexitarian)\b",
    "home": r"\bi (?:now |currently )?live in\b|\bi(?:'ve| have)(?: just| recently)? moved to\b|\bi just moved to\b",
    "name": r"\bmy name(?:'s| is)\b",
}
KEYS = tuple(_STATED)
"""The attributes that a model, too, may say a sentence states."""
_AT_TIMES = re.compile(
    r"\bin (?:the )?\w+ (?:and|or)\b|\b(?:in (?:spring|summer|autumn|fall|winter)|at times|sometimes|often|usually|during"
    r"|while|when|on (?:weekdays|weekends)|half)\b"
)
"""Words that limit a statement to a part of the time, or give two values: it states no single value."""


def states(sentence: str, key: str) -> bool:
    """Whether the words of a sentence state this attribute of their speaker; `False` for any other attribute."""
    said = sentence.lower().replace("\u2019", "'")
    return key in _STATED and re.search(_STATED[key], said) is not None and not _AT_TIMES.search(said)


# -- words

_COMMON = frozenset(
    re.findall(
        r"\w+",
        "a about after again all also am an and any are as at be because been before but by can could did do does doing done "
        "for from get go got had has have having he her here hers him his how i if in into is it its just know let like me "
        "more most much my no not now of on once only or other our out over please really said say she should so some such "
        "tell than that the their them then there these they this those to too up us very was we were what when where which "
        "who whom whose why will with would yes yet you your hello hi thanks thank ever remember memory memories s t d m re "
        "ve ll",
    )
)


def terms(text: str) -> set[str]:
    """The words that carry a text's meaning, cut to their beginnings so that `lives` and `living` are the same."""
    found = re.findall(r"\w+", text.lower())
    return {_stem(word) for word in found if word not in _COMMON and (len(word) > 1 or not word.isascii() or word.isdigit())}


def _stem(word: str) -> str:
    for ending in ("ing", "ies", "ed", "es", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
