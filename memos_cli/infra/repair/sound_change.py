"""The sound change that is nearest to one which no cube file could carry."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from memos_cli.infra import limits
from memos_cli.infra.vault import log
from memos_cli.model import NOTHING

_BIG = 2**31
Fits = Callable[[Any], bool]


class Sound(NamedTuple):
    """A sound change, and how it came of the bad one.

    Attributes:
        change: its registers.
        names: the register that each register of the bad change became, for those that are left.
        dropped: the registers of the bad change that cannot be made sound.
    """

    change: dict[str, Any]
    names: dict[str, str]
    dropped: tuple[str, ...]


def sound(noun: str, subject: str, change: object, renamed: Mapping[str, str] = NOTHING) -> Sound:
    """Make a change sound.

    Control characters are taken out of names, which are cut at `limits.LONGEST_NAME`; what is no character becomes U+FFFD;
    numbers are brought within their bounds; of lists and objects the bad elements are left out. A register that is bad all the
    same is dropped, and then the largest registers, until the change is short enough.

    Args:
        change: what the JSON of the change holds; a change that is no object has nothing to keep.
        renamed: memories whose ids are no ids, with the new ones.
    """
    if not isinstance(change, dict):
        return Sound({}, {}, ("all of it",))
    if noun == "memory" and change.get(limits.PURGED):
        return Sound({limits.PURGED: True}, {limits.PURGED: limits.PURGED}, ())
    kept: dict[str, Any] = {}
    names: dict[str, str] = {}
    dropped = []
    for name, value in change.items():
        found = _register(noun, subject, name, value, renamed)
        if found is None or len(kept) >= limits.MOST_REGISTERS:
            dropped.append(name)
        else:
            names[name], kept[found[0]] = found[0], found[1]
    sizes = {name: len(log.encoded(value)) + len(name) for name, value in kept.items()}
    while limits.fault_of_text(log.encoded(kept)):
        largest = max(kept, key=lambda name: (name != "content", sizes[name]))
        del kept[largest]
        gone = [old for old, new in names.items() if new == largest]
        dropped += gone
        names = {old: new for old, new in names.items() if new != largest}
    return Sound(kept, names, tuple(dropped))


def _register(noun: str, subject: str, name: str, value: Any, renamed: Mapping[str, str]) -> tuple[str, Any] | None:  # noqa: ANN401
    """The register and the value that are nearest; `None` for none."""
    for called in dict.fromkeys((name, limits.cleaned_name(name), _retargeted(name, renamed))):

        def fits(one: Any, called: str = called) -> bool:  # noqa: ANN401
            register = {called: one}
            is_sound = not limits.fault_of_change(noun, subject, register) and limits.is_shallow(register)
            return is_sound and not limits.fault_of_text(log.encoded(register))

        if called and limits.is_name(called):
            for one in _nearest(value, fits):
                if fits(one):
                    return called, one
    return None


def _retargeted(name: str, renamed: Mapping[str, str]) -> str:
    """A link to a memory whose id was no id, as a link to the new one."""
    if not name.startswith(limits.LINK):
        return ""
    kind, _, target = name.removeprefix(limits.LINK).partition(":")
    return f"{limits.LINK}{kind}:{renamed[target]}" if target in renamed else ""


def _nearest(value: Any, fits: Fits) -> Iterator[Any]:  # noqa: ANN401
    """Values to try in the place of one, the nearest first."""
    yield value
    plain = _scrubbed(value)
    yield plain
    if isinstance(plain, str):
        yield plain[: limits.MOST_CHARACTERS]
        if name := limits.cleaned_name(value):
            yield name
    elif limits.fault_of_text(log.encoded(plain)):
        return  # a part of it would say something else
    elif isinstance(plain, list):
        yield [one for part in plain for one in _element(part, lambda one: fits([one]))]
    elif isinstance(plain, dict):
        yield {
            name: one
            for name, part in plain.items()
            for one in _element(part, lambda one, name=name: fits({name: one}))  # type: ignore[misc]
        }
    elif type(plain) in (int, float):
        yield max(-_BIG, min(plain, _BIG))
        yield max(0, min(plain, 1))


def _element(part: Any, fits: Fits) -> list[Any]:  # noqa: ANN401
    """The nearest value that may stand in a list or an object, in a list; an empty one for none."""
    return next(([one] for one in _nearest(part, fits) if fits(one)), [])


def _scrubbed(value: Any, depth: int = 0) -> Any:  # noqa: ANN401
    """A value in which each text is made of characters, and nothing is nested too deeply."""
    if isinstance(value, str):
        return re.sub(limits.NO_TEXT, limits.INSTEAD, value)
    if isinstance(value, list | dict) and depth >= limits.MOST_DEPTH - 1:
        return None
    if isinstance(value, list):
        return [_scrubbed(one, depth + 1) for one in value]
    if isinstance(value, dict):
        return {re.sub(limits.NO_TEXT, limits.INSTEAD, name): _scrubbed(one, depth + 1) for name, one in value.items()}
    return value
