"""Runs `memos lifecycle tick` every hour: by cron, or by a timer of systemd's user session."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from memos_cli.errors import MemosError, UsageError

MARK = "# memos lifecycle"
_SECONDS = 30


def command() -> list[str]:
    """The command line that ticks, with the program's full path, since cron has a small environment."""
    beside = Path(sys.executable).with_name("memos")
    program = [str(beside)] if beside.exists() else [sys.executable, "-P", "-m", "memos_cli"]
    return [*program, "--quiet", "lifecycle", "tick", "--all", "--max-seconds", "600"]


def _home() -> str | None:
    """The home that the environment names.

    Raises:
        UsageError: no line of a crontab or a unit can hold its path.
    """
    home = os.environ.get("MEMOS_HOME")
    if not home:
        return None
    path = str(Path(home).expanduser().absolute())
    if not path.isprintable():
        raise UsageError(f"the path of the home has a character that no timer can hold: {path!r}", hint="move the home")
    return path


class Cron:
    """A line of the crontab, recognised by the mark at its end."""

    place = "your crontab"

    def text(self) -> str:
        """The line, with % escaped, which means a new line to cron.

        Raises:
            UsageError: the home's path has a %. Not every cron takes the backslash before it away: another home would tick.
        """
        home = _home()
        if home and "%" in home:
            raise UsageError(
                f"the path of the home has a %, which not every cron reads as one: {home}",
                hint="move the home, or: memos lifecycle install --systemd",
            )
        words = ([f"MEMOS_HOME={shlex.quote(home)}"] if home else []) + [shlex.join(command())]
        return "17 * * * * " + " ".join(words).replace("%", "\\%") + f" {MARK}\n"

    def install(self) -> None:
        """Add the line, in place of that of an earlier install."""
        self._write(self._others() + self.text())

    def remove(self) -> None:
        """Remove the line."""
        self._write(self._others())

    def _others(self) -> str:
        """The crontab without memos' line."""
        found = _run(["crontab", "-l"], may_fail=True)
        return "".join(line for line in found.splitlines(keepends=True) if not line.rstrip().endswith(MARK))

    def _write(self, text: str) -> None:
        _run(["crontab", "-"], text if text.endswith("\n") or not text else text + "\n")


class Systemd:
    """A service and a timer of the user's own."""

    def __init__(self) -> None:
        self._folder = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "systemd" / "user"
        self.place = str(self._folder / "memos-tick.timer")

    def _files(self) -> dict[str, str]:
        home = _home()
        words = " ".join(_quoted(word) for word in command())
        environment = f"Environment={_quoted(f'MEMOS_HOME={home}')}\n" if home else ""
        service = (
            "[Unit]\nDescription=memos: let memories fade, expire and come back\n\n"
            f"[Service]\nType=oneshot\nNice=10\nSuccessExitStatus=75\n{environment}ExecStart={words}\n"
        )
        timer = (
            "[Unit]\nDescription=memos: every hour\n\n"
            "[Timer]\nOnCalendar=hourly\nRandomizedDelaySec=600\nPersistent=true\n\n"
            "[Install]\nWantedBy=timers.target\n"
        )
        return {"memos-tick.service": service, "memos-tick.timer": timer}

    def text(self) -> str:
        """Both files, each under its path."""
        return "\n".join(f"# {self._folder / name}\n{text}" for name, text in self._files().items())

    def install(self) -> None:
        """Write the files and start the timer."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for name, text in self._files().items():
            (self._folder / name).write_text(text, encoding="utf-8")
        _run(["systemctl", "--user", "daemon-reload"])
        _run(["systemctl", "--user", "enable", "--now", "memos-tick.timer"])

    def remove(self) -> None:
        """Stop the timer and remove the files."""
        _run(["systemctl", "--user", "disable", "--now", "memos-tick.timer"], may_fail=True)
        for name in self._files():
            (self._folder / name).unlink(missing_ok=True)
        _run(["systemctl", "--user", "daemon-reload"])


def _quoted(word: str) -> str:
    """A word of a systemd command line, quoted: % and $ have a meaning there, and blanks separate words."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"' if any(c in word for c in " \t\"'") else escaped


def _run(arguments: list[str], given: str = "", *, may_fail: bool = False) -> str:
    """Run a program of the system's and return what it printed.

    Raises:
        MemosError: it is missing, or it failed.
    """
    if shutil.which(arguments[0]) is None:
        raise MemosError(f"there is no {arguments[0]} here", hint="print it and install it by hand, with --print")
    done = subprocess.run(arguments, input=given, capture_output=True, text=True, timeout=_SECONDS, check=False)
    if done.returncode and not may_fail:
        said = done.stderr.strip().splitlines()[-1:] or [f"exit status {done.returncode}"]
        raise MemosError(f"{' '.join(arguments)} failed: {said[0]}", hint="print it and install it by hand, with --print")
    return done.stdout if not done.returncode else ""
