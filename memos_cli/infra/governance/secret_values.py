"""What a value has to look like to be a secret: made up, and neither a word about secrets nor a reference to one."""

import re

_PLAIN_WORDS = """
    string str text bytes bool boolean int integer null none nil true false yes no required optional missing empty
    blank hidden redacted secret password passwd pass pwd passphrase passcode token key value input field example
    sample dummy placeholder changeme todo tbd unknown unset wrong right correct incorrect invalid valid weak strong
    secure insecure safe unsafe long short same different easy hard good bad fine simple complex important private
    public confidential forgotten lost stolen known compromised leaked stored saved hashed salted encrypted changed
    reset expired needed protected case-sensitive here there below above this that what something anything everything
    nothing mandatory visible plain plaintext default ready not never always still already also being written printed
    taped under behind on in at the a an my your our his her their username user kept so too very quite only with and
    or for to of how when where why who which somewhere somebody from like as if it
"""
_NOT_VALUES = frozenset(_PLAIN_WORDS.split())
"""Words in the place of a value that are none: types, placeholders, and words about a password."""
REFERENCE = r"(?s)[$<{%\[(&@~]|[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+\W*$|.*[(){}<>|\\]|\w+\[|.*://|.*•|[xX*.…\-_?#]+$|your[-_]"
"""Code, templates, placeholders, links and masked values: they refer to a secret, and are none."""
TALK = (
    r"(?i)(?:sha-?\d|md5|base64|b?crypt|argon2|scrypt|pbkdf2|aes|rsa|utf-?\d|oauth|wpa\d|ipv\d|html5|http/?\d|win(?:dows)?\d"
    r"|\d+-(?:bit|char|digit|letter|word|day)|\d{4}-\d\d-\d\d|\d\d?:\d\d|v?\d+\.\d+)"
)
"""Talk about passwords (their coding, their length, their date)."""
MEASURE = (
    r"(?i)\s*(?:or more |to \d+ |of \d+ )?(?:char(?:acter)?s?|digits?|letters?|symbols?|words?|lines?"
    r"|seconds?|minutes?|hours?|days?|weeks?|times|attempts|years?|months?|bits?|bytes)\b"
)
"""What follows a number that counts something."""
_WORDS = r"[A-Za-z]+(?:[ _-][A-Za-z]+)*[_-]?(?:v?\d{1,2})?$"
_NAME_OR_NUMBER = (
    r"(?i)[a-z]+(?:_[a-z0-9]+)+$|[\w.-]+\.(?:py|js|ts|md|txt|pdf|json|ya?ml|toml|com|org|net|local|html?)$"
    r"|[a-z]+\d?-\d{4}$"
    r"|\w+=\S|\d+(?:st|nd|rd|th|px|kg|km|cm|mm|[a-z]b|ms|am|pm|x|%)?$"
    r"|\W*\d[\d.,:/-]*\W*$|(?-i:[A-Z0-9-]+$)"
)
"""Names of code and of files, arguments, measures, numbers, and codes of capitals such as a booking's: without a
link no password."""


def is_placeholder(value: str) -> bool:
    """Whether this word stands for a value, or speaks about one."""
    return value.lower() in _NOT_VALUES


def is_strong(value: str) -> bool:
    """Whether this looks made up: a digit, a sign or a capital within it, or four words joined together."""
    if len(value) < 4 or re.match(REFERENCE, value) or is_placeholder(value):
        return False
    digits = any(char.isdigit() for char in value)
    inner_sign = re.search(r"\w[!@#$%^&*+=?]\w|[!@#$%^&*]{2}", value) is not None
    inner_capital = re.search(r"[a-z][A-Z]", value) is not None
    return digits or inner_sign or inner_capital or value.count("-") > 2


def is_made_up(value: str) -> bool:
    """Whether this can only be made up, so that nothing has to say that it is a value: letters beside digits or signs."""
    if len(value) < 6 or re.match(REFERENCE, value) or re.match(TALK, value) or re.match(_NAME_OR_NUMBER, value):
        return False
    if not any(char.isalpha() for char in value):
        return False
    return any(char.isdigit() for char in value) or re.search(r"\w[!@#$%^&*+=?]\w", value) is not None


def is_key(value: str) -> bool:
    """Whether this can be a key: long, of letters and digits, and not words that name something."""
    if not re.fullmatch(r"[\w\-./+=:~]{12,200}", value, re.ASCII) or re.match(REFERENCE, value) or "/" in value[:2]:
        return False
    return any(c.isdigit() for c in value) and any(c.isalpha() for c in value) and not re.match(_WORDS, value)
