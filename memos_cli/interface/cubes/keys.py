"""Keys: making and trusting them, and using them to sign, to name signers, to seal and to open."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from memos_cli.errors import AccessDenied, NotFound, UsageError, did_you_mean
from memos_cli.infra import cubefile, files
from memos_cli.infra.crypto import age, keys, signing
from memos_cli.signer import PublicKey, Signature, Signer

if TYPE_CHECKING:
    from memos_cli.session import Session

Ask = Callable[[str], str]
"""Returns the passphrase of the key or file that its argument names."""
Sign = cubefile.Sign
"""Makes the signatures over a cube file, of its digest."""


class Keys:
    """The keys of a home."""

    def __init__(self, session: "Session") -> None:
        self._session = session
        self._ring = keys.Ring(session.paths.keys, lock_timeout=session.settings.get("lock_timeout"))

    # -- one's own keys and trusted ones

    def new(self, name: str | None = None, *, passphrase: str | None = None) -> PublicKey:
        """Make a key: it signs, and opens what was encrypted to it.

        Args:
            name: `None` for the person's name.
            passphrase: protects the private part; `None` for no protection.

        Raises:
            UsageError: a key cannot have this name.
            Refused: a key of this name exists.
        """
        self._session.require("key new")
        return self._ring.new(name or self._session.person, passphrase)

    def own(self) -> tuple[PublicKey, ...]:
        """One's own keys, by name."""
        return self._ring.own()

    def is_protected(self, name: str) -> bool:
        """Whether one's own key of this name has a passphrase."""
        return self._ring.is_protected(name)

    def trusted(self) -> tuple[PublicKey, ...]:
        """The keys of others that are trusted, by name."""
        return self._ring.trusted()

    def known(self) -> dict[str, str]:
        """The names of all trusted keys, one's own included, by the key that verifies."""
        return {key.verifier: key.name for key in (*self.trusted(), *self.own())}

    def show(self, name: str | None = None) -> PublicKey:
        """A key, one's own or a trusted one.

        Args:
            name: the key's name or fingerprint; `None` for the only one of one's own, or the one with the person's name.

        Raises:
            NotFound: there is no such key.
            UsageError: there are several, and `name` is `None`.
        """
        return self._mine() if name is None else _named(name, (*self.own(), *self.trusted()))

    def trust(self, line: str, *, name: str | None = None) -> tuple[PublicKey, bool]:
        """Trust somebody's key from now on; whether it was not trusted before.

        Args:
            line: the public line, as `memos key show` prints it where the key was made.
            name: what to call it here; `None` for the name in the line.

        Raises:
            UsageError: it is no public line.
            Refused: another key has this name.
        """
        self._session.require("key trust")
        key = keys.read_line(line)
        key = key._replace(name=name) if name else key
        return key, self._ring.trust(key)

    def distrust(self, who: str, *, dry_run: bool = False) -> PublicKey:
        """Take a key off the list of trusted ones, by its name or its fingerprint.

        Raises:
            NotFound: it is not on the list.
        """
        self._session.require("key trust")
        found = _named(who, self.trusted())
        if not dry_run:
            self._ring.distrust(found)
        return found

    def remove(self, name: str, *, dry_run: bool = False) -> str:
        """Remove a key of one's own for good, a damaged one too.

        Raises:
            NotFound: there is no such key.
        """
        self._session.require("key rm")
        if dry_run:
            self._ring.is_protected(name)
        else:
            self._ring.remove(name)
        return name

    def line(self, key: PublicKey) -> str:
        """The public line of a key, as `trust` takes it."""
        return keys.public_line(key)

    def fingerprint(self, key: PublicKey) -> str:
        """What two people compare to know that they mean the same key."""
        return keys.fingerprint(key)

    # -- signatures

    def signer(self, name: str | None = None, ask: Ask | None = None) -> Sign:
        """A function that signs a cube file with a key of one's own. It asks for a passphrase now, before the long work.

        Raises:
            NotFound: there is no such key.
            AccessDenied: the passphrase is wrong, or nobody gave one.
        """
        key = self._ring.private(name or self._mine().name, self._asking(name or self._mine().name, ask))
        return lambda digest: [signing.sign(key.seed, digest)]

    def verify(self, digest: bytes, signatures: Sequence[Signature], *, required: bool = False) -> tuple[Signer, ...]:
        """The signers of a cube file.

        Args:
            required: whether one signature has to be by a key that is trusted here.

        Raises:
            IntegrityError: a signature is forged or malformed.
            AccessDenied: none is by a trusted key, and one is required.
        """
        if not signatures and not required:
            return ()
        signers = signing.verify(digest, signatures, self.known())
        if required and not any(one.trusted for one in signers):
            raise AccessDenied(
                "nobody has signed the file" if not signers else "nobody whom you trust has signed the file",
                hint="trust the signer's key: memos key trust PUBLIC-LINE" if signers else "ask for a signed one",
            )
        return signers

    # -- envelopes

    def recipients(self, given: Sequence[str]) -> tuple[str, ...]:
        """Recipients as people type them: `age1…`, an SSH public key, the name of a key, or a file that lists some of these.

        Raises:
            NotFound: neither the name of a key nor a file.
            UsageError: a file without recipients, or a malformed one.
        """
        named = {key.name: key.recipient for key in (*self.trusted(), *self.own())} if given else {}
        found: list[str] = []
        for one in given:
            if one.startswith(("age1", "ssh-")):
                found.append(age.checked_recipient(one))
            elif one in named:
                found.append(named[one])
            elif Path(one).expanduser().is_file():
                found += keys.given_recipients(Path(one).expanduser())
            else:
                raise NotFound(f"no key and no file {one[:100]!r}", hint=did_you_mean(one, named, "see: memos key list"))
        return tuple(dict.fromkeys(found))

    def sealed(
        self, out: BinaryIO, scratch: Path | None = None, *, recipients: Sequence[str] = (), passphrase: str | None = None
    ) -> AbstractContextManager[BinaryIO]:
        """A stream to write to, which writes an age file to `out`; see `age.sealed`."""
        return age.sealed(out, scratch or self._scratch, recipients=recipients, passphrase=passphrase)

    def opened(
        self, stream: BinaryIO, *, identities: Sequence[str] = (), ask: Ask | None = None, ask_key: Ask | None = None
    ) -> AbstractContextManager[BinaryIO]:
        """A stream that reads the content of an age file, with one's own keys and those in files; see `age.opened`.

        Args:
            identities: files with more keys.
            ask: returns the passphrase of the file.
            ask_key: returns the passphrase of a key, and is called only where no other key fits.
        """
        passphrase = (lambda: ask("the file")) if ask else None
        found = self._identities(identities, ask_key)
        return age.opened(stream, self._scratch, identities=found, passphrase=passphrase)

    @contextmanager
    def looked_into(
        self, stream: BinaryIO, *, identities: Sequence[str] = (), ask: Ask | None = None, ask_key: Ask | None = None
    ) -> Iterator[tuple[BinaryIO, bool]]:
        """The stream itself, or the content of the age file that it is; and whether it was one. See `opened`."""
        is_sealed, whole = age.looked_at(stream)
        if not is_sealed:
            yield whole, False
            return
        with self.opened(whole, identities=identities, ask=ask, ask_key=ask_key) as inner:
            yield inner, True

    def _identities(self, given: Sequence[str], ask: Ask | None) -> Iterator[Sequence[str | bytes]]:
        """Keys in batches: first those that need no passphrase from a person."""
        for file in given:
            passphrase = (lambda file=file: ask(file)) if ask else None
            yield keys.given_identities(Path(file).expanduser(), self._scratch, passphrase)
        names = [key.name for key in self.own()]
        protected = [name for name in names if self._ring.is_protected(name)]
        yield [self._ring.private(name).identity for name in names if name not in protected]
        for name in protected:
            yield [self._ring.private(name, self._asking(name, ask)).identity]

    @property
    def _scratch(self) -> Path:
        """Where what is decrypted lies meanwhile: in the cache, or in the temporary folder where that cannot be written."""
        return files.writable(self._session.paths.cache)

    def _asking(self, name: str, ask: Ask | None) -> Callable[[], str] | None:
        """What returns the passphrase of a key: the file that the settings name, else `ask`."""
        from memos_cli.infra.crypto import passphrases

        if file := self._session.settings.get("key.passphrase_file"):
            return lambda: passphrases.from_file(file)
        return (lambda: ask(f"key {name}")) if ask else None

    def _mine(self) -> PublicKey:
        own = self.own()
        if not own:
            raise NotFound("you have no key yet", hint="make one: memos key new")
        by_person = [key for key in own if key.name == self._session.person]
        if len(own) > 1 and not by_person:
            raise UsageError("you have several keys; say which", hint=f"there are: {', '.join(key.name for key in own)}")
        return (by_person or own)[0]


def by_file(file: str) -> Ask:
    """What tells a passphrase that is the first line of a file; see `passphrases.from_file`."""
    from memos_cli.infra.crypto import passphrases

    return lambda _: passphrases.from_file(file)


def by_command(command: str) -> Ask:
    """What tells a passphrase that is the first line a command prints; see `passphrases.from_command`."""
    from memos_cli.infra.crypto import passphrases

    return lambda _: passphrases.from_command(command)


def _named(who: str, known: Sequence[PublicKey]) -> PublicKey:
    for key in known:
        if who in {key.name, keys.fingerprint(key)}:
            return key
    raise NotFound(f"no key {who[:100]!r}", hint=did_you_mean(who, [key.name for key in known], "see: memos key list"))
