"""Secrets in what stands around the content of a memory: its title, key, tags, task, the names in its source, and metadata.

A text is searched as it stands. Of metadata each value is searched as the line `name: value`, since its name says what it is,
as in `{"wifi password": "sunflower"}`; what memos itself notes there is left alone. A mask hides what was found and nothing
else: a title is never masked as a whole.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from memos_cli.infra.governance.secrets import MASK, find, mask
from memos_cli.model import Draft, Memory

_TEXTS = ("title", "key", "task")
_NAMES = ("conversation", "session", "speaker", "model", "file")
"""Of a source."""
_OURS = frozenset({"times", "span", "rests_on", "recurrence", "told_validity"})
"""What memos notes in metadata: times and places in the content, and ids."""
_CARRIED = "mip"
"""The name in metadata of what the line of a document said besides (`mip.rows`): ids and times, and a digest, which looks like
a secret. Only what stood there in its metadata under this very name is text of somebody's."""
_DEEPEST = 50
"""Levels of metadata in which each value is masked by itself; what lies deeper is masked as one."""


def holds_secret(one: Draft | Memory) -> bool:
    """Whether a secret stands in the header of a memory, or in one to come."""
    texts = tuple(_texts(one))
    # Most headers have no secret, which one look at all of it tells; rows of one talk have the same names, which are kept.
    return bool(texts) and _is_found("\n".join(texts)) and any(find(text) for text in texts)


@lru_cache(maxsize=1024)
def _is_found(text: str) -> bool:
    return bool(find(text))


def _texts(one: Draft | Memory) -> Iterator[str]:
    yield from (text for name in _TEXTS if (text := getattr(one, name)))
    yield from one.tags
    yield from (text for name in _NAMES if (text := getattr(one.source, name)))
    for name, value in one.metadata.items() if one.metadata else ():
        if name == _CARRIED and isinstance(value, Mapping):
            yield from _lines(name, value.get("metadata"))
        elif name not in _OURS:
            yield from _lines(name, value)


def _lines(name: str, value: object) -> Iterator[str]:
    """The values in metadata as lines, without a call for each level: it may be as deep as JSON can be."""
    left = [(name, value)]
    while left:
        name, value = left.pop()
        if isinstance(value, Mapping):
            left += ((str(inner), one) for inner, one in value.items())
        elif isinstance(value, list | tuple):
            left += ((name, one) for one in value)
        elif isinstance(value, str | int | float) and not isinstance(value, bool):
            yield f"{name}: {value}"


def masked(memory: Memory) -> Memory:
    """The memory with what is secret in its header hidden."""
    texts: dict[str, Any] = {name: hidden(text) for name in _TEXTS if (text := getattr(memory, name))}
    names: dict[str, Any] = {name: hidden(text) for name in _NAMES if (text := getattr(memory.source, name))}
    tags = tuple(map(hidden, memory.tags))
    return memory._replace(
        **texts, tags=tags, source=memory.source._replace(**names), metadata=masked_metadata(memory.metadata)
    )


def hidden(text: str) -> str:
    """A text with what is secret in it hidden."""
    return mask(text, find(text))


def masked_metadata(metadata: Mapping[str, Any]) -> Mapping[str, Any]:
    """Metadata with the values in it that are secret hidden."""
    told = {name: value if name in _OURS else _masked(name, value) for name, value in metadata.items() if name != _CARRIED}
    if isinstance(carried := metadata.get(_CARRIED), Mapping):
        inner = {"metadata": _masked(_CARRIED, carried["metadata"])} if "metadata" in carried else {}
        return {**told, _CARRIED: {**carried, **inner}}
    return {**told, _CARRIED: _masked(_CARRIED, carried)} if _CARRIED in metadata else told


def _masked(name: str, value: object, depth: int = 0) -> Any:  # noqa: ANN401 -- any JSON
    if isinstance(value, Mapping | list | tuple) and depth == _DEEPEST:
        return MASK if any(find(line) for line in _lines(name, value)) else value
    if isinstance(value, Mapping):
        return {inner: _masked(str(inner), one, depth + 1) for inner, one in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(name, one, depth + 1) for one in value]
    told = next(iter(_lines(name, value)), "")
    spans = find(told)
    if not spans:
        return value
    shown = mask(told, spans)
    return shown.removeprefix(f"{name}: ") if shown.startswith(f"{name}: ") else MASK


def masked_registers(change: Mapping[str, Any], prefixes: Iterable[str]) -> dict[str, Any]:
    """Registers of a header, as an operation sets them, with what is secret in them hidden.

    Args:
        change: the registers, by name.
        prefixes: what the registers begin with whose names are names that a person gave, such as tags.
    """
    told: dict[str, Any] = {}
    for name, value in change.items():
        prefix = next((one for one in prefixes if name.startswith(one)), "")
        shown = prefix + hidden(name.removeprefix(prefix)) if prefix else name
        if name == "metadata" and isinstance(value, Mapping):
            told[shown] = masked_metadata(value)
        elif name in {"source", "seen"} and isinstance(value, Mapping):
            told[shown] = {part: hidden(one) if part in _NAMES and isinstance(one, str) else one for part, one in value.items()}
        else:
            told[shown] = hidden(value) if name in _TEXTS and isinstance(value, str) else value
    return told
