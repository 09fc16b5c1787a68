"""The options for the fields of a memory's header, which `memos add` and `memos edit` share.

Each field has one option that sets it. `edit` has another one that takes it off, called like the first with `--no-` before its
name; `none`, or nothing at all, as the value of a time, a duration or a number says the same. What is set goes through the
readers of `intake`, as a line of JSON does, and is checked once more where the log is written.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import click

from memos_cli.cli.options import KIND, PRIORITY, SPAN, WHEN_ON_EITHER_SIDE
from memos_cli.errors import UsageError
from memos_cli.interface.reader import field_values, intake
from memos_cli.model import Kind, Visibility
from memos_cli.operation import changes

if TYPE_CHECKING:
    from memos_cli.cli.app import App

_F = TypeVar("_F", bound=Callable[..., Any])
_NOTHING = object()
"""The value of an option that takes its field off."""
_NONE = frozenset({"", "none", "never"})


class OrNone(click.ParamType[Any]):
    """A value of another type, or none: `--ttl none`, `--valid-to ""`."""

    def __init__(self, kind: click.ParamType[Any]) -> None:
        self._kind = kind
        self.name = kind.name

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401
        """Read a value, or that there is to be none."""
        if value is _NOTHING or (isinstance(value, str) and value.strip().lower() in _NONE):
            return _NOTHING
        return self._kind.convert(value, param, ctx)


class Share(click.FloatRange):
    """A number from 0 to 1; NaN, which comparing with a range lets through, is none."""

    def __init__(self) -> None:
        super().__init__(0, 1)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:  # noqa: ANN401
        """Read a number."""
        number: float = super().convert(value, param, ctx)
        if number != number:  # noqa: PLR0124 -- NaN alone differs from itself
            self.fail(f"{value} is not in the range 0<=x<=1.", param, ctx)
        return number


_WHEN = OrNone(WHEN_ON_EITHER_SIDE)
_VALUES: dict[str, dict[str, Any]] = {
    "--kind": {"type": KIND, "help": "What sort of memory it is"},
    "--title": {"help": "A title"},
    "--key": {"metavar": "KEY", "help": "The attribute it states, such as diet: the value before is superseded"},
    "--tag": {"metavar": "TAG", "multiple": True, "help": "A tag; may be given several times"},
    "--label": {
        "metavar": "LABEL", "multiple": True,
        "help": "A sensitivity label, such as medical; what is labelled is neither published nor trained on",
    },
    "--task": {"metavar": "NAME", "help": "The task it belongs to"},
    "--external-id": {"metavar": "ID", "help": "Your own id"},
    "--occurred-at": {"type": _WHEN, "help": "When it happened"},
    "--valid-from": {"type": _WHEN, "help": "Since when it is true"},
    "--valid-to": {"type": _WHEN, "help": "Until when it is true"},
    "--ttl": {"type": OrNone(SPAN), "help": "Let it expire after this long from now: 90s, 12h, 30d, 1y"},
    "--expires-at": {"type": _WHEN, "help": "Let it expire then"},
    "--priority": {"type": OrNone(PRIORITY), "help": "A number; higher is more important"},
    "--visibility": {
        "type": click.Choice([level.value for level in Visibility]), "help": "Who else may read it; shared: its owner's groups",
    },
    "--confidence": {"type": OrNone(Share()), "help": "How sure it is, from 0 to 1"},
    "--trust": {"type": OrNone(Share()), "help": "How far its source is trusted, from 0 to 1"},
    "--source": {
        "metavar": "PART=VALUE", "multiple": True,
        "help": "Where it was said or written: conversation, session, turn, speaker, model or file; several times for several",
    },
    "--metadata": {"metavar": "JSON", "help": "What has no field of its own, as a JSON object"},
}  # fmt: skip
"""The options with a value, and the beginnings of their help."""
_KEPT = frozenset({"--kind"})
"""Fields that every memory has, so that they can be changed and not be taken off."""
_NAMES = ("title", "key", "task", "external_id")
_TIMES = ("occurred_at", "valid_from", "valid_to", "expires_at")
_NUMBERS = ("priority", "confidence", "trust")
_SWITCHES = ("pinned", "frozen")
_ON_ADD = {
    "--kind": "; guessed when not given", "--external-id": "; adding it again with other content is an edit",
}  # fmt: skip
_ON_EDIT = {
    "--tag": ", put on beside those that it has", "--label": ", put on beside those that it has",
    "--source": "; nothing for none",
    "--metadata": ": its members are set, and null takes one off", "--title": "; empty for none", "--key": "; empty for none",
    "--task": "; empty for none", "--external-id": "; empty for none",
}  # fmt: skip


def _field(option: str) -> str:
    return {"--tag": "tags", "--label": "labels"}.get(option, option[2:].replace("-", "_"))


def to_add(command: _F) -> _F:
    """The options of `memos add`."""
    return _with(command, _ON_ADD, clears=False)


def to_edit(command: _F) -> _F:
    """The options of `memos edit`: also those that take a field off."""
    return _with(command, _ON_EDIT, clears=True)


def _with(command: _F, more: Mapping[str, str], *, clears: bool) -> _F:
    switches = [("--pin", "pinned", "Pin it: it does not fade."), ("--freeze", "frozen", "Freeze it: nothing changes it.")]
    options = [
        click.option(option, _field(option), **{**given, "help": f"{given['help']}{more.get(option, '')}."})
        for option, given in _VALUES.items()
    ]
    options += [
        click.option(f"{on}/--no-{on[2:]}" if clears else on, name, is_flag=True, default=None, help=text)
        for on, name, text in switches
    ]
    if clears:
        options += [
            click.option(f"--no-{option[2:]}", f"no_{_field(option)}", is_flag=True, help=f"Take off what {option} sets.")
            for option in _VALUES
            if option not in _KEPT
        ]
    for option in reversed(options):
        command = option(command)
    return command


def taken(app: "App", given: dict[str, Any]) -> dict[str, Any]:
    """The fields that the options set, out of what a command was given; `None` for one that is taken off.

    Raises:
        UsageError: a value that its field cannot have, or two options for one field.
    """
    off = {name.removeprefix("no_") for name in [*given] if name.startswith("no_") and name != "no_embed" and given.pop(name)}
    set_ = {name: given.pop(name) for name in [*map(_field, _VALUES), *_SWITCHES] if name in given}
    chosen = {name: value for name, value in set_.items() if value is not None and value != ()}
    _require_one(chosen, off)
    fields: dict[str, Any] = {name: _read(name, value, app) for name, value in chosen.items()}
    if "ttl" in fields or "ttl" in off:
        off = {"expires_at" if name == "ttl" else name for name in off}
        fields |= {"expires_at": fields.pop("ttl")} if "ttl" in fields else {}
    fields |= dict.fromkeys(off)
    intake.check_span(fields.get("valid_from"), fields.get("valid_to"))
    return fields


def _require_one(chosen: Mapping[str, Any], off: set[str]) -> None:
    for name in off & chosen.keys():
        option = "--" + {"tags": "tag", "labels": "label"}.get(name, name).replace("_", "-")
        raise UsageError(f"{option} and --no-{option[2:]} exclude each other", hint="set it, or take it off")
    if {"ttl", "expires_at"} <= chosen.keys() | off:
        raise UsageError("--ttl and --expires-at exclude each other", hint="both say when it expires")


def _read(name: str, value: Any, app: "App") -> Any:  # noqa: ANN401, PLR0911 -- of each field its own; a return a sort of field
    if value is _NOTHING:
        return None
    if name in _NAMES:
        return changes.checked_name(value, f"--{name.replace('_', '-')}") if value else None
    if name == "tags":
        return tuple(changes.checked_name(one, "--tag") for one in value)
    if name == "labels":
        return tuple(changes.checked_label(one, "--label") for one in value)
    if name == "ttl":
        return intake.ends(value, app.mos.now)
    if name == "kind":
        return Kind(value)
    if name == "visibility":
        return Visibility(value)
    if name == "source":
        return field_values.source_parts(value)
    return field_values.metadata_of(value) if name == "metadata" else value
