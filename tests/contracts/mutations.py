"""Sources as bytes, and mutations of them: cut, swapped, of other types and encodings, deep, long; zips with bad members."""

import io
import json
import os
import random
import shutil
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

Files = dict[str, bytes]
"""The files of a source by their paths in it; that of a source which is one file is empty."""

_OTHERS: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 1e308, 10**30, "", " ", "x", "2025-13-45", [], {}, [None], {"": None}, [[]], "\u0000",
    "\ud800", {"parts": "x"}, [{"text": 1}], "9" * 400,
)  # fmt: skip


def retyped(value: Any, chance: random.Random) -> Any:
    """A JSON value with one of its parts, of any depth, replaced by something of another type."""
    places = list(_places(value))
    if not places:
        return chance.choice(_OTHERS)
    holder, name = chance.choice(places)
    before = holder[name]
    holder[name] = chance.choice([one for one in _OTHERS if type(one) is not type(before)])
    return value


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    waiting = [value]
    while waiting:
        one = waiting.pop()
        inner = one.items() if isinstance(one, dict) else enumerate(one) if isinstance(one, list) else ()
        for name, part in inner:
            yield one, name
            waiting.append(part)


def _cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def _flipped(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.choice((1, 3, 30))):
        if changed:
            changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def _swapped(data: bytes, chance: random.Random) -> bytes:
    """Two pieces of it have changed places."""
    a, b, c, d = sorted(chance.randrange(len(data) + 1) for _ in range(4))
    return data[:a] + data[c:d] + data[b:c] + data[a:b] + data[d:]


def _lines(data: bytes, chance: random.Random) -> bytes:
    """A line is missing, twice there, or all are in another order."""
    lines = data.splitlines(keepends=True)
    if not lines:
        return data
    place = chance.randrange(len(lines))
    what = chance.randrange(3)
    if what == 0:
        del lines[place]
    elif what == 1:
        lines.insert(chance.randrange(len(lines)), lines[place])
    else:
        chance.shuffle(lines)
    return b"".join(lines)


def _values(data: bytes, chance: random.Random) -> bytes:
    """Values of JSON, or of a line of JSON, are of other types."""
    with suppress(ValueError, RecursionError):
        value = json.loads(data)
        for _ in range(chance.choice((1, 1, 2, 5))):
            value = retyped(value, chance)
        return json.dumps(value, ensure_ascii=True).encode()
    lines = data.splitlines()
    if lines:
        place = chance.randrange(len(lines))
        with suppress(ValueError, RecursionError):
            lines[place] = json.dumps(retyped(json.loads(lines[place]), chance), ensure_ascii=True).encode()
            return b"\n".join(lines) + b"\n"
    return _flipped(data, chance)


def _encoded(data: bytes, chance: random.Random) -> bytes:
    text = data.decode("utf-8", "replace")
    encoding = chance.choice(("utf-16", "utf-16-be", "utf-32", "latin-1", "utf-8-sig", "utf-7"))
    return text.encode(encoding, "replace")


def _inserted(data: bytes, chance: random.Random) -> bytes:
    """Something is in it that does not belong there: NULs, invalid UTF-8, depth, length."""
    what = chance.choice(
        (
            b"\x00", b"\x00" * 5000, b"\xff\xfe\xfd", b"\xed\xa0\x80", b"[" * 50_000, b'{"a":' * 50_000, b'"', b"\\",
            b"\x1b[2J", b"\r", b"\n\n\n", b"x" * 300_000, b"9" * 5_000, b"> " * 20_000, b"\xe2\x80\xae", b"\\ud800", b"\\u0000",
            b"---\n",
        )
    )  # fmt: skip
    place = chance.randrange(len(data) + 1)
    return data[:place] + what + data[place:]


def _nested(data: bytes, chance: random.Random) -> bytes:
    """A string of it is a list of lists of lists instead, or a very long string."""
    marks = [place for place, byte in enumerate(data[:20_000]) if byte == 0x22]
    if len(marks) < 2:
        return _inserted(data, chance)
    place = chance.randrange(len(marks) - 1)
    depth = chance.choice((50, 900, 5_000, 100_000))
    what = chance.choice((b"[" * depth + b"]" * depth, b'"' + b"y" * 1_200_000 + b'"', b'"' + b"\\u0000" * 200 + b'"'))
    return data[: marks[place]] + what + data[marks[place + 1] + 1 :]


MUTATIONS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _cut, _flipped, _swapped, _lines, _values, _values, _values, _encoded, _inserted, _nested,
)  # fmt: skip


def mutated(data: bytes, chance: random.Random) -> bytes:
    if data[:4] == b"PK\x03\x04" and chance.random() < 0.8:
        return _other_zip(data, chance)
    return chance.choice(MUTATIONS)(data, chance)


def _other_zip(data: bytes, chance: random.Random) -> bytes:
    """A zip with one member changed, gone, twice there, called otherwise, or with another checksum."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = [(one.filename, archive.read(one)) for one in archive.infolist() if not one.is_dir()]
    if not members:
        return data
    place = chance.randrange(len(members))
    name, content = members[place]
    what = chance.choice(("content", "content", "content", "gone", "twice", "name", "checksum", "encrypted"))
    if what == "content":
        members[place] = name, chance.choice(MUTATIONS)(content, chance)
    elif what == "gone":
        del members[place]
    elif what == "twice":
        members.append((name, content))
    elif what == "name":
        other = chance.choice((f"../../{name}", f"/{name}", f"{name}\\x", "x" * 300, f"a/b/{name}", name.upper()))
        members[place] = other, content
    made = _zipped(members)
    at = made.find(b"PK\x01\x02")
    if what == "checksum" and at >= 0:
        made = made[: at + 16] + bytes(chance.randrange(256) for _ in range(4)) + made[at + 20 :]
    elif what == "encrypted" and at >= 0:
        made = made[: at + 8] + b"\x01\x00" + made[at + 10 :]
    return made


def _zipped(members: Iterable[tuple[str, bytes]]) -> bytes:
    import warnings

    spool = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(spool, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore")  # of a name that is there twice
        for name, content in members:
            archive.writestr(name, content)
    return spool.getvalue()


def files_of(source: Path) -> Files:
    """The files of a source."""
    if source.is_file():
        return {"": source.read_bytes()}
    return {str(one.relative_to(source)): one.read_bytes() for one in sorted(source.rglob("*")) if one.is_file()}


def written(files: Files, source: Path) -> Path:
    """Write the files of a source, to a place where there is nothing yet; their times lie years back."""
    for name, content in files.items():
        path = source / name if name else source
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (1_600_000_000, 1_600_000_000))
    return source


def drop(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def strangers(folder: Path) -> list[Path]:
    """Files and folders that are of no kind at all, or cannot be read."""
    there = folder / "strangers"
    there.mkdir()
    chance = random.Random(22)
    contents = {
        "empty": b"", "noise": chance.randbytes(70_000), "nul": b"\x00" * 5000, "deep": b"[" * 100_000, "open": b'{"a": ',
        "words.txt": b"Once upon a time there was a text, and that was all.\n",
        "half.zip": b"PK\x03\x04" + chance.randbytes(300),
        "wide": "text".encode("utf-32"), "picture.png": b"\x89PNG\r\n\x1a\n" + chance.randbytes(400),
        "invalid": b"\xff\xfe\xed\xa0\x80",
        "other.zip": _zipped([("picture.png", b"\x89PNG\r\n\x1a\n"), ("a/b.bin", b"\x00\x01")]),
        "broken.db": b"SQLite format 3\x00" + chance.randbytes(2000), "letter.pdf": b"%PDF-1.7\n" + chance.randbytes(300),
    }  # fmt: skip
    for name, content in contents.items():
        (there / name).write_bytes(content)
    (there / "nothing").mkdir()
    (there / "pictures").mkdir()
    (there / "pictures" / "one.png").write_bytes(contents["picture.png"])
    (there / "missing-target").symlink_to(there / "nowhere")
    os.mkfifo(there / "pipe")
    return [*sorted(there.iterdir()), there / "not-there", there / "words.txt" / "below", there / ("n" * 300), Path("a\x00b")]
