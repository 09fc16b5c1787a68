"""`memos` and `python -m memos_cli`."""

import gc
import sys


def main() -> None:
    """Run the command line and leave with its exit status."""
    # Start-up makes many objects and hardly any garbage: collecting there is a tenth of the time of a search.
    gc.set_threshold(100_000, 20, 20)
    from memos_cli.cli.main import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
