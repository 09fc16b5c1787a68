"""`memos` and `python -m memos_cli`."""

import gc
import os
import sys


def _open_streams() -> None:
    """Put the null device where a standard stream is closed: the next file that is opened would get what is printed."""
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        if getattr(sys, name) is None:
            try:
                os.fstat(number)
            except OSError:
                handle = os.open(os.devnull, os.O_RDWR)  # the lowest number that is free, which is this one
                os.set_inheritable(handle, True)  # noqa: FBT003 -- positional only
            setattr(sys, name, open(number, mode, encoding="utf-8", errors="replace", closefd=False))  # noqa: SIM115


def main() -> None:
    """Run the command line and leave with its exit status."""
    # Start-up makes many objects and hardly any garbage: collecting there is a tenth of the time of a search.
    gc.set_threshold(100_000, 20, 20)
    _open_streams()
    try:
        try:
            from memos_cli.cli.main import run

            sys.exit(run(sys.argv[1:]))
        finally:
            # The interpreter looks for garbage three times on its way out. All that must be closed is closed, and the memory
            # goes back with the process: looking through what the process leaves behind is another tenth of a search.
            gc.freeze()
            # CPython remembers an interrupt of code that it ran from a string (a dataclass or a named tuple is made so), and
            # dies of it behind our exit, with a status that tells a script something else. A next such string forgets it.
            exec("")  # noqa: S102 -- an empty one
    except KeyboardInterrupt:  # before or behind the error boundary: while modules are imported, while output is flushed
        sys.exit(130)


if __name__ == "__main__":
    main()
