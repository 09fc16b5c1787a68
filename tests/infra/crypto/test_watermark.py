"""The secret of a home and the list of its recipients: what is in them, who may read them, and what becomes of damaged ones."""

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memos_cli.errors import IntegrityError, UsageError
from memos_cli.infra.crypto.watermark import SALT, Giving, Mark, Recipients, salted
from memos_cli.infra.names import compared

AT = "2026-03-02T12:00:00.000Z"


@pytest.fixture
def recipients(tmp_path: Path) -> Recipients:
    return Recipients(tmp_path / "keys", lock_timeout=1)


def give(recipients: Recipients, name: str) -> Mark:
    with recipients.giving(Giving(name, AT, "default")) as mark:
        return mark


def test_a_mark_follows_from_the_home_and_the_name_alone(recipients: Recipients, tmp_path: Path) -> None:
    kim, again, sam = (give(recipients, name) for name in ("Kim", " kim ", "Sam"))
    other = give(Recipients(tmp_path / "other", lock_timeout=1), "Kim")
    salts = [one.salt(salted("memory", "a" * 20, "{}")) for one in (kim, again, sam, other)]
    assert salts[0] == salts[1]
    assert len(set(salts)) == 3
    assert {len(salt) for salt in salts} == {SALT}
    assert kim.of_manifest(b"{}") != kim.of_manifest(b"{ }")
    assert (
        kim.salt(salted("memory", "a" * 20, "{}"))
        != kim.salt(salted("memory", "b" * 20, "{}"))
        != kim.salt(salted("memory", "b" * 20, "{1}"))
    )
    assert {one.recipient for one in recipients.marks()} == {"Kim", "Sam"}


def test_no_trace_and_no_traceback_shows_the_secret(recipients: Recipients, tmp_path: Path) -> None:
    mark = give(recipients, "Kim")
    secret = (tmp_path / "keys" / "watermark.secret").read_text().strip()
    shown = repr(mark) + str(mark)
    assert secret not in shown
    assert str(bytes.fromhex(secret)) not in shown


@pytest.mark.skipif(os.name != "posix", reason="modes of files")
def test_nobody_else_reads_them_at_any_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    modes = set()
    fsync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: (modes.add(stat.S_IMODE(os.fstat(handle).st_mode)), fsync(handle)))
    before = os.umask(0)
    try:
        give(Recipients(tmp_path / "keys", lock_timeout=1), "Kim")
    finally:
        os.umask(before)
    assert modes == {0o600, 0o700}
    found = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "keys").iterdir()}
    assert (found["watermark.secret"], found["recipients.json"]) == (0o600, 0o600)


def test_what_was_given_is_listed_before_it_is_given_and_not_if_it_failed(recipients: Recipients) -> None:
    give(recipients, "Kim")
    with recipients.giving(Giving("Sam", AT, "work", "tag talk", redacted=True)):
        assert [one.recipient for one in recipients.given()] == ["Kim", "Sam"]
    with pytest.raises(OSError, match="full"), recipients.giving(Giving("Kim", AT, "default")):
        raise OSError("full")
    assert recipients.given() == (Giving("Kim", AT, "default"), Giving("Sam", AT, "work", "tag talk", redacted=True))


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 1001, "\ud800"])
def test_nobody_is_called_so(recipients: Recipients, name: str) -> None:
    with pytest.raises(UsageError, match="a recipient cannot be called"):
        give(recipients, name)
    assert recipients.given() == ()


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"given": [1]}', b'{"given": [{"recipient": "Kim"}]}', b"\xff"])
def test_a_damaged_list_is_told_and_left_alone(recipients: Recipients, tmp_path: Path, content: bytes) -> None:
    give(recipients, "Kim")
    path = tmp_path / "keys" / "recipients.json"
    path.write_bytes(content)
    for look in (recipients.given, recipients.marks, lambda: give(recipients, "Sam")):
        with pytest.raises(IntegrityError, match="damaged"):
            look()
    assert path.read_bytes() == content


@pytest.mark.parametrize("content", [None, b"", b"abcd", b"not hexadecimal"])
def test_a_lost_secret_is_not_replaced_by_one_that_finds_nothing(
    recipients: Recipients, tmp_path: Path, content: bytes | None
) -> None:
    give(recipients, "Kim")
    path = tmp_path / "keys" / "watermark.secret"
    path.unlink() if content is None else path.write_bytes(content)
    for look in (recipients.marks, lambda: give(recipients, "Sam")):
        with pytest.raises(IntegrityError, match=r"gone|damaged"):
            look()
    assert [one.recipient for one in recipients.given()] == ["Kim"]
    assert path.exists() == (content is not None)


NAMES = st.text(min_size=1, max_size=20).filter(lambda name: name.strip() and name.isprintable())


@given(NAMES, NAMES, st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32), st.text(), st.binary())
def test_no_mark_of_another_home_or_name_is_taken_for_it(
    name: str, other: str, secret: bytes, theirs: bytes, change: str, manifest: bytes
) -> None:
    marks = {(home, compared(who)): Mark(who, home) for home in (secret, theirs) for who in (name, other)}
    assert len({one.salt(salted("memory", "a" * 20, change)) for one in marks.values()}) == len(marks)
    assert len({one.of_manifest(manifest) for one in marks.values()}) == len(marks)
    assert len({one.name("replica") for one in marks.values()}) == len(marks)
