"""Whether a sentence looks ahead or back, by its English verbs."""

# ruff: noqa: RUF001 -- the curly apostrophe is matched, since phones write it

import re

_AHEAD = (
    r"(?i)\b(?:will|shall|going to|gonna|must|have to|has to|need(?:s)? to|plan(?:s|ning|ned)?|due|deadline|remind|booked"
    r"|scheduled|arranged|reserved|appointment|upcoming|starts?|leaves?|flies)\b|['’]ll\b"
)
_BEHIND = (
    r"(?i)\b(?:was|were|did|went|met|had|saw|came|got|bought|ate|ran|left|took|made|told|said|gave|found|lost|broke|won(?!['’]t)|paid|began|wrote|spent|rose|fell|drove|flew|swam|sang|rode|brought|taught|caught|grew|threw|wore|drank|woke|spoke|stole|chose"
    r"|read|slept|felt|sent|(?!(?:ne|fe|se|spe|we|ble|inde|hundr|be|r|sh)ed\b)\w{2,}ed)\b"
)
STOP = r"(?<!\d)(?<!\b[ap]\.m)(?<!\b[DM]r)(?<!\bMs)(?<!\bSt)(?<!\bMrs)[.!?]\s|\n"
"""The end of a sentence; neither the full stop of `3. Dezember` nor those of `3 p.m.` and `Dr. Lee`."""
_PASSIVE = (
    r"(?i)\b(?:is|are|be|gets?|being)\s(?:\w{2,20}ed|paid|made|held|left|broken|told|taken|sent|given|read)\b"
    r"|^\W*(?:closed|sold\sout|invited\s(?:to|for))\b(?!\s(?:the|my|our|an?|his|her)\b)"
)
_BEHIND_ELSEWHERE = (
    r"\b(?:[Ww]ar|waren|wurden?|hatten?|gingen?|ging|kam|kamen|fuhr|fuhren|sah|sahen|traf|trafen|gab|fand|bekam|machte|kaufte|flog"
    r"|flogen|lief|liefen|aß|aßen|trank|schlief|rief|lag|sprach|nahm|verlor|gewann|starb|begann|brachte|dachte|wusste"
    r"|blieb|blieben|mussten?|konnten?|durften?|was|kwam|kwamen|zag|zagen|had|hadden|kreeg|deed|reed|kocht|werd|werden|moest"
    r"|moesten|kon|konden|mocht|liep|sliep|dronk|fui|fue|llegué|volví)\b"
)
_NEARBY = 120
"""How many characters on either side the sentence is looked for in."""


def tense(text: str, start: int, end: int) -> str | None:
    """Whether the sentence around a place looks ahead (`future`) or back (`past`); what looks ahead counts more."""
    before = re.split(r"[.!?]\s|\n", text[max(0, start - _NEARBY) : start])[-1]
    # From the last character of the match on: the full stop of `in June.` ends a sentence.
    after = re.split(r"[.!?]\s|\n", text[end - 1 : end + _NEARBY])[0]
    if re.search(_AHEAD, f"{before} {after}"):
        return "future"
    return "past" if is_told_as_past(f"{before} {after}") else None


def around(text: str, start: int, end: int) -> tuple[int, int]:
    """The span of the sentence around a place, cut at `_NEARBY` characters on either side."""
    first = max(0, start - _NEARBY)
    before = [match.end() for match in re.finditer(STOP, text[first:start])]
    after = re.search(STOP, text[end : end + _NEARBY])
    return first + (before[-1] if before else 0), end + (after.start() if after else min(len(text) - end, _NEARBY))


def is_told_as_past(sentence: str, *, foreign: bool = False) -> bool:
    """Whether a sentence tells what was, a passive such as `is paid` not counted; `foreign` by verbs of other languages."""
    if foreign:
        return re.search(_BEHIND_ELSEWHERE, sentence) is not None
    return re.search(_BEHIND, re.sub(_PASSIVE, " ", sentence)) is not None
