"""Sealed cube files, received: every damage to the envelope is refused, and the home is what it was."""

import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memos_cli import MOS
from memos_cli.errors import AccessDenied, IntegrityError, MemosError
from memos_cli.infra.crypto import age_scrypt
from memos_cli.infra.crypto.keys import public_line
from memos_cli.signer import Signature
from tests.trials import trials

WORD = "seven bees"


@pytest.fixture(params=["recipient", "passphrase"])
def how(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Two ways to seal, the second with as little work as scrypt can have."""
    monkeypatch.setattr(age_scrypt.Writer.__init__, "__kwdefaults__", {"work": 1})
    return str(request.param)


@pytest.fixture
def sealed(mos: MOS, how: str) -> bytes:
    """A signed and encrypted cube file."""
    for number in range(40):
        mos.add(f"hive {number} stands on the roof")
    key, out = mos.keys.new(), io.BytesIO()
    way = {"recipients": [key.recipient]} if how == "recipient" else {"passphrase": WORD}
    mos.transfer.export(None, out, sign=mos.keys.signer(), seal=lambda stream, scratch: mos.keys.sealed(stream, scratch, **way))
    return out.getvalue()


def receive(mos: MOS, content: bytes, **options: bool) -> str:
    with mos.keys.looked_into(io.BytesIO(content), ask=lambda _: WORD) as (stream, _):
        return mos.transfer.receive(stream, "other", **options).cube


def known(home: Path) -> set[str]:
    found = {str(path.relative_to(home)) for path in home.rglob("*") if path.name[-4:] not in {"-wal", "-shm"}}
    return found - {"cache"}  # the folder is made by an export; what is in it counts


def test_every_damage_is_refused_and_the_home_is_what_it_was(mos: MOS, sealed: bytes, home: Path) -> None:
    head = sealed.index(b"\n--- ") + 60
    before = known(home)

    @settings(max_examples=trials(150))
    @given(st.integers(0, 8 * len(sealed) - 1) | st.integers(0, 8 * head))
    def flipped(place: int) -> None:
        content = bytearray(sealed)
        content[place // 8] ^= 1 << place % 8
        with pytest.raises((IntegrityError, AccessDenied)) as caught:
            receive(mos, bytes(content))
        assert caught.value.exit_status == 13 or place < 8 * head

    @settings(max_examples=trials(60))
    @given(st.integers(0, len(sealed) - 1))
    def cut_off(size: int) -> None:
        with pytest.raises(IntegrityError):
            receive(mos, sealed[:size])

    flipped()
    cut_off()
    for longer in (sealed + b"\0", sealed + sealed, b"\n" + sealed):
        with pytest.raises(IntegrityError):
            receive(mos, longer)
    assert known(home) == before
    assert receive(mos, sealed, require_signed=True) == "other"


def test_a_forged_signature_is_refused_however_the_file_is_received(mos: MOS, home: Path, tmp_path: Path) -> None:
    mos.add("the hives are on the roof")
    mos.keys.new()
    with MOS(tmp_path / "kim") as kim:
        mos.keys.trust(public_line(kim.keys.new("kim")))
        own, theirs = mos.keys.signer(), kim.keys.signer()
    before = known(home)

    def exported(*signatures: Signature) -> bytes:
        out = io.BytesIO()
        mos.transfer.export(None, out, sign=lambda _: list(signatures))
        return out.getvalue()

    forgeries = [own(bytes(32)), own(bytes(32)) + theirs(bytes(32)), [Signature("A" * 44, "A" * 88)], [Signature("x", "y")]]
    for forged in forgeries:
        content = exported(*forged)
        with pytest.raises(IntegrityError):
            receive(mos, content)
        with pytest.raises(IntegrityError):
            mos.transfer.verify(io.BytesIO(content))
        with pytest.raises(MemosError), mos.transfer.staged(io.BytesIO(content), "x"):
            pytest.fail("a forged file was handed out")
    assert known(home) == before
    out = io.BytesIO()
    mos.transfer.export(None, out, sign=lambda digest: own(digest) + theirs(digest))
    assert {one.name for one in mos.transfer.verify(io.BytesIO(out.getvalue())).signers} == {"sam", "kim"}
