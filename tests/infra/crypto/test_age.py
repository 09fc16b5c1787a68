"""age around a stream: any bytes come back, every bit that differs is refused, and nothing in the clear stays behind."""

import base64
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyrage
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from memos_cli.errors import AccessDenied, MemosError, UsageError
from memos_cli.infra.crypto import age, age_scrypt
from tests.patience import PATIENCE

CHUNK = age_scrypt.CHUNK
MINE, OTHERS = age.new_identity(), age.new_identity()
FOR_ME = age.recipient_of(MINE)
SIZES = (0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 7)


def seal(content: bytes, scratch: Path, **how: Any) -> bytes:
    out = io.BytesIO()
    with age.sealed(out, scratch, **how) as stream:
        stream.write(content)
    return out.getvalue()


def unseal(file: bytes, scratch: Path, identities: Sequence[str] = (), passphrase: str | None = None) -> bytes:
    tell = (lambda: passphrase) if passphrase is not None else None
    with age.opened(io.BytesIO(file), scratch, identities=[identities], passphrase=tell) as stream:
        return stream.read()


def under(passphrase: str, content: bytes, pieces: int = 10**6) -> bytes:
    """An age file under a passphrase, with as little work as scrypt can have, written in pieces."""
    out = io.BytesIO()
    writer = age_scrypt.Writer(out, passphrase, work=1)
    for start in range(0, len(content), pieces):
        writer.write(content[start : start + pieces])
    writer.finish()
    return out.getvalue()


@settings(max_examples=40)
@given(st.binary(max_size=300), st.sampled_from(SIZES), st.integers(1, CHUNK * 2))
@example(b"", 0, 1)
def test_any_bytes_come_back(tmp_path: Path, start: bytes, size: int, pieces: int) -> None:
    content = (start + os.urandom(size))[:size] if size else start
    assert unseal(seal(content, tmp_path, recipients=[FOR_ME]), tmp_path, [MINE]) == content
    assert unseal(under("käse", content, pieces), tmp_path, passphrase="käse") == content


@pytest.mark.parametrize("size", SIZES)
def test_what_a_passphrase_seals_is_what_the_library_reads(size: int) -> None:
    content = os.urandom(size)
    assert pyrage.passphrase.decrypt(under("a word", content), "a word") == content


def test_what_the_library_seals_under_a_passphrase_is_read(tmp_path: Path) -> None:
    # Made by pyrage 1.4 once, as it takes up to twenty seconds on a busy machine to find out how much work takes one.
    theirs = (
        "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IHNjcnlwdCBGQmt6TVB6eTJCSTlWQkRIOW5aeXB3IDE5CnMvZStnWU9POEp5TlhET0lFWlNLWGpRYXBmRHgx"
        "VU92MUhoMmprVzBmZUUKLS0tIEozRHplSFZ5RTA1dmZZTGFMSklPZ0txSGUzTjAwUkxrWEQraW5acVFRNEUKPVMIdzy8W9wK/a/iHAf7SxQpqRJo7MymTt4Q"
        "WLHvMXnTyCz0Bgnd1QoUMGPmpg=="
    )
    assert unseal(base64.b64decode(theirs), tmp_path, passphrase="a word") == b"sealed by rage"


def test_the_work_that_files_are_made_with_is_read_by_the_library(tmp_path: Path) -> None:
    file = seal(b"text", tmp_path, passphrase="a word")
    assert file.startswith(b"age-encryption.org/v1\n-> scrypt ")
    assert file.split(b"\n")[1].endswith(b" %d" % age_scrypt.WORK)
    assert pyrage.passphrase.decrypt(file, "a word") == b"text"


def test_it_is_opened_by_whom_it_was_sealed_for_and_by_nobody_else(tmp_path: Path) -> None:
    file = seal(b"text", tmp_path, recipients=[FOR_ME, age.recipient_of(OTHERS), FOR_ME])
    assert unseal(file, tmp_path, [MINE]) == unseal(file, tmp_path, [OTHERS]) == b"text"
    assert pyrage.decrypt(file, [pyrage.x25519.Identity.from_str(MINE)]) == b"text"
    for identities in ([], [age.new_identity()]):
        with pytest.raises(AccessDenied, match="none of your keys"):
            unseal(file, tmp_path, identities, "a word")
    with pytest.raises(AccessDenied, match="wrong passphrase"):
        unseal(under("a word", b"text"), tmp_path, [MINE], "another")
    with pytest.raises(AccessDenied, match="with a passphrase"):
        unseal(under("a word", b"text"), tmp_path, [MINE])


def test_the_next_keys_are_asked_for_only_where_those_before_do_not_fit(tmp_path: Path) -> None:
    asked = []

    def keys() -> Any:
        for one in (OTHERS, MINE, "never"):
            asked.append(one)
            yield [one]

    file = seal(b"text", tmp_path, recipients=[FOR_ME])
    with age.opened(io.BytesIO(file), tmp_path, identities=keys()) as stream:
        assert stream.read() == b"text"
    assert asked == [OTHERS, MINE]


@pytest.mark.parametrize("kind", ["ed25519", "rsa"])
def test_ssh_keys_open_what_was_sealed_for_them(tmp_path: Path, kind: str) -> None:
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

    key = ed25519.Ed25519PrivateKey.generate() if kind == "ed25519" else rsa.generate_private_key(65537, 2048)
    public = key.public_key().public_bytes(form.Encoding.OpenSSH, form.PublicFormat.OpenSSH).decode()
    private = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.OpenSSH, form.NoEncryption())
    file = seal(b"text", tmp_path, recipients=[public])
    with age.opened(io.BytesIO(file), tmp_path, identities=[[MINE], [private]]) as stream:
        assert stream.read() == b"text"


def test_an_ssh_key_under_a_passphrase_is_refused_with_a_way_out(tmp_path: Path) -> None:
    if not shutil.which("ssh-keygen"):
        pytest.skip("there is no ssh-keygen here")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "a word", "-f", tmp_path / "id"], check=True, timeout=PATIENCE)
    file = seal(b"text", tmp_path, recipients=[(tmp_path / "id.pub").read_text().strip()])
    with pytest.raises(UsageError, match="decrypted first") as caught:
        unseal(file, tmp_path, [(tmp_path / "id").read_text()])
    assert "ssh-keygen -p" in str(caught.value.hint)


def statuses(file: bytes, scratch: Path) -> int | None:
    """The exit status that opening ends with; `None` if it opens."""
    try:
        unseal(file, scratch, [MINE], "a word")
    except MemosError as error:
        return error.exit_status
    return None


@pytest.mark.parametrize("sealed", ["recipients", "passphrase"])
def test_every_flipped_bit_is_refused(tmp_path: Path, sealed: str) -> None:
    content = os.urandom(CHUNK + 300)
    file = seal(content, tmp_path, recipients=[FOR_ME]) if sealed == "recipients" else under("a word", content)
    head = file.index(b"\n--- ") + 60
    places = {*range(8 * head), *range(8 * head, 8 * len(file), 8 * 701), *range(8 * len(file) - 64, 8 * len(file))}
    ends = set()
    for place in places:
        flipped = bytearray(file)
        flipped[place // 8] ^= 1 << place % 8
        ends.add(statuses(bytes(flipped), tmp_path))
        if place >= 8 * (head + 16):
            assert statuses(bytes(flipped), tmp_path) == 13, place
    assert ends == {12, 13}  # what seals the file key cannot be told from a wrong key: 12


@pytest.mark.parametrize("sealed", ["recipients", "passphrase"])
def test_what_is_cut_off_or_longer_is_refused(tmp_path: Path, sealed: str) -> None:
    content = os.urandom(2 * CHUNK)
    file = seal(content, tmp_path, recipients=[FOR_ME]) if sealed == "recipients" else under("a word", content)
    chunk = CHUNK + age_scrypt.TAG
    payload = len(file) - 2 * chunk
    for size in (
        0,
        5,
        22,
        23,
        60,
        payload - 17,
        payload - 16,
        payload - 1,
        payload,
        payload + 1,
        payload + chunk,
        len(file) - 1,
    ):
        assert statuses(file[:size], tmp_path) == 13, size
    assert statuses(file + b"\0", tmp_path) == 13
    assert statuses(file + file[-chunk:], tmp_path) == 13
    assert statuses(file[:payload] + file[-chunk:] + file[payload:-chunk], tmp_path) == 13
    assert statuses(file, tmp_path) is None


def test_a_last_chunk_that_is_empty_is_refused(tmp_path: Path) -> None:
    out = io.BytesIO()
    writer = age_scrypt.Writer(out, "a word", work=1)
    writer.write(bytes(CHUNK))
    writer._put(writer._rest, last=False)
    writer._rest = bytearray()
    writer.finish()
    assert statuses(out.getvalue(), tmp_path) == 13
    with pytest.raises(pyrage.DecryptError):
        pyrage.passphrase.decrypt(out.getvalue(), "a word")


@pytest.mark.parametrize("file", [
    b"", b"age", b"SQLite format 3\0", age.MAGIC, age.MAGIC + b"\n", age.MAGIC + b"a" * (age.MOST_HEAD + 9),
    age.MAGIC + b"-> X25519 a\n" * 40_000, age.MAGIC + b"-> scrypt a 1\nb\n--- c\n", age.ARMOR + b"\nabc",
    under("a word", b"x").replace(b" 1\n", b" 21\n", 1), under("a word", b"x").replace(b" 1\n", b" 01\n", 1),
    under("a word", b"x").replace(b"\n---", b"\n-> scrypt AAAAAAAAAAAAAAAAAAAAAA 1\nAA\n---", 1),
    age.MAGIC + b"--- \xff\n",
])  # fmt: skip
def test_what_is_no_age_file_is_refused(tmp_path: Path, file: bytes) -> None:
    assert statuses(file, tmp_path) == 13


@settings(max_examples=60)
@given(st.binary(max_size=400))
def test_no_bytes_make_it_fail_in_another_way(tmp_path: Path, tail: bytes) -> None:
    for file in (
        tail,
        age.MAGIC + tail,
        age.MAGIC + b"-> scrypt " + tail + b"\n--- x\n",
        age.MAGIC + b"-> X25519 " + tail,
    ):
        assert statuses(file, tmp_path) in {12, 13}


class Full(io.BytesIO):
    """A disk that is full after some bytes."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room

    def write(self, data: Any, /) -> int:
        self.room -= len(data)
        if self.room < 0:
            raise OSError(28, "No space left on device")
        return super().write(data)


@pytest.mark.parametrize("room", [0, 50, 250, CHUNK, 3 * CHUNK - 9])
@pytest.mark.parametrize("how", [{"recipients": [FOR_ME]}, {"passphrase": "a word"}])
def test_a_full_disk_is_told_wherever_it_is_met(tmp_path: Path, room: int, how: Any) -> None:
    content = bytes(100 if room < CHUNK else 3 * CHUNK)
    with pytest.raises(OSError, match="No space"), age.sealed(Full(room), tmp_path, **how) as stream:
        stream.write(content)


class Trickle(io.BytesIO):
    """A pipe: it gives and takes a little at a time."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(size, 1000) if size is not None and size >= 0 else size)

    def write(self, data: Any, /) -> int:
        return super().write(bytes(data)[:1000])


def test_streams_that_give_and_take_a_little_at_a_time_are_no_matter(tmp_path: Path) -> None:
    content, out = os.urandom(2 * CHUNK + 5), Trickle()
    with age.sealed(out, tmp_path, recipients=[FOR_ME]) as stream:
        stream.write(content)
    for file in (out.getvalue(), under("a word", content)):
        with age.opened(Trickle(file), tmp_path, identities=[[MINE]], passphrase=lambda: "a word") as stream:
            assert stream.read() == content


def test_an_interrupt_within_the_library_stays_one(tmp_path: Path) -> None:
    class Stopped(io.BytesIO):
        def write(self, data: Any, /) -> int:  # noqa: ARG002
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), age.sealed(Stopped(), tmp_path, recipients=[FOR_ME]) as stream:
        stream.write(b"text")


@pytest.mark.parametrize("how", [{"recipients": [FOR_ME]}, {"passphrase": "a word"}])
def test_what_fails_half_way_leaves_no_file_that_opens(tmp_path: Path, how: Any) -> None:
    out = io.BytesIO()
    with pytest.raises(RuntimeError), age.sealed(out, tmp_path, **how) as stream:  # noqa: PT012 -- the middle is the case
        stream.write(bytes(3 * CHUNK))
        raise RuntimeError
    assert statuses(out.getvalue(), tmp_path) == 13


def test_recipients_and_identities_that_are_none(tmp_path: Path) -> None:
    for bad in ("", "age1", FOR_ME[:-1], FOR_ME.upper(), FOR_ME + "\n", "ssh-ed25519 AAAA", "AGE-PLUGIN-X-1", "x"):
        with pytest.raises(UsageError):
            seal(b"", tmp_path, recipients=[bad])
    for identity in ("", "x", "AGE-SECRET-KEY-1X"):
        with pytest.raises(UsageError):
            unseal(seal(b"", tmp_path, recipients=[FOR_ME]), tmp_path, [identity])
    for both in ({}, {"recipients": [FOR_ME], "passphrase": "x"}):
        with pytest.raises(UsageError, match="the one or the other"):
            seal(b"", tmp_path, **both)


_KILLED = """
import os, signal, sys
from pathlib import Path
from memos_cli.infra.crypto import age
how, scratch, path = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
if how == "seal":
    with path.open("wb") as out, age.sealed(out, scratch, recipients=[sys.argv[4]]) as stream:
        stream.write(b"the secret text " * 100_000)
        stream.flush()
        os.kill(os.getpid(), signal.SIGKILL)
with path.open("rb") as file, age.opened(file, scratch, identities=[[sys.argv[4]]]) as stream:
    assert stream.read(15) == b"the secret text"
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("how", ["seal", "open"])
def test_nothing_in_the_clear_stays_behind_a_killed_process(tmp_path: Path, how: str) -> None:
    file = tmp_path / "x.age"
    if how == "open":
        file.write_bytes(seal(b"the secret text " * 100_000, tmp_path, recipients=[FOR_ME]))
    scratch = tmp_path / "scratch"
    key = FOR_ME if how == "seal" else MINE
    done = subprocess.run([sys.executable, "-c", _KILLED, how, str(scratch), str(file), key], check=False, timeout=PATIENCE)
    assert done.returncode == -9
    assert list(scratch.iterdir()) == []
    assert b"secret text" not in file.read_bytes()


_MEASURED = """
import io, resource, sys
from pathlib import Path
from memos_cli.infra.crypto import age, age_scrypt
path, scratch = Path(sys.argv[2]), Path(sys.argv[3])
identity = age.new_identity()
how = {"passphrase": "x"} if sys.argv[1] == "passphrase" else {"recipients": [age.recipient_of(identity)]}
chunk, count = bytes(1 << 20), int(sys.argv[4])
with path.open("wb") as out, age.sealed(out, scratch, **how) as stream:
    for _ in range(count):
        stream.write(chunk)
with path.open("rb") as file, age.opened(file, scratch, identities=[[identity]], passphrase=lambda: "x") as stream:
    size = 0
    while part := stream.read(1 << 16):
        size += len(part)
assert size == count << 20
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.parametrize("how", ["recipients", "passphrase"])
def test_memory_does_not_grow_with_the_file(tmp_path: Path, how: str) -> None:
    def peak(megabytes: int) -> int:
        arguments = [how, str(tmp_path / "x.age"), str(tmp_path), str(megabytes)]
        done = subprocess.run([sys.executable, "-c", _MEASURED, *arguments], capture_output=True, check=True, timeout=PATIENCE)
        return int(done.stdout)

    assert peak(60) < 1.2 * peak(4)
