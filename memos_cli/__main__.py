"""`memos` and `python -m memos_cli`."""

import sys


def main() -> None:
    """Run the command line and leave with its exit status."""
    from memos_cli.cli.main import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
