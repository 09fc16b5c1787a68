"""Where a command may not write what a person names: among the files of the home, or of a cube."""

from pathlib import Path
from typing import TYPE_CHECKING

from memos_cli.errors import Refused
from memos_cli.infra.local import hooks, jobs
from memos_cli.infra.vault.connection import FILE
from memos_cli.operation import model_files

if TYPE_CHECKING:
    from memos_cli.config import Paths


def require_elsewhere(paths: "Paths", target: Path) -> None:
    """Refuse a path among the files of the home or of any cube: what is written there would take the place of one of them.

    Raises:
        Refused: it lies there.
    """
    place = target.expanduser().resolve()
    own = {
        paths.cubes, paths.keys, paths.models, paths.cache,
        paths.config / hooks.FOLDER, paths.data / jobs.FOLDER, paths.data / model_files.RECORDS,
    }  # fmt: skip
    inside = {folder.resolve() for folder in own} & {place, *place.parents}
    if inside or any((folder / FILE).is_file() for folder in place.parents) or place == paths.user_file.resolve():
        raise Refused(f"{target} lies where memos keeps its own files", hint="name a file elsewhere")
