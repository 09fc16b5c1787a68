"""Named tuples that are cheap to define: records as those of `typing`, whose constructors are compiled when they are called.

The modules that every command imports take `NamedTuple` from here. They define some sixty classes of records, and a command
makes objects of a dozen of them. `typing.NamedTuple` compiles a constructor, makes five methods and checks every annotation of
each class: 0.3 ms a class, a tenth of the time of a search. Here all classes have the same methods, and the first call of a
class compiles its constructor. A frozen dataclass takes five times as long to define as a named tuple of `typing`, and three
times as long to make.
"""

# ruff: noqa: ANN401 -- the classes of this module do not exist for a type checker, which sees the one of `typing`

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING or sys.version_info >= (3, 14):  # from 3.14 on the annotations of a class are made when somebody asks for them
    from typing import NamedTuple
else:
    from collections import _tuplegetter
    from collections.abc import Iterable
    from typing import Any

    _RESERVED = frozenset(
        {"__new__", "__init__", "__slots__", "__getnewargs__", "_fields", "_field_defaults", "_make", "_replace", "_asdict"}
    )
    """What the body of a class may not define, as in `typing`."""

    def _make(cls: Any, values: Iterable[Any]) -> Any:
        """Make a record of its values, in the order of the fields."""
        made = tuple.__new__(cls, values)
        if len(made) != len(cls._fields):
            raise TypeError(f"Expected {len(cls._fields)} arguments, got {len(made)}")
        return made

    def _replace(self: Any, /, **changes: Any) -> Any:
        """Return a record with other values in some fields."""
        made = self._make(map(changes.pop, self._fields, self))
        if changes:
            raise ValueError(f"Got unexpected field names: {list(changes)!r}")
        return made

    def _asdict(self: Any) -> dict[str, Any]:
        """Return the names of the fields and their values."""
        return dict(zip(self._fields, self, strict=False))

    def _repr(self: Any) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self._asdict().items())})"

    def _getnewargs(self: Any) -> tuple[Any, ...]:
        """Return the values, for `copy` and `pickle`."""
        return tuple(self)

    _SHARED = {
        "__slots__": (), "__repr__": _repr, "__getnewargs__": _getnewargs, "__replace__": _replace,
        "_make": classmethod(_make), "_replace": _replace, "_asdict": _asdict,
    }  # fmt: skip
    _GETTERS = [_tuplegetter(number, f"Alias for field number {number}") for number in range(64)]
    """What reads the first field, the second and so on: each knows its number alone, so that all classes can share them."""

    def _constructor(name: str, fields: tuple[str, ...], defaults: tuple[Any, ...]) -> Any:
        """The `__new__` of a class, made as `collections.namedtuple` makes it: no other way is as fast to call."""
        listed = "".join(f"{field}, " for field in fields)
        new = eval(f"lambda _cls, {listed}: _new(_cls, ({listed}))", {"_new": tuple.__new__, "__builtins__": {}})  # noqa: S307
        new.__name__, new.__qualname__, new.__defaults__ = "__new__", f"{name}.__new__", defaults
        return new

    class _Maker(type):
        """Makes a named tuple of a class whose base is `NamedTuple`."""

        def __new__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> Any:
            if not bases:
                return super().__new__(cls, name, bases, body)
            fields = tuple(body.get("__annotations__", ()))
            defaults = {field: body[field] for field in fields if field in body}
            if tuple(defaults) != fields[len(fields) - len(defaults) :]:
                raise TypeError(f"a field of {name} without a default follows one with a default")
            if len(bases) > 1 or not _RESERVED.isdisjoint(body) or any(field.startswith("_") for field in fields):
                raise TypeError(f"{name} has a second base, a field with an underscore, or what a named tuple brings along")

            def first(kind: Any, /, *values: Any, **named: Any) -> Any:
                record.__new__ = new = _constructor(name, fields, tuple(defaults.values()))
                return new(kind, *values, **named)

            record = type(
                name,
                (tuple,),
                {"__doc__": f"{name}({', '.join(fields)})", **_SHARED, **body, **dict(zip(fields, _GETTERS, strict=False)),
                 "_fields": fields, "_field_defaults": defaults, "__match_args__": fields, "__new__": first},
            )  # fmt: skip
            return record

    class NamedTuple(metaclass=_Maker):
        """The base that a class of records names; the class becomes a subclass of `tuple`, not of this one."""


__all__ = ["NamedTuple"]
