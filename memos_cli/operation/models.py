"""Language models: which one chat answers with, what is known of those on this machine, and how one is chosen.

Where their files lie and what they are called is in `model_files`.
"""

import json
import os
import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from memos_cli import config, plugins
from memos_cli.errors import MemosError, ModelUnavailable, Refused, UsageError, extra
from memos_cli.operation import model_files
from memos_cli.operation.results import ModelInfo
from memos_cli.ports.ports import LLM

NONE = model_files.NONE
RECORD = ".json"
"""The end of the name of the file, beside a pulled one, that says where it came from."""
CAPABLE = 300_000_000
"""A model with at least this many parameters is taken to be fit to extract. A convention, not a measurement: the smallest
models trained to follow instructions have 0.36 to 0.5 thousand million, and smaller ones are made for a narrow task or for
play. The number comes from the file's header, so no model is loaded for it; what a model extracts is checked in any case."""

Cards = Callable[[config.Settings, config.Paths], Any]
"""Finds the card of the exam of the model that settings choose: a named tuple, or `None` where it was never examined."""


class Behind(NamedTuple):
    """A model behind an endpoint that chat answers with.

    Attributes:
        exam: the card of its exam; `None` where it was not examined.
    """

    name: str
    endpoint: str
    exam: dict[str, Any] | None = None


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
    path, facts = model_files.checked(name, settings, paths)
    digest = facts["sha256"]
    beneath = model_files.beneath(path, digest, settings, paths) if role == "llm" else ()  # it teaches to answer, not to grade
    return opened(path, digest, beneath, settings)


def opened(path: Path, digest: str, beneath: Sequence[model_files.Beneath], settings: config.Settings) -> LLM:
    """A model file as chat loads it; nothing is loaded before its first use.

    Args:
        path: the file, which was checked.
        digest: SHA-256 of it.
        beneath: the adapters that belong to the model.
        settings: how it is loaded.
    """
    made: LLM = plugins.load("llm", "llamacpp")(
        path,
        context=settings.get("llm.context"),
        threads=settings.get("llm.threads"),
        kv=settings.get("llm.kv"),
        flash=settings.get("llm.flash"),
        name=model_files.shown(path),
        digest=digest,
        adapters=[one.path for one in beneath],
        digests={one.path: one.sha256 for one in beneath},
    )
    return made


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
    path = model_files.locate(name, paths)
    return capable(path, None if path == model_files.mini() else model_files.check(path, settings, paths))


def capable(path: Path, known: Mapping[str, Any] | None = None) -> tuple[bool, str]:
    """Whether a model file is fit to extract by its header, and the reason.

    Args:
        path: the file.
        known: its facts, where they were kept (`model_files.check`): reading a header of 50,000 tokens takes 70 ms.

    Raises:
        ModelUnavailable: the file is damaged.
    """
    if path == model_files.mini():
        return False, "memos-mini can copy an answer and no more"
    count = (known if known and "parameters" in known else plugins.load("llm", "facts")(path))["parameters"]
    words = "at least" if count >= CAPABLE else "fewer than the"
    return count >= CAPABLE, f"{count / 1e6:,.0f} million parameters, {words} {CAPABLE // 10**6} million that it takes"


def identity(settings: config.Settings, paths: config.Paths) -> dict[str, str]:
    """The identity of the chosen model without loading it; empty where there is no file.

    `model` is SHA-256 of its file, followed by that of each adapter that belongs to it, with `+` between them; `kv` is the
    type of keys and values.
    """
    name = settings.get("llm.model")
    if name == NONE or settings.get("llm.endpoint"):
        return {}
    try:
        path, facts = model_files.checked(name, settings, paths)
        adapters = model_files.beneath(path, facts["sha256"], settings, paths)
    except (MemosError, OSError):
        return {}
    return {"model": model_files.identity(facts["sha256"], adapters), "kv": settings.get("llm.kv")}


def to_choose(paths: config.Paths) -> str:
    """The command that gives chat a model: of one that is on this machine, else of one that can be had."""
    from importlib.util import find_spec

    if find_spec("llama_cpp") is None:
        return extra("chat")
    known = model_files.carriers()
    here = [name for name in known if model_files.carried(name, paths)]
    here += [model_files.long_name(path, paths) for path in model_files.pulled(paths)]
    if here:
        return f"memos model use {shlex.quote(here[0])}"
    return f"memos model pull {next(iter(known))}, then memos model use {next(iter(known))}"


def installed(settings: config.Settings, paths: config.Paths, cards: Cards | None = None) -> list[ModelInfo]:
    """The models on this machine: those that memos knows, the pulled files, and the file in use where it lies elsewhere."""
    known = [model_files.mini(), *(model_files.carried(name, paths) for name in model_files.carriers())]
    files = list(dict.fromkeys([*filter(None, known), *model_files.pulled(paths)]))
    used = _used(settings, paths)
    if used is not None and used not in files and used.is_file():
        files.append(used)
    return [listed(file, settings, paths, cards) for file in files]


def behind(settings: config.Settings, paths: config.Paths, cards: Cards | None = None) -> Behind | None:
    """The model behind an endpoint that chat answers with; `None` where the settings name none."""
    name, endpoint = settings.get("llm.model"), settings.get("llm.endpoint")
    if name == NONE or not endpoint:
        return None
    return Behind(name, endpoint, _card(settings, paths, cards))


def listed(path: Path, settings: config.Settings, paths: config.Paths, cards: Cards | None = None) -> ModelInfo:
    """What a list of models says of a file; of one that is damaged, no more than where it lies."""
    info = ModelInfo(
        model_files.shown(path),
        str(path),
        path.stat().st_size,
        path == _used(settings, paths),
        path.is_relative_to(paths.models),
        _record(path),
    )
    name = model_files.long_name(path, paths)
    try:
        needs = plugins.load("llm", "memory")(path, context=settings.get("llm.context"), kv=settings.get("llm.kv"))
        spare = plugins.load("llm", "available")()
        info = info._replace(needs=needs, fits=None if spare is None else needs <= spare)
        digest = _digest(name, path, paths)
        if digest is None:
            return info
        beneath = model_files.beneath(path, digest, settings, paths)
    except (MemosError, OSError):
        return info
    named = settings.given({"llm.model": name, "llm.endpoint": ""})
    adapter = " ".join(one.path.stem for one in beneath) or None
    return info._replace(adapter=adapter, exam=_card(named, paths, cards))


def info(name: str, settings: config.Settings, paths: config.Paths, cards: Cards | None = None) -> ModelInfo:
    """All facts of one model.

    Raises:
        ModelUnavailable: there is no model of that name, or its file is damaged.
    """
    path = model_files.locate(name, paths)
    facts = plugins.load("llm", "facts")(path)
    found = listed(path, settings, paths, cards)
    fit, why = capable(path) if settings.get("llm.extract") == "auto" else extraction(settings, paths)
    about = {one.about for one in model_files.carriers().values() if one.name == found.name}
    told = {"about": about.pop()} if about else {}
    return found._replace(facts={**told, **facts, **found.facts, "extracts": fit, "extracts_why": why})


def use(name: str, settings: config.Settings, paths: config.Paths) -> str:
    """Choose the model that chat answers with from now on; returns the new value of the setting.

    Raises:
        ModelUnavailable: the model cannot be used.
    """
    if name != NONE and not settings.get("llm.endpoint"):
        path, _ = model_files.checked(name, settings, paths)
        name = model_files.long_name(path, paths)
    config.store(paths, "llm.model", name)
    return name


def _used(settings: config.Settings, paths: config.Paths) -> Path | None:
    name = settings.get("llm.model")
    if name == NONE or settings.get("llm.endpoint"):
        return None
    try:
        return model_files.locate(name, paths)
    except (ModelUnavailable, UsageError):
        return None


def _digest(name: str, path: Path, paths: config.Paths) -> str | None:
    """SHA-256 of a model that memos knows by name, or that was used here; of others `None`: they may have many gigabytes."""
    known = name == model_files.MINI or name in model_files.carriers()
    found: str | None = plugins.load("llm", "digest" if known else "tried")(path, paths.data / model_files.RECORDS)
    return found


def _card(settings: config.Settings, paths: config.Paths, cards: Cards | None) -> dict[str, Any] | None:
    card = cards(settings, paths) if cards is not None else None
    return None if card is None else dict(card._asdict())


def _record(path: Path) -> dict[str, Any]:
    try:
        record = json.loads(path.with_name(path.name + RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}
