"""Cards: what an exam found of a model. Chat asks a model for answers only where its card says that it is to be trusted.

A card belongs to the bytes of a model and of the adapter of ours that is put under it, or, for a model behind an endpoint, to
the URL and the name; so a model is never examined twice. Cards of this machine lie in the folder `exams` of the data, one file
each. Those of models that memos knows beforehand ship with memos, as `data/exams.json`.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

from memos_cli import config
from memos_cli.errors import MemosError
from memos_cli.infra import files
from memos_cli.operation import models
from memos_cli.operation.prompt import layouts

FOLDER = "exams"
SHIPPED = "exams.json"
By = Literal["exam", "trust", "shipped"]


class Subject(NamedTuple):
    """What is examined: SHA-256 of a model's file and of the adapter of ours under it, which may be empty.

    For a model behind an endpoint `model` is the SHA-256 of its URL and name.
    """

    model: str
    adapter: str = ""

    @property
    def key(self) -> str:
        """The name of the card."""
        return files.digest_of(f"{self.model}+{self.adapter}".encode()) if self.adapter else self.model


class Card(NamedTuple):
    """What an exam found of a model.

    Attributes:
        model: as in `Subject`.
        adapter: as in `Subject`.
        layout: the name of the layout in which it answered best.
        bar: the least certainty of an answer from which it is trusted: how likely it is right where chat weighs that
            (`guards.Verdict.chance`), else the probability of its least likely token.
        right: answers over the bar that hold an accepted answer, or that refuse where the memories do not say.
        wrong: other answers over the bar.
        refused: refusals over the bar where the memories say it.
        unsure: answers below the bar; chat cites memories instead.
        asked: how many questions it was examined with: the sum of those four.
        per_layout: for each layout that was tried, how many of how many questions it got right and wrong.
        tokens_per_second: how fast it writes.
        first_token_s: the median time until an answer begins.
        trusted: whether chat asks it for answers.
        by: who says so: the exam, a person (`trust`), or memos.
        at: when (UTC); empty for a card that ships with memos.
        why: the verdict in a sentence.
    """

    model: str
    adapter: str = ""
    layout: str = layouts.DEFAULT
    bar: float = 0.0
    right: int = 0
    wrong: int = 0
    refused: int = 0
    unsure: int = 0
    asked: int = 0
    per_layout: Mapping[str, Mapping[str, int]] = {}
    tokens_per_second: float | None = None
    first_token_s: float | None = None
    trusted: bool = False
    by: By = "exam"
    at: str = ""
    why: str = ""


def subject(settings: config.Settings, paths: config.Paths) -> Subject | None:
    """The model that the settings name; `None` where none is chosen, or its file is not there or of no use."""
    name, endpoint = settings.get("llm.model"), settings.get("llm.endpoint")
    if name == models.NONE:
        return None
    if endpoint:
        return Subject(files.digest_of(f"{endpoint}\n{name}".encode()))
    found = models.identity(settings, paths)
    if not found:
        return None
    digest, _, adapter = found["model"].partition("+")  # as `models.identity` joins the file with the adapters under it
    return Subject(digest, adapter)


def find(settings: config.Settings, paths: config.Paths) -> Card | None:
    """The card of the model that the settings name; `None` where no model is chosen, or it was never examined."""
    chosen = subject(settings, paths)
    return None if chosen is None else of(chosen, paths)


def of(chosen: Subject, paths: config.Paths) -> Card | None:
    """The card of a model: that of this machine, else the one that ships with memos."""
    return _read(_path(chosen, paths)) or shipped().get(chosen.key)


def keep(card: Card, paths: config.Paths) -> None:
    """Keep a card, in place of an earlier one of the same model."""
    made = json.dumps(card._asdict(), ensure_ascii=False, indent=2) + "\n"
    files.write(_path(Subject(card.model, card.adapter), paths), made.encode())


def forget(chosen: Subject, paths: config.Paths) -> None:
    """Remove this machine's card of a model."""
    _path(chosen, paths).unlink(missing_ok=True)


def trust(chosen: Subject, paths: config.Paths, at: str) -> Card:
    """Let a model answer whatever an exam says, because a person wants it; what an exam found stays in the card."""
    known = of(chosen, paths) or Card(*chosen)
    card = known._replace(trusted=True, by="trust", at=at, why="you said so with --trust")
    keep(card, paths)
    return card


def layout(settings: config.Settings, paths: config.Paths) -> layouts.Layout:
    """The layout in which the model that the settings name is asked."""
    card = find(settings, paths)
    return layouts.named(card.layout if card else layouts.DEFAULT)


def identity(settings: config.Settings, paths: config.Paths) -> dict[str, str]:
    """As `models.identity`, with the layout, on which a slot's tokens depend as they do on the model."""
    found = models.identity(settings, paths)
    return {**found, "layout": layout(settings, paths).name} if found else {}


@cache
def shipped() -> Mapping[str, Card]:
    """The cards that ship with memos, by their keys."""
    from importlib.resources import files as resources

    found = json.loads((resources("memos_cli.data") / SHIPPED).read_text(encoding="utf-8"))
    cards = [_card(one) for one in found]
    return {Subject(card.model, card.adapter).key: card for card in cards if card}


def _path(chosen: Subject, paths: config.Paths) -> Path:
    return paths.data / FOLDER / f"{chosen.key}.json"


def _read(path: Path) -> Card | None:
    try:
        return _card(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, MemosError):
        return None


def _card(found: Any) -> Card | None:  # noqa: ANN401 -- whatever a file holds
    """A card from its fields; `None` for what is none. Fields of a later version are left out."""
    if not isinstance(found, dict) or not isinstance(found.get("model"), str):
        return None
    given = {name: value for name, value in found.items() if name in Card._fields}
    sound = all(type(given.get(name, default)) in _kinds(default) for name, default in Card._field_defaults.items())
    return Card(**given) if sound else None


def _kinds(default: object) -> tuple[type, ...]:
    if default is None or isinstance(default, float):
        return (float, int, type(None))
    return (type(default),)
