"""The key files of a home: what is in them, who may read them, and what becomes of damaged ones."""

import io
import os
import stat
from pathlib import Path

import pyrage
import pytest

from memos_cli.errors import AccessDenied, Busy, IntegrityError, NotFound, Refused, UsageError
from memos_cli.infra import files
from memos_cli.infra.crypto import age, keys, signing
from memos_cli.infra.crypto.keys import Ring
from memos_cli.signer import PublicKey


@pytest.fixture
def ring(tmp_path: Path) -> Ring:
    return Ring(tmp_path / "keys", lock_timeout=1)


@pytest.fixture
def kim(tmp_path: Path) -> PublicKey:
    """Somebody else's key."""
    return Ring(tmp_path / "theirs", lock_timeout=1).new("kim")


def test_a_key_signs_and_opens(ring: Ring) -> None:
    public = ring.new("sam")
    private = ring.private("sam")
    assert ring.own() == (public,)
    assert signing.verifier(private.seed) == public.verifier
    assert age.recipient_of(private.identity) == public.recipient
    assert (private.identity in repr(private), str(private.seed) in repr(private)) == (False, False)


def test_a_key_under_a_passphrase_is_listed_unasked_and_used_when_told(ring: Ring, tmp_path: Path) -> None:
    public = ring.new("sam", "a word")
    assert (ring.own(), ring.is_protected("sam")) == ((public,), True)
    assert signing.verifier(ring.private("sam", lambda: "a word").seed) == public.verifier
    with pytest.raises(AccessDenied, match="wrong passphrase"):
        ring.private("sam", lambda: "a ward")
    with pytest.raises(AccessDenied, match="passphrase"):
        ring.private("sam")
    content = (tmp_path / "keys" / "sam.key").read_bytes()
    assert pyrage.passphrase.decrypt(content, "a word").endswith(
        ring.private("sam", lambda: "a word").identity.encode() + b"\n"
    )


def test_the_private_file_is_an_identity_file_of_age(ring: Ring, tmp_path: Path) -> None:
    # As `age -d -i` reads it: comments, and a line that is an identity.
    ring.new("sam")
    lines = (tmp_path / "keys" / "sam.key").read_text().splitlines()
    identities = [line for line in lines if not line.startswith("#")]
    assert identities == [ring.private("sam").identity]
    assert keys.given_identities(tmp_path / "keys" / "sam.key", tmp_path, None) == tuple(identities)


@pytest.mark.skipif(os.name != "posix", reason="modes of files")
@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_nobody_else_reads_a_private_key_at_any_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, umask: int) -> None:
    modes = set()
    fsync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: (modes.add(stat.S_IMODE(os.fstat(handle).st_mode)), fsync(handle)))
    before = os.umask(umask)
    try:
        ring = Ring(tmp_path / "keys", lock_timeout=1)
        ring.new("sam")
        ring.trust(Ring(tmp_path / "theirs", lock_timeout=1).new("kim"))
    finally:
        os.umask(before)
    assert modes == {0o600, 0o700}
    found = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "keys").iterdir()}
    assert (found["sam.key"], found["sam.pub"], found["trusted.json"]) == (0o600, 0o600, 0o600)


def test_names_are_taken_once(ring: Ring, kim: PublicKey) -> None:
    ring.new("sam")
    ring.trust(kim)
    for name in ("sam", "Sam", "kim", "KIM"):
        with pytest.raises(Refused, match="already"):
            ring.new(name)
    for name in ("", ".", "..", ".hidden", "a/b", "a b", "x" * 65, "age1abc", "é", "a\n"):
        with pytest.raises(UsageError):
            ring.new(name)
    assert [one.name for one in ring.own()] == ["sam"]


def test_trusting_and_trusting_no_longer(ring: Ring, kim: PublicKey, tmp_path: Path) -> None:
    assert ring.trusted() == ()
    assert (ring.trust(kim), ring.trust(kim)) == (True, False)
    assert ring.trust(kim._replace(name="kim-at-work"))
    assert ring.trusted() == (kim._replace(name="kim-at-work"),)
    lee = Ring(tmp_path / "lee", lock_timeout=1).new("lee")
    for refused in (lee._replace(name="Kim-at-work"), lee._replace(verifier=kim.verifier), ring.new("sam")):
        with pytest.raises(Refused):
            ring.trust(refused)
    ring.distrust(kim._replace(name="kim-at-work"))
    assert ring.trusted() == ()


def test_a_public_line_is_read_again_and_nothing_else_is(kim: PublicKey) -> None:
    line = keys.public_line(kim)
    assert keys.read_line(f"  {line}\n") == kim
    tag, recipient, verifier, name = line.split()
    small = "AQ" + "A" * 41 + "="
    for words in (
        [], [tag], [tag, recipient, verifier], [recipient, verifier, name], [tag, verifier, recipient, name], [line, "more"],
        [tag, recipient.upper(), verifier, name], [tag, recipient[:-1], verifier, name], [tag, recipient, verifier[:-2], name],
        [tag, recipient, small, name], [tag, recipient, verifier, "age1x"], [tag, recipient, verifier, "a/b"],
        [tag, "ssh-ed25519", verifier, name], [tag, recipient, verifier, "\x1b[1m"],
    ):  # fmt: skip
        with pytest.raises(UsageError):
            keys.read_line(" ".join(words))


def test_the_fingerprint_covers_both_halves(kim: PublicKey, tmp_path: Path) -> None:
    lee = Ring(tmp_path / "lee", lock_timeout=1).new("lee")
    mixed = [kim, lee, kim._replace(recipient=lee.recipient), kim._replace(verifier=lee.verifier)]
    assert len({keys.fingerprint(one) for one in mixed}) == 4
    assert keys.fingerprint(kim) == keys.fingerprint(kim._replace(name="other"))


def test_removing(ring: Ring, tmp_path: Path) -> None:
    ring.new("sam")
    ring.remove("sam")
    assert sorted(path.name for path in (tmp_path / "keys").iterdir()) == [".lock"]
    for call in (ring.remove, ring.private, ring.is_protected):
        for name in ("sam", "../keys/sam", ""):
            with pytest.raises(NotFound):
                call(name)


def test_damage_is_told_and_no_secret_with_it(ring: Ring, tmp_path: Path) -> None:
    ring.new("sam")
    path = tmp_path / "keys" / "sam.key"
    content = path.read_bytes()
    secrets = [word for word in content.decode().split() if len(word) > 20]
    assert len(secrets) == 2
    comment = range(2, content.index(b"\n"))
    for place in range(0, 8 * len(content), 5):
        spoilt = bytearray(content)
        spoilt[place // 8] ^= 1 << place % 8
        path.write_bytes(bytes(spoilt))
        if place // 8 in comment:
            assert signing.verifier(ring.private("sam").seed) == ring.own()[0].verifier
            continue
        with pytest.raises(IntegrityError) as caught:
            ring.private("sam")
        assert not any(secret[4:-4] in f"{caught.value.message} {caught.value.hint}" for secret in secrets)
    for short in (b"", content[:-1], content[:60], content + b"x"):
        path.write_bytes(short)
        with pytest.raises(IntegrityError):
            ring.private("sam")


def test_a_swapped_half_is_found(ring: Ring, tmp_path: Path) -> None:
    ring.new("sam")
    ring.new("work")
    folder = tmp_path / "keys"
    (folder / "work.pub").replace(folder / "sam.pub")
    with pytest.raises(IntegrityError, match="halves"):
        ring.private("sam")
    with pytest.raises(IntegrityError, match=r"work\.pub"):
        ring.own()
    ring.remove("work")
    assert [one.name for one in ring.own()] == ["sam"]


@pytest.mark.parametrize("content", [
    b"", b"{", b"[]", b"{}", b'{"keys": 1}', b'{"keys": [1]}', b'{"keys": [{"name": "x"}]}', b"\xff", b'{"keys": ["x"]}',
    b'{"keys": [{"name": "x", "recipient": "age1", "key": "x"}]}', b'{"keys": [{"name": 1, "recipient": 2, "key": 3}]}',
])  # fmt: skip
def test_a_damaged_list_is_told(ring: Ring, tmp_path: Path, content: bytes, kim: PublicKey) -> None:
    ring.new("sam")
    path = tmp_path / "keys" / "trusted.json"
    path.write_bytes(content)
    for call in (ring.trusted, lambda: ring.trust(kim)):
        with pytest.raises(IntegrityError, match=r"trusted\.json is damaged"):
            call()
    assert path.read_bytes() == content


def test_one_change_at_a_time(tmp_path: Path) -> None:
    ring = Ring(tmp_path / "keys", lock_timeout=0.05)
    ring.new("sam")
    with files.only_one(tmp_path / "keys" / ".lock", "a test"), pytest.raises(Busy):
        ring.new("work")


def test_a_private_key_in_the_wrong_place_is_not_repeated(ring: Ring, tmp_path: Path) -> None:
    ring.new("sam")
    secret = ring.private("sam").identity
    (tmp_path / "given").write_text(secret + "\n")
    for call in (lambda: keys.given_recipients(tmp_path / "given"), lambda: keys.read_line(secret)):
        with pytest.raises(UsageError, match="private key") as caught:
            call()
        assert secret[15:30] not in caught.value.message


def test_what_a_killed_run_left_of_a_private_key_is_removed(ring: Ring, tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    folder.mkdir()
    for name in (".sam.key.0123456789ab", ".trusted.json.0123456789ab", ".note", "sam.pub"):
        (folder / name).write_text("AGE-SECRET-KEY-1")
    assert ring.own() == ()
    made = ring.new("sam")
    assert sorted(path.name for path in folder.iterdir()) == [".lock", ".note", "sam.key", "sam.pub"]
    assert ring.own() == (made,)


def test_files_of_recipients_and_identities(ring: Ring, kim: PublicKey, tmp_path: Path) -> None:
    file = tmp_path / "given"
    file.write_text(f"# a team\n\n{kim.recipient}\n{keys.public_line(kim)}\n")
    assert keys.given_recipients(file) == (kim.recipient, kim.recipient)
    for text in ("", "# none\n", "x\n", "age1\n", "memos-key x\n"):
        file.write_text(text)
        with pytest.raises(UsageError):
            keys.given_recipients(file)
        with pytest.raises(UsageError):
            keys.given_identities(file, tmp_path, None)
    for call in (keys.given_recipients, lambda path: keys.given_identities(path, tmp_path, None)):
        with pytest.raises(UsageError, match="cannot read"):
            call(tmp_path / "missing")
    out = io.BytesIO()
    with age.sealed(out, tmp_path, passphrase="a word") as stream:
        stream.write(b"# mine\nAGE-SECRET-KEY-1X\n")
    file.write_bytes(out.getvalue())
    assert keys.given_identities(file, tmp_path, lambda: "a word") == ("AGE-SECRET-KEY-1X",)
    with pytest.raises(AccessDenied):
        keys.given_identities(file, tmp_path, None)
    assert ring.own() == ()
