"""Watermarks: keyed marks of the recipient in what is given away, and the list of what was given to whom.

Every mark is an HMAC-SHA256 (RFC 2104) under a key of its recipient, and that key is the HMAC of the recipient's name under the
secret of the home: 32 random bytes in `watermark.secret`, mode 0600, made with the first mark and part of no cube file. Who has
not got the secret cannot tell a marked salt from random bytes, cannot read a name from a mark, and cannot make a mark of
somebody else. `recipients.json` beside it lists what was given to whom, since a mark is found by trying the names of this list.

A salt has 128 bits, so that a salt of another home passes for one of a recipient with a probability of 2**-128: for a million
salts and a thousand recipients together less than 1 in 10**29.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from memos_cli import modes
from memos_cli.errors import IntegrityError, UsageError
from memos_cli.infra import files
from memos_cli.infra.limits import is_name
from memos_cli.infra.names import compared
from memos_cli.records import NamedTuple

SALT = 16
"""Bytes of a salt, as the log has it."""
_SECRET, _LIST = "watermark.secret", "recipients.json"
_BYTES = 32
_LABEL = b"memos-watermark-v1\0"
"""What the secret is used for, so that no other use of it could ever make a mark."""


class Mark:
    """The marks of one recipient.

    Args:
        recipient: the name.
        secret: of the home that gives.
    """

    def __init__(self, recipient: str, secret: bytes) -> None:
        self.recipient = recipient
        self._key = _hmac(secret, _LABEL + compared(recipient).encode())

    def __repr__(self) -> str:
        """Shows no key, so that no traceback and no log contains one."""
        return f"Mark({self.recipient!r})"

    def of_manifest(self, manifest: bytes) -> str:
        """The mark in a manifest, over all the rest of it: it fits no other file."""
        return _hmac(self._key, b"manifest\0" + manifest).hex()

    def salt(self, told: bytes) -> bytes:
        """The salt of an operation, by what `salted` says of it."""
        return _hmac(self._key, told)[:SALT]

    def name(self, what: str) -> str:
        """A random-looking name of 32 hexadecimal digits."""
        return _hmac(self._key, b"name\0" + what.encode())[:16].hex()


class Giving(NamedTuple):
    """Something that was given to somebody.

    Attributes:
        recipient: to whom.
        at: when, fixed-width UTC text.
        cube: the name of the cube here.
        selection: the filter in words; `None` for all of it.
        redacted: whether it was a publication, whose salts are marked, too.
    """

    recipient: str
    at: str
    cube: str
    selection: str | None = None
    redacted: bool = False


class Recipients:
    """The recipients of a home, and its secret.

    Args:
        folder: of the keys; made with the first mark.
        lock_timeout: seconds that a change waits for another one.
    """

    def __init__(self, folder: Path, *, lock_timeout: float) -> None:
        self._folder = folder
        self._lock_timeout = lock_timeout

    def given(self) -> tuple[Giving, ...]:
        """What was given to whom, in the order of time.

        Raises:
            IntegrityError: the list is not what memos wrote.
        """
        path = self._folder / _LIST
        try:
            return tuple(_giving(one) for one in json.loads(path.read_bytes())["given"])
        except FileNotFoundError:
            return ()
        except (ValueError, KeyError, TypeError) as error:
            raise IntegrityError(
                f"{path} is damaged: {error}", hint="bring it back from a backup: it names recipients"
            ) from None

    def marks(self) -> tuple[Mark, ...]:
        """The marks of everybody to whom something was given.

        Raises:
            IntegrityError: the list or the secret is not what memos wrote.
        """
        names = {compared(one.recipient): one.recipient for one in reversed(self.given())}
        if not names:
            return ()
        secret = self._secret()
        return tuple(Mark(name, secret) for name in names.values())

    @contextmanager
    def giving(self, giving: Giving) -> Iterator[Mark]:
        """The recipient's mark, for the block that gives something away.

        The giving is on the list before the block begins, since a copy whose recipient is not on the list names nobody; it is
        taken off again if the block raises.

        Raises:
            UsageError: nobody can have this name.
            IntegrityError: the list or the secret is not what memos wrote.
        """
        if not is_name(giving.recipient) or not giving.recipient.strip():
            raise UsageError(f"a recipient cannot be called {giving.recipient[:40]!r}", hint="up to 1,000 printable characters")
        with self._changing():
            secret = self._secret(make=True)
            self._write((*self.given(), giving))
        try:
            yield Mark(giving.recipient, secret)
        except BaseException:
            with self._changing():
                left = list(self.given())
                left.reverse()
                left.remove(giving)
                self._write(tuple(reversed(left)))
            raise

    def _write(self, given: tuple[Giving, ...]) -> None:
        document = {"version": 1, "given": [one._asdict() for one in given]}
        files.write(self._folder / _LIST, f"{json.dumps(document, indent=1, ensure_ascii=False)}\n".encode())

    def _secret(self, *, make: bool = False) -> bytes:
        path = self._folder / _SECRET
        try:
            found = bytes.fromhex(path.read_text("ascii").strip())
        except FileNotFoundError:
            if not make:
                raise IntegrityError(f"{path} is gone", hint="bring it back from a backup: marks are found with it") from None
            return self._made(path)
        except ValueError:
            found = b""
        if len(found) != _BYTES:
            # The message does not say what was wrong: it would quote the secret.
            raise IntegrityError(f"{path} is damaged", hint="bring it back from a backup: marks are found with it")
        return found

    def _made(self, path: Path) -> bytes:
        import secrets

        if self.given():  # with another secret nobody on the list would be found
            raise IntegrityError(f"{path} is gone", hint="bring it back from a backup: marks are found with it")
        made = secrets.token_bytes(_BYTES)
        files.write(path, f"{made.hex()}\n".encode())
        return made

    @contextmanager
    def _changing(self) -> Iterator[None]:
        modes.make_folder(self._folder)
        with files.only_one(self._folder / ".lock", "another change of the keys", timeout=self._lock_timeout):
            yield


def _giving(row: dict[str, object]) -> Giving:
    found = Giving(**{name: row[name] for name in Giving._fields})  # type: ignore[arg-type]
    if not all(isinstance(one, str) for one in found[:3]) or not isinstance(found.selection, str | None):
        raise ValueError("an entry has another form")
    return found


def salted(noun: str, subject: str, change: str) -> bytes:
    """What a salt follows from: what an operation keeps for as long as it keeps its salt."""
    told = json.dumps([noun, subject, change], ensure_ascii=False, separators=(",", ":"))
    return b"salt\0" + told.encode("utf-8", "surrogatepass")


def _hmac(key: bytes, text: bytes) -> bytes:
    import hmac

    return hmac.digest(key, text, "sha256")
