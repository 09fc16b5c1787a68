"""`memos` and `python -m memos_cli`."""

import gc
import sys


def main() -> None:
    """Run the command line and leave with its exit status."""
    # Start-up makes many objects and hardly any garbage: collecting there is a tenth of the time of a search.
    gc.set_threshold(100_000, 20, 20)
    try:
        from memos_cli.cli.main import run

        sys.exit(run(sys.argv[1:]))
    except KeyboardInterrupt:  # before or behind the error boundary: while modules are imported, while output is flushed
        sys.exit(130)


if __name__ == "__main__":
    main()
