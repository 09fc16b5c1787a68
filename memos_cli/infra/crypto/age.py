"""age around a binary stream: sealing it for recipients or under a passphrase, and opening it again.

Files are standard age files in the binary format: `age -d` reads what is sealed here, and the other way round. Recipients are
age keys (`age1…`) and SSH keys (`ssh-ed25519`, `ssh-rsa`); the format is https://age-encryption.org/v1.

pyrage reads one stream and writes another, while callers here write or read piece by piece, so a temporary file lies between
them. The file has no name from the start: the system frees it when the process ends, however it ends, and nothing needs to be
swept. A file for recipients is verified to its end before its first byte is handed out; a file under a passphrase is verified
chunk by chunk as it is read, and a missing end shows at the end.
"""

import io
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from memos_cli import modes
from memos_cli.errors import AccessDenied, IntegrityError, UsageError
from memos_cli.infra.crypto import age_scrypt

MAGIC = b"age-encryption.org/v1\n"
"""The first line of every age file."""
ARMOR = b"-----BEGIN AGE ENCRYPTED FILE-----"
MOST_HEAD = 1 << 18
"""Most bytes of the head of a file: some 2,000 recipients."""
_NO_MATCH = "No matching keys found"
"""pyrage's message when no identity fits, in an exception of the same type as for damage; a test pins it."""


@contextmanager
def sealed(
    out: BinaryIO, scratch: Path, *, recipients: Sequence[str] = (), passphrase: str | None = None
) -> Iterator[BinaryIO]:
    """A stream to write to; its bytes are at `out`, encrypted, once the block ends, and never complete if the block raises.

    Args:
        out: where the age file goes; it is not closed.
        scratch: a folder for the temporary file; made if it is missing.
        recipients: who can open it, as `age1…` or a line of an SSH public key.
        passphrase: opens it, instead of recipients: an age file has the one or the other.

    Raises:
        UsageError: both or neither, or a malformed recipient.
        OSError: writing failed.
    """
    if bool(recipients) == (passphrase is not None):
        raise UsageError("a file is encrypted to recipients or with a passphrase, the one or the other")
    if passphrase is not None:
        writer = age_scrypt.Writer(out, passphrase)
        yield cast("BinaryIO", writer)
        writer.finish()
        return
    made = [_recipient(one) for one in dict.fromkeys(recipients)]
    with _spool(scratch) as spool:
        yield spool
        spool.seek(0)
        import pyrage

        _through(pyrage.encrypt_io, spool, out, made)


@contextmanager
def opened(
    stream: BinaryIO,
    scratch: Path,
    *,
    identities: Iterable[Sequence[str | bytes]] = (),
    passphrase: Callable[[], str] | None = None,
) -> Iterator[BinaryIO]:
    """A stream that reads the content of an age file.

    Args:
        stream: the age file, from its first byte.
        scratch: a folder for the temporary file; made if it is missing.
        identities: keys that may open it, in batches: the next batch is fetched when those before do not fit, so that a key
            under a passphrase is unlocked only if it is needed. `AGE-SECRET-KEY-1…`, or the content of an SSH private key file.
        passphrase: returns the passphrase; called only if the file is under one.

    Raises:
        AccessDenied: no identity fits, the passphrase is wrong, or there is none.
        IntegrityError: the file is no age file, damaged or cut off.
    """
    head = _head(stream)
    if b"\n-> scrypt " in head:
        if passphrase is None:
            raise AccessDenied("the file is encrypted with a passphrase", hint="give it with --passphrase-file or -command")
        chunks = age_scrypt.opened(head, stream, passphrase())
        with io.BufferedReader(_ChunkStream(chunks), age_scrypt.CHUNK) as reader:
            yield cast("BinaryIO", reader)
        return
    fitting = _fitting(head, identities)
    with _spool(scratch) as spool:
        import pyrage

        try:
            _through(pyrage.decrypt_io, _Joined(head, stream), spool, fitting)
        except _Failed:
            raise IntegrityError("the encrypted file is damaged or cut off", hint="take another copy of it") from None
        spool.seek(0)
        yield spool


def looked_at(stream: BinaryIO) -> tuple[bool, BinaryIO]:
    """Whether a stream is an age file, and the stream with the bytes that this test read."""
    start = b""
    while len(start) < len(ARMOR) and (more := stream.read(len(ARMOR) - len(start))):
        start += more
    return is_sealed(start), cast("BinaryIO", io.BufferedReader(_Joined(start, stream), age_scrypt.CHUNK))


def is_sealed(beginning: bytes) -> bool:
    """Whether a file with this beginning is an age file, in the binary or the armored format."""
    return beginning.startswith((MAGIC, ARMOR))


def checked_recipient(text: str) -> str:
    """The recipient, checked.

    Raises:
        UsageError: it is malformed.
    """
    _recipient(text)
    return text


def new_identity() -> str:
    """A new age identity, `AGE-SECRET-KEY-1…`."""
    import pyrage

    return str(pyrage.x25519.Identity.generate())


def recipient_of(identity: str) -> str:
    """The recipient of an age identity.

    Raises:
        UsageError: the identity is malformed.
    """
    return str(_identity(identity).to_public())


def _recipient(text: str) -> Any:  # noqa: ANN401 -- pyrage ships no types
    import pyrage

    try:
        if text.startswith("ssh-"):
            return pyrage.ssh.Recipient.from_str(text)
        found = pyrage.x25519.Recipient.from_str(text)
    except pyrage.RecipientError:
        found = None
    if found is None or str(found) != text:
        if "SECRET" in text.upper():
            raise UsageError("a private key was given where a recipient belongs", hint="its public half begins with age1")
        raise UsageError(f"{text[:100]!r} is no recipient", hint="one is age1…, or a line of an SSH public key")
    return found


def _identity(given: str | bytes) -> Any:  # noqa: ANN401 -- pyrage ships no types
    import pyrage

    try:
        if isinstance(given, str) and given.startswith("AGE-SECRET-KEY-1"):
            return pyrage.x25519.Identity.from_str(given)
        return pyrage.ssh.Identity.from_buffer(given if isinstance(given, bytes) else given.encode())
    except pyrage.IdentityError as error:
        hint = "take the passphrase off a copy of it: ssh-keygen -p -f COPY" if "decrypted" in str(error) else None
        raise UsageError(f"an identity cannot be used: {' '.join(str(error).split())}", hint=hint) from None


def _head(stream: BinaryIO) -> bytes:
    """The header, up to and with the line of its MAC."""
    head = stream.readline(len(MAGIC))
    if ARMOR.startswith(head) and head:
        raise IntegrityError("the file is in age's armored format", hint="make it binary: age -d FILE, and age without -a")
    if head != MAGIC:
        raise IntegrityError("the file is not an encrypted one", hint="or it is damaged at its very beginning")
    line = b""
    while not line.startswith(b"--- "):
        line = stream.readline(MOST_HEAD - len(head))
        head += line
        if not line.endswith(b"\n"):
            raise IntegrityError(
                "the encrypted file is damaged or cut off: its head has no end", hint="take another copy of it"
            )
    return head


def _fitting(head: bytes, identities: Iterable[Sequence[str | bytes]]) -> list[Any]:
    """The first batch of identities with one that opens this file."""
    import pyrage

    for batch in identities:
        made = [_identity(one) for one in batch]
        try:
            pyrage.decrypt(head + bytes(16), made)  # a nonce, no payload: the header alone shows if a key fits
        except pyrage.DecryptError as error:
            if str(error) == _NO_MATCH:
                continue
        return made
    raise AccessDenied("none of your keys opens the file", hint="it was encrypted to others; give the key with --identity FILE")


@contextmanager
def _spool(scratch: Path) -> Iterator[BinaryIO]:
    """A private temporary file: it has no name, or on Windows is removed with its last handle."""
    modes.make_folder(scratch)
    with tempfile.TemporaryFile(dir=scratch) as spool:
        yield cast("BinaryIO", spool)


class _Failed(Exception):
    """pyrage gave up, and neither stream was the cause."""


def _through(run: Callable[..., None], source: Any, target: Any, keys: list[Any]) -> None:  # noqa: ANN401
    """Run pyrage, and raise what the streams raised: pyrage 1.4 loses an error of its last, buffered write."""
    reader, writer = _Watched(source), _Watched(target)
    failure: Exception | None = None
    try:
        run(reader, writer, keys)
    except Exception as error:  # noqa: BLE001 -- pyrage wraps what the streams raise; sorted out below
        failure = error
    for one in (writer, reader):
        if one.raised is not None:
            raise one.raised
    if failure is not None:
        raise _Failed(str(failure)) from failure


class _Watched:
    """A stream that remembers the exception it raised, interrupts too, and writes all bytes or raises."""

    def __init__(self, stream: Any) -> None:  # noqa: ANN401 -- anything with read or write
        self._stream = stream
        self.raised: BaseException | None = None

    def read(self, size: int = -1) -> bytes:
        return cast("bytes", self._kept(self._stream.read, size))

    def write(self, data: bytes) -> int:
        size = len(data)
        rest = memoryview(data)
        while rest:
            rest = rest[self._kept(self._stream.write, rest) :]
        return size

    def flush(self) -> None:
        """Nothing: the owner of the stream flushes it."""

    def _kept(self, call: Callable[[Any], Any], argument: object) -> Any:  # noqa: ANN401
        if self.raised is not None:
            raise self.raised
        try:
            return call(argument)
        except BaseException as error:
            self.raised = error
            raise


class _Joined(io.RawIOBase):
    """The bytes that were read already, then the rest of the stream."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head = head
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:  # noqa: ANN401 -- a buffer
        part = self._head[: len(buffer)] if self._head else self._rest.read(len(buffer))
        self._head = self._head[len(part) :]
        buffer[: len(part)] = part
        return len(part)


class _ChunkStream(io.RawIOBase):
    """Chunks as a stream."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = memoryview(next(chunks))  # a wrong passphrase shows when the file is opened, not at some later read

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:  # noqa: ANN401 -- a buffer
        if not self._rest:
            self._rest = memoryview(next(self._chunks, b""))
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size
