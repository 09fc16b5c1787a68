"""Passwords, PINs, cards, keys and tokens in text: where they are, and the text without them.

    secret_words     what people note: a word says what it is, and a value follows ("the wifi password is …", "door code 4471")
    secret_numbers   cards with their date and verification number, and account numbers, by their check digits
    secret_forms     tokens, private keys, credentials in addresses and headers; with the patterns of detect-secrets
    secret_values    what a value has to look like

A mask changes what a person sees, so a miss is better than a false alarm: a value must look like one. Neither a digest, an id
or a date nor code that merely talks of passwords is labelled. Not looked for: names, addresses, birthdays. Measured on the
lines of `tests/data/secrets_found.jsonl` and `ordinary.jsonl`, which `tests/infra/governance/test_secrets.py` holds.

Speed: most texts end at the hints, some substring searches (10 µs a line, 100,000 lines a second). The library, whose import
takes 170 ms since it brings `requests`, is loaded only for text that holds one of its own marks.
"""

import re
from collections.abc import Callable, Iterable, Iterator

from memos_cli.infra.governance import secret_forms, secret_numbers, secret_words
from memos_cli.infra.governance.labels import SECRET as SECRET  # noqa: PLC0414 -- its spans have this label
from memos_cli.records import NamedTuple

MASK = "•••••"
"""Always five, and nothing of the secret, so that the mask shows neither its length nor where it begins or ends."""
_SHORTEST = 6
"""Characters of the shortest text that holds a secret and says so."""


class Span(NamedTuple):
    """A piece of text to hide: its label, and its place, in characters."""

    label: str
    start: int
    end: int


_PASSWORD_HINTS = (
    "pass", "pw", "psw", "mdp", "kennwort", "losungs", "wachtw", "wachtz", "contrase", "clave", "senha", "palavra", "parol",
    "adgangs", "salasana", "heslo",
)  # fmt: skip
_FOREIGN_HINTS = ("lösenord", "hasło", "jelszó", "şifre", "пароль", "κωδικός", "비밀번호", "密码", "密碼", "パスワード")
"""Words for a password that are not ASCII, which most texts are."""
_NETWORK_HINTS = ("wifi", "wi-fi", "wlan", "ssid", "wpa", "hotspot")
_PIN_HINTS = ("pin", "puk", "nip", "geheimzahl")
_CODE_HINTS = ("code", "combin", "codi", "kombin", "có")
_KEY_HINTS = ("key", "token", "secret")
_FORM_HINTS = (
    "akia", "asia", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "xox", "k_live_", "k_test_", "sk-",
    "eyj", "npm_", "sg.", "sq0", "aiza", "hf_", "-us", "pypi-", ":aa", "private", "accountkey", "_authtoken", "whsec_", "xapp-",
    "r8_", "v1_", "gocspx", "ya29", "1//0", "hooks", "shp", "dapi", "api_", "ntn_", "eaa", "recover", "bitlocker",
)  # fmt: skip
"""Substrings of lower-cased text without which the patterns of that family cannot match."""
_LONG_WORD = re.compile(r"\S{16}")
"""Text without this holds no token, no address with a password, and no private key."""
_LONG_NUMBER = re.compile(r"\d\d(?:(?:[ .\u00a0\u2009-]?\d){11}|(?<=[A-Za-z]{2}\d\d)[ \u00a0-]?[A-Za-z0-9]{4})")
"""Text without this holds neither a card nor an account number."""


def find(text: str) -> tuple[Span, ...]:
    """The secrets in the text, in order and without overlap."""
    if len(text) < _SHORTEST:
        return ()
    low = text.lower()
    passwords = _has(low, _PASSWORD_HINTS) or (not text.isascii() and _has(low, _FOREIGN_HINTS))
    keys = _has(low, _KEY_HINTS)
    found: list[tuple[int, int]] = []
    if passwords:
        found += secret_words.passwords(text)
    if passwords or keys:
        found += secret_words.keys(text)
    for hints, places in _FAMILIES:
        if _has(low, hints):
            found += places(text)
    long = _LONG_WORD.search(text) is not None
    if long:
        found += _in_long_words(text, low, named=passwords or keys)
    if passwords or keys or (long and _has(low, _FORM_HINTS)):
        found += secret_forms.known_to_library(text)
    if _LONG_NUMBER.search(text) or "cvv" in low or "cvc" in low:
        found += secret_numbers.find(text)
    return tuple(Span(SECRET, start, end) for start, end in _merged(found))


def _in_long_words(text: str, low: str, *, named: bool) -> Iterator[tuple[int, int]]:
    """What a text without spaces for 16 characters can hold; `named` where it speaks of passwords or keys."""
    if "://" in low or "=" in low:
        yield from secret_forms.in_addresses(text)
    if named or _has(low, _FORM_HINTS):
        yield from secret_forms.tokens(text)


_FAMILIES: tuple[tuple[tuple[str, ...], Callable[[str], Iterable[tuple[int, int]]]], ...] = (
    (_NETWORK_HINTS, secret_words.of_networks),
    (_PIN_HINTS, secret_words.pins),
    (("暗証番号",), secret_words.pins),
    (_CODE_HINTS, secret_words.codes),
    (("#", "*"), secret_words.keyed),
    ((" / ", " | "), secret_words.of_accounts),
    (("phrase", "seed words", "mnemonic"), secret_words.phrases),
    (("authorization", "bearer", "cookie", " -"), secret_forms.in_headers),
)
"""The other families: what they need, and what finds them."""


def _has(low: str, hints: tuple[str, ...]) -> bool:
    # A loop, since `any` with a generator takes twice as long here.
    for hint in hints:  # noqa: SIM110
        if hint in low:
            return True
    return False


def mask(text: str, what: Iterable[Span | str]) -> str:
    """The text with its secrets replaced by `•••••`.

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
        parts += [text[reached:start], MASK]
        reached = end
    return "".join([*parts, text[reached:]])


def _merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The spans in order, those that touch or overlap joined."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        elif start < end:
            merged.append((start, end))
    return merged
