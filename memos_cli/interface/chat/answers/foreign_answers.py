"""Answers in a language whose clauses are not read: they stand by their words, a yes or no by those of the question. Pure."""

import re
from collections.abc import Sequence

from memos_cli.interface.chat.answers import answer_figures, answer_words
from memos_cli.interface.chat.answers.answer_words import Word, WordLists, alike, as_set, is_mark
from memos_cli.operation.prompt.layout import Line

_PREFIXES = re.compile(r"(?i)^\W*(?:est-ce qu(?:e |')|dis-moi |weet je |wei\u00dft du |sabes )")
_ASKS = as_set(
    """wie wat waar wanneer waarom hoe welk welke hoeveel wer wen wem was wo wann warum welche welcher welches wieviel wohin
    woher qui que quoi o\u00f9 quand comment pourquoi quel quelle quels quelles
    combien qui\u00e9n qu\u00e9 d\u00f3nde cu\u00e1ndo
    c\u00f3mo cu\u00e1l cu\u00e1nto cu\u00e1nta cu\u00e1ntos cu\u00e1ntas chi che cosa dove quando come quale quanto quem
    onde qual"""
)


def judge(answer: str, question: str, lines: Sequence[Line | None]) -> list[int] | None:
    """The indexes of the lines that bear an answer out; `None` where none does.

    Args:
        lines: the memories of the prompt; `None` for one that does not fit.
    """
    tongue = answer_words.tongue(answer_words.tongue_of(question))
    asked = _words(_PREFIXES.sub("", question))
    said = _words(answer)
    head = said[0].low if said else ""
    yes = True if head in answer_words.said_as_yes() else False if head in answer_words.said_as_no() else None
    found = []
    for index, line in enumerate(lines):
        if line is None:
            continue
        told = _words(line.text)
        if yes is not None:
            found += [(index, line.date or "", holds)] if (holds := _holds(asked, told, line, tongue)) is not None else []
        elif _tells(said, asked, told, line, tongue, answer):
            return [index]
    if yes is None or not found or not tongue.yes:
        return None
    latest = max(date for _, date, _ in found)
    last = [one for one in found if one[1] == latest]
    if any(holds is not yes for _, _, holds in last) or _own(said[1:], asked, tongue):
        return None
    return [last[-1][0]]


def _words(text: str) -> list[Word]:
    return [word for word in answer_words.words(text, english=False) if not is_mark(word)]


def _own(said: Sequence[Word], asked: Sequence[Word], tongue: WordLists) -> list[Word]:
    known = {word.low for word in asked}
    return [word for word in said if word.low not in known and word.low not in tongue.empty and word.low not in tongue.against]


def _sense(found: Sequence[Word], tongue: WordLists) -> list[str]:
    """The words that say something in order, the speaker as one word, without negations."""
    speaker = tongue.me | tongue.my
    kept = []
    for word in found:
        if word.low in speaker:
            kept.append("\0me" if word.low in tongue.me else "\0my")
        elif word.low in tongue.be or word.low in tongue.small or word.low in tongue.against or word.low in tongue.empty:
            continue
        else:
            kept.append(word.low)
    return kept


def _holds(asked: Sequence[Word], told: Sequence[Word], line: Line, tongue: WordLists) -> bool | None:
    """Whether a memory says the very words of a question, and nothing else but a negation."""
    if line.speaker or any(word.low in tongue.doubt for word in told):
        return None
    mine, its = _sense(asked, tongue), _sense(told, tongue)
    if len(mine) != len(its) or any(not any(_form(one, other) for other in its) for one in mine):
        return None
    names = [word.low for word in asked if word.said[0].isupper() and word.low not in tongue.empty | tongue.be]
    order = [word.low for word in told if word.low in names]
    if order != [name for name in names if name in order] or ("\0me" in mine) != ("\0me" in its):
        return None
    turned = [sum(word.low in tongue.against for word in part) > 0 for part in (asked, told)]
    return not turned[1] if not turned[0] else None


def _form(one: str, other: str) -> bool:
    return alike(one, other) or (one[:1] != "\0" and len(one) > 3 and len(other) > 3 and one[:-1] == other[:-1])


def _tells(
    said: Sequence[Word], asked: Sequence[Word], told: Sequence[Word], line: Line, tongue: WordLists, answer: str
) -> bool:
    known = {word.low for word in told} | {word.casefold() for word in (line.speaker or "").split()}
    if not answer.isascii() and not asked_apart(answer):
        return bool(answer.strip(" \u3002.!\uff01")) and answer.strip(" \u3002.!\uff01") in line.text
    own = _own(said, asked, tongue)
    if not own or not all(
        any(word.low == one or (word.low.isalpha() and alike(word.low, one)) for one in known) for word in own
    ):
        return False
    if not answer_figures.borne_out(answer_figures.read(answer), answer_figures.dated(line.text, line.date)):
        return False
    names = [word.low for word in asked[1:] if word.said[0].isupper()]
    if not all(any(_form(name, one) for one in known) for name in names):
        return False
    if not names and (tongue.me | tongue.my) & {word.low for word in asked} and not (tongue.me | tongue.my) & known:
        return False
    sense = [word.low for word in asked if word.low not in tongue.empty | tongue.be | tongue.me | tongue.my | _ASKS]
    shared = sum(any(_form(word, one) for one in known) for word in sense)
    return 2 * shared >= len(sense)


def asked_apart(text: str) -> bool:
    """Whether a text is in a script that puts spaces between its words."""
    letters = [character for character in text if character.isalpha()]
    return sum("\u3040" <= one <= "\u9fff" for one in letters) * 2 < max(1, len(letters))
