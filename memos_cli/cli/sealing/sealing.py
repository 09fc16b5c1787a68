"""The options that encrypt, sign, decrypt and demand signatures, for all commands that write or read cube files."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

from memos_cli.cli import options
from memos_cli.cli.app import App
from memos_cli.cli.sealing import passphrase
from memos_cli.cli.terminal import plain
from memos_cli.errors import UsageError

if TYPE_CHECKING:
    from memos_cli.interface.cubes.keys import Sign
    from memos_cli.interface.cubes.transfer import Layer
    from memos_cli.signer import Signer

_F = TypeVar("_F", bound=Callable[..., Any])


def to_seal(command: _F) -> _F:
    """The options of a command that writes a cube file; `chosen` reads them."""
    command = options.sign(options.sign_with(command))
    return options.encrypt_to(options.encrypt_by_passphrase(options.passphrase_sources(command)))


def to_open(command: _F) -> _F:
    """The options of a command that reads a cube file; `opened` reads them, except `require_signed`."""
    return options.identities(options.passphrase_sources(options.require_signed(command)))


def chosen(app: App, given: dict[str, Any]) -> tuple["Sign | None", "Layer | None"]:
    """The functions that sign and encrypt the file. They ask for passphrases now, before the long work.

    Raises:
        UsageError: recipients and a passphrase exclude each other.
        NotFound: no such key.
        AccessDenied: the passphrase of the key is wrong.
    """
    keys, file, command = app.mos.keys, given["passphrase_file"], given["passphrase_command"]
    recipients, secret = keys.recipients(given["recipients"]), None
    if given["by_passphrase"] or file or command:
        if recipients:
            raise UsageError("--encrypt-to and a passphrase exclude each other: an age file has the one or the other")
        secret = passphrase.source(file, command, twice=True)("the file")
    sign = keys.signer(given["signing_key"], passphrase.of_key) if given["sign"] or given["signing_key"] else None
    if not recipients and secret is None:
        return sign, None
    return sign, lambda out, scratch: keys.sealed(out, scratch, recipients=recipients, passphrase=secret)


def opened(app: App, stream: BinaryIO, given: dict[str, Any]) -> AbstractContextManager[tuple[BinaryIO, bool]]:
    """The stream, decrypted if it is encrypted; and whether it was."""
    ask = passphrase.source(given["passphrase_file"], given["passphrase_command"])
    return app.mos.keys.looked_into(stream, identities=given["identities"], ask=ask, ask_key=passphrase.of_key)


def named(signer: "Signer") -> str:
    """A signer in words."""
    return f"key {signer.name}, which you trust" if signer.name else f"a key that you do not know, {signer.key}"


def unaccepted(cube: str) -> str:
    """What holds of an imported cube until somebody accepts it, and the command that does."""
    return f"not accepted, so its own policy and hooks do not rule; accept it with: memos cube accept {plain(cube)}"
