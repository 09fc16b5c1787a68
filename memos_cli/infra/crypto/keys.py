"""The keys of a home: one's own, and those of others that are trusted.

A key is a pair: an Ed25519 seed that signs and an age identity that opens. Its private part is `NAME.key`, mode 0600: a file
that `age -d -i` takes unchanged, with the seed in a comment; a protected key is that file sealed by age under a passphrase,
which `age` takes as well. `NAME.pub` beside it has the public line, so that listing a protected key needs no passphrase.
`trusted.json` lists the keys of others.
"""

import base64
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from memos_cli import modes
from memos_cli.errors import IntegrityError, NotFound, Refused, UsageError, did_you_mean
from memos_cli.infra import files
from memos_cli.infra.crypto import age, signing
from memos_cli.signer import PublicKey

TAG = "memos-key"
"""The first word of a public line."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_HALF = re.compile(r"\..+\.[0-9a-f]{12}")
"""The name of a file that `files.replaced` writes before it renames it."""
_PRIVATE = re.compile(rf"(?:# [^\n]*\n)*?# {TAG} seed: (\S+)\n(AGE-SECRET-KEY-1[0-9A-Z]+)\n")
_MOST = 1 << 16
"""Most bytes of a file with a key or a public line."""
_LIST = 1 << 22
"""Most bytes of the list of trusted keys."""


class PrivateKey(NamedTuple):
    """The secret part of a key: the seed that signs (32 bytes), and the age identity that opens."""

    seed: bytes
    identity: str

    def __repr__(self) -> str:
        """Shows none of it, so that no traceback and no log contains a secret."""
        return "PrivateKey(...)"


class Ring:
    """All keys in one folder.

    Args:
        folder: where they lie; made with the first key.
        lock_timeout: seconds that a change waits for another one.
    """

    def __init__(self, folder: Path, *, lock_timeout: float) -> None:
        self._folder = folder
        self._lock_timeout = lock_timeout

    # -- one's own

    def own(self) -> tuple[PublicKey, ...]:
        """The public parts of one's own keys, by name.

        Raises:
            IntegrityError: a file is not what memos wrote.
        """
        return tuple(self._public(path) for path in sorted(self._folder.glob("[!.]*.key")))

    def is_protected(self, name: str) -> bool:
        """Whether the key is under a passphrase."""
        return age.is_sealed(self._stored(name))

    def private(self, name: str, passphrase: Callable[[], str] | None = None) -> PrivateKey:
        """The private part of a key.

        Args:
            passphrase: returns the passphrase; called only if the key is under one.

        Raises:
            NotFound: there is no such key.
            AccessDenied: the passphrase is wrong, or there is none.
            IntegrityError: the file is damaged, or does not belong to the public part.
        """
        found = read_private(self._stored(name), f"key {name}", self._folder, passphrase)
        public = self._public(self._path(name))
        if (public.recipient, public.verifier) != (age.recipient_of(found.identity), signing.verifier(found.seed)):
            raise IntegrityError(f"{name}.key and {name}.pub in {self._folder} are not halves of one key")
        return found

    def new(self, name: str, passphrase: str | None = None) -> PublicKey:
        """Make a key; it is on disk when this returns, and not there at all if the process is killed before.

        Raises:
            UsageError: a key cannot have this name.
            Refused: a key of one's own or a trusted key has this name.
        """
        if not _NAME.fullmatch(name) or name.lower().startswith("age1"):
            raise UsageError(f"{name!r} cannot be the name of a key", hint="letters, digits, '.', '_' and '-', 64 at most")
        key = PrivateKey(signing.new_seed(), age.new_identity())
        made = PublicKey(name, age.recipient_of(key.identity), signing.verifier(key.seed))
        content = _private_text(key)
        if passphrase is not None:
            content = _sealed(content, self._folder, passphrase)
        with self._changing():
            # On some file systems Sam.key and sam.key are one file.
            taken = {path.stem.casefold() for path in self._folder.glob("[!.]*.key")} | self._names_trusted()
            if name.casefold() in taken:
                raise Refused(f"there is a key {name!r} already", hint="choose another name: memos key new NAME")
            files.write(self._path(name).with_suffix(".pub"), f"{public_line(made)}\n".encode())
            files.write(self._path(name), content)
        return made

    def remove(self, name: str) -> None:
        """Remove a key of one's own, for good.

        Raises:
            NotFound: there is no such key.
        """
        with self._changing():
            self._stored(name)
            self._path(name).unlink()
            files.sync_folder(self._folder)
            self._path(name).with_suffix(".pub").unlink(missing_ok=True)

    # -- those of others

    def trusted(self) -> tuple[PublicKey, ...]:
        """The trusted keys of others, by name.

        Raises:
            IntegrityError: the list is not what memos wrote.
        """
        path = self._trust_file
        try:
            document = json.loads(_content(path, _LIST))
            found = tuple(checked(PublicKey(one["name"], one["recipient"], one["key"])) for one in document["keys"])
        except FileNotFoundError:
            return ()
        except (ValueError, KeyError, TypeError, UsageError, IntegrityError) as error:
            raise IntegrityError(f"{path} is damaged: {error}", hint="mend it, or remove it and trust again") from None
        return tuple(sorted(found))

    def trust(self, key: PublicKey) -> bool:
        """Put a key on the list; `False` if the list had it under this name already.

        Raises:
            Refused: another key has the name, or the key is one's own.
        """
        checked(key)
        with self._changing():
            known = self.trusted()
            if key in known:
                return False
            if any(one.verifier == key.verifier or one.recipient == key.recipient for one in self.own()):
                raise Refused("this is a key of your own; those are trusted anyway")
            others = [one for one in known if (one.recipient, one.verifier) != (key.recipient, key.verifier)]
            if key.name.casefold() in {one.name.casefold() for one in (*others, *self.own())}:
                hint = "give this one another name: --name NAME"
                raise Refused(f"there is another key called {key.name!r}", hint=hint)
            if any(one.verifier == key.verifier for one in others):
                raise Refused("the same signing key is on the list with another recipient", hint="memos key list")
            self._write_trusted([*others, key])
        return True

    def distrust(self, key: PublicKey) -> None:
        """Take a key off the list."""
        with self._changing():
            self._write_trusted([one for one in self.trusted() if one != key])

    # -- files

    @property
    def _trust_file(self) -> Path:
        return self._folder / "trusted.json"

    def _names_trusted(self) -> set[str]:
        return {one.name.casefold() for one in self.trusted()}

    def _write_trusted(self, keys: list[PublicKey]) -> None:
        rows = [{"name": one.name, "recipient": one.recipient, "key": one.verifier} for one in sorted(keys)]
        text = json.dumps({"version": 1, "keys": rows}, indent=2, ensure_ascii=False)
        files.write(self._trust_file, f"{text}\n".encode())

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.key"

    def _stored(self, name: str) -> bytes:
        if not (_NAME.fullmatch(name) and self._path(name).is_file()):
            hint = did_you_mean(name, [path.stem for path in sorted(self._folder.glob("[!.]*.key"))], "memos key new")
            raise NotFound(f"no key {name[:100]!r} of your own", hint=hint)
        return _content(self._path(name))

    def _public(self, path: Path) -> PublicKey:
        beside = path.with_suffix(".pub")
        try:
            return read_line(_content(beside).decode())._replace(name=path.stem)
        except (OSError, ValueError, UsageError, IntegrityError) as error:
            why = error.strerror if isinstance(error, OSError) else error
            raise IntegrityError(f"{beside} is damaged: {why}", hint="bring it back, or: memos key rm " + path.stem) from None

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Makes changes one at a time; removes at the start what a killed process left of a private key."""
        modes.make_folder(self._folder)
        with files.only_one(self._folder / ".lock", "another change of the keys", timeout=self._lock_timeout):
            for path in self._folder.iterdir():
                if _HALF.fullmatch(path.name):
                    path.unlink(missing_ok=True)
            yield


def public_line(key: PublicKey) -> str:
    """The line to hand to others; `read_line` reads it."""
    return f"{TAG} {key.recipient} {key.verifier} {key.name}"


def read_line(text: str) -> PublicKey:
    """A key from its public line.

    Raises:
        UsageError: it is no public line.
    """
    words = text.split()
    if len(words) != 4 or words[0] != TAG:
        said = "a private key" if "SECRET" in text else repr(text.strip()[:60])
        raise UsageError(
            f"{said} is no public line of a key", hint=f"one begins with {TAG} age1…; its owner sees it with: memos key show"
        )
    try:
        return checked(PublicKey(words[3], words[1], words[2]))
    except IntegrityError as error:
        raise UsageError(error.message, hint=error.hint) from None


def checked(key: PublicKey) -> PublicKey:
    """The key, if each of its parts can be one.

    Raises:
        UsageError: the name or the recipient is malformed.
        IntegrityError: the Ed25519 key is malformed.
    """
    if not (isinstance(key.name, str) and _NAME.fullmatch(key.name)) or key.name.lower().startswith("age1"):
        raise UsageError(f"{key.name!r} cannot be the name of a key", hint="give one with --name NAME")
    if not isinstance(key.recipient, str) or not key.recipient.startswith("age1"):
        raise UsageError(f"{key.recipient!r} is no age recipient")
    age.checked_recipient(key.recipient)
    signing.public_bytes(key.verifier)
    return key


def fingerprint(key: PublicKey) -> str:
    """Eighty bits of a SHA-256 over both halves, to compare by eye or on the phone."""
    import hashlib

    digest = hashlib.sha256(f"{TAG} {key.recipient} {key.verifier}".encode()).hexdigest()
    return "-".join(digest[start : start + 4] for start in range(0, 20, 4))


def read_private(content: bytes, what: str, scratch: Path, passphrase: Callable[[], str] | None) -> PrivateKey:
    """A private key from its file's bytes.

    Raises:
        AccessDenied: the passphrase is wrong, or there is none.
        IntegrityError: it is damaged.
    """
    if age.is_sealed(content):
        content = _unsealed(content, scratch, passphrase)
    found = _PRIVATE.fullmatch(content.decode("ascii", "replace"))
    try:
        seed, identity = found.groups() if found else ("", "")
        age.recipient_of(identity)
        return PrivateKey(signing.decoded(seed, 32, "a seed"), identity)
    except (UsageError, IntegrityError):
        # The message does not say what was wrong: it would quote the secret.
        raise IntegrityError(f"{what} is damaged", hint="bring its file back from a backup") from None


def _private_text(key: PrivateKey) -> bytes:
    seed = base64.b64encode(key.seed).decode()
    return f"# a private key of memos, to be kept secret\n# {TAG} seed: {seed}\n{key.identity}\n".encode()


def _sealed(content: bytes, scratch: Path, passphrase: str) -> bytes:
    import io

    out = io.BytesIO()
    with age.sealed(out, scratch, passphrase=passphrase) as stream:
        stream.write(content)
    return out.getvalue()


def _unsealed(content: bytes, scratch: Path, passphrase: Callable[[], str] | None) -> bytes:
    import io

    with age.opened(io.BytesIO(content), scratch, passphrase=passphrase) as stream:
        return stream.read()


def _content(path: Path, most: int = _MOST) -> bytes:
    with path.open("rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise IntegrityError(f"{path} is too large for what it should be")
    return content


def given_identities(path: Path, scratch: Path, passphrase: Callable[[], str] | None) -> tuple[bytes | str, ...]:
    """The identities in a file: an SSH private key, or lines of `AGE-SECRET-KEY-1…` and comments, perhaps sealed.

    Raises:
        UsageError: the file cannot be read, or has neither.
        AccessDenied: the file is under a passphrase that is not known.
    """
    try:
        content = _content(path)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None
    if age.is_sealed(content):
        content = _unsealed(content, scratch, passphrase)
    elif content.startswith(b"-----BEGIN"):
        return (content,)
    lines = [line.strip() for line in content.decode("utf-8", "replace").splitlines()]
    found = tuple(line for line in lines if line.startswith("AGE-SECRET-KEY-1"))
    if not found:
        raise UsageError(f"no identity in {path}", hint="it has AGE-SECRET-KEY-1…, or is an SSH private key")
    return found


def given_recipients(path: Path) -> tuple[str, ...]:
    """The recipients in a file, one a line: recipients as age's -R takes them, SSH public keys, or public lines of memos.

    Raises:
        UsageError: the file cannot be read, or a line is no recipient.
    """
    try:
        lines = _content(path).decode("utf-8", "replace").splitlines()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None
    wanted = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    if not wanted:
        raise UsageError(f"no recipient in {path}")
    return tuple(read_line(one).recipient if one.startswith(TAG) else age.checked_recipient(one) for one in wanted)
