"""Tokens of agents: 256 random bits that say who acts. A cube keeps a salted hash of each and never the token.

BLAKE2b with the salt as its key is enough: nobody guesses 256 random bits, however fast a guess is, so that a slow hash such as
scrypt, which passphrases need, would only make every command of an agent slow.
"""

import os
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

_PREFIX = "memos_"
"""What a token begins with, so that a scanner for secrets knows one where it finds one."""
_BYTES, _SALT = 32, 16
_METHOD = "blake2b"
LONGEST = 200
"""Characters beyond which a text is no token, and is not hashed."""


def new() -> str:
    """A new token."""
    return _PREFIX + urlsafe_b64encode(os.urandom(_BYTES)).rstrip(b"=").decode()


def kept(token: str) -> str:
    """What a cube keeps of a token: the method, the salt and the hash."""
    salt = os.urandom(_SALT)
    return f"{_METHOD}:{salt.hex()}:{_hashed(token, salt)}"


def _hashed(token: str, salt: bytes) -> str:
    from hashlib import blake2b

    return blake2b(token.encode("utf-8", "surrogateescape"), key=salt, digest_size=_BYTES).hexdigest()


def holder(token: str, principals: Mapping[str, Mapping[str, Any]], owner: str) -> str | None:
    """The agent among these records whose token this is; nobody acts for the cube's owner by a token."""
    from hmac import compare_digest

    if len(token) > LONGEST:
        return None
    found = None
    for name, fields in principals.items():  # all of them, so that the time tells nothing of the one
        method, _, rest = str(fields.get("token") or "").partition(":")
        salt, _, digest = rest.partition(":")
        if method != _METHOD or len(salt) != 2 * _SALT or fields.get("gone") or name == owner:
            continue
        if compare_digest(_hashed(token, bytes.fromhex(salt)), digest):
            found = name
    return found
