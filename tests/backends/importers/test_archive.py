import os
import struct
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path

import pytest

from memos_cli.backends.importers import archive
from memos_cli.backends.importers.archive import Archive, Member, Unpacked, shown, too_much
from memos_cli.errors import UsageError
from tests.chat_exports import foldered, zipped

WORDS = "".join(f"word {number} " for number in range(20_000)).encode()


def content(member: Member, size: int = 10_000) -> bytes:
    with Unpacked(member) as stream:
        return b"".join(iter(lambda: stream.read(size), b""))


def named(source: Path) -> dict[str, bytes]:
    return {member.name: content(member) for member in Archive(source).members}


def streamed(path: Path, files: dict[str, bytes], packed: int = zipfile.ZIP_DEFLATED) -> Path:
    """A zip as it is written to a pipe: headers do not say how long their files are."""

    class Pipe:
        def __init__(self) -> None:
            self.data = b""

        def write(self, data: bytes) -> int:
            self.data += bytes(data)
            return len(data)

        def flush(self) -> None:
            pass

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", packed) as made:  # type: ignore[call-overload]
        for name, data in files.items():
            made.writestr(name, data)
    path.write_bytes(pipe.data)
    return path


@pytest.mark.parametrize("packed", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("write", [zipped, streamed])
def test_reads_a_zip_whole_and_cut(tmp_path: Path, packed: int, write: object) -> None:
    files = {"a/one.json": WORDS, "a/ü.txt": b"two", "empty": b"", "three": os.urandom(5000)}
    source = write(tmp_path / "z.zip", files, packed)  # type: ignore[operator]
    assert named(source) == files
    data = source.read_bytes()
    source.write_bytes(data[: data.index(b"PK\x01\x02")])
    found = Archive(source)
    assert found.damage
    assert {member.name: content(member) for member in found.members} == files
    if write is streamed and packed == zipfile.ZIP_STORED:
        return  # nothing tells how long it was
    source.write_bytes(data[:50_000] if packed == zipfile.ZIP_STORED else data[:5000])
    member = Archive(source).members[0]
    with pytest.raises(OSError, match="cut off"):
        content(member)
    with Unpacked(member) as stream:
        assert WORDS.startswith(stream.read(1000))


def test_reads_folders_and_the_zips_in_them_and_follows_no_links(tmp_path: Path) -> None:
    folder = foldered(tmp_path / "f", {"b10.txt": b"10", "b9.txt": b"9", "x/y.txt": b"y"})
    zipped(folder / "part.zip", {"z.txt": b"z"})
    (folder / "link.txt").symlink_to("/etc/passwd")
    (folder / "up").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe")
    assert [member.name for member in Archive(folder).members] == ["b9.txt", "b10.txt", "part.zip/z.txt", "x/y.txt"]
    assert named(folder)["part.zip/z.txt"] == b"z"


def test_writes_nothing_and_shows_names_without_harm(tmp_path: Path) -> None:
    source = zipped(tmp_path / "z.zip", {"../../evil.txt": b"1", "/etc/x": b"2", "a\x1b[2Jb": b"3", "n" * 5000: b"4"})
    names = [member.name for member in Archive(source).members]
    assert all(name == shown(name) and len(name) <= 200 and "\x1b" not in name for name in names)
    assert [path.name for path in tmp_path.rglob("*evil*")] == []
    assert not (tmp_path / "../../evil.txt").exists()


def test_finds_a_wrong_checksum_at_the_end(tmp_path: Path) -> None:
    data = bytearray(zipped(tmp_path / "z.zip", {"a": WORDS}, zipfile.ZIP_STORED).read_bytes())
    data[100] ^= 1
    (tmp_path / "z.zip").write_bytes(data)
    member = Archive(tmp_path / "z.zip").members[0]
    with Unpacked(member) as stream:
        assert len(stream.read(len(WORDS))) == len(WORDS)
        with pytest.raises(OSError, match="checksum"):
            stream.read(1)


@pytest.mark.parametrize("cut", [True, False])
def test_gives_all_that_comes_before_a_fault(tmp_path: Path, *, cut: bool) -> None:
    source = zipped(tmp_path / "z.zip", {"a": WORDS})
    data = bytearray(source.read_bytes())
    start, place = 30 + len("a"), len(data) * 3 // 4
    for at in range(place, len(data)):
        data[at] = 0xFF if at < data.index(b"PK\x01\x02") else data[at]
    source.write_bytes(data[:place] if cut else data)
    sure = zlib.decompressobj(-15).decompress(bytes(data[start:place]))
    with Unpacked(Archive(source).members[0]) as stream:
        found = stream.read(1 << 20)
        with pytest.raises(OSError, match=r"cut off|damaged"):
            stream.read(1 << 20)
    assert len(sure) > len(WORDS) // 2
    assert found[: len(sure)] == sure


def test_ends_a_bomb_by_its_ratio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "FREE", 1 << 16)
    member = Archive(zipped(tmp_path / "z.zip", {"a": b"0" * (8 << 20)})).members[0]
    with pytest.raises(OSError, match="far more"):
        content(member)
    assert content(Archive(zipped(tmp_path / "y.zip", {"a": WORDS})).members[0]) == WORDS


def test_refuses_what_lies_over_each_other_or_is_too_much() -> None:
    one = Member("a", 100, Path("z"), 0, 60, 8)
    assert "over each other" in too_much([one, one], 100)
    assert "more than" in too_much([one._replace(size=65 << 30, packed=1)], 100)
    assert too_much([one, Member("b", 1 << 50, Path("b"))], 100) == ""


def test_reads_nothing_that_is_encrypted_or_packed_otherwise(tmp_path: Path) -> None:
    for packed in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        member = Archive(zipped(tmp_path / "z.zip", {"a": WORDS}, packed)).members[0]
        with pytest.raises(OSError, match="not read"):
            content(member)
    data = zipped(tmp_path / "z.zip", {"a": WORDS}).read_bytes()
    at = data.index(b"PK\x01\x02") + 8
    (tmp_path / "z.zip").write_bytes(data[:at] + b"\x01\x00" + data[at + 2 :])
    with pytest.raises(OSError, match="not read"):
        content(Archive(tmp_path / "z.zip").members[0])


def test_reads_no_directory_that_is_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MOST_MEMBERS", 10)
    source = zipped(tmp_path / "z.zip", {f"f{number}": b"x" for number in range(30)})
    found = Archive(source)
    assert found.damage
    assert len(found.members) == 10
    folder = foldered(tmp_path / "f", {f"f{number}": b"x" for number in range(30)})
    assert "more than 10 files" in Archive(folder).damage


@pytest.mark.parametrize("at", [4, 8, 12, 14, 18, 22, 26, 28])
def test_a_header_that_lies_does_no_harm(tmp_path: Path, at: int) -> None:
    data = zipped(tmp_path / "z.zip", {"a": WORDS, "b": b"2"}).read_bytes()
    for whole in (data, data[: data.index(b"PK\x01\x02")]):
        (tmp_path / "z.zip").write_bytes(whole[:at] + b"\xff\xff\xff\xff" + whole[at + 4 :])
        for member in Archive(tmp_path / "z.zip").members:
            with suppress(OSError):
                content(member)


def test_reads_a_zip_of_64_bits(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "z.zip", "w", zipfile.ZIP_DEFLATED) as made, made.open("a", "w", force_zip64=True) as file:
        file.write(WORDS)
    assert named(tmp_path / "z.zip") == {"a": WORDS}
    data = (tmp_path / "z.zip").read_bytes()
    (tmp_path / "z.zip").write_bytes(data[: data.index(b"PK\x01\x02")])
    assert named(tmp_path / "z.zip") == {"a": WORDS}


def test_a_directory_of_64_bits_is_measured(tmp_path: Path) -> None:
    end = b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, 1 << 40, 1 << 40, 1 << 40, 4)
    locator = b"PK\x06\x07" + struct.pack("<IQI", 0, 4, 1)
    (tmp_path / "z.zip").write_bytes(b"PK\x03\x04" + end + locator + b"PK\x05\x06" + b"\xff" * 16 + b"\0\0")
    assert Archive(tmp_path / "z.zip").damage


@pytest.mark.parametrize("name", ["none", "n" * 300, "a\x00b"])
def test_refuses_what_is_not_there(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError):
        Archive(tmp_path / name)
