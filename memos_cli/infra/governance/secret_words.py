"""Secrets as people note them: a word says what it is ("the wifi password is …", "door code …", "PIN 4471"), a value follows.

The words are those of English, German, Dutch, French, Spanish, Italian and Portuguese, and for passwords also of Chinese,
Japanese and some other languages. Where a word between the two says that the value is one ("is", a colon), it needs to look
less made up than where it follows at once. A code is secret where something locked is spoken of, or where it proves who one is:
error codes, postcodes and vouchers are not.
"""

# ruff: noqa: RUF001 -- curly quotes, full-width colons and other alphabets are matched, since people write them

import re
from collections.abc import Iterator

from memos_cli.infra.governance.secret_values import MEASURE, REFERENCE, TALK, is_key, is_made_up, is_placeholder, is_strong

_PREPOSITION = (
    r"(?:(?:for|of|to|on|at|für|fürs|von|vom|zum|zur|des|der|van|voor|de|du|di|da|do|del|della|dello|dei|dal|para|per|pour|por"
    r"|pro|till|för|til)[ \t]+|(?:d|dell|all)['’])"
)
_FOR = rf"(?:[ \t]+{_PREPOSITION}(?!the day\b)[^.,:;=\n]{{1,40}}?)?"
_ARTICLE = r"(?:(?:the|my|our|his|her|die|das|den|dem|der|het|een|la|le|les|el|il|lo|os?|as?)[ \t]+)?"
_FOR_A_WORD = rf"(?:[ \t]+{_PREPOSITION}{_ARTICLE}[\w'’-]+)?"
_IS = r"is now|changed to|set to|is|was|are|ist|war|lautet|sind|est|es|era|é|è|zijn|blijft|är|er nå|jest|to|now"
_LINK = rf"{_FOR}[ \t]*(?P<link>[:=：]|->|→|[–—]|(?<=[ \t])-(?=[ \t])|['’]s\b|\b(?:{_IS})\b|是|は)[ \t]*"
_QUOTED = r"[\"'`“‘「](?P<quoted>[^\n\"'`”’」]{3,80})[\"'`”’」]"
_VALUE = rf"(?:{_QUOTED}|(?P<bare>[^\s\"'`,;“”（）。、]{{3,200}}))"
_WORD = (
    r"(?:pass(?:word|wd|code|phrase)s?|pass-phrase|\w{0,30}-?passwort|kennwort|losungswort|(?:\w{1,20}-?)?wachtwoord|wachtzin"
    r"|mot de passe|mdp|contraseña|clave|senha|palavra-passe|parola d['’]ordine|lösenord|passord|adgangskode|salasana|hasło"
    r"|heslo|jelszó|parolă|şifre|parola|пароль|κωδικός|비밀번호|密码|密碼|パスワード)"
)
_NETWORK = r"(?P<network>(?:wi-?fi|wlan|router|network|hotspot)[ \t-]?)?"
_PASSWORD = rf"(?i){_NETWORK}(?<![^\W_])(?<![.$])(?:{_WORD}|pwd){_LINK}{_VALUE}"
_SHORT = rf"(?i)(?<![\w.$/-])(?P<short>pw|pass|psw|pwd){_LINK}{_VALUE}"
_TOLD = rf"(?i)(?<![\w.$/-])(?:{_WORD}|(?P<short>pw|pass|psw|pwd)){_FOR_A_WORD}[ \t]+{_VALUE}"
"""A password that follows at once: nothing but its form says that it is one."""
_OF_A_SERVICE = (
    rf"(?i)(?<![\w.$/-])(?:{_WORD}|(?P<short>pw|psw|pwd))(?:[ \t]+(?!reset|policy|rotation|update|length|hash|rules?"
    rf"|change|manager|file|field|store|check|test|expir|polic)[\w'’-]+){{1,2}}[ \t]*(?P<link>[:=：])[ \t]*{_VALUE}"
)
"""The name of what a password is for stands between: "password Netflix: …"."""
_ACCOUNT = (
    r"(?i)\b(?:log-?ins?|credentials?|accounts?|user(?:name)?|inlog|zugang|zugangsdaten|benutzer|gebruiker|identifiants?|usuario"
    r"|accesso|utente|utilizador)\b[^\n]{0,60}?[ \t][/|][ \t](?P<bare>[^\s\"'`,;]{6,80})"
)
"""An account's name and password with a stroke between: "login shop: sam / …"."""
_NOT_AFTER = (
    r"(?i)(?:\b(?:boarding|bus|ski|day|week|month|train|rail|tram|metro|season|mountain|press|guest|visitor|travel|parking|fast"
    r"|first|second|third|low|high|band|must|should|can|will|to|did|not|me|them|us|tests?|all)|\d)[ \t-]+\Z"
)
"""What stands ahead of `pass` where it is no password."""
_WIFI = (
    r"(?i)\b(?:wi-?fi|wlan|ssid|wpa[23]?|hotspot)\b[^\n]{0,60}?(?:\b(?:key|psk|schlüssel|sleutel|clé|chiave|chave)\b[ \t]{0,4}"
    r"(?:[:=]|\bis\b)?|[/|])[ \t]{0,4}(?P<bare>[^\s\"'`,;/]{8,63})"
)
_WIFI_CODE = r"WIFI:[^\n]{0,200}?\bP:(?P<bare>(?:\\.|[^;\\\n]){4,63});"
"""The password in the text of a QR code for a network."""
_MARKUP = r"(?i)<(?:[\w:-]{0,30}[.:-])?(?:password|passwd|pwd|passphrase|secret|token|api-?key)>(?P<bare>[^<>\s]{4,200})</"
_PIN = (
    r"(?i)(?<![\w.$-])(?:(?:\w{1,20}-)?pin|puk|nip|pincode|geheimzahl)s?(?:[ -]?(?:code|number|nummer|no\.?|zahl))?"
    rf"(?:{_LINK}|{_FOR_A_WORD}[ \t]+)[\"'`“‘]?(?P<bare>\d{{4,8}}(?: \d{{4}})?|\d\d \d\d|\d(?: \d){{3,7}})(?![\w\-/:%•]|[.,]\d)"
)
_PIN_WITH_LINK = (
    r"(?i)(?:(?-i:\bPIN\b)(?:[ \t](?:code|number))?|\b(?:my|our|his|her|card|sim|phone|bank)[ \t](?:card[ \t])?pin\b"
    r"|\bpin[ \t](?:code|number)\b|\bpin(?=[ \t](?:for|to|of)\b)|暗証番号)"
    rf"{_LINK}[\"'`“‘]?(?P<bare>[#*]?[A-Z]?\d[\d\-*#]{{2,11}}[A-Z]?[#*]?)(?![\w\-/:])"
)
_LOCKS = (
    r"(?:doors?|gates?|alarm|safes?|vault|lockers?|locks?|padlocks?|lockbox|garage|keypad|key ?box|key ?safe|entrance|elevator"
    r"|lift|intercom|shed|suitcase|storage|cabinet|mailbox|letterbox|cellar|basement|lobby|\w{0,12}türe?|tor|\w{0,12}tresor|\w{0,12}schloss|\w{0,12}safe|schließfach|eingang|\w{0,8}deur"
    r"|poort|\w{0,10}kluis|(?:fiets|hang|cijfer)slot|ingang|hek|\w{0,6}alarm|portes?|portail|coffre|cadenas|alarme|immeuble|entrée"
    r"|antivol|boîte à clés|puerta|portal|caja fuerte|candado|alarma|garaje|verja|entrada|cerradura|porta|portone|cancello"
    r"|cassaforte|lucchetto|allarme|ingresso|serratura|portão|cofre|cadeado|garagem|fechadura)"
)
_ACCESS = (
    r"(?:door|gate|alarm|entry|access|safe|locker|lock|lockbox|garage|keypad|security|building|unlock|house|parking|bike lock"
    r"|key ?safe|vault|lift|elevator|intercom)"
)
_CODE_VALUE = (
    r"(?P<bare>[#*]?[A-Za-z]{0,2}\d[\dA-Fa-f\-*#]{1,13}[A-Za-z]?[#*]?|\d\d(?: \d\d){1,3}|\d{3} \d{3}|\d(?: \d){3,7})"
    r"(?![\w\-/:%•]|[.,]\d)"
)
_CODE_WORD = (
    r"(?:(?P<kind>[\w-]{0,20})(?:codes?|código|codigo|codice)|combinations?|combinaison|combina[cçz]i?[oóã][no]e?"
    r"|\w{0,10}kombination|combinatie)"
)
_OPENS = rf"(?i)\b{_CODE_WORD}(?! of (?:practice|conduct|ethics))(?:{_LINK}|{_FOR_A_WORD}[ \t]+)[\"'`“‘]?{_CODE_VALUE}"
_OF_A_DOOR = (
    rf"(?i)\b{_ACCESS}[ \t-]?codes?(?! of (?:practice|conduct|ethics))(?:{_LINK}|{_FOR_A_WORD}[ \t]+)[\"'`“‘]?{_CODE_VALUE}"
)
_KEYED = (
    r"(?i)\b(?:door|gate|alarm|keypad|lockbox|key ?safe|safe|garage|entry)(?: entry)?[ \t]{0,4}[:=]?[ \t]{0,4}"
    r"(?P<bare>[*#]?\d{3,8}[*#])(?!\w)"
)
"""Digits that end with the key of a keypad."""
_DOOR_BY_NAME = rf"(?i)\b(?:digicode|türcode|deurcode|toegangscode|zugangscode)(?:{_LINK}|[ \t]+)[\"'`“‘]?{_CODE_VALUE}"
_OTHER_CODE = (
    r"(?i)(?:\b(?:error|exit|status|response|return|zip|postal|post|area|country|dress|promo|discount|coupon|voucher|gift|qr|bar"
    r"|source|colou?r|product|item|order|booking|reservation|tracking|tax|swift|sort|bank|http|course|class|flight|airport|iso"
    r"|morse|diagnostic|fault|fehler|fout|kortings|rabatt)[ \t-]?)\Z"
)
"""What stands ahead of `code` where it opens nothing."""
_PROOF = (
    r"(?i)\b(?:verification|recovery|backup|2fa|two-factor|authenticat(?:ion|or)|login|sign-in|one-time|otp|sms|tan|rescue"
    r"|emergency|reset|(?:bestätigungs|wiederherstellungs|freischalt|herstel|verificatie|noodherstel))[ \t-]?codes?"
    rf"(?:{_LINK}|{_FOR_A_WORD}[ \t]+)[\"'`“‘]?"
    r"(?P<bare>(?=[A-Z\-]{0,9}\d)[A-Z0-9]{1,10}(?:-[A-Z0-9]{2,10})*(?:[ ]\d[A-Z0-9]{2,9})?"
    r"(?:,[ ]?(?=[A-Z\-]{0,9}\d)[A-Z0-9]{3,10}(?:-[A-Z0-9]{2,10})*(?:[ ]\d[A-Z0-9]{2,9})?){0,20})(?![\w•])"
)
_PROOF_BEHIND = (
    r"(?i)\b(?:code|código|codice) (?:de |di )?(?:vérification|récupération|secours|verificación|recuperación|verifica"
    r"|recupero|verificação|recuperação)[ \t]{0,4}[:=]?[ \t]{0,4}(?:\b(?:est|es|è|é)\b[ \t]{0,4})?"
    r"(?P<bare>[A-Z]?-?\d[\dA-Z-]{3,20})(?![\w•])"
)
_SEED = (
    r"(?i)\b(?:totp|2fa|otp|mfa|authenticator)[ \t_-]?(?:secret|key|seed)(?:[ \t]{0,4}[:=]|[ \t]{1,4}is)?[ \t]{0,4}"
    r"(?P<bare>[A-Z2-7]{16,64})\b"
)
_KEY_NAME = (
    r"(?i)(?<![^\W_])(?:api|access|auth|secret|private|client|service|bearer|refresh|session|deploy|license|licence|encryption|signing"
    r"|app)[ \t_-]?(?:key|token|secret)\b"
)
_KEY = rf"{_KEY_NAME}{_LINK}{_VALUE}"
_KEY_TOLD = r"(?i)\b(?:token|secret|secret key|api key|license key)[ \t]+(?P<bare>[\w\-./+=~]{20,200})"
_KEY_ALONE = rf"(?i)(?<![\w.$/-])(?:secret|token)[ \t]*(?P<link>[:=]|\bis\b|\blautet\b|\best\b)[ \t]*{_VALUE}"
_ENVIRONMENT = (
    r"(?<![\w$.])(?P<docker>ENV[ \t]+)?(?P<name>(?:[A-Z0-9]+_)*(?:(?:API|ACCESS|AUTH|SECRET|PRIVATE|SIGNING|ENCRYPTION)_?KEY"
    r"|TOKEN|SECRET|PASSWORD|PASSWD|PWD|PASSPHRASE)|(?:[A-Z0-9]+_)+(?:PASS|PW))"
    rf"(?P<link>=|:[ \t]+|(?(docker)[ \t]+|(?!))){_VALUE}"
)
_PHRASE = (
    r"\b(?:(?:recovery|seed|mnemonic|backup)[ \t]+(?:phrase|words)|mnemonic)\b[^:\n]{0,40}?(?::|\bis\b|\bare\b)\s*"
    r"(?P<bare>(?:\d{1,2}[.)][ \t]*)?[a-z]{3,8}(?:,?\s+(?:\d{1,2}[.)][ \t]*)?[a-z]{3,8}){5,23})(?![a-z])"
)
_SENTENCE = rf"(?i)\bpass-?phrase{_LINK}(?P<bare>[a-z]{{3,12}}(?: [a-z]{{1,12}}){{2,9}})[.!]?[ \t]*(?:\n|\Z)"
"""A passphrase of several words that ends a line."""
_FUNCTION_WORDS = "the and for with are was has had your our not its should somewhere when where"
_NOT_IN_A_PHRASE = frozenset(_FUNCTION_WORDS.split())
_ADJECTIVE = r"(?i).+(?:ed|ing|able|ible|ive|less|ful|ly|ous)$"


def passwords(text: str) -> Iterator[tuple[int, int]]:
    """Passwords as people note them."""
    for match in re.finditer(_PASSWORD, text):
        start, end = _value(match)
        if _is_password(text[start:end], text[end:], match):
            yield start, end
    for pattern in (_SHORT, _TOLD, _OF_A_SERVICE):
        for match in re.finditer(pattern, text):
            start, end = _value(match)
            if _is_told(match, text[start:end]) and not re.match(MEASURE, text[end : end + 30]):
                yield start, end
    for match in re.finditer(_MARKUP, text):
        if not is_placeholder(match["bare"]) and not re.match(REFERENCE, match["bare"]):
            yield match.span("bare")


def _is_told(match: re.Match[str], value: str) -> bool:
    """Whether what follows a short word, or a word without a link, can only be a password."""
    short = (match["short"] or "").lower()
    if short == "pass" and re.search(_NOT_AFTER, match.string[max(0, match.start() - 20) : match.start()]):
        return False
    labelled = short in {"pw", "psw", "pwd"} and match.groupdict().get("link") in {":", "="}
    return is_made_up(value) or (labelled and is_strong(value) and not re.match(TALK, value))


def of_accounts(text: str) -> Iterator[tuple[int, int]]:
    """Passwords that stand behind an account's name."""
    for match in re.finditer(_ACCOUNT, text):
        start, end = _value(match)
        if is_made_up(text[start:end]):
            yield start, end


def of_networks(text: str) -> Iterator[tuple[int, int]]:
    """Keys of wireless networks that no word for a password introduces."""
    for match in re.finditer(_WIFI, text):
        start, end = _value(match)
        if is_strong(text[start:end]) and not text[start:end].isdigit() and not re.match(TALK, text[start:end]):
            yield start, end
    for match in re.finditer(_WIFI_CODE, text):
        if "•" not in match["bare"]:
            yield match.span("bare")


def pins(text: str) -> Iterator[tuple[int, int]]:
    """PINs and PUKs: at least four digits, or three where a card or the like is named, and nothing else."""
    for pattern in (_PIN, _PIN_WITH_LINK):
        for match in re.finditer(pattern, text):
            if _is_code(match["bare"], text[match.end("bare") :]):
                yield match.span("bare")


def codes(text: str) -> Iterator[tuple[int, int]]:
    """Codes that open something or prove who one is: at least three digits."""
    for pattern in (_OF_A_DOOR, _DOOR_BY_NAME):
        for match in re.finditer(pattern, text):
            if _is_code(match["bare"], text[match.end("bare") :]):
                yield match.span("bare")
    for match in re.finditer(_OPENS, text):
        kind = match["kind"] or ""
        ahead = text[max(0, match.start() - 20) : match.start()] + kind
        opens = re.search(rf"(?i)\b{_LOCKS}\b", _sentence(text, match.start(), match.end())) is not None
        if opens and _is_code(match["bare"], text[match.end("bare") :]) and not re.search(_OTHER_CODE, ahead):
            yield match.span("bare")
    for pattern in (_PROOF, _PROOF_BEHIND):
        for match in re.finditer(pattern, text):
            if _is_code(match["bare"], ""):
                yield match.span("bare")


def keyed(text: str) -> Iterator[tuple[int, int]]:
    """What is typed on the keypad of something locked."""
    yield from (match.span("bare") for match in re.finditer(_KEYED, text))


def _is_code(value: str, after: str) -> bool:
    return sum(char.isdigit() for char in value) > 2 and not re.match(TALK, value) and not re.match(MEASURE, after[:30])


def _sentence(text: str, start: int, end: int) -> str:
    """The sentence around a place, as far as 120 characters from it."""
    first, last = max(0, start - 120), min(len(text), end + 120)
    before = re.split(r"[.;!?\n]\s|\n", text[first:start])[-1]
    after = re.split(r"[.;!?]\s|\n", text[end:last])[0]
    return before + text[start:end] + after


def phrases(text: str) -> Iterator[tuple[int, int]]:
    """Recovery phrases: six words or more, none of which sentences need; and passphrases of three words or more."""
    for match in re.finditer(_PHRASE, text):
        if not _NOT_IN_A_PHRASE & set(match["bare"].split()):
            yield match.span("bare")
    for match in re.finditer(_SENTENCE, text):
        first = match["bare"].split()[0]
        if not is_placeholder(first) and not re.match(_ADJECTIVE, first):
            yield match.span("bare")


def keys(text: str) -> Iterator[tuple[int, int]]:
    """Keys and tokens by name, in prose and in the form of environment files."""
    for match in re.finditer(_KEY, text):
        start, end = _value(match)
        if is_key(text[start:end]):
            yield start, end
    for match in re.finditer(_KEY_ALONE, text):
        start, end = _value(match)
        value = text[start:end]
        if (
            is_key(value)
            and re.search(r"[a-z]", value)
            and (re.search(r"[A-Z]", value) or re.fullmatch(r"[0-9a-f]{16,}", value))
        ):
            yield start, end
    for match in re.finditer(_KEY_TOLD, text):
        start, end = _value(match)
        if is_key(text[start:end]):
            yield start, end
    yield from (match.span("bare") for match in re.finditer(_SEED, text))
    for match in re.finditer(_ENVIRONMENT, text):
        start, end = _value(match)
        if _is_set(match, text[start:end]):
            yield start, end


def _is_set(match: re.Match[str], value: str) -> bool:
    """Whether a variable of an environment is set to a secret, and not to another variable or to an example."""
    named_password = match["name"].endswith(("PASSWORD", "PASSWD", "PWD", "PASS", "PW", "PASSPHRASE"))
    if is_key(value) or (named_password and is_strong(value)):
        return True
    if not named_password:
        return False
    if match["quoted"] is not None and " " in value:
        return not re.match(REFERENCE, value) and not any(map(is_placeholder, value.split()))
    words = re.fullmatch(r"[a-z]+(?:\.[a-z]+){2,}", value)
    return (
        match["link"] == "=" and words is not None and not re.search(r"\b(?:config|settings|secrets?|env|os|self|app)\b", value)
    )


def _value(match: re.Match[str]) -> tuple[int, int]:
    """The place of the value, without the punctuation of the sentence that it ends."""
    if match.groupdict().get("quoted") is not None:
        return match.span("quoted")
    start = match.start("bare")
    return start, start + len(match["bare"].rstrip(".,;:?)]}>…"))


def _is_password(value: str, after: str, match: re.Match[str]) -> bool:
    if len(value) < 4 or re.match(REFERENCE, value) or re.match(TALK, value) or re.match(MEASURE, after[:30]):
        return False
    if match["quoted"] is not None:
        return not is_placeholder(value)
    if match["link"] in {"to", "now"}:
        return is_made_up(value)
    if is_strong(value):
        return True
    # A plain word passes as a label's value (`wifi password: sunflower`), or at the end of a sentence about a network.
    ends = re.match(r"[.!)…]*[ \t]*(?:\n|\Z)", after) is not None
    labelled = match["link"] in ":="
    spoken = match["network"] is not None or not value.isascii()
    likely = not is_placeholder(value) and (labelled or not re.match(_ADJECTIVE, value))
    return ends and likely and (labelled or spoken) and len(value) > 5
