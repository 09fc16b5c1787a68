"""What a file is by its content: what no reader takes is named, and all that is text for a person stays text."""

import io
import json
import time
import tracemalloc
import zipfile

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from memos_cli.interface.sources import sources
from memos_cli.interface.sources.recognition import HEAD, recognised


def zipped(*names: str, first: bytes = b"") -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        if first:
            archive.writestr("mimetype", first)
        for name in names:
            archive.writestr(name, "x")
    return made.getvalue()


SRT = b"1\r\n00:00:01,000 --> 00:00:03,500\r\nWe planted the roses.\r\n\r\n2\r\n00:00:04,000 --> 00:00:05,000\r\nYes.\r\n"
MAIL = (
    b"Received: by mx.example.org\r\nMessage-ID: <1@example.org>\r\nFrom: Ana <ana@example.org>\r\nTo: sam@example.org\r\n"
    b"Subject: Rent\r\nDate: Thu, 12 Nov 2026 10:00:00 +0100\r\nMIME-Version: 1.0\r\n\r\nThe rent is due.\r\n"
)
AGENT = {"type": "user", "sessionId": "s", "message": {"role": "user", "content": "hi"}, "uuid": "1"}
SLACK = [{"type": "message", "user": "U1", "text": "hi", "ts": "1700000000.000100"}]
GPT = [{"title": "Roses", "create_time": 1.5, "mapping": {"a": {"message": None, "parent": None}}, "current_node": "a"}]

OTHERS: list[tuple[str, bytes, str]] = [
    ("conversations.json", json.dumps(GPT).encode(), "an export of ChatGPT (JSON)"),
    ("conversations.json", json.dumps([{"uuid": "1", "chat_messages": []}]).encode(), "an export of Claude (JSON)"),
    ("MyActivity.json", json.dumps([{"header": "Gemini", "safeHtmlItem": []}]).encode(), "an export of Gemini (JSON)"),
    ("chat.json", b'[{"role": "user", "content": "hi"}]', "a chat (JSON)"),
    ("2026-01-01.json", json.dumps(SLACK, indent=2).encode(), "a day of a Slack export (JSON)"),
    ("a.ipynb", b'{"cells": [], "nbformat": 4}', "a Jupyter notebook"),
    ("a.json", b'\xef\xbb\xbf{"a": 1}', "a JSON file"),
    ("a.json", b"[]", "a JSON file"),
    ("a.json", b"[" * 100_000, "a JSON file"),
    ("big.json", json.dumps({"rows": [{"n": n, "text": "x" * 90} for n in range(3000)]}).encode(), "a JSON file"),
    ("long.json", b'{"text": "' + b"y" * 200_000 + b'"}', "a JSON file"),
    (
        "session.jsonl",
        b"".join(json.dumps(AGENT).encode() + b"\n" for _ in range(3)),
        "the transcript of an agent (JSON Lines)",
    ),
    ("session.jsonl", json.dumps(AGENT).encode() + b"\n", "the transcript of an agent (JSON Lines)"),
    (
        "rollout.jsonl",
        b'{"timestamp": "t", "type": "session_meta", "payload": {}}\n' * 2,
        "the transcript of an agent (JSON Lines)",
    ),
    ("m.jsonl", b'{"content": "Paid rent", "tags": ["a"]}\n{"content": "Paid more"}\n', "JSON Lines with memories"),
    ("m", b'{"content": "Paid rent"}', "JSON Lines with memories"),
    ("x.ndjson", b'{"a": 1}\n{"a": 2}\n', "JSON Lines"),
    ("x.ndjson", (b'{"a": "' + b"z" * 5000 + b'"}\n') * 50, "JSON Lines"),
    ("a.html", b"<!DOCTYPE html>\n<html><body>hi</body></html>", "a page of HTML"),
    ("a.htm", b"<p>hi</p>", "a page of HTML"),
    ("a.txt", b"\n<html lang=en>", "a page of HTML"),
    ("a.xhtml", b'<?xml version="1.0"?>\n<html xmlns="x">', "a page of HTML"),
    ("feed.xml", b'<?xml version="1.0"?><rss></rss>', "an XML file"),
    ("a.svg", b'<svg xmlns="x"></svg>', "an SVG image"),
    ("a.pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", "a PDF document"),
    ("talk.srt", SRT, "subtitles (SRT)"),
    ("talk.vtt", b"WEBVTT\n\n00:01.000 --> 00:02.000\nhi\n", "subtitles (WebVTT)"),
    ("a.eml", MAIL, "an e-mail"),
    ("a.txt", MAIL, "an e-mail"),
    ("a.mbox", b"From ana@example.org Thu Nov 12 10:00:00 2026\r\n" + MAIL, "a mailbox (mbox)"),
    ("a.csv", b"name,born\nAna,1988\nSam,1990\n", "a table (CSV)"),
    ("a.csv", b'name;note\nAna;"a; b"\n', "a table (CSV)"),
    ("a.txt", b"id,name,born\n1,Ana,1988\n2,Sam,1990\n", "a table (CSV)"),
    ("a.tsv", b"id\tname\n1\tAna\n", "a table (TSV)"),
    ("a.ics", b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n", "a calendar (ICS)"),
    ("a.vcf", b"BEGIN:VCARD\r\nVERSION:4.0\r\n", "an address card (vCard)"),
    ("a.docx", zipped("[Content_Types].xml", "word/document.xml"), "a Word document (DOCX)"),
    ("a.xlsx", zipped("[Content_Types].xml", "xl/workbook.xml"), "an Excel workbook (XLSX)"),
    ("a.pptx", zipped("[Content_Types].xml", "ppt/slides/slide1.xml"), "a PowerPoint presentation (PPTX)"),
    ("a.odt", zipped(first=b"application/vnd.oasis.opendocument.text"), "an OpenDocument text (ODT)"),
    ("a.epub", zipped(first=b"application/epub+zip"), "a book (EPUB)"),
    ("export.zip", zipped("conversations.json", "chat.html"), "a ZIP archive with the export of a chat"),
    ("a.zip", zipped("a.md"), "a ZIP archive"),
    ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "a document of an older Office"),
    ("a.rtf", b"{\\rtf1\\ansi hi}", "a Rich Text document"),
    ("a.png", b"\x89PNG\r\n\x1a\n\x00\x00", "a PNG image"),
    ("a.jpg", b"\xff\xd8\xff\xe0\x00\x10JFIF", "a JPEG image"),
    ("a.gif", b"GIF89a\x01\x00", "a GIF image"),
    ("a.webp", b"RIFF\x00\x00\x00\x00WEBPVP8 ", "a WebP image"),
    ("a.heic", b"\x00\x00\x00\x18ftypheic\x00\x00", "an HEIC image"),
    ("a.mp4", b"\x00\x00\x00\x18ftypisom\x00\x00", "a video or a recording (MP4)"),
    ("a.mp3", b"ID3\x04\x00\x00", "an MP3 recording"),
    ("a.wav", b"RIFF\x00\x00\x00\x00WAVEfmt ", "a WAV recording"),
    ("memos.db", b"SQLite format 3\x00\x10\x00", "an SQLite database"),
    ("a.gz", b"\x1f\x8b\x08\x00", "a gzip archive"),
    ("a.gguf", b"GGUF\x03\x00\x00\x00", "a model (GGUF)"),
    ("a.tar", b"notes/a.md".ljust(257, b"\x00") + b"ustar\x0000", "a tar archive"),
    ("a.txt", "Grüße".encode("utf-16"), "text in UTF-16 or UTF-32"),
    ("a.bin", bytes(range(256)), "binary data"),
    ("a.txt", b"text with a \x00 in it", "binary data"),
]


@pytest.mark.parametrize(("name", "content", "what"), OTHERS)
def test_what_no_reader_takes_is_named(name: str, content: bytes, what: str) -> None:
    found = recognised(content, name)
    assert found is not None
    assert found.what == what
    assert found.hint


@pytest.mark.parametrize(("name", "content", "what"), OTHERS)
def test_the_ending_is_not_needed_where_the_content_tells(name: str, content: bytes, what: str) -> None:
    if (name, what) in {("a.htm", "a page of HTML"), ("a.csv", "a table (CSV)"), ("a.tsv", "a table (TSV)")}:
        return
    found = recognised(content)
    assert found is not None
    if name != "session.jsonl":
        assert found.what == what


TEXTS = [
    ("a.txt", "I am vegan now."),
    ("a.md", "# Beds\n\n- carrots, leeks, peas\n- beans, corn, rye\n- oats, flax, hemp\n"),
    ("a.md", "---\ntitle: Beds\ntags: a, b\n---\n\nThe north bed.\n"),
    ("a.md", "[The list](https://example.org) of beds\n"),
    ("a.md", "[ ] buy milk\n[x] call Ana\n"),
    ("a.txt", "[1] A. Author, Title, 2026.\n[2] B. Author, Title, 2025.\n"),
    ("a.txt", "[3/5/24, 9:12:07 PM] Ana: hi\n[3/5/24, 9:13:07 PM] Sam: hello\n"),
    ("a.txt", "[09:12] <ana> hi\n[09:13] <sam> hello\n"),
    ("a.txt", "{{ name }}, please call.\n"),
    ("a.txt", "{ this is not JSON }\n"),
    ("a.json", "These are my notes on JSON.\n"),
    ("a.csv", "Dear Ana,\n\nI hope you are well, and Sam, too.\n"),
    ("a.html", "My notes on HTML: <p> opens a paragraph.\n"),
    ("a.md", "<details>\n<summary>More</summary>\n\nThe beds.\n</details>\n"),
    ("a.txt", "Date: 12 Nov 2026\nSubject: Rent\n\nThe rent is due in three weeks.\n"),
    ("a.txt", "From: Ana\nTo: Sam\nDate: 12 Nov 2026\n\nThe rent is due.\n"),
    ("a.txt", "Ana: hi\nSam: hello\nAna: how are you?\n"),
    ("a.txt", "From Paris to Rome in 2026\n\nWe took the train.\n"),
    ("a.txt", "1\n2\n3\n"),
    ("a.txt", "red, green, blue\none, two, three\nAna, Sam, Truus\n"),
    ("log.txt", "commit abcdef1234\nAuthor: Ana <a@b.c>\nDate:   Thu Nov 12 10:00:00 2026 +0100\n\n    Fix it\n"),
    ("a.org", "* TODO Water the beds\n  SCHEDULED: <2026-11-12 Thu>\n"),
    ("a.txt", "\x1b[1mbold\x1b[0m and a bell \x07 and a form feed \x0c\n"),
    ("a.txt", "Le café, là-bas; où ça ?\n"),
    ("a.txt", ""),
    ("a.txt", "WEBVTT is a format of subtitles.\n"),
    ("a.txt", "Python is a program. BZh is not.\n"),
    ("a.txt", "How to read %PDF- files: with a viewer.\n"),
]


@pytest.mark.parametrize(("name", "text"), TEXTS)
def test_what_a_person_wrote_is_text(name: str, text: str) -> None:
    for whole in (True, False):
        assert recognised(text.encode(), name, whole=whole) is None


def test_what_is_in_another_encoding_is_left_to_the_reader_that_names_the_byte() -> None:
    assert recognised("Le café est fermé le dimanche\n".encode("latin-1"), "a.txt") is None


_STARTS = st.sampled_from([content[:200] for _, content, _ in OTHERS] + [text.encode()[:100] for _, text in TEXTS])
_BYTES = st.one_of(
    st.binary(max_size=4000),
    st.text(max_size=2000).map(str.encode),
    st.builds(bytes.__add__, _STARTS, st.binary(max_size=1000)),
    st.builds(lambda one, times: one * times, st.binary(min_size=1, max_size=8), st.integers(1, HEAD)),
)


@given(
    content=_BYTES, name=st.sampled_from([None, "a.csv", "a.json", "a.jsonl", "a.md", "a.html", "a.eml"]), whole=st.booleans()
)
@example(content=b'{"a":' * 12_000, name="a.json", whole=False)
@example(content=b"[[" * HEAD, name=None, whole=True)
@example(content=b'"' * HEAD, name="a.csv", whole=True)
@example(content=b"," * HEAD, name="a.csv", whole=True)
@example(content=b"a:\n" * HEAD, name="a.eml", whole=True)
@example(content=b'{"type": "message"' + b"ts" * HEAD, name="a.json", whole=False)
@example(content=b"9" * HEAD, name=None, whole=True)
@example(content=b"[" + b"9" * HEAD, name=None, whole=False)
@example(content=b'{"a":1}\n' * 8000, name="a.jsonl", whole=True)
def test_any_bytes_are_recognised_or_text_in_bounded_time(content: bytes, name: str | None, whole: bool) -> None:  # noqa: FBT001
    begun = time.process_time()
    found = recognised(content, name, whole=whole)
    assert time.process_time() - begun < 1.0
    assert found is None or (found.what and found.hint)
    assert found == recognised(content[: HEAD + 1], name, whole=whole and len(content) <= HEAD + 1)


def test_memory_is_bounded_by_what_is_looked_at() -> None:
    content = b'{"a": [' + b'{"b": "cdef", "g": [1, 2, 3]},' * 200_000
    tracemalloc.start()
    try:
        assert recognised(content, "a.json") is not None
        assert tracemalloc.get_traced_memory()[1] < 64 * HEAD
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("conversations.json", json.dumps(GPT).encode()),
        ("mail.mbox", b"From a@b Thu Jan  1 00:00:00 2024\nFrom: a@b\nTo: c@d\nSubject: x\nDate: y\n\nz\n"),
        ("x.csv", b"place,what,day\nYork,boiler,2024-01-01\nBath,lamp,2024-01-02\nHull,tea,2024-01-03\n"),
        ("x.ics", b"BEGIN:VCALENDAR\nEND:VCALENDAR\n"),
        ("x.jsonl", b'{"sessionId": "1", "message": "x"}\n{"sessionId": "1", "message": "y"}\n'),
    ],
)
def test_what_is_imported_says_so(name: str, content: bytes) -> None:
    known = recognised(content, name)
    assert known is not None
    assert "memos import FILE" in known.hint
    assert sources.refusal(known, None).hint == f"save it to a file; {known.hint}"
