"""Passphrases from a file or a command, never from an argument, since every process can read arguments."""

import subprocess
from pathlib import Path

from memos_cli.errors import AccessDenied, UsageError

_MOST = 1 << 16


def from_file(path: str) -> str:
    """The first line of a file, without its end.

    Raises:
        UsageError: the file cannot be read, or has no such line.
    """
    try:
        with Path(path).expanduser().open("rb") as file:
            return _line(file.read(_MOST), path)
    except OSError as error:
        raise UsageError(f"cannot read the passphrase from {path}: {error.strerror}") from None


def from_command(command: str) -> str:
    """The first line that a command prints. It is split as a shell would, and run without one; its input is empty.

    Raises:
        UsageError: there is no such command, or it prints no such line.
        AccessDenied: the command failed.
    """
    import shlex

    try:
        words = shlex.split(command)
    except ValueError as error:
        raise UsageError(f"the passphrase command cannot be split into words: {error}") from None
    if not words:
        raise UsageError("the passphrase command is empty")
    try:
        done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False)
    except OSError as error:
        raise UsageError(
            f"cannot run {words[0]}: {error.strerror}", hint="--passphrase-command is run without a shell"
        ) from None
    if done.returncode:
        raise AccessDenied(f"no passphrase: {words[0]} ended with status {done.returncode}")
    return _line(done.stdout[:_MOST], words[0])


def _line(content: bytes, source: str) -> str:
    line = content.split(b"\n", 1)[0].removesuffix(b"\r")
    try:
        text = line.decode()
    except UnicodeDecodeError:
        raise UsageError(f"the passphrase from {source} is not UTF-8") from None
    if not text:
        raise UsageError(f"the first line from {source} is empty; a passphrase is not")
    return text
