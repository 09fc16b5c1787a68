"""The nouns of trust: a public key, a signature by it, and who has signed a cube file."""

from typing import NamedTuple


class PublicKey(NamedTuple):
    """The public part of a key: whoever has it can encrypt to its owner and verify the owner's signatures.

    Attributes:
        name: its name here.
        recipient: the age recipient, `age1…`.
        verifier: the Ed25519 public key, 32 bytes in base64, as it stands in a signature.
    """

    name: str
    recipient: str
    verifier: str


class Signature(NamedTuple):
    """A signature over a cube file: the Ed25519 public key, and the 64 bytes that it verifies, both in canonical base64."""

    key: str
    signature: str


class Signer(NamedTuple):
    """The maker of a valid signature over a cube file.

    Attributes:
        key: the Ed25519 public key in base64.
        name: the key's name here; `None` for an unknown key.
        trusted: whether the key is one's own or on the list of trusted keys.
    """

    key: str
    name: str | None
    trusted: bool
