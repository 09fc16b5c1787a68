"""Ed25519 over a cube file's digest: whose it is, and what is refused."""

import base64
import hashlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memos_cli.errors import IntegrityError
from memos_cli.infra.crypto import signing
from memos_cli.signer import Signature, Signer

SEED, OTHER = bytes(range(32)), bytes(range(1, 33))
DIGEST = hashlib.sha256(b"a cube file").digest()
ORDER = 2**252 + 27742317777372353535851937790883648493
"""Of the base point (RFC 8032, section 5.1)."""
PRIME = 2**255 - 19


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def encoded(y: int, sign: int = 0) -> bytes:
    return (y | sign << 255).to_bytes(32, "little")


def test_a_signature_is_valid_and_its_signer_known_or_not() -> None:
    made = signing.sign(SEED, DIGEST)
    assert signing.verify(DIGEST, [made], {made.key: "sam"}) == (Signer(made.key, "sam", trusted=True),)
    assert signing.verify(DIGEST, [made], {}) == (Signer(made.key, None, trusted=False),)
    assert signing.verify(DIGEST, [], {}) == ()
    both = sorted([made, signing.sign(OTHER, DIGEST)])
    assert [one.trusted for one in signing.verify(DIGEST, both, {made.key: "sam"})] == [one == made for one in both]


def test_what_is_signed_stands_behind_a_prefix_of_its_own() -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.from_private_bytes(SEED)
    assert signing.sign(SEED, DIGEST).signature == b64(key.sign(b"memos-cube-v1\0" + DIGEST))
    bare = Signature(signing.verifier(SEED), b64(key.sign(DIGEST)))
    with pytest.raises(IntegrityError, match="forged"):
        signing.verify(DIGEST, [bare], {})
    with pytest.raises(ValueError, match="32 bytes"):
        signing.sign(SEED, DIGEST[:-1])


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32), st.integers(0, 8 * 128 - 1))
def test_every_flipped_bit_is_refused(seed: bytes, digest: bytes, place: int) -> None:
    made = signing.sign(seed, digest)
    assert signing.verify(digest, [made], {})[0].key == made.key
    parts = bytearray(base64.b64decode(made.key) + base64.b64decode(made.signature) + digest)
    parts[place // 8] ^= 1 << place % 8
    forged = Signature(b64(bytes(parts[:32])), b64(bytes(parts[32:96])))
    with pytest.raises(IntegrityError):
        signing.verify(bytes(parts[96:]), [forged], {made.key: "sam"})


def test_the_other_form_of_a_signature_is_refused() -> None:
    made = signing.sign(SEED, DIGEST)
    raw = base64.b64decode(made.signature)
    more = raw[:32] + (int.from_bytes(raw[32:], "little") + ORDER).to_bytes(32, "little")
    with pytest.raises(IntegrityError, match="forged"):
        signing.verify(DIGEST, [made._replace(signature=b64(more))], {})


def test_a_key_for_which_anybody_can_sign_is_refused() -> None:
    # With a key that is the neutral point, R = 0 and S = 0 are a signature over everything.
    with pytest.raises(IntegrityError, match="no Ed25519 public key"):
        signing.verify(DIGEST, [Signature(b64(encoded(1)), b64(encoded(1) + bytes(32)))], {})


def test_keys_of_small_order_and_other_ways_to_write_them_are_refused() -> None:
    eighth = bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")
    eighth_y = int.from_bytes(eighth, "little")
    orders = [1, PRIME - 1, 0, eighth_y, PRIME - eighth_y]
    for y in (*orders, PRIME, PRIME + 1, 2**255 - 1):
        for sign in (0, 1):
            with pytest.raises(IntegrityError, match="no Ed25519"):
                signing.public_bytes(b64(encoded(y, sign)))


@given(st.binary(min_size=32, max_size=32))
def test_what_is_no_point_is_refused_and_every_real_key_is_taken(data: bytes) -> None:
    assert len(signing.public_bytes(signing.verifier(data))) == 32
    try:
        key = signing.public_bytes(b64(data))
    except IntegrityError:
        return
    assert key == data


def test_about_half_of_all_numbers_are_no_points() -> None:
    def taken(number: int) -> bool:
        try:
            signing.public_bytes(b64(hashlib.sha256(b"%d" % number).digest()))
        except IntegrityError:
            return False
        return True

    assert 60 < sum(taken(number) for number in range(200)) < 140


@pytest.mark.parametrize("spoil", [
    lambda text: text[:-1], lambda text: text + "=", lambda text: text + "\n", lambda text: " " + text, lambda _: "",
    lambda text: text.replace("=", ""), lambda text: text[:4], lambda text: text + text, lambda text: "é" + text[1:],
    lambda text: text[:-2] + chr(ord(text[-2]) + 1) + "=" if text.endswith("=") else text[:-1],
])  # fmt: skip
def test_base64_has_one_form(spoil: Callable[[str], str]) -> None:
    made = signing.sign(SEED, DIGEST)
    for bad in (made._replace(key=spoil(made.key)), made._replace(signature=spoil(made.signature))):
        with pytest.raises(IntegrityError):
            signing.verify(DIGEST, [bad], {})


def test_signatures_have_one_order_and_a_limit() -> None:
    both = sorted([signing.sign(SEED, DIGEST), signing.sign(OTHER, DIGEST)])
    for wrong in (both[::-1], [both[0], both[0]], [both[0]] * (signing.MOST + 1)):
        with pytest.raises(IntegrityError):
            signing.verify(DIGEST, wrong, {})


def test_one_forged_signature_condemns_the_valid_ones_too() -> None:
    good, bad = signing.sign(SEED, DIGEST), signing.sign(OTHER, bytes(32))
    with pytest.raises(IntegrityError, match="forged"):
        signing.verify(DIGEST, sorted([good, bad]), {good.key: "sam"})
