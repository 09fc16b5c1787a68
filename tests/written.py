# ruff: noqa: E501 -- lines of XML, as the formats have them
"""Documents written as the programs of an office write them, with nothing but the standard library.

Each takes pages: a page is a heading and paragraphs. Formats without pages get them one behind the other.
"""

import io
import zipfile
import zlib
from collections.abc import Sequence
from html import escape
from textwrap import wrap

Page = tuple[str, Sequence[str]]
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_P = "http://schemas.openxmlformats.org/package/2006"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def zipped(files: dict[str, str | bytes], first: str | None = None) -> bytes:
    """A zip archive; its first entry, `mimetype`, is not compressed."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        if first is not None:
            archive.writestr("mimetype", first, zipfile.ZIP_STORED)
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


def pdf(pages: Sequence[Page], title: str = "") -> bytes:
    """A PDF with a page for each, its heading larger than its lines."""
    objects: list[bytes] = [b"", b"", b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"]
    kids = []
    for heading, paragraphs in pages:
        stream = zlib.compress(_drawn(heading, paragraphs).encode("cp1252", "replace"))
        objects.append(b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(stream), stream))
        page = f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> /Contents {len(objects)} 0 R >>"
        objects.append(page.encode())
        kids.append(len(objects))
    objects[0] = b"<< /Type /Catalog /Pages 2 0 R >>"
    objects[1] = f"<< /Type /Pages /Count {len(kids)} /Kids [{' '.join(f'{kid} 0 R' for kid in kids)}] >>".encode()
    objects.append(f"<< /Title ({_escaped(title)}) >>".encode("cp1252", "replace"))
    made, places = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"), []
    for number, one in enumerate(objects, start=1):
        places.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    start = len(made)
    made += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    made += b"".join(b"%010d 00000 n \n" % place for place in places)
    info = b" /Info %d 0 R" % len(objects) if title else b""
    return bytes(made + b"trailer\n<< /Size %d /Root 1 0 R%s >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, info, start))


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


def _drawn(heading: str, paragraphs: Sequence[str]) -> str:
    y, lines = 780, [f"BT /F1 20 Tf 60 780 Td ({_escaped(heading)}) Tj ET"]
    for paragraph in paragraphs:
        y -= 14
        for line in wrap(paragraph, 90):
            y -= 14
            lines.append(f"BT /F1 11 Tf 60 {y} Td ({_escaped(line)}) Tj ET")
    return "\n".join(lines)


def docx(pages: Sequence[Page], title: str = "") -> bytes:
    """A Word document with a page break between two pages."""
    parts = []
    for number, (heading, paragraphs) in enumerate(pages):
        brk = '<w:p><w:r><w:br w:type="page"/></w:r></w:p>' if number else ""
        parts.append(f'{brk}<w:p><w:pPr><w:pStyle w:val="Heading1"/></w:pPr><w:r><w:t>{escape(heading)}</w:t></w:r></w:p>')
        parts += [f'<w:p><w:r><w:t xml:space="preserve">{escape(one)}</w:t></w:r></w:p>' for one in paragraphs]
    style = '<w:style w:type="paragraph" w:styleId="Heading1"><w:name w:val="heading 1"/><w:pPr><w:outlineLvl w:val="0"/></w:pPr></w:style>'
    main = "application/vnd.openxmlformats-officedocument.wordprocessingml"
    return zipped({
        "[Content_Types].xml": _types({"/word/document.xml": f"{main}.document.main+xml", "/word/styles.xml": f"{main}.styles+xml", "/docProps/core.xml": "application/vnd.openxmlformats-package.core-properties+xml"}),
        "_rels/.rels": _relations(("officeDocument", "word/document.xml"), ("metadata/core-properties", "docProps/core.xml")),
        "word/_rels/document.xml.rels": _relations(("styles", "styles.xml")),
        "word/styles.xml": f'{_XML}<w:styles xmlns:w="{_W}">{style}</w:styles>',
        "word/document.xml": f'{_XML}<w:document xmlns:w="{_W}"><w:body>{"".join(parts)}</w:body></w:document>',
        "docProps/core.xml": _core(title),
    })  # fmt: skip


def pptx(pages: Sequence[Page], title: str = "") -> bytes:
    """A presentation with a slide for each."""
    a, p = "http://schemas.openxmlformats.org/drawingml/2006/main", "http://schemas.openxmlformats.org/presentationml/2006/main"
    main = "application/vnd.openxmlformats-officedocument.presentationml"
    files: dict[str, str | bytes] = {}
    kinds = {"/ppt/presentation.xml": f"{main}.presentation.main+xml"}
    for number, (heading, paragraphs) in enumerate(pages, start=1):
        shapes = [_shape(2, "title", [heading]), _shape(3, "body", paragraphs)]
        files[f"ppt/slides/slide{number}.xml"] = (
            f'{_XML}<p:sld xmlns:a="{a}" xmlns:p="{p}"><p:cSld><p:spTree>{"".join(shapes)}</p:spTree></p:cSld></p:sld>'
        )
        kinds[f"/ppt/slides/slide{number}.xml"] = f"{main}.slide+xml"
    ids = "".join(f'<p:sldId id="{255 + number}" r:id="rId{number}"/>' for number in range(1, len(pages) + 1))
    presentation = f'{_XML}<p:presentation xmlns:p="{p}" xmlns:r="{_R}"><p:sldIdLst>{ids}</p:sldIdLst></p:presentation>'
    slides = [("slide", f"slides/slide{number}.xml") for number in range(1, len(pages) + 1)]
    files |= {"ppt/presentation.xml": presentation, "ppt/_rels/presentation.xml.rels": _relations(*slides)}
    kinds["/docProps/core.xml"] = "application/vnd.openxmlformats-package.core-properties+xml"
    head = {
        "[Content_Types].xml": _types(kinds), "docProps/core.xml": _core(title),
        "_rels/.rels": _relations(("officeDocument", "ppt/presentation.xml"), ("metadata/core-properties", "docProps/core.xml")),
    }  # fmt: skip
    return zipped(head | files)


def _shape(number: int, kind: str, paragraphs: Sequence[str]) -> str:
    texts = "".join(f"<a:p><a:r><a:t>{escape(one)}</a:t></a:r></a:p>" for one in paragraphs)
    names = f'<p:nvSpPr><p:cNvPr id="{number}" name="{kind}"/><p:cNvSpPr/><p:nvPr><p:ph type="{kind}"/></p:nvPr></p:nvSpPr>'
    return f"<p:sp>{names}<p:spPr/><p:txBody><a:bodyPr/>{texts}</p:txBody></p:sp>"


def xlsx(pages: Sequence[Page], title: str = "") -> bytes:
    """A workbook with a sheet for each, and a row a paragraph, cells parted by `; `."""
    ns = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    main = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    files: dict[str, str | bytes] = {}
    kinds = {"/xl/workbook.xml": f"{main}.sheet.main+xml"}
    for number, (_, rows) in enumerate(pages, start=1):
        kinds[f"/xl/worksheets/sheet{number}.xml"] = f"{main}.worksheet+xml"
        told = "".join(f'<row r="{place}">{_cells(row, place)}</row>' for place, row in enumerate(rows, start=1))
        files[f"xl/worksheets/sheet{number}.xml"] = f'{_XML}<worksheet xmlns="{ns}"><sheetData>{told}</sheetData></worksheet>'
    named = "".join(f'<sheet name="{escape(name)}" sheetId="{n}" r:id="rId{n}"/>' for n, (name, _) in enumerate(pages, start=1))
    sheets = [("worksheet", f"worksheets/sheet{number}.xml") for number in range(1, len(pages) + 1)]
    head = {
        "[Content_Types].xml": _types(kinds), "_rels/.rels": _relations(("officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": f'{_XML}<workbook xmlns="{ns}" xmlns:r="{_R}"><sheets>{named}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": _relations(*sheets), "docProps/core.xml": _core(title),
    }  # fmt: skip
    return zipped(head | files)


def _cells(row: str, place: int) -> str:
    return "".join(
        f'<c r="{chr(65 + column)}{place}" t="inlineStr"><is><t>{escape(cell)}</t></is></c>'
        for column, cell in enumerate(row.split("; "))
    )


def odt(pages: Sequence[Page], title: str = "") -> bytes:
    """An OpenDocument text."""
    office = "urn:oasis:names:tc:opendocument:xmlns"
    told = "".join(
        f'<text:h text:outline-level="1">{escape(heading)}</text:h>'
        + "".join(f"<text:p>{escape(one)}</text:p>" for one in paragraphs)
        for heading, paragraphs in pages
    )
    spaces = f'xmlns:office="{office}:office:1.0" xmlns:text="{office}:text:1.0"'
    kind = "application/vnd.oasis.opendocument.text"
    listed = f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/>'
    return zipped({
        "META-INF/manifest.xml": f'{_XML}<manifest:manifest xmlns:manifest="{office}:manifest:1.0">{listed}</manifest:manifest>',
        "content.xml": f"{_XML}<office:document-content {spaces}><office:body><office:text>{told}</office:text></office:body></office:document-content>",
        "meta.xml": f'{_XML}<office:document-meta xmlns:office="{office}:office:1.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><office:meta><dc:title>{escape(title)}</dc:title></office:meta></office:document-meta>',
    }, kind)  # fmt: skip


def html(pages: Sequence[Page], title: str = "") -> bytes:
    """A web page."""
    return f"<!doctype html><html><head><title>{escape(title)}</title></head><body>{_sections(pages)}</body></html>".encode()


def epub(pages: Sequence[Page], title: str = "") -> bytes:
    """A book with a file for each."""
    names = [f"c{number}.xhtml" for number in range(len(pages))]
    items = "".join(f'<item id="{name}" href="{name}" media-type="application/xhtml+xml"/>' for name in names)
    spine = "".join(f'<itemref idref="{name}"/>' for name in names)
    about = f'<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{escape(title)}</dc:title></metadata>'
    package = f'<package xmlns="http://www.idpf.org/2007/opf" version="3.0">{about}<manifest>{items}</manifest><spine>{spine}</spine></package>'
    root = '<rootfiles><rootfile full-path="book.opf" media-type="application/oebps-package+xml"/></rootfiles>'
    files: dict[str, str | bytes] = {
        "META-INF/container.xml": f'{_XML}<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">{root}</container>',
        "book.opf": _XML + package,
    }
    for name, page in zip(names, pages, strict=True):
        files[name] = (
            f'{_XML}<html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title></head><body>{_sections([page])}</body></html>'
        )
    return zipped(files, "application/epub+zip")


def rtf(pages: Sequence[Page], title: str = "") -> bytes:
    """A Rich Text document."""
    told = "\\page\n".join(
        "".join(f"{one}\\par\\par\n" for one in map(_rtf, (heading, *paragraphs))) for heading, paragraphs in pages
    )
    return f"{{\\rtf1\\ansi\\deff0{{\\fonttbl{{\\f0 Times;}}}}{{\\info{{\\title {_rtf(title)}}}}}\\f0\\fs24 {told}}}".encode(
        "ascii"
    )


def _rtf(text: str) -> str:
    return "".join(one if one.isascii() and one not in "\\{}" else f"\\u{ord(one)}?" for one in text)


def _sections(pages: Sequence[Page]) -> str:
    return "".join(f"<h1>{escape(h)}</h1>" + "".join(f"<p>{escape(one)}</p>" for one in paragraphs) for h, paragraphs in pages)


def _types(kinds: dict[str, str]) -> str:
    told = "".join(f'<Override PartName="{name}" ContentType="{kind}"/>' for name, kind in kinds.items())
    defaults = '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>'
    return f'{_XML}<Types xmlns="{_P}/content-types">{defaults}{told}</Types>'


def _relations(*targets: tuple[str, str]) -> str:
    told = "".join(
        f'<Relationship Id="rId{number}" Type="{_P if "/" in kind else _R}/{"relationships/" if "/" in kind else ""}{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, start=1)
    )
    return f'{_XML}<Relationships xmlns="{_P}/relationships">{told}</Relationships>'


def _core(title: str) -> str:
    spaces = f'xmlns:cp="{_P}/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    return f"{_XML}<cp:coreProperties {spaces}><dc:title>{escape(title)}</dc:title></cp:coreProperties>"


WRITERS = {"pdf": pdf, "docx": docx, "pptx": pptx, "xlsx": xlsx, "odt": odt, "html": html, "epub": epub, "rtf": rtf}
