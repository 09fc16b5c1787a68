"""The state of one invocation: its options, settings, streams and, once a command needs it, the home."""

import os
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from memos_cli.cli import terminal
from memos_cli.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from memos_cli.config import Paths, Settings
    from memos_cli.errors import IntegrityError, MemosError
    from memos_cli.interface.api import MOS
    from memos_cli.times import Zone


class App:
    """One invocation of `memos`; every command gets it as its first argument.

    Attributes:
        command: the command that runs, such as `cube create`; empty for one that only says what it would do.
        path: the command that runs, whatever it does: rules of access may depend on it.
    """

    def __init__(self, *, no_pager: bool = False) -> None:
        self.command = self.path = ""
        self.cubes: list[str] = []
        self.view: str | None = None
        self.principal: str | None = None
        self.json = False
        self.quiet = False
        self.verbose = False
        self.no_pager = no_pager
        self.flags: dict[str, Any] = {}
        self.hush: Callable[[], None] = lambda: None
        """Takes a progress bar away, before a person is asked something under it."""
        self.above: Callable[[str], None] | None = None
        """Prints a notice above a progress bar, as long as one is shown."""
        self._declined = False
        self._mos: MOS | None = None
        self._settings: Settings | None = None
        self._zone: Zone | None = None

    def now(self) -> datetime:
        """The time; no layer below the command line reads the system's clock by itself."""
        return datetime.now(UTC)

    @property
    def paths(self) -> "Paths":
        """The folders of the home."""
        from memos_cli import config

        return config.paths(os.environ)

    @property
    def settings(self) -> "Settings":
        """The settings, flags first."""
        if self._settings is None:
            from memos_cli import config  # here, as `--help` needs none, nor what it imports: 5 ms of its 75

            self._settings = config.Settings(os.environ, self.paths, config.working_folder(), self.flags)
        return self._settings

    @property
    def zone(self) -> "Zone":
        """Where the person is, whose times are read and shown; it is found when the first time is."""
        if self._zone is None:
            from memos_cli.times import Zone

            self._zone = Zone(self.settings.get("timezone"))
        return self._zone

    @property
    def mos(self) -> "MOS":
        """The home."""
        if self._mos is None:
            from memos_cli.interface.api import MOS

            self._mos = MOS(cubes=self.cubes, principal=self.principal, settings=self.settings, clock=self.now)
            self._mos.command = self.path
        return self._mos

    @property
    def done(self) -> tuple[str, tuple[str, ...]] | None:
        """The last command that this invocation wrote into a cube, and the first few memories that it wrote."""
        written = [vault.written for vault in self._mos.opened if vault.written] if self._mos else []
        return written[-1] if written else None

    def deny(self, error: "MemosError") -> None:
        """Record that a command was refused, unless a service did so."""
        if self._mos is not None and isinstance(error, Refused) and not (error.recorded or self._declined):
            self._mos.given("denied", ())

    def close(self) -> None:
        """Close what was opened."""
        if self._mos is not None:
            self._mos.close()

    def damage(self) -> "IntegrityError | None":
        """What is wrong with a cube in use; `None` if all are sound."""
        from memos_cli.interface.cubes import damage

        return damage.of(self._mos.opened) if self._mos else None

    # -- output

    def out(self, text: str = "", *, nl: bool = True) -> None:
        """Data, to stdout."""
        terminal.echo(text, nl=nl)

    def data(self, value: object, *, reveal: bool = False) -> None:
        """The one JSON document of this command, to stdout: what `value` is to `to_json`, secrets masked unless `reveal`."""
        from memos_cli.cli.documents import to_json

        document = {"schema_version": 1, "data": to_json(value, reveal=reveal)}
        terminal.written(terminal.document(document, 2 if sys.stdout.isatty() else None))

    def note(self, text: str) -> None:
        """A notice, to stderr; `-q` silences it."""
        if self.quiet:
            return
        if self.above is not None:
            self.above(terminal.plain(terminal.unstyle(text)))
        else:
            terminal.echo(terminal.style(text, dim=True), err=True)

    def note_clock(self) -> None:
        """After a command that wrote, say in one notice if the clocks cannot be right."""
        if self._mos is None or self._mos.last_write is None:
            return
        from memos_cli import hybrid_clock

        if said := hybrid_clock.notice(*self._mos.last_write, hybrid_clock.RELEASED):
            self.note(self.zone.retold(said))

    @property
    def watched(self) -> bool:
        """Whether a person sees stderr and may be shown progress."""
        return not self.quiet and not self.json and sys.stderr.isatty()

    def confirm(self, question: str, *, yes: bool) -> None:
        """Ask before something is removed.

        Raises:
            Refused: the answer was no, or there is no terminal to ask on and `--yes` was not given.
        """
        if yes:
            return
        self._declined = True  # until there is a yes
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise Refused(f"{question} There is no terminal to ask on", hint="say it beforehand with --yes")
        if not self.asked(question):
            raise Refused("nothing was changed")
        self._declined = False

    def asked(self, question: str, *, default: bool = False) -> bool:
        """The answer to a question on a terminal; `default` is that of an empty line."""
        return click.confirm(terminal.safe(question), default=default, err=True)


pass_app = click.make_pass_decorator(App, ensure=True)
