"""Completion: the names in a home that begin as somebody types, for a shell. Everything is looked at and nothing is changed.

A session is not opened for it: a shell has to answer within 0.15 s, and importing what a session takes is a third of that.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from memos_cli import config
from memos_cli.errors import MemosError
from memos_cli.infra import beginnings, places
from memos_cli.infra.beginnings import MOST, Begun, Look
from memos_cli.values import Key, switch

Name = Begun
"""A name that begins so, with what is known of it."""
MINI = "memos-mini"
"""The model that ships with memos, as `operation.model_files` calls it, too, whose import takes longer than the answer may."""
_SLOTS = "slots"
_IN = "in:"
"""What the registers begin with that hold a principal's groups, as in `infra.governance.access`."""


class Completion:
    """What may be completed for a principal in the cubes in use.

    Args:
        environ: the environment, for the settings.
        folder: the working folder.
        cubes: the names or paths of the cubes on the line; empty for the one that the settings name.
        principal: the one on the line; `None` for the setting, else the login name.
    """

    def __init__(
        self, environ: Mapping[str, str], folder: Path | None, *, cubes: Sequence[str] = (), principal: str | None = None
    ) -> None:
        self.paths = config.paths(environ)
        self._environ, self._folder, self._cubes, self._principal = environ, folder, cubes, principal
        self._token = environ.get("MEMOS_TOKEN")

    @property
    def settings(self) -> config.Settings:
        """The settings of this home."""
        return config.Settings(self._environ, self.paths, self._folder)

    @property
    def principal(self) -> str:
        """Who asks; with a token the agent whose it is in the cubes in use, or nobody."""
        if self._token is not None:
            return next((look.name for look in self.looked(lambda look: [Begun(look.principal)])), "")
        return self._principal or self.settings.get("principal") or config.login()

    # -- of the cubes in use

    def looked(self, look: Callable[[Look], Iterable[Begun]]) -> list[Begun]:
        """What a look brings in each cube in use, each name once; a cube that cannot be read brings nothing."""
        found: dict[str, Begun] = {}
        names = self._cubes or [self.settings.get("cube")]
        principal = "" if self._token is not None else self.principal
        for cube in names:
            # sqlite3.Error stands behind Exception here: SQLite is infra's.
            with (
                suppress(Exception),
                beginnings.looking(
                    places.place(self.paths.cubes, cube), principal, beginnings.SECONDS / len(names), token=self._token
                ) as one,
            ):
                if self._token is not None and one.principal != (self._principal or one.principal):
                    continue
                for begun in look(one):
                    found.setdefault(begun.name, begun)
        return list(found.values())[:MOST]

    def ids(self, prefix: str, *, cold: bool = False, told: bool = True) -> list[Begun]:
        """Memories; see `Look.ids`. External ids stand behind them."""
        found = self.looked(lambda look: look.ids(prefix, cold=cold, told=told))
        return (found + self.names("external_id", prefix))[:MOST] if prefix else found

    def names(self, sort: str, prefix: str) -> list[Begun]:
        """Tags, keys, tasks or external ids; see `Look.names`."""
        return self.looked(lambda look: look.names(sort, prefix))

    def records(self, noun: str, prefix: str) -> list[Begun]:
        """Views, snapshots: what is no memory and has a name, with when it was made, where that is known."""
        return self.looked(
            lambda look: [
                Begun(name, str(fields.get("note") or fields.get("at") or "")) for name, fields in look.records(noun, prefix)
            ]
        )

    def principals(self, prefix: str, *, groups: bool = False) -> list[Begun]:
        """The registered principals and the owners of memories; and the groups."""

        def named(look: Look) -> Iterable[Begun]:
            for name, fields in look.records("principal", prefix):
                if not fields.get("gone"):
                    yield Begun(name, str(fields.get("kind") or ""))
            yield from look.recent("owner", prefix)

        return (self.looked(named) + (self.groups(prefix) if groups else []))[:MOST]

    def groups(self, prefix: str) -> list[Begun]:
        """The groups that principals are in."""

        def named(look: Look) -> Iterable[Begun]:
            for _, fields in look.records("principal", ""):
                yield from (Begun(name[len(_IN) :], "group") for name in fields if name.startswith(_IN + prefix))

        return self.looked(named)

    def adapters(self, prefix: str) -> list[Begun]:
        """Generations of adapters, by their numbers or ids; only the owner of a cube has them trained."""

        def generations(look: Look) -> Iterable[Begun]:
            known = look.records("adapter", "") if look.is_owner else []
            numbers = [str(fields.get("number")) for _, fields in known]
            for (identity, fields), number in zip(known, numbers, strict=True):
                name = number if numbers.count(number) == 1 and number.startswith(prefix) else identity
                if fields.get("status") != "removed" and name.startswith(prefix):
                    yield Begun(name, f"{fields.get('model') or ''} {fields.get('status') or ''}".strip())

        return self.looked(generations)

    # -- of the home

    def cubes(self, prefix: str) -> list[Begun]:
        """The names of the cubes."""
        with suppress(MemosError):
            return _begun(places.names(self.paths.cubes), prefix)
        return []

    def slots(self, prefix: str) -> list[Begun]:
        """The principal's slots."""
        with suppress(Exception):
            return beginnings.slots(self.paths.cache / _SLOTS, self.principal, prefix)
        return []

    def jobs(self, prefix: str) -> list[Begun]:
        """The principal's consolidations that wait, run or ran, by id, the newest first."""
        found = []
        for path in sorted((self.paths.data / "jobs").glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True):
            with suppress(OSError, ValueError, KeyError, TypeError):
                job = json.loads(path.read_text(encoding="utf-8"))
                if path.stem.startswith(prefix) and job["principal"] == self.principal:
                    found.append(Begun(path.stem, str(job["state"])))
        return found[:MOST]

    def models(self, prefix: str, *, pulled: bool = False) -> list[Begun]:
        """The models that chat may answer with; or only those, embedders too, whose files were pulled."""
        from memos_cli import plugins

        carriers = {**plugins.load("llm", "carriers")(), **plugins.load("weights", "carriers")()}
        stems = {carrier.stem: name for name, carrier in carriers.items()}
        names = [] if pulled else [MINI, *plugins.load("llm", "carriers")()]
        for path in sorted(self.paths.models.rglob("*.gguf")) if self.paths.models.is_dir() else ():
            name = stems.get(path.stem, path.stem)
            if not path.name.startswith(".") and (pulled or name not in plugins.load("weights", "carriers")()):
                names.append(name)
        return _begun(dict.fromkeys(names), prefix)

    def pullable(self, prefix: str) -> list[Begun]:
        """The models that `model pull` knows by name."""
        from memos_cli import plugins

        known = {**plugins.load("weights", "carriers")(), **plugins.load("llm", "carriers")()}
        return [Begun(name, str(carrier.about)) for name, carrier in known.items() if name.startswith(prefix)]

    def keys(self, prefix: str, *, trusted: bool = True) -> list[Begun]:
        """One's own keys, and those of others that are trusted."""
        found = [Begun(path.stem, "your own") for path in sorted(self.paths.keys.glob("[!.]*.key"))]
        if trusted:
            with suppress(OSError, ValueError, KeyError, TypeError):
                listed = json.loads((self.paths.keys / "trusted.json").read_text(encoding="utf-8"))["keys"]
                found += [Begun(str(one["name"]), "trusted") for one in listed]
        return [one for one in found if one.name.startswith(prefix)]

    def settings_named(self, prefix: str) -> list[Begun]:
        """The names of the settings."""
        return [Begun(name, key.help) for name, key in config.SETTINGS.items() if name.startswith(prefix)]

    def values(self, name: str, prefix: str) -> list[Begun]:
        """The values that a setting may have, as far as they can be listed, its present one first."""
        match name:
            case "cube":
                return self.cubes(prefix)
            case "timezone":
                from zoneinfo import available_timezones

                return _begun(sorted(available_timezones()), prefix)
            case "llm.model" | "bench.judge.model":
                return [*_begun(["none"], prefix), *self.models(prefix)]
            case "embedder":
                from memos_cli import plugins

                return _begun(["auto", "none", *plugins.load("weights", "carriers")()], prefix)
        now = None
        with suppress(MemosError):
            now = self.settings.get(name)
        return suggested(config.SETTINGS[name], prefix, now) if name in config.SETTINGS else []

    def rules(self, prefix: str) -> list[Begun]:
        """The keys of a policy."""
        from memos_cli.operation.policy import KEYS

        return [Begun(name, key.help) for name, key in KEYS.items() if name.startswith(prefix)]

    def rule_values(self, name: str, prefix: str) -> list[Begun]:
        """The values that a key of a policy may have, as far as they can be listed."""
        from memos_cli.operation.policy import KEYS

        return suggested(KEYS[name], prefix) if name in KEYS else []


def suggested(key: Key, prefix: str, now: object = None) -> list[Begun]:
    """The words that a key takes; of one that takes anything the default, and the value that it has now."""
    words = ("true", "false") if key.read is switch else getattr(key.read, "words", None)
    if words is None:  # an address may have a password in it
        words = [text for text in map(_written, (now, key.default)) if text and "://" not in text]
    default = _written(key.default)
    return [Begun(word, "the default" if word == default else "") for word in dict.fromkeys(words) if word.startswith(prefix)]


def _written(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else "" if value is None else str(value)


def _begun(names: Iterable[str], prefix: str) -> list[Begun]:
    return [Begun(name) for name in names if name.startswith(prefix)][:MOST]
