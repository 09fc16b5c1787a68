"""Keys as flows: which one is meant, whose signature it is, who can open what."""

import hashlib
import io
from collections.abc import Callable
from pathlib import Path

import pytest

from memos_cli import MOS
from memos_cli.errors import AccessDenied, IntegrityError, NotFound, UsageError
from memos_cli.infra.crypto.keys import fingerprint, public_line
from memos_cli.signer import Signer

DIGEST = hashlib.sha256(b"a cube file").digest()


@pytest.fixture
def kim(tmp_path: Path) -> MOS:
    """The home of somebody else, with a key."""
    home = MOS(tmp_path / "kim")
    home.keys.new("kim")
    return home


def tells(passphrase: str) -> Callable[[str], str]:
    return lambda _: passphrase


def test_the_key_that_is_meant(mos: MOS, kim: MOS) -> None:
    with pytest.raises(NotFound, match="no key yet"):
        mos.keys.show()
    other = mos.keys.new("other")
    assert mos.keys.show() == other
    mos.keys.new("third")
    with pytest.raises(UsageError, match="several"):
        mos.keys.signer()
    assert mos.keys.new().name == "sam"
    assert mos.keys.show().name == "sam"
    theirs, _ = mos.keys.trust(public_line(kim.keys.show()), name="kim-at-work")
    assert mos.keys.show("kim-at-work") == mos.keys.show(fingerprint(theirs)) == theirs
    with pytest.raises(NotFound):
        mos.keys.show("kim")


def test_whose_the_signature_is(mos: MOS, kim: MOS) -> None:
    mos.keys.new()
    mine, theirs = mos.keys.signer()(DIGEST), kim.keys.signer()(DIGEST)
    assert mos.keys.verify(DIGEST, mine, required=True) == (Signer(mine[0].key, "sam", trusted=True),)
    assert mos.keys.verify(DIGEST, theirs) == (Signer(theirs[0].key, None, trusted=False),)
    with pytest.raises(AccessDenied, match="whom you trust"):
        mos.keys.verify(DIGEST, theirs, required=True)
    mos.keys.trust(public_line(kim.keys.show()))
    assert mos.keys.verify(DIGEST, theirs, required=True) == (Signer(theirs[0].key, "kim", trusted=True),)
    mos.keys.distrust("kim")
    with pytest.raises(AccessDenied):
        mos.keys.verify(DIGEST, theirs, required=True)
    assert mos.keys.verify(DIGEST, []) == ()
    with pytest.raises(AccessDenied, match="nobody has signed"):
        mos.keys.verify(DIGEST, [], required=True)
    with pytest.raises(IntegrityError):
        mos.keys.verify(bytes(32), mine)


def test_recipients_as_they_are_typed(mos: MOS, kim: MOS, tmp_path: Path) -> None:
    mine, (theirs, _) = mos.keys.new(), mos.keys.trust(public_line(kim.keys.show()))
    (tmp_path / "team").write_text(f"{mine.recipient}\n{public_line(theirs)}\n")
    assert mos.keys.recipients(["kim", "sam", theirs.recipient, str(tmp_path / "team")]) == (theirs.recipient, mine.recipient)
    assert mos.keys.recipients([]) == ()
    with pytest.raises(NotFound, match="no key and no file 'kin'") as caught:
        mos.keys.recipients(["kin"])
    assert caught.value.hint == "did you mean kim?"
    with pytest.raises(UsageError):
        mos.keys.recipients(["age1nonsense"])


def test_what_was_sealed_is_opened_by_whom_it_was_for(mos: MOS, kim: MOS, tmp_path: Path) -> None:
    mos.keys.new()
    mos.keys.trust(public_line(kim.keys.show()))
    out = io.BytesIO()
    with mos.keys.sealed(out, recipients=mos.keys.recipients(["kim"])) as stream:
        stream.write(b"text")
    with kim.keys.opened(io.BytesIO(out.getvalue())) as stream:
        assert stream.read() == b"text"
    with pytest.raises(AccessDenied, match="none of your keys"), mos.keys.opened(io.BytesIO(out.getvalue())):
        pass
    lent = [str(tmp_path / "kim" / "keys" / "kim.key")]
    with mos.keys.opened(io.BytesIO(out.getvalue()), identities=lent) as stream:
        assert stream.read() == b"text"


def test_a_protected_key_is_asked_for_only_where_no_other_fits(mos: MOS) -> None:
    mos.keys.new("plain")
    mos.keys.new("locked", passphrase="a word")
    asked: list[str] = []

    def ask(what: str) -> str:
        asked.append(what)
        return "a word"

    for name, expected in (("plain", []), ("locked", ["key locked"])):
        out = io.BytesIO()
        with mos.keys.sealed(out, recipients=mos.keys.recipients([name])) as stream:
            stream.write(b"text")
        with mos.keys.opened(io.BytesIO(out.getvalue()), ask_key=ask) as stream:
            assert stream.read() == b"text"
        assert asked == expected
    assert mos.keys.signer("locked", ask)(DIGEST)[0].key == mos.keys.show("locked").verifier
    with pytest.raises(AccessDenied, match="wrong passphrase"):
        mos.keys.signer("locked", tells("another"))
    with pytest.raises(AccessDenied):
        mos.keys.signer("locked")


def test_the_settings_name_a_file_with_the_passphrase_of_keys(mos: MOS, tmp_path: Path) -> None:
    mos.keys.new("locked", passphrase="a word")
    (tmp_path / "word").write_text("a word\n")
    mos.settings = mos.settings.given({"key.passphrase_file": str(tmp_path / "word")})
    assert mos.keys.signer("locked")(DIGEST)[0].key == mos.keys.show("locked").verifier


def test_a_file_under_a_passphrase(mos: MOS) -> None:
    out = io.BytesIO()
    with mos.keys.sealed(out, passphrase="a word") as stream:
        stream.write(b"text")
    with mos.keys.opened(io.BytesIO(out.getvalue()), ask=tells("a word")) as stream:
        assert stream.read() == b"text"
    for ask in (None, tells("another")):
        with pytest.raises(AccessDenied), mos.keys.opened(io.BytesIO(out.getvalue()), ask=ask):
            pass
