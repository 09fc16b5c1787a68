"""memos: an operating system for the memory of a person and of the models that person runs."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from memos_cli.interface.api import MOS

__all__ = ["MOS", "__version__"]
__version__ = "0.1.0"  # with another one goes another `hybrid_clock.RELEASED`


def __getattr__(name: str) -> object:
    # Lazily: `memos --help` must not pay for SQLite, and `from memos_cli import MOS` must still read naturally.
    if name == "MOS":
        from memos_cli.interface.api import MOS

        return MOS
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
