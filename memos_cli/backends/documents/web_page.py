"""A page of HTML as the converter reads it whole. What it cannot read it drops, and does not tell.

Measured of xberg 1.3.9: all that stands in a form is gone, which some servers put around every page; so are the words of a
header without headings, and words in 62 elements, in 22 tables or in 31 lists, as in mails laid out in tables of tables. It
takes every page to be in UTF-8. The chapters of an EPUB are such pages.
"""

import io
import re
import zipfile
import zlib
from collections import Counter

DEEPEST = 40
"""Elements in each other that are left to the converter."""
_TAG = re.compile(rb"<(/?)([a-zA-Z][^\s/<>]{0,40})[^<>]*>")
_WITHIN = {b"table": 4, b"ul": 2, b"ol": 2, b"dl": 2}
"""Elements in which others always lie, and how deep those make it: a table has a body, rows and cells."""
_LEFT_OPEN = frozenset(b"p li dt dd tr td th thead tbody tfoot option colgroup".split())
"""Elements that pages need not close; they lie in those above."""
_VOID = frozenset(b"area base br col embed hr img input link meta param source track wbr".split())
_CONTAINERS = (
    "div|section|article|main|header|footer|aside|nav|center|form|fieldset|figure|details|summary|address|[a-z]+-[a-z0-9-]+"
)
_INLINES = "span|font|b|i|u|s|em|strong|small|big|mark|ins|del|label|tt|sub|sup"
_ROWS = "p|li|dt|dd|tr|td|th|thead|tbody|tfoot|table|caption|ul|ol|dl|blockquote|pre"


def _tags(names: str) -> str:
    return rf"</?(?:{names})(?=[\s/>])[^<>]*>"


_INLINE = re.compile(_tags(_INLINES).encode(), re.IGNORECASE)
_LAYOUT = re.compile(rf"(?:\s*{_tags(_CONTAINERS)})+".encode(), re.IGNORECASE)
_BLOCKS = re.compile(rf"(?:\s*{_tags(f'{_CONTAINERS}|{_ROWS}')})+".encode(), re.IGNORECASE)
_PASSED_OVER = re.compile(rb"<(/?)(?:form|header)(?=[\s/>])", re.IGNORECASE)
_SAYS = re.compile(rb"(?i)charset\s{0,5}=\s{0,5}[\"']?([\w-]{2,20})")
_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_HEAD = 4096
"""Bytes of a page in which it says what it is in; browsers look at 1,024."""
_LATIN = frozenset(("iso-8859-1", "latin1", "latin-1", "us-ascii", "ascii"))
"""What stands for Windows' Latin on the web (WHATWG's Encoding Standard)."""
_KNOWN = re.compile(
    r"utf-?8|iso-8859-(?:[2-8]|1[03-6])|windows-(?:125[0-8]|874)|cp125[0-8]|koi8-[ru]|macintosh|gb(?:2312|k|18030)|big5"
    r"|shift[_-]jis|euc-(?:jp|kr)|iso-2022-jp"
)
"""Other encodings of the web; more have names in Python, some of which take a page minutes."""
_LARGEST_BOOK = 64 << 20
"""Bytes of the unpacked files of an EPUB that is looked through; a novel has one or two million, pictures aside."""
_ANY = re.compile(rb"<[/a-zA-Z][^<>]*>")


def prepared(page: bytes) -> bytes:
    """A page in UTF-8 and without what the converter passes over; its words are the same."""
    return flattened(_PASSED_OVER.sub(rb"<\1div", decoded(page).encode("utf-8", "replace")))


def book(content: bytes) -> bytes:
    """An EPUB with such chapters as the converter reads whole; as it is where it has no other ones, or is no sound archive."""
    made = io.BytesIO()
    changed = False
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
            members = old.infolist()
            if sum(one.file_size for one in members) > _LARGEST_BOOK:
                return content
            for one in members:
                data = old.read(one)
                if one.filename.lower().endswith((".xhtml", ".html", ".htm")):
                    opened = flattened(_PASSED_OVER.sub(rb"<\1div", data))
                    changed, data = changed or opened != data, opened
                new.writestr(one.filename, data)
    except (OSError, ValueError, KeyError, NotImplementedError, RuntimeError, EOFError, zipfile.BadZipFile, zlib.error):
        return content  # what is wrong with it, the converter tells
    return made.getvalue() if changed else content


def decoded(page: bytes) -> str:
    """A page as text: in what its first bytes or its own words say, else in UTF-8, else in Windows' Latin."""
    for mark, encoding in _MARKS:
        if page.startswith(mark):
            return page[len(mark) :].decode(encoding, "replace")
    said = _SAYS.search(page[:_HEAD])
    name = said[1].decode("ascii", "replace").lower() if said else ""
    for encoding in ("utf-8", name if _KNOWN.fullmatch(name) and name not in _LATIN else "cp1252"):
        try:
            return page.decode(encoding)
        except ValueError:
            continue
    return page.decode("cp1252" if name in _LATIN or not name else "utf-8", "replace")


def is_deep(page: bytes) -> bool:
    """Whether more elements lie in each other, about: what closes nothing that is open is passed over."""
    open_now: Counter[bytes] = Counter()
    now = 0
    for match in _TAG.finditer(page):
        name = match[2].lower()
        if name in _LEFT_OPEN or name in _VOID:
            continue
        weight = _WITHIN.get(name, 1)
        if not match[1]:
            open_now[name] += 1
            now += weight
            if now > DEEPEST:
                return True
        elif open_now[name]:
            open_now[name] -= 1
            now -= weight
    return False


def flattened(page: bytes) -> bytes:
    """The page as it is, or with fewer elements in each other.

    What only holds others becomes a paragraph, then lists and tables do, and at last all that is left.
    """
    for pattern, instead in ((_INLINE, b""), (_LAYOUT, b"\n<p>"), (_BLOCKS, b"\n<p>"), (_ANY, b"\n<p>")):
        if not is_deep(page):
            break
        page = pattern.sub(instead, page)
    return page
