"""Passwords, PINs, keys and tokens in text: where they are, and the text without them.

There are two sources. The patterns of detect-secrets find tokens of a known form (`ghp_…`, `AKIA…`, `://user:pass@host`) and
quoted assignments in code; the library runs in this process on the text alone, and verifies nothing over a network. The
patterns here find what people write to themselves ("the wifi password is …", "door code: …"), which the library does not know.

A mask changes what a person sees, so a miss is better than a false alarm: a value must look like one. Neither a digest, an id
or a date nor code that merely talks of passwords is labelled. Not looked for: card and account numbers, names, addresses.

Speed: most texts end at the hints, some substring searches (10 µs a line, 100,000 lines a second). The library, whose import
takes 170 ms since it brings `requests`, is loaded only for text that holds one of its own marks.
"""

# ruff: noqa: RUF001 -- curly quotes and full-width colons are matched, since people write them

import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import import_module

from memos_cli.records import NamedTuple

SECRET = "secret"  # noqa: S105 -- the label's name
MASK = "•••••"
"""Always five, so that the mask does not show the length."""
_LONG_ENOUGH_FOR_A_HINT = 12
"""A secret of so many characters may show two of them: less than a sixth."""

_SHORTEST = 6
"""Characters of the shortest text that holds a secret and says so."""


class Span(NamedTuple):
    """A piece of text to hide: its label, and its place, in characters."""

    label: str
    start: int
    end: int


_PASSWORD_HINTS = (
    "passw",
    "passc",
    "passp",
    "pass-",
    "de passe",
    "pwd",
    "kennwort",
    "contrase",
    "senha",
    "密码",
    "密碼",
    "パスワード",
)
_CODE_HINTS = ("pin ", "pin:", "pin=", "code", "combination", "暗証番号")
_KEY_HINTS = ("key", "token", "secret")
_FORM_HINTS = (
    "akia", "asia", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "xox", "k_live_", "sk-",
    "eyj", "npm_", "sg.", "sq0csp", "aiza", "hf_", "-us", "pypi-", ":aa", "private key", "accountkey", "_authtoken",
)  # fmt: skip
"""Substrings of lower-cased text without which the patterns of that family cannot match."""

# Patterns as text: re caches what it has compiled. All of them at import took 9 ms of every `memos add`.
_LINK = (
    r"(?:[ \t]+(?:for|of|to|on|at)[ \t]+[^.,:;=\n]{1,40}?)?"
    r"[ \t]*(?P<link>[:=：]|->|\bis now\b|\bis\b|\bwas\b|\bist\b|\best\b|\bes\b|\bé\b|是|は)[ \t]*"
)
_VALUE = r"(?:[\"'`“‘「](?P<quoted>[^\n\"'`”’」]{3,80})[\"'`”’」]|(?P<bare>[^\s\"'`,;“”（）。、]{3,200}))"
_PASSWORD = (
    r"(?i)(?P<network>(?:wi-?fi|wlan|router|network|hotspot)[ \t-]?)?"
    r"(?<![\w.$])(?:pass(?:word|wd|code|phrase)|pass-phrase|(?:\w+-)?passwort|kennwort|mot de passe"
    r"|contraseña|senha|pwd|密码|密碼|パスワード)"
    rf"{_LINK}{_VALUE}"
)
_CODE = (
    r"(?i)(?:(?-i:\bPIN\b)(?:[ \t](?:code|number))?|\b(?:my|our|his|her|card|sim|phone|bank)[ \t](?:card[ \t])?pin\b"
    r"|\bpin[ \t](?:code|number)\b|\bpin(?=[ \t](?:for|to|of)\b)|\b(?:door|gate|alarm|entry|access|safe|locker|lock|lockbox"
    r"|garage|keypad|security|building|unlock)[ \t-]?code\b|\b(?:safe|lock|locker|padlock)[ \t]combination|暗証番号)"
    rf"{_LINK}[\"'`“‘]?(?P<bare>[#*]?[A-Z]?\d[\d\-*#]{{2,11}}[A-Z]?[#*]?)(?![\w\-/:])"
)
_KEY = (
    r"(?i)\b(?:api|access|auth|secret|private|client|service|bearer|refresh|session|deploy|license|licence|encryption|signing|app)"
    rf"[ \t_-]?(?:key|token|secret)\b{_LINK}{_VALUE}"
)
_ENVIRONMENT = (
    r"(?<![\w$.])(?P<name>(?:[A-Z0-9]+_)*(?:(?:API|ACCESS|AUTH|SECRET|PRIVATE|SIGNING|ENCRYPTION)_?KEY|TOKEN|SECRET|PASSWORD|PASSWD|PWD))"
    rf"(?P<link>=|:[ \t]+){_VALUE}"
)
_PHRASE = (
    r"\b(?:recovery|seed|mnemonic|backup)[ \t]+(?:phrase|words)\b[^:\n]{0,40}?(?::|\bis\b|\bare\b)\s*"
    r"(?P<bare>(?:\d{1,2}[.)][ \t]*)?[a-z]{3,8}(?:,?\s+(?:\d{1,2}[.)][ \t]*)?[a-z]{3,8}){5,23})(?![a-z])"
)
_FUNCTION_WORDS = "the and for with are was has had your our not its should somewhere when where"
_NOT_IN_A_PHRASE = frozenset(_FUNCTION_WORDS.split())
_BLOCK = (
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----\s+(?:[\w-]+: [^\n]*\n)*\s*"
    r"(?:[A-Za-z0-9+/=]{4,}\s*+)++(?:-----END [A-Z0-9 ]*-----)?"
)
_PREFIXED = (
    r"(?<![\w-])(?:github_pat_\w{22,}|sk-(?:proj-|ant-)?[\w-]{20,}|AIza[\w-]{35}|hf_[A-Za-z0-9]{30,}|npm_[A-Za-z0-9]{36}"
    r"|AGE-SECRET-KEY-1[0-9A-Z]{58})(?![\w-])"
)
_IN_URL = r"://[^\s/:@{}]{0,64}:(?P<value>[^\s/@{}]{1,128})@"

_LIBRARY_MARK = (
    r"AKIA|ASIA|ABIA|ACCA|A3T|aws.{0,40}[\"']|gh[pousr]_|gl[\w]{2,7}-|GR1348941|xox[abposr]-|hooks\.slack|[rs]k_live_|T3BlbkFJ|eyJ"
    r"|AccountKey=|pypi-AgE|_authToken|SG\.|sq0csp-|-us\d|\d{8,10}:[\w-]{35}|[MNO][\w-]{23,25}\.[\w-]{6}\."
    r"|(?i:key|pass|passwd|password|pwd|secret)\w{0,40}[\"'\])]{0,2}\s*(?:=>|[:!=]{1,3}|\()\s*@?[\"'`]"
)
_DETECTORS = {
    "aws": "AWSKeyDetector",
    "azure_storage_key": "AzureStorageKeyDetector",
    "discord": "DiscordBotTokenDetector",
    "github_token": "GitHubTokenDetector",
    "gitlab_token": "GitLabTokenDetector",
    "mailchimp": "MailchimpDetector",
    "npm": "NpmDetector",
    "openai": "OpenAIDetector",
    "pypi_token": "PypiTokenDetector",
    "sendgrid": "SendGridDetector",
    "slack": "SlackDetector",
    "square_oauth": "SquareOAuthDetector",
    "stripe": "StripeDetector",
    "telegram_token": "TelegramBotTokenDetector",
}
"""The library's detectors of a fixed form. Left out: entropy (it flags every digest), Artifactory (it flags the word
APARTMENTS), public addresses, `://user:pass@` (`_IN_URL` does it in bounded time), and those of services whose patterns are
32 bare hexadecimal digits."""
_INNER_GROUP = frozenset({"npm"})
"""Detectors whose secret is the first group of the pattern; the group of the others is a mere prefix."""
_PIECE = re.compile(r"[^\n]{1,1024}\n?|\n")
"""The pieces that the library is given: its patterns take time with the square of a line's length."""

_PLAIN_WORDS = """
    string str text bytes bool boolean int integer null none nil true false yes no required optional missing empty
    blank hidden redacted secret password passwd pass pwd passphrase passcode token key value input field example
    sample dummy placeholder changeme todo tbd unknown unset wrong right correct incorrect invalid valid weak strong
    secure insecure safe unsafe long short same different easy hard good bad fine simple complex important private
    public confidential forgotten lost stolen known compromised leaked stored saved hashed salted encrypted changed
    reset expired needed protected case-sensitive here there below above this that what something anything everything
    nothing mandatory visible plain plaintext default ready not never always still already also being written printed
    taped under behind on in at the a an my your our his her their username user
"""
_NOT_VALUES = frozenset(_PLAIN_WORDS.split())
"""Words in the place of a value that are none: types, placeholders, and words about a password."""
_REFERENCE = r"(?s)[$<{%\[(&@~]|[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+\W*$|.*[(){}<>|\\]|.*://|.*•|[xX*.…\-_?#]+$|your[-_]"
"""Code, templates, placeholders, links and masked values: they refer to a secret, and are none."""
_TALK = (
    r"(?i)(?:sha-?\d|md5|base64|b?crypt|argon2|scrypt|pbkdf2|aes|rsa|utf-?\d"
    r"|\d+-(?:bit|char|digit|letter|word|day)|\d{4}-\d\d-\d\d|\d\d?:\d\d|v?\d+\.\d+)"
)
"""Talk about passwords (their coding, their length, their date)."""
_MEASURE = (
    r"(?i)\s*(?:or more |to \d+ )?(?:char(?:acter)?s?|digits?|letters?|symbols?|words?"
    r"|days?|times|attempts|years?|months?|bits?)\b"
)
_WORDS = r"[A-Za-z]+(?:[ _-][A-Za-z]+)*[_-]?(?:v?\d{1,2})?$"
_ADJECTIVE = r"(?i).+(?:ed|ing|able|ible|ive|less|ful|ly|ous)$"


def find(text: str) -> tuple[Span, ...]:
    """The secrets in the text, in order and without overlap."""
    if len(text) < _SHORTEST:
        return ()
    low = text.lower()
    passwords, keys = _has(low, _PASSWORD_HINTS), _has(low, _KEY_HINTS)
    forms = _has(low, _FORM_HINTS)
    found: list[tuple[int, int]] = []
    if passwords:
        found += _passwords(text)
    if _has(low, _CODE_HINTS):
        found += _codes(text)
    if passwords or keys:
        found += _assigned(text)
    if "phrase" in low or "seed words" in low:
        found += _phrases(text)
    if "://" in low:
        found += _in_urls(text)
    if forms or keys:
        found += [match.span() for pattern in (_BLOCK, _PREFIXED) for match in re.finditer(pattern, text)]
    if (forms or passwords or keys) and re.search(_LIBRARY_MARK, text):
        found += _known_forms(text)
    return tuple(Span(SECRET, start, end) for start, end in _merged(found))


def _has(low: str, hints: tuple[str, ...]) -> bool:
    # A loop, since `any` with a generator takes twice as long here.
    for hint in hints:  # noqa: SIM110
        if hint in low:
            return True
    return False


def mask(text: str, what: Iterable[Span | str]) -> str:
    """The text with its secrets replaced by `•••••`; the mask of a long one follows its first two characters.

    Args:
        text: the text to show.
        what: the spans that `find` returned for this very text; or a memory's labels, where `secret` means that they are
            looked for now. A text labelled `secret` in which none is found (a person knew better) is masked as a whole.
    """
    given = list(what)
    spans = [item for item in given if isinstance(item, Span)]
    if not spans and SECRET in given:
        spans = list(find(text))
        if not spans:
            return text if MASK in text or not text.strip() else MASK
    parts = []
    reached = 0
    for start, end in _merged((span.start, span.end) for span in spans):
        parts += [text[reached:start], _hint(text[start:end]), MASK]
        reached = end
    return "".join([*parts, text[reached:]])


def _hint(value: str) -> str:
    shows = len(value) >= _LONG_ENOUGH_FOR_A_HINT and not value.startswith("-----")
    return value[:2] if shows else ""


def _merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The spans in order, those that touch or overlap joined."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        elif start < end:
            merged.append((start, end))
    return merged


def _passwords(text: str) -> Iterator[tuple[int, int]]:
    """Passwords as people note them."""
    for match in re.finditer(_PASSWORD, text):
        start, end = _value(match)
        if _is_password(text[start:end], text[end:], match):
            yield start, end


def _codes(text: str) -> Iterator[tuple[int, int]]:
    """PINs, door codes and the like: at least three digits and nothing else."""
    for match in re.finditer(_CODE, text):
        start, end = match.span("bare")
        if sum(char.isdigit() for char in text[start:end]) > 2 and not re.match(_TALK, text[start:end]):
            yield start, end


def _in_urls(text: str) -> Iterator[tuple[int, int]]:
    """The password of `scheme://user:password@host`, except the example passwords of manuals."""
    for match in re.finditer(_IN_URL, text):
        if match["value"].lower() not in _NOT_VALUES and not re.match(_REFERENCE, match["value"]):
            yield match.span("value")


def _phrases(text: str) -> Iterator[tuple[int, int]]:
    """Recovery phrases: six words or more, none of which sentences need."""
    for match in re.finditer(_PHRASE, text):
        if not _NOT_IN_A_PHRASE & set(match["bare"].split()):
            yield match.span("bare")


def _assigned(text: str) -> Iterator[tuple[int, int]]:
    """Keys and tokens by name, in prose and in the form of environment files."""
    for match in re.finditer(_KEY, text):
        start, end = _value(match)
        if _is_key(text[start:end]):
            yield start, end
    for match in re.finditer(_ENVIRONMENT, text):
        start, end = _value(match)
        value = text[start:end]
        named_password = match["name"].endswith(("PASSWORD", "PASSWD", "PWD"))
        if _is_key(value) or (named_password and _is_strong(value)):
            yield start, end


def _value(match: re.Match[str]) -> tuple[int, int]:
    """The place of the value, without the punctuation of the sentence that it ends."""
    if match["quoted"] is not None:
        return match.span("quoted")
    start = match.start("bare")
    return start, start + len(match["bare"].rstrip(".,;:?!)]}>…"))


def _is_password(value: str, after: str, match: re.Match[str]) -> bool:
    if len(value) < 4 or re.match(_REFERENCE, value) or re.match(_TALK, value) or re.match(_MEASURE, after):
        return False
    if match["quoted"] is not None:
        return value.lower() not in _NOT_VALUES
    if _is_strong(value):
        return True
    # A plain word passes as a label's value (`wifi password: sunflower`), or at the end of a sentence about a network.
    ends = re.match(r"[.!)…]*[ \t]*(?:\n|\Z)", after) is not None
    labelled = match["link"] in ":="
    spoken = match["network"] is not None or not value.isascii()
    likely = value.lower() not in _NOT_VALUES and (labelled or not re.match(_ADJECTIVE, value))
    return ends and likely and (labelled or spoken) and len(value) > 5


def _is_strong(value: str) -> bool:
    """Whether this looks made up: a digit, a sign or a capital within it, or four words joined together."""
    if len(value) < 4 or re.match(_REFERENCE, value) or value.lower() in _NOT_VALUES:
        return False
    digits = any(char.isdigit() for char in value)
    inner_sign = re.search(r"\w[!@#$%^&*+=?]\w|[!@#$%^&*]{2}", value) is not None
    inner_capital = re.search(r"[a-z][A-Z]", value) is not None
    return digits or inner_sign or inner_capital or value.count("-") > 2


def _is_key(value: str) -> bool:
    """Whether this can be a key: long, of letters and digits, and not words that name something."""
    if not re.fullmatch(r"[\w\-./+=:~]{12,200}", value, re.ASCII) or re.match(_REFERENCE, value) or "/" in value[:2]:
        return False
    return any(c.isdigit() for c in value) and any(c.isalpha() for c in value) and not re.match(_WORDS, value)


def _known_forms(text: str) -> Iterator[tuple[int, int]]:
    """What detect-secrets finds in the lines that hold one of its marks."""
    offset = 0
    for line in _PIECE.findall(text):
        if re.search(_LIBRARY_MARK, line):
            for start, end in _in_line(line):
                yield start + offset, end + offset
        offset += len(line)


def _in_line(line: str) -> Iterator[tuple[int, int]]:
    for pattern, group in _patterns():
        for match in pattern.finditer(line):
            start, end = match.span(group)
            inside_a_word = group == 0 and (line[start - 1 : start].isalnum() or line[end : end + 1].isalnum())
            value = line[start:end]
            if not inside_a_word and not (group and re.match(_REFERENCE, value)):
                yield start, end
    for value in _quoted_values(line):
        if _is_strong(value) and " " not in value and not re.fullmatch(r"[A-Z][A-Za-z]*(?:[-_][A-Z][A-Za-z]*)+", value):
            start = line.find(value)
            yield start, start + len(value)


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], int], ...]:
    """The library's patterns, each with the number of the group that is the secret.

    Its own `analyze_string` is not used: where a pattern has a group it returns that group, which is `ghp` for a token of
    GitHub's. A JWT is matched up to the end of its signature, which the library's pattern leaves out.
    """
    patterns: list[tuple[re.Pattern[str], int]] = [(re.compile(r"eyJ[\w-]{8,}\.eyJ[\w-]{4,}(?:\.[\w-]*)?"), 0)]
    for module, name in _DETECTORS.items():
        detector = getattr(import_module(f"detect_secrets.plugins.{module}"), name)
        for pattern in detector.denylist:
            inner = module in _INNER_GROUP or (module == "aws" and pattern.groups > 0)
            patterns.append((pattern, 1 if inner else 0))
    return tuple(patterns)


def _quoted_values(line: str) -> set[str]:
    """Values that code assigns to names such as `api_key` or `password`, in quotes."""
    from detect_secrets.plugins.keyword import KeywordDetector

    return set(KeywordDetector().analyze_string(line))
