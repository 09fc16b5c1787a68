"""The embedders that memos knows by name: which are on this machine, which one search uses, how one is pulled and removed.

Any other one is named by its path, in the setting `embedder`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from memos_cli import config, plugins
from memos_cli.errors import ModelUnavailable, Refused
from memos_cli.infra.local.embeddings import Embeddings
from memos_cli.operation.results import ModelInfo
from memos_cli.ports.ports import Progress

AUTO = "auto"
_SETTING = "embedder"


def names() -> tuple[str, ...]:
    """What `memos model pull` takes for an embedder, the one that `auto` prefers first."""
    return tuple(_carriers())


def installed(settings: config.Settings, paths: config.Paths) -> list[ModelInfo]:
    """The embedders with a file in the models' folder, and the one in use where it lies elsewhere."""
    used = _used(settings, paths)
    found = [_info(name, path, used) for name in names() if (path := _file(name, paths)).is_file()]
    if used is not None and all(str(used.gguf) != info.path for info in found):
        found.append(_info(used.gguf.stem, used.gguf, used))
    return found


def pull(name: str, settings: config.Settings, paths: config.Paths, progress: Progress) -> tuple[ModelInfo, bool]:
    """Fetch an embedder unless it is here, and search with it from now on; and whether a setting was changed for that.

    Raises:
        ModelUnavailable: a package that it takes is missing, or the registry cannot be reached.
        IntegrityError: what came is not what was published.
    """
    weights = plugins.load("weights", "pull")(name, paths.data, progress)
    changed = settings.get(_SETTING) not in {name, *([AUTO] if name == names()[0] else [])}
    if changed:
        config.store(paths, _SETTING, name)
    return _info(name, weights.gguf, weights), changed


def use(name: str, paths: config.Paths) -> None:
    """Search with an embedder of this machine from now on.

    Raises:
        ModelUnavailable: it is not here, or cannot be used.
    """
    plugins.load("weights", "find")(name, paths.data)
    config.store(paths, _SETTING, name)


def info(name: str, settings: config.Settings, paths: config.Paths) -> ModelInfo:
    """What is known of an embedder.

    Raises:
        ModelUnavailable: it is not here, or cannot be used.
    """
    weights = plugins.load("weights", "find")(name, paths.data)
    found = _info(name, weights.gguf, _used(settings, paths))
    carrier = _carriers()[name]
    facts = {
        "about": carrier.about,
        "fingerprint": weights.fingerprint,
        "dimensions": weights.dimensions,
        "max_tokens": weights.max_tokens,
        "source": f"{carrier.project} {carrier.version}",
    }
    return found._replace(facts={**found.facts, **facts})


def remove(name: str, settings: config.Settings, paths: config.Paths, *, dry_run: bool) -> ModelInfo:
    """Remove the file of an embedder; if the settings named it, they say `auto` from now on.

    Raises:
        ModelUnavailable: it is not here.
        Refused: its weights come with an installed package, from which they would only be made again.
    """
    carrier, path = _carriers()[name], _file(name, paths)
    if carrier.installed() is not None:
        hint = f"pip uninstall {carrier.project}, or: memos config set embedder none"
        raise Refused(f"the weights of {name} come with the installed package {carrier.project}", hint=hint)
    if not path.is_file():
        raise ModelUnavailable(f"the embedder {name} is not on this machine", hint="see what there is with: memos model list")
    found = _info(name, path, _used(settings, paths))
    if not dry_run:
        path.unlink()
        if settings.get(_SETTING) == name:
            config.store(paths, _SETTING, AUTO)
    return found


def stems() -> frozenset[str]:
    """The names of the embedders' files in the models' folder."""
    return frozenset(carrier.stem for carrier in _carriers().values())


def _carriers() -> Mapping[str, Any]:
    found: Mapping[str, Any] = plugins.load("weights", "carriers")()
    return found


def _file(name: str, paths: config.Paths) -> Path:
    return paths.models / f"{_carriers()[name].stem}.gguf"


def _used(settings: config.Settings, paths: config.Paths) -> Any:  # noqa: ANN401 -- the backend's own noun
    """The weights that search uses; `None` where there are none, or they cannot be used."""
    try:
        return Embeddings(settings.get(_SETTING), paths.data, paths.cache, given=config.embedding(settings)).weights
    except ModelUnavailable:
        return None


def _info(name: str, path: Path, used: Any) -> ModelInfo:  # noqa: ANN401 -- the backend's own noun
    in_use = used is not None and used.gguf == path
    return ModelInfo(name, str(path), path.stat().st_size, in_use, pulled=True, facts={"kind": "embedder"})
