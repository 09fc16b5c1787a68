"""Ed25519 signatures over the digest of a cube file: making them, and naming the signers.

Input may be hostile: base64 that is not canonical, wrong lengths, keys that are no points of the curve or of an order so small
that anybody can sign for them, and signatures in two forms are refused. The algorithm: RFC 8032, section 5.1.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence

from memos_cli.errors import IntegrityError
from memos_cli.signer import Signature, Signer

DOMAIN = b"memos-cube-v1\0"
"""Precedes the digest, so that a signature over a cube file is never valid for anything else."""
DIGEST = 32
"""Bytes of a SHA-256."""
MOST = 64
"""Most signatures of a file; each costs a verification."""
_PRIME = 2**255 - 19
_D = -121665 * pow(121666, -1, _PRIME) % _PRIME
"""The curve is -x² + y² = 1 + d·x²·y² over the integers modulo the prime."""


def new_seed() -> bytes:
    """The 32 bytes that a signing key is made from."""
    import secrets

    return secrets.token_bytes(32)


def verifier(seed: bytes) -> str:
    """The public key of a seed, in base64."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return base64.b64encode(Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()).decode()


def sign(seed: bytes, digest: bytes) -> Signature:
    """Sign the SHA-256 of a cube file.

    Raises:
        ValueError: the digest has another length.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    if len(digest) != DIGEST:
        raise ValueError(f"a digest has {DIGEST} bytes")
    made = Ed25519PrivateKey.from_private_bytes(seed).sign(DOMAIN + digest)
    return Signature(verifier(seed), base64.b64encode(made).decode())


def verify(digest: bytes, signatures: Sequence[Signature], trusted: Mapping[str, str]) -> tuple[Signer, ...]:
    """The signers, in the order of the signatures.

    Args:
        digest: the SHA-256 that was signed.
        signatures: sorted by key, one for each key.
        trusted: the names of the keys that are known here, by public key.

    Raises:
        IntegrityError: one is forged or malformed, or they are out of order. One bad signature makes the file bad: its forger
            had the file in hand.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    if len(signatures) > MOST:
        raise IntegrityError(f"the file has {len(signatures):,} signatures; {MOST} are possible")
    keys = [one.key for one in signatures]
    if keys != sorted(set(keys)):
        raise IntegrityError("the signatures are not in order, or one key signed twice")
    for one in signatures:
        key, made = public_bytes(one.key), decoded(one.signature, 64, "a signature")
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(made, DOMAIN + digest)
        except InvalidSignature:
            hint = "do not use the file; ask for it again from where you had it"
            raise IntegrityError(f"the signature by {one.key} is forged, or the file was changed", hint=hint) from None
    return tuple(Signer(key, trusted.get(key), key in trusted) for key in keys)


def public_bytes(text: str) -> bytes:
    """An Ed25519 public key from its base64.

    Raises:
        IntegrityError: it is malformed, or anybody could sign for it.
    """
    key = decoded(text, 32, "a public key")
    if not _is_sound(key):
        raise IntegrityError(f"{text} is no Ed25519 public key")
    return key


def decoded(text: str, length: int, what: str) -> bytes:
    """Bytes from canonical base64, which has one form for each content.

    Raises:
        IntegrityError: another length or another form.
    """
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        found = b""
    if len(found) != length or base64.b64encode(found).decode() != text:
        raise IntegrityError(f"{text[:100]!r} is not {what}: {length} bytes in canonical base64")
    return found


def _is_sound(key: bytes) -> bool:
    """Whether it is the canonical encoding of a point whose order is not 1, 2, 4 or 8 (RFC 8032, section 5.1.3).

    Libraries differ in what they accept (https://hdevalence.ca/blog/2020-10-04-its-25519am), so this check comes first.
    """
    number = int.from_bytes(key, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    if y >= _PRIME:
        return False
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _PRIME) % _PRIME
    x = pow(square, (_PRIME + 3) // 8, _PRIME)
    if x * x % _PRIME != square:
        x = x * pow(2, (_PRIME - 1) // 4, _PRIME) % _PRIME
    if x * x % _PRIME != square or (x == 0 and sign):
        return False
    for _ in range(3):
        product = _D * x * x * y * y
        x, y = 2 * x * y * pow(1 + product, -1, _PRIME) % _PRIME, (y * y + x * x) * pow(1 - product, -1, _PRIME) % _PRIME
    return (x, y) != (0, 1)
