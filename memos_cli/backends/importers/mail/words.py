"""The words of a message: its text, whatever it is encoded in or made up of, without what others said and the signature."""

import re
from collections.abc import Mapping
from email.errors import MessageError
from email.message import Message
from html.parser import HTMLParser
from typing import Any

from memos_cli.records import NamedTuple

FAULTS = (ValueError, LookupError, TypeError, AttributeError, AssertionError, MessageError)
"""What the standard library raises where a message breaks the rules."""
_MOST_HTML = 2 << 20
"""Characters of a page that are read."""
_QUOTE = re.compile(r"\s{0,3}>")
_SIGNATURE = re.compile(r"--\s?\Z|_{20,}\s*\Z|(?:Sent from my|Von meinem|Envoyé de mon|Get Outlook for)\b.{0,80}\Z")
_LONGEST_SIGNATURE = 15
"""Lines of a signature."""
_INTRODUCES = re.compile(
    r"\s*(?:On|Am|Le|El|Il|Op|Em|Den|Dnia)\b.{5,300}(?:wrote|schrieb|écrit|escribió|scritto|schreef|escreveu|skrev|napisał)"
    r".{0,100}:\s*\Z"
)
"""The line above a quotation that says whose it is."""
_OLDER = re.compile(
    r"\s*-{2,}\s*(?:Original Message|Ursprüngliche Nachricht|Message d'origine|Mensaje original)\s*-{2,}\s*\Z", re.IGNORECASE
)
"""What stands above the message that is answered, where it is not marked with `>`."""
_HEADED = re.compile(r"\*?(?:From|Von|De|Da|Van)\s?:\*?\s+\S")
_HEADER = re.compile(r"\*?(?:Sent|Date|To|Subject|Gesendet|Datum|An|Betreff|Envoyé|À|Objet|Enviado|Para|Asunto)\s?:\*?\s")


class Own(NamedTuple):
    """The sender's own words, and in `left_out` how many lines of others and of a signature were left out."""

    text: str
    left_out: Mapping[str, Any]


def decoded(data: bytes, charset: str | None) -> str:
    """Bytes as text: in what they claim to be in, else in UTF-8, else in Windows' Latin, which takes anything."""
    for encoding in (charset, "utf-8"):
        try:
            text = data.decode(encoding or "utf-8")
        except (LookupError, ValueError, TypeError, AssertionError):
            continue
        return text if encoding != "unknown-8bit" else text.encode("ascii", "replace").decode()
    return data.decode("cp1252", "replace")


def body(part: Message) -> str:
    """The text of a part, with lines of any sort of end."""
    try:
        data = part.get_payload(decode=True)
        charset = part.get_content_charset()
    except FAULTS:
        data, charset = part.get_payload(), None
    text = decoded(data, charset) if isinstance(data, bytes) else str(data or "")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return re.sub("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]", "", text).lstrip("\ufeff")


def own(text: str) -> Own:
    """The text without what others said and without the signature; all of it where nothing else is in it, as in a forward."""
    lines = text.split("\n")
    end = _older_begins(lines)
    quoted = len([line for line in lines[end:] if line.strip()])
    signed = _signature_begins(lines[:end])
    kept: list[str] = []
    for line in lines[:signed]:
        if not _QUOTE.match(line):
            kept.append(line)
            continue
        quoted += 1
        _drop_introduction(kept)
    found = _tidied(kept)
    if not found:
        return Own(_tidied([re.sub(r"^(?:\s{0,3}>)+ ?", "", line) for line in lines]), {"quoted_only": True} if quoted else {})
    counts = {"quoted_lines": quoted, "signature_lines": len([line for line in lines[signed:end] if line.strip()])}
    return Own(found, {name: count for name, count in counts.items() if count})


def _older_begins(lines: list[str]) -> int:
    """The line at which the message that is answered begins, where it stands below without marks."""
    for number, line in enumerate(lines):
        if len(line) > 500:
            continue
        if _OLDER.match(line):
            return number
        if _HEADED.match(line) and sum(_HEADER.match(one[:200]) is not None for one in lines[number + 1 : number + 6]) >= 2:
            return number
        is_marked = any(map(_QUOTE.match, lines[number + 1 : number + 4]))
        if _INTRODUCES.match(line) and not is_marked and any(lines[:number]):
            return number
    return len(lines)


def _signature_begins(lines: list[str]) -> int:
    last = len(lines)
    while last and not lines[last - 1].strip():
        last -= 1
    for number in range(last - 1, max(-1, last - 1 - _LONGEST_SIGNATURE), -1):
        if _SIGNATURE.match(lines[number].strip("\t")):
            return number
    return len(lines)


def _drop_introduction(kept: list[str]) -> None:
    """Take out the one to three lines above a quotation that say whose it is."""
    while kept and not kept[-1].strip():
        kept.pop()
    for count in (1, 2, 3):
        if len(kept) >= count and _INTRODUCES.match(" ".join(line.strip() for line in kept[-count:])[:500]):
            del kept[-count:]
            return


def _tidied(lines: list[str]) -> str:
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in lines)).strip()


_BLOCKS = frozenset(
    (
        "address", "article", "blockquote", "br", "dd", "div", "dl", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol",
        "p", "pre", "section", "table", "tr", "ul",
    )
)  # fmt: skip
_UNSEEN = frozenset(("head", "script", "style", "title", "template", "noscript", "svg", "math"))
_EMPTY = frozenset(("br", "hr", "img", "input", "link", "meta", "wbr", "col", "area", "base", "embed", "source", "track"))


class _PageText(HTMLParser):
    """The words of a page; quotations of earlier mail begin with `>`, as in plain text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unseen = 0
        self._quotes = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 -- the base's signature
        """A block begins a line; what is not shown is passed over."""
        if tag in _UNSEEN:
            self._unseen += 1
        elif tag == "blockquote":
            self._quotes += 1
        if tag in _BLOCKS:
            self._break()

    def handle_endtag(self, tag: str) -> None:
        """A block ends a line."""
        if tag in _UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        elif tag == "blockquote":
            self._quotes = max(0, self._quotes - 1)
        if tag in _BLOCKS and tag not in _EMPTY:
            self._break()
        elif tag in {"td", "th"}:
            self.parts.append(" ")

    def handle_data(self, data: str) -> None:
        """Words, their white space as a browser shows it."""
        if not self._unseen:
            self.parts.append(re.sub(r"\s+", " ", data))

    def _break(self) -> None:
        self.parts.append("\n" + ("> " if self._quotes else ""))


def of_html(page: str) -> str:
    """The words of a page of HTML, a line a block."""
    reader = _PageText()
    try:
        reader.feed(page[:_MOST_HTML])
        reader.close()
    except (ValueError, AssertionError, RecursionError):  # a declaration that is none
        return " ".join(re.sub(r"<[^<>]{0,1000}>", " ", page[:_MOST_HTML]).split())
    lines = [" ".join(line.split()) for line in "".join(reader.parts).replace("\xa0", " ").split("\n")]
    kept = [line for line in lines if line != ">"]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()
