"""The base model of parametric memory: the model file that the settings choose, which is trained and loaded with adapters.

Where memos ships an adapter for the model, the two together are the base: a person's adapter is trained and used over both.
"""

import shlex
from typing import TYPE_CHECKING, NamedTuple, cast

from memos_cli.errors import ModelUnavailable, extra
from memos_cli.operation import model_files, models
from memos_cli.operation.exam import cards
from memos_cli.operation.prompt.layouts import DEFAULT, LAYOUTS, Layout
from memos_cli.ports.ports import LLM

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from memos_cli.model import Adapter
    from memos_cli.ports.ports import Adaptable
    from memos_cli.session import Session


NEEDED = ("torch", "transformers", "peft", "llama_cpp", "gguf", "psutil", "simplemma")
"""The packages of the extra `lora`."""


class Base(NamedTuple):
    """The model that is trained.

    Attributes:
        name: what a person calls it.
        path: its file.
        digest: SHA-256 of the file, and after a `+` that of each adapter beneath: a person's adapter is for these together.
        parameters: how many numbers the file has.
        beneath: the adapters that belong to the model.
        layout: the layout in which chat asks it; what is learnt in another one is not at hand there.
    """

    name: str
    path: "Path"
    digest: str
    parameters: int
    beneath: tuple[model_files.Beneath, ...] = ()
    layout: Layout = LAYOUTS[DEFAULT]

    def misfit(self, one: "Adapter") -> tuple[str, str]:
        """As the function `misfit`, for this base."""
        return misfit(self.digest, one)


def misfit(digest: str, one: "Adapter") -> tuple[str, str]:
    """Why a person's adapter does not go with another base than its own, as the end of a sentence, and what command helps.

    Args:
        digest: the other base, as `Base.digest`.
        one: the person's adapter.
    """
    (file, _, under), (own, _, below) = digest.partition("+"), one.base.partition("+")
    if file != own:
        return f"is for {one.model}", f"memos model use {shlex.quote(one.model)}"
    if not under:
        why = f"was learnt over the adapter of memos for {one.model} (setting llm.adapter)"
        return why, "memos config set llm.adapter auto"
    other = "over another adapter of memos" if below else "without the adapter of memos"
    return f"was learnt {other} for {one.model} (setting llm.adapter)", "memos consolidate run"


def base_of(session: "Session") -> Base:
    """The model that the settings choose.

    Raises:
        ModelUnavailable: no model is chosen, or it lies behind an endpoint, or cannot be used.
    """
    settings, name = session.settings, session.settings.get("llm.model")
    if name == models.NONE:
        raise ModelUnavailable("no model is chosen, and it is a model that learns", hint=models.to_choose(session.paths))
    if settings.get("llm.endpoint"):
        raise ModelUnavailable("a model behind an endpoint cannot be trained", hint="choose a file: memos model use NAME|PATH")
    path, facts = model_files.checked(name, settings, session.paths)
    beneath = model_files.beneath(path, facts["sha256"], settings, session.paths)
    digest = model_files.identity(facts["sha256"], beneath)
    parameters, layout = int(facts.get("parameters") or 0), cards.layout(settings, session.paths)
    return Base(model_files.shown(path), path, digest, parameters, beneath, layout)


def opened(session: "Session", base: Base, weights: "Sequence[Path]" = ()) -> LLM:
    """The model as chat loads it, with the adapters of a person on top, whose digests the caller compared."""
    made = models.opened(base.path, base.digest.partition("+")[0], base.beneath, session.settings)
    if weights:
        cast("Adaptable", made).adapt([(one, 1.0) for one in weights])  # to ask whether it is one would load it
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
