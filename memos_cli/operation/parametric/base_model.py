"""The base model of parametric memory: the model file that the settings choose, which is trained and loaded with adapters."""

from typing import TYPE_CHECKING, NamedTuple

from memos_cli import plugins
from memos_cli.errors import ModelUnavailable, extra
from memos_cli.operation import models
from memos_cli.ports import LLM

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from memos_cli.session import Session


NEEDED = ("torch", "transformers", "peft", "llama_cpp", "gguf", "psutil", "simplemma")
"""The packages of the extra `lora`."""


class Base(NamedTuple):
    """The model that is trained: its name for a person, its file, the file's SHA-256, and its number of parameters."""

    name: str
    path: "Path"
    digest: str
    parameters: int


def base_of(session: "Session") -> Base:
    """The model that the settings choose.

    Raises:
        ModelUnavailable: no model is chosen, or it lies behind an endpoint, or cannot be used.
    """
    settings, name = session.settings, session.settings.get("llm.model")
    if name == models.NONE:
        raise ModelUnavailable("no model is chosen, and it is a model that learns", hint="memos model use NAME|PATH")
    if settings.get("llm.endpoint"):
        raise ModelUnavailable("a model behind an endpoint cannot be trained", hint="choose a file: memos model use NAME|PATH")
    path = models.locate(name, session.paths)
    digest = models.check(path, settings, session.paths)["sha256"]
    return Base(path.stem, path, digest, int(plugins.load("llm", "facts")(path)["parameters"] or 0))


def opened(session: "Session", base: Base, weights: "Sequence[Path]" = ()) -> LLM:
    """The model as chat loads it, with adapters whose digests the caller compared."""
    settings = session.settings
    chosen = {name: settings.get(f"llm.{name}") for name in ("threads", "kv", "flash")}
    given = {**chosen, "adapters": [(one, 1.0) for one in weights]}
    made: LLM = plugins.load("llm", "llamacpp")(
        base.path, context=settings.get("llm.context"), name=base.name, digest=base.digest, **given
    )
    return made


def require_tools() -> None:
    """Check, before anything is begun, that a model can be trained here; none of the packages is imported.

    Raises:
        ModelUnavailable: a package is missing.
    """
    from importlib.util import find_spec

    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise ModelUnavailable(f"training needs {', '.join(missing)}", hint=extra("lora"))
