"""age files under a passphrase, as streams: the header with its scrypt stanza, and the payload in chunks.

pyrage, which does all else, takes and gives passphrase files as whole bytes only; a cube of a million memories would not fit.
The primitives are those of `cryptography`; the format is that of https://age-encryption.org/v1, and the tests compare it with
pyrage in both directions. An age file:

    age-encryption.org/v1
    -> scrypt SALT LOG2N          16 bytes; the work factor
    BODY                          the file key, 16 bytes, sealed under the passphrase
    --- MAC                       over all before it, from the file key
    nonce (16 bytes), then chunks of 64 KiB, each with a tag of 16 bytes, the last one marked as such in its nonce
"""

import base64
import hmac
import io
import os
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from memos_cli.errors import AccessDenied, IntegrityError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

CHUNK = 65536
TAG = 16
WORK = 17
"""log2 of scrypt's N in files made here: with r = 8 it takes 128 MiB and a third of a second, OWASP's first choice for scrypt.
The age programs take 18; half of that leaves room under the 300 MB that an export may need."""
MOST_WORK = 20
"""The most that a file may demand: 1 GiB. With more, the maker of a file could take the machine's memory. The age programs
write 18 (age) or what takes a second (rage: 19 or 20 on the machine this was written on)."""
_HEADER = re.compile(
    rb"age-encryption\.org/v1\n-> scrypt ([A-Za-z0-9+/]{22}) ([1-9][0-9]?)\n([A-Za-z0-9+/]{43})\n--- ([A-Za-z0-9+/]{43})\n"
)


class Writer(io.RawIOBase):
    """Encrypts what is written to it. `finish` writes the last chunk; a file without it is refused as cut off.

    Args:
        out: where the age file goes.
        passphrase: opens the file.
        work: log2 of scrypt's N.
    """

    def __init__(self, out: BinaryIO, passphrase: str, *, work: int = WORK) -> None:
        file_key, salt, nonce = os.urandom(16), os.urandom(16), os.urandom(16)
        body = _cipher(_wrapping(passphrase, salt, work)).encrypt(bytes(12), file_key, None)
        head = b"age-encryption.org/v1\n-> scrypt %s %d\n%s\n---" % (_text(salt), work, _text(body))
        out.write(head + b" " + _text(_mac(file_key, head)) + b"\n" + nonce)
        self._out = out
        self._payload = _cipher(_derived(file_key, nonce, b"payload"))
        self._count = 0
        self._rest = bytearray()

    def writable(self) -> bool:
        """Yes."""
        return True

    def write(self, data: bytes, /) -> int:  # type: ignore[override]
        """Take bytes; a whole chunk is written as soon as another byte follows it."""
        self._rest += data
        if len(self._rest) > CHUNK:
            whole = (len(self._rest) - 1) // CHUNK * CHUNK
            with memoryview(self._rest)[:whole] as ready:
                for start in range(0, whole, CHUNK):
                    self._put(ready[start : start + CHUNK], last=False)
            del self._rest[:whole]
        return len(data)

    def finish(self) -> None:
        """Write the last chunk."""
        self._put(self._rest, last=True)
        self._rest = bytearray()

    def _put(self, chunk: bytes | bytearray | memoryview, *, last: bool) -> None:
        self._out.write(self._payload.encrypt(_nonce(self._count, last=last), chunk, None))
        self._count += 1


def opened(head: bytes, stream: BinaryIO, passphrase: str) -> Iterator[bytes]:
    """The chunks of a file under a passphrase, each verified before it is handed out.

    Args:
        head: the file's header, with the line of the MAC.
        stream: the rest of the file.
        passphrase: the one it was made with.

    Raises:
        AccessDenied: the passphrase is wrong.
        IntegrityError: the file is damaged or cut off, which may show at the first chunk or at a later one.
    """
    from cryptography.exceptions import InvalidTag

    salt, work, body, mac = _parsed(head)
    try:
        file_key = _cipher(_wrapping(passphrase, salt, work)).decrypt(bytes(12), body, None)
    except InvalidTag:
        raise AccessDenied("wrong passphrase", hint="or the head of the file is damaged") from None
    if not hmac.compare_digest(mac, _mac(file_key, head[: head.rindex(b"---") + 3])):
        raise IntegrityError("the encrypted file is damaged: its head is not what was sealed")
    nonce = _read(stream, 16)
    if len(nonce) < 16:
        raise _damaged()
    payload = _cipher(_derived(file_key, nonce, b"payload"))
    chunk, count = _read(stream, CHUNK + TAG), 0
    while True:
        following = _read(stream, CHUNK + TAG) if len(chunk) == CHUNK + TAG else b""
        last = not following
        try:
            text = payload.decrypt(_nonce(count, last=last), chunk, None)
        except InvalidTag:
            raise _damaged() from None
        if not text and count:  # only an empty file ends with an empty chunk, so that a text has one form
            raise _damaged()
        yield text
        if last:
            return
        chunk, count = following, count + 1


def _parsed(head: bytes) -> tuple[bytes, int, bytes, bytes]:
    found = _HEADER.fullmatch(head)
    parts = [base64.b64decode(text + b"=" * (-len(text) % 4)) for text in found.group(1, 3, 4)] if found else []
    if not found or [_text(part) for part in parts] != list(found.group(1, 3, 4)):
        raise IntegrityError("the encrypted file is damaged: its head is not that of an age file under a passphrase")
    work = int(found[2])
    if work > MOST_WORK:
        hint = "if you know who made it, open it with: age -d"
        raise IntegrityError(f"to open the file would take scrypt {1 << work - 10:,} MiB of memory", hint=hint)
    return parts[0], work, parts[1], parts[2]


def _damaged() -> IntegrityError:
    return IntegrityError("the encrypted file is damaged or cut off", hint="take another copy of it")


def _read(stream: BinaryIO, size: int) -> bytes:
    """`size` bytes, fewer only at the end: a pipe returns as many as it has."""
    parts = []
    while size and (part := stream.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _text(data: bytes) -> bytes:
    return base64.b64encode(data).rstrip(b"=")


def _cipher(key: bytes) -> "ChaCha20Poly1305":
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    return ChaCha20Poly1305(key)


def _nonce(count: int, *, last: bool) -> bytes:
    return count.to_bytes(11, "big") + (b"\1" if last else b"\0")


def _wrapping(passphrase: str, salt: bytes, work: int) -> bytes:
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    return Scrypt(salt=b"age-encryption.org/v1/scrypt" + salt, length=32, n=1 << work, r=8, p=1).derive(passphrase.encode())


def _derived(key: bytes, salt: bytes, info: bytes) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=info).derive(key)


def _mac(file_key: bytes, head: bytes) -> bytes:
    return hmac.digest(_derived(file_key, b"", b"header"), head, "sha256")
