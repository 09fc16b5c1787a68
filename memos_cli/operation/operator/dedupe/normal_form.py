"""The normal form of a text: its words, written in one way and without what never matters, so that texts can be compared.

The rules are few on purpose. Two texts with the same normal form are fused without asking anybody, so a rule belongs here only
if it can never change what is said: contractions, spellings, another way to write a number, an hour or a date, an introduction
such as "remember that". Tense, number (`cat`, `cats`), the case of a word within a sentence, articles and every word that is
not listed are kept, since they may matter: a missed duplicate is a pity, a wrong fusion is a defect.
"""

# ruff: noqa: RUF001 -- the curly apostrophe is matched, since phones write it

import re
from functools import lru_cache
from typing import NamedTuple
from unicodedata import normalize

MOST_CHARACTERS = 600
"""Texts longer than this say several things, and are compared as they are written."""
NOW = r"(?:now|currently|nowadays|these days|at the moment|at present)"


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


NEGATIONS = _set(
    "not never no none nobody nothing nowhere neither nor without cannot hardly barely rarely seldom except unless"
)
QUANTITIES = _set(
    "all any some every each few a-few little a-little many much most several both half only always sometimes often usually"
    " everyone everybody someone somebody anyone more less fewer once twice"
)
MODALS = _set("can could may might must shall should will would need needs ought")
TENSES = _set("was were had did used been")
FUNCTION_WORDS = _set(
    "a an the this that these those of to in on at by for from with as is are am be being has have does do it its and so too"
    " also very really quite just then than there here his her their my our your i we you he she they me him them us who which"
    " what one 's . , : ? ! ( ) - –"
)
"""Words that mean little by themselves. A difference in one of them still keeps two memories from being the same."""
SMALL_WORDS = FUNCTION_WORDS | NEGATIONS | QUANTITIES | MODALS | TENSES
"""Words that are nobody's name, so that their capital at the start of a sentence means nothing."""


class NormalForm(NamedTuple):
    """The normal form of a text.

    Attributes:
        words: its words in order; a date is `2026-05-12` or `--05-12`, an hour `t09:30`, capitals are kept.
        now: whether the text says that it speaks of the present ("now", "currently").
    """

    words: tuple[str, ...]
    now: bool

    @property
    def loose(self) -> tuple[str, ...]:
        """The words, but the first of each sentence in lower case: its capital does not show whether it is a name."""
        begins = (".", *self.words)
        return tuple(
            word.casefold() if before == "." and not _is_initials(word) else word
            for before, word in zip(begins, self.words, strict=False)
        )

    @property
    def text(self) -> str:
        """The words as one line."""
        return " ".join(self.words)


_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?P<month>Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?"
    r"|Nov(?:ember)?|Dec(?:ember)?)\b\.?"
)
_DAY = r"(?P<day>0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?"
_DATES = (
    rf"(?<![\w.:/-]){_DAY}(?: of)? {_MONTH}(?:,? (?P<year>(?:19|20)\d\d)\b)?(?![\w/-])",
    rf"\b{_MONTH} {_DAY}(?:,? (?P<year>(?:19|20)\d\d)\b)?(?![\w%/:-])",
)
_HOURS = (
    r"(?i)(?<![\w.:/-])(?P<hour>1[0-2]|0?[1-9])(?:[:.](?P<minute>[0-5]\d))? ?(?P<half>[ap])\.?m\b\.?",
    r"(?<![\w.:/-])(?P<hour>0\d|1[3-9]|2[0-3]):(?P<minute>[0-5]\d)(?![\w:]|\.\d)",
)
"""Hours with `am` or `pm`, or out of 24; 7:30 may be either half of the day, and is kept as it is."""
_CODE = re.compile(r"[`={}<>\[\]|;\\#&~^]|\$(?!\d)|\w\(|(?:^|\s)--?[^\W\d]|::|://")
"""Signs of code. In code every character may matter, so such a text is compared as it is written, apart from white space."""
_UNIT = r"(?:mg|kg|g|ml|cl|l|km|cm|mm|mb|gb|tb|kb|ms|mbps|kwh|kw|w|v|hz|khz|mhz|ghz|mcg|µg|°c|°f|%|€|£)"
_INTRODUCTION = (
    r"(?i)^(?:(?:please )?(?:remember|note)(?: that|:)|reminder:|fyi[:,]|n\.?b\.?[:,]|by the way,?|btw,?|just so you know,?) +"
)
_TOKEN = re.compile(
    r"`[^`]+`|(?<![\w-])(?:\d{4}|-)-\d\d-\d\d(?![\w-])|https?://\S*[\w/]|[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+"
    r"|(?<![\w])[+-]?\d(?:[\d.,:/]*\d)?(?![^\W_])"
    r"|--?[^\W\d][\w-]*|'s\b|[~/]?\w+(?:[./:@#_\\-]+\w+)*(?:\(\))?|[^\w\s]"
)
_DROPPED = frozenset('"“”')
_ENDS = frozenset(".;:!。！")

_CONTRACTIONS = (
    (r"\bcan(?:'t|not)\b", "can not"), (r"\bwon't\b", "will not"), (r"\bshan't\b", "shall not"), (r"n't\b", " not"),
    (r"\b(i)'m\b", r"\1 am"), (r"'re\b", " are"), (r"'ve\b", " have"), (r"'ll\b", " will"),
    (r"\b(he|she|it|that|there|what|here|who|where)'s\b(?! (?:been|got|\w+ed\b))", r"\1 is"), (r"'s\b", " 's"),
)  # fmt: skip
_WORDS = {
    "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9", "ten": "10",
    "eleven": "11", "twelve": "12", "twenty": "20", "thirty": "30", "forty": "40", "fifty": "50", "hundred": "100",
    "kid": "child", "kids": "children", "bike": "bicycle", "bikes": "bicycles", "tv": "television", "telly": "television",
    "fridge": "refrigerator", "e-mail": "email", "telephone": "phone", "photos": "photographs", "photo": "photograph",
    "movie": "film", "movies": "films", "begin": "start", "begins": "starts", "began": "started", "each": "every",
    "ok": "okay", "till": "until", "whilst": "while", "favorite": "favourite", "color": "colour", "colors": "colours",
    "gray": "grey", "center": "centre", "neighbor": "neighbour", "neighbors": "neighbours", "jewelry": "jewellery",
    "kilograms": "kg", "kilogram": "kg", "kilos": "kg", "grams": "g", "milligrams": "mg", "milligram": "mg",
    "kilometres": "km", "kilometers": "km", "kilometre": "km", "centimetres": "cm", "centimeters": "cm", "percent": "%",
    "litres": "l", "liters": "l", "millilitres": "ml", "milliliters": "ml",
}  # fmt: skip
"""Words with the same meaning in every place, spellings and units; listed rather than guessed."""


def as_written(word: str) -> list[str]:
    """A word of a normal form, and the other ways in which a text may write it: `bicycle` is `bike`, too."""
    return [word, *(other for other, same in _WORDS.items() if same == word)]


_PHRASES = (
    (r"\bno one\b", "nobody"),
    (r"\b(?:anymore|any longer)\b", "any more"),
    (r"\bdo not ever\b", "never"),
    (r"\b(have|has) got\b", r"\1"),
    (r" 's name is ", " is called "),
    (r"\b(is|are) named\b", r"\1 called"),
    (r"\b((?:am|is|are) \d+) years old\b", r"\1"),
    (r"\bdaily\b", "every day"),
    (r"\b(my|our|your|his|her|their) (?:mum|mom|mummy)\b", r"\1 mother"),
    (r"\b(my|our|your|his|her|their) (?:dad|daddy)\b", r"\1 father"),
    (r"\ba (few|little)\b", r"a-\1"),
)
"""Phrases that say the same; applied to the words as one line."""
_TIMES = (
    r"(?:on|at|every|in the|by) (?:(?:t\d\d:\d\d|(?:\d{4}|-)-\d\d-\d\d|(?:mon|tues|wednes|thurs|fri|satur|sun)days?|day|week"
    r"|weekday|month|year|morning|afternoon|evening|night|winter|summer|spring|autumn)(?: (?=on|at|every|in the|by))?)+"
)
_FRONTED = re.compile(rf"^(?P<when>{_TIMES})(?: ,)? (?P<rest>.+)$")
HELD_TOGETHER = frozenset(
    """said says say told tells tell thinks think thought knows know knew that because if when after before until unless
    while but and or not never no only who which hopes hope wants want asked asks . , ?""".split()  # noqa: SIM905 -- reads better
)
"""In a sentence with one of these words, the place of a time may decide what the time belongs to."""


def _date(match: re.Match[str]) -> str:
    month = _MONTHS.index(match["month"][:3].lower()) + 1
    return f"{match['year'] or '-'}-{month:02d}-{int(match['day']):02d}"


def _hour(match: re.Match[str]) -> str:
    groups = match.groupdict()
    hour = int(groups["hour"])
    if half := groups.get("half"):
        hour = hour % 12 + (12 if half.lower() == "p" else 0)
    return f"t{hour:02d}:{groups['minute'] or '00'}"


@lru_cache(maxsize=8192)
def read(text: str) -> NormalForm:
    """The normal form of a text; a long text and code are kept word for word."""
    if len(text) > MOST_CHARACTERS or _CODE.search(text):
        return NormalForm(tuple(text.split()), now=False)
    if not text.isascii():
        text = normalize("NFC", text)
    words = _tokens(_written_alike(text))
    line = " ".join(words)
    for pattern, replacement in _PHRASES:
        line = re.sub(pattern, replacement, line)
    line = _allergy(" ".join(line.split()))
    plain, marked = _without_now(line)
    return NormalForm(tuple(_in_order(plain).split()), marked)


def _written_alike(text: str) -> str:
    """The text with dates, hours, units and contractions written in one way, and without its introduction."""
    lines = (" ".join(line.split()) for line in text.replace("’", "'").replace("‘", "'").splitlines())
    text = ". ".join(re.sub(r"^[-*•] +", "", line) for line in lines if line)
    for pattern in _DATES:
        text = re.sub(pattern, _date, text)
    for pattern in _HOURS:
        text = re.sub(pattern, _hour, text)
    text = re.sub(rf"(?i)(?<![\w.-])([\d.,]*\d)({_UNIT})(?!\w)", r"\1 \2", text)
    text = re.sub(_INTRODUCTION, "", text)
    for pattern, replacement in _CONTRACTIONS:
        text = re.sub(f"(?i){pattern}", replacement, text)
    return text


def _tokens(text: str) -> list[str]:
    """The words as they are written; a small word that begins a sentence is put in lower case: its capital means nothing."""
    words: list[str] = []
    found = _TOKEN.findall(text)
    while found and found[-1] in _ENDS:
        found.pop()
    start = True
    for token in found:
        if token in _DROPPED:
            continue
        if token in _ENDS:
            words += ["."] if words and words[-1] != "." else []
            start = True
            continue
        low = token.casefold()
        word = low if low == "i" or (start and low in SMALL_WORDS and not _is_initials(token)) else token
        words.append(_WORDS.get(low if start else word, word))
        start = False
    return words


def _is_initials(word: str) -> bool:
    """Whether a word is all capitals (`IT`, `US`, `WHO`), which mean something in every place."""
    return len(word) > 1 and word.isupper()


def _allergy(line: str) -> str:
    """`i have a peanut allergy` becomes `i am allergic to peanuts`: care notes write both."""
    match = re.fullmatch(r"(.+?) (have|has) an? (\w+) allergy", line)
    if match is None or match[1] in {"we", "they", "you"}:
        return line
    verb = "am" if match[1] == "i" else "is"
    return f"{match[1]} {verb} allergic to {match[3].removesuffix('s')}s"


def _without_now(line: str) -> tuple[str, bool]:
    """The line without its word for "at present", and whether it had one; kept where it means more, as after "until"."""
    marked = re.search(rf"(?<![\w-]){NOW}(?![\w-])", line) is not None
    if not marked or re.search(rf"\b(?:until|from|by|before|since|for|just|right|even|to|up|but) {NOW}\b", line):
        return line, marked
    if NEGATIONS & set(line.casefold().split()) or re.search(rf"\b{NOW} (?:and|or|that)\b|\bonly\b|^{NOW} [^a-z]", line):
        return line, marked
    return " ".join(re.sub(rf"(?<![\w-]){NOW}(?![\w-])", " ", line).split()), marked


def _in_order(line: str) -> str:
    """The line with a time that opens a simple sentence moved to its end: `on fridays i swim` becomes `i swim on fridays`."""
    match = _FRONTED.match(line.casefold())
    if match is None or HELD_TOGETHER & set(match["rest"].split()) or re.search(rf"\b{_TIMES}", match["rest"]):
        return _low_times(line)
    rest = line[match.start("rest") :]
    first, _, others = rest.partition(" ")
    first = first.casefold() if first.casefold() in SMALL_WORDS else first
    return _low_times(" ".join(f"{first} {others} {match['when']}".split()))


def _low_times(line: str) -> str:
    """The line with weekdays in lower case: `Friday` and `friday` are one word."""
    return re.sub(r"\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?\b", lambda match: match.group().lower(), line)
