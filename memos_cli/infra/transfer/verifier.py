"""Verifies a cube file while it is written: what is written is read by the loader at once, as whoever gets the file will.

The plain stream is read, before it is encrypted: a file that nobody could import again would be found out only when it is
needed. The loader runs in a thread of its own, at the other end of a pipe.
"""

import io
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from typing import IO, Any, BinaryIO, cast

from memos_cli import modes
from memos_cli.errors import IntegrityError
from memos_cli.infra.transfer import loader
from memos_cli.infra.vault import connection, rows


class _Tee(io.RawIOBase):
    """Writes to two streams; a second one that nobody reads any more is left alone."""

    def __init__(self, target: "BinaryIO | IO[bytes]", reader: IO[bytes]) -> None:
        self._target, self._reader = target, reader

    def writable(self) -> bool:
        """Yes."""
        return True

    def write(self, content: Any) -> int:  # noqa: ANN401 -- bytes, or a view of them
        """Write to both."""
        with suppress(BrokenPipeError):  # its reader found a fault, which the end tells
            self._reader.write(content)
        self._target.write(content)
        return len(content)


def prove(stream: "BinaryIO | IO[bytes]", folder: Path, check: loader.Check) -> str:
    """Verify a cube file as `stage` does and keep nothing of it; its digest, in hexadecimal.

    Args:
        stream: the file, decrypted.
        folder: where it is taken apart meanwhile.
        check: as for `stage`.

    Raises:
        AccessDenied, IntegrityError: as `stage`.
    """
    with tempfile.TemporaryDirectory(prefix=".memos-", dir=folder, ignore_cleanup_errors=True) as place:
        half, states = Path(place) / "cube", Path(place) / "states"
        modes.make_folder(half / connection.BLOBS)
        with connection.translated(half / connection.FILE):
            staging = loader.Staging(
                stream, (half, states), rows.no_later_than_expiry, check, None, lambda *_: None, millis=None, outlined=True
            )
            staging.run()
        return staging.reader.digest.hex()


class _Proof(Thread):
    """Reads one cube file from a pipe.

    Attributes:
        fault: what it found wrong; `None` for nothing.
        ended: set when it will not touch its folder any more.
    """

    def __init__(self, source: IO[bytes], folder: Path, check: loader.Check) -> None:
        super().__init__(name="verifier", daemon=True)
        self._source, self._folder, self._check = source, folder, check
        self.fault: Exception | None = None
        self.ended = Event()

    def run(self) -> None:
        """Read to the end, or to the first fault."""
        try:
            with self._source:
                prove(self._source, self._folder, self._check)
        except Exception as error:  # noqa: BLE001 -- whatever it is, the file must not be taken for a sound one
            self.fault = error
        finally:
            self.ended.set()

    def begin(self) -> None:
        """As `start`, for which no end is waited where it could not be done."""
        try:
            self.start()
        except RuntimeError:  # the system gives no thread
            self.ended.set()
            raise

    def wait(self) -> None:
        """Wait for the end; a signal that comes meanwhile counts when the folder is removed, or when it comes again."""
        try:
            self.ended.wait()
        except BaseException:
            self.ended.wait()
            raise


@contextmanager
def verified(target: "BinaryIO | IO[bytes]", folder: Path, check: loader.Check = lambda *_: "") -> Iterator[IO[bytes]]:
    """A stream to write a cube file to, which arrives at `target`; the block ends only if it is a sound one.

    Args:
        target: where the file goes.
        folder: where it is taken apart meanwhile.
        check: checks records that only upper layers understand.

    Raises:
        IntegrityError: no memos would import the file. What was written is of no use.
    """
    source, sink = os.pipe()
    reader, pipe = _Proof(os.fdopen(source, "rb"), folder, check), os.fdopen(sink, "wb")
    try:
        with suppress(BrokenPipeError), pipe:
            reader.begin()  # within the block: a signal that comes now must find the end of the pipe and wait for the reader
            yield cast("IO[bytes]", _Tee(target, pipe))
    finally:
        reader.wait()
    if isinstance(reader.fault, IntegrityError):
        why = reader.fault.message.removeprefix("not a sound cube file: ")
        hint = "mend the cube: memos doctor --repair"
        raise IntegrityError(f"the file would be one that cannot be imported: {why}", hint=hint)
    if reader.fault is not None:
        raise reader.fault
