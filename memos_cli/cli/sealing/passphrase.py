"""Asking for a passphrase: from a file or a command where an option names one, else on the terminal."""

import sys
from collections.abc import Callable

from memos_cli.errors import Refused, UsageError


def source(file: str | None, command: str | None, *, twice: bool = False) -> Callable[[str], str]:
    """A function that returns the passphrase of the thing that its argument names.

    Args:
        file: the value of `--passphrase-file`.
        command: the value of `--passphrase-command`.
        twice: whether a person has to type it twice: after a slip, nobody could open what is made with it.

    Raises:
        UsageError: both were given.
    """
    if file and command:
        raise UsageError("--passphrase-file and --passphrase-command exclude each other")
    if file or command:
        from memos_cli.interface.cubes import keys

        return keys.by_file(file) if file else keys.by_command(command or "")
    return lambda what: prompt(what, twice=twice)


def of_key(what: str) -> str:
    """Ask for the passphrase of a key; unlike a file's passphrase it has no options."""
    return prompt(what, hint="name a file that has it: MEMOS_KEY_PASSPHRASE_FILE=FILE")


def prompt(what: str, *, twice: bool = False, hint: str = "give it with --passphrase-file or --passphrase-command") -> str:
    """Ask on the terminal, without showing what is typed.

    Raises:
        Refused: there is no terminal, or the two entries differ.
        UsageError: nothing was typed.
    """
    import warnings
    from getpass import GetPassWarning, getpass

    if not sys.stderr.isatty():
        raise Refused(f"the passphrase of {what} is needed, and there is no terminal to ask on", hint=hint)
    with warnings.catch_warnings():
        warnings.simplefilter("error", GetPassWarning)  # getpass would go on and show what is typed
        try:
            typed = getpass(f"Passphrase of {what}: ", stream=None)
            if twice and typed and typed != getpass("Once more: "):
                raise Refused("the two differ; nothing was done")
        except (GetPassWarning, EOFError):
            raise Refused(f"the passphrase of {what} cannot be asked for here", hint=hint) from None
    if not typed:
        raise UsageError("a passphrase cannot be empty")
    return typed
