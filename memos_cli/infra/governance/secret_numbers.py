"""Numbers that are secret by what they are: payment cards with what stands beside them, and account numbers (IBAN).

Each is told from an ordinary number by its own check digits, so that one in ten (cards) or one in 97 (IBAN) of the numbers of
that very form is taken for one by chance. A card must also begin as an issuer's do, and be grouped as cards are.
"""

import re
from collections.abc import Iterator

_CARD = r"(?<![\w.,:#/+-])\d(?:[ .\u00a0\u2009-]?\d){13,18}(?![\w/-]|[.,]\d)"
_GROUPS = ((4, 4, 4, 4), (4, 6, 5), (4, 6, 4), (4, 4, 4, 4, 3))
_ISSUERS = (
    r"4\d{15}(?:\d{3})?|(?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}|3[47]\d{13}"
    r"|(?:6011|65\d\d|64[4-9]\d)\d{12}|3(?:0[0-5]|[689]\d)\d{11}|35(?:2[89]|[3-8]\d)\d{12}|62\d{14,17}"
)
"""Visa, Mastercard, American Express, Discover, Diners, JCB and UnionPay, by the first digits that ISO/IEC 7812 gives each and
the length that its cards have."""
_OTHER_NUMBER = (
    r"(?i)\b(?:order|orders|invoice|ticket|tracking|parcel|shipment|reference|ref|serial|imei|isbn|ean|gtin|barcode|job|request"
    r"|id|epoch|timestamp|bestellnummer|bestellung|rechnung|bestelling|factuur|commande|facture|pedido|factura|ordine"
    r"|fattura|fatura|encomenda)\b[ \t]*(?:number|no\.?|nr\.?|num\.?|n°|#|id|code)?[ \t]*[:=#]?[ \t]*\Z"
)
"""What says, right ahead of digits without groups, that they are no card's."""
_EXPIRY = r"(?<![\d/.-])(?:0[1-9]|1[0-2])[ ]?[/.-][ ]?(?:20[2-9]\d|[2-9]\d)(?![\d/.-])"
_VERIFIER = (
    r"(?i)\b(?:cvv2?|cvc2?|csc|cvn|cid|security code|card code|(?:karten)?prüf(?:nummer|ziffer|code)|sicherheitscode"
    r"|beveiligingscode|cryptogramme|code de sécurité|código de seguridad|codice di sicurezza|código de segurança)\b"
    r"[ \t]{0,4}(?:[:=]|\bis\b|\bist\b|\best\b|\bes\b|\bè\b|\bé\b)?[ \t]{0,4}(?P<value>\d{3,4})(?![\w/-])"
)
_LONE = r"(?<![\w/.-])\d{3,4}(?![\w/.:%-])"
_BESIDE = 80
"""Characters before and after a card within which its date and its verification number stand."""
_AFTER_EXPIRY = 12
"""Characters after a card's date within which a number of three or four digits without a name is its verification number."""

_IBAN_AHEAD = r"(?<![^\W_])[A-Za-z]{2}\d\d(?=[ -]?[A-Za-z0-9])"
_COUNTRIES = """
    AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18
    FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20
    LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24
    SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30
"""
_LENGTHS = {one[:2]: int(one[2:]) for one in _COUNTRIES.split()}
"""Characters of each country's account numbers: the IBAN Registry of SWIFT, release 99."""


def find(text: str) -> Iterator[tuple[int, int]]:
    """The places of cards, of what stands beside them, of verification numbers, and of account numbers."""
    cards = [match.span() for match in re.finditer(_CARD, text) if _is_card(match.group(), text[: match.start()])]
    yield from cards
    for start, end in cards:
        yield from _beside(text, start, end)
    for match in re.finditer(_VERIFIER, text):
        yield match.span("value")
    for match in re.finditer(_IBAN_AHEAD, text):
        if (last := _end_of_iban(text, match.start())) is not None:
            yield match.start(), last


def _is_card(written: str, before: str) -> bool:
    groups = re.findall(r"\d+", written)
    digits = "".join(groups)
    if len(groups) > 1 and tuple(map(len, groups)) not in _GROUPS:
        return False
    if len(set(re.findall(r"\D", written))) > 1 or not re.fullmatch(_ISSUERS, digits):
        return False
    return _luhn(digits) and not (len(groups) == 1 and re.search(_OTHER_NUMBER, before[-40:]))


def _luhn(digits: str) -> bool:
    """Whether the last digit checks the others, as ISO/IEC 7812-1 has it."""
    doubled = [int(digit) * 2 for digit in digits[-2::-2]]
    return (sum(map(int, digits[-1::-2])) + sum(one - 9 if one > 9 else one for one in doubled)) % 10 == 0


def _beside(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A card's date, and the verification number that follows the date without a name."""
    for first, last in ((max(0, start - _BESIDE), start), (end, end + _BESIDE)):
        for match in re.compile(_EXPIRY).finditer(text, first, min(last, len(text))):
            yield match.span()
            if lone := re.compile(_LONE).search(text, match.end(), min(match.end() + _AFTER_EXPIRY, len(text))):
                yield lone.span()


def _end_of_iban(text: str, start: int) -> int | None:
    """The end of the account number that begins here; `None` where there is none."""
    wanted = _LENGTHS.get(text[start : start + 2].upper())
    if wanted is None:
        return None
    found, place = "", start
    while place < len(text) and len(found) < wanted:
        char = text[place]
        if char.isascii() and char.isalnum():
            found += char.upper()
        elif char not in " -\u00a0" or text[place - 1] in " -\u00a0":
            return None
        place += 1
    if len(found) < wanted or text[place : place + 1].isalnum():
        return None
    number = "".join(str(int(char, 36)) for char in found[4:] + found[:4])
    return place if int(number) % 97 == 1 else None
