"""A Jinja environment in which a template has so much work and memory, and no more.

Jinja's own sandbox keeps a template from the interpreter, and bounds nothing: a loop in a loop, `'x' * 10**10`,
`ljust(10**10)`, or a list that holds itself twice, forty times over, end with the machine. Here every operation pays in units
before it is done. A unit stands for one object or 16 characters, so that the units of a whole rendering also bound its memory.

- What only adds (lists, `~`, `+`, slices, output, comparisons) pays for all that its operands hold, counted as a tree.
- What may multiply (`*`, `%`, filters, methods) may make no more than `MOST_AT_ONCE` units, reckoned from the product of what
  it is given, and no width beyond `WIDEST`.
- A turn of a loop, a call and an operation pay `STEP` units each, and all together take at most `SECONDS`.

Filters and methods whose work no product bounds, and which no chat template needs, are not there. What else is there gives the
same text as in Jinja's `ImmutableSandboxedEnvironment`.
"""

import functools
import re
import time
import types
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from jinja2 import TemplateError, nodes
from jinja2.runtime import Context, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace, pass_context
from jinja2.visitor import NodeTransformer

UNITS = 5_000_000
"""Units of one rendering: at most about 0.5 GB. The templates of common models take a few thousand."""
MOST_AT_ONCE = 100_000
"""Units that one operation may make: 1.6 million characters. Stand-ins are rendered in place of the messages."""
STEP = 10
SECONDS = 5.0
WIDEST = 10_000
"""The greatest width, count or precision that a filter or a method is given."""
LONGEST_NUMBER = 4096
"""Bits of a whole number; Python itself writes no number of over 14,000."""
CHARACTERS = 16
"""Characters to a unit."""

_GONE = ("filesizeformat", "pprint", "random", "striptags", "urlize", "wordwrap", "xmlattr")
_FORBIDDEN = frozenset({"decode", "encode", "striptags", "to_bytes", "unescape"})
"""Methods that no chat template needs, and of which some take time with the square of a text's length."""
_WIDE = frozenset(
    {"batch", "center", "expandtabs", "indent", "ljust", "rjust", "round", "slice", "tojson", "truncate", "zfill"}
)
"""Filters and methods whose numbers make their result larger."""
_FIELD = re.compile(r"\{[^{}]*\{|\d{5}")
"""A field of `format` within a field, and a width of five digits."""
_DIRECTIVE = re.compile(r"%(?:\([^()]*\))?[^a-zA-Z%]*(?:\*|\d{5})")
"""A width of `%` that is an argument, or of five digits."""
_VIEWS: tuple[type, ...] = (type({}.keys()), type({}.values()), type({}.items()))
_HOLDERS = (list, tuple, set, frozenset, deque, *_VIEWS)


class Unbounded(TemplateError):
    """A template wants more work or memory than it may have."""


class Meter:
    """The units of one rendering."""

    def __init__(self) -> None:
        self._left = UNITS
        self._ends = time.monotonic() + SECONDS

    def spend(self, units: int) -> str:
        """Pay; gives no text, so that it can stand in a template's output.

        Raises:
            Unbounded: there are not so many units left, or the time is over.
        """
        self._left -= units
        if self._left < 0:
            raise Unbounded("it wants too much work")
        if time.monotonic() > self._ends:
            raise Unbounded(f"it takes more than {SECONDS:.0f} seconds")
        return ""

    def pay_for(self, value: Any) -> Any:  # noqa: ANN401 -- any value of a template
        """Pay for all that a value holds, and give it back."""
        self.spend(weight(value))
        return value

    def each(self, values: Iterable[Any]) -> Iterator[Any]:
        """The values one by one, each paid for."""
        return self._each(iter(values))

    def _each(self, values: Iterator[Any]) -> Iterator[Any]:
        for value in values:
            self.spend(STEP)
            yield value

    def product(self, values: Iterable[Any], *, name: str, numbers: Iterable[Any]) -> None:
        """Pay for an operation whose result is at most the product of what it is given.

        Args:
            values: what it is given.
            name: its name.
            numbers: the arguments among them that may be widths.
        """
        made = widest = 1
        for number in numbers if name in _WIDE else ():
            if isinstance(number, int | float):
                widest = max(widest, min(abs(number), WIDEST + 1).__ceil__())
        if widest > WIDEST:
            raise Unbounded(f"it wants {name} to be wider than {WIDEST:,}")
        for value in values:
            made *= weight(value)
            if made * max(1, widest // CHARACTERS) > MOST_AT_ONCE:
                raise Unbounded(f"it wants {name} to make too much")
        self.spend(made + STEP)


def weight(value: Any) -> int:  # noqa: ANN401 -- any value of a template
    """The units that a value stands for, counted as a tree: what is held twice counts twice.

    Raises:
        Unbounded: more than `MOST_AT_ONCE`.
    """
    if isinstance(value, str):
        return 1 + len(value) // CHARACTERS
    total = 0
    waiting = [value]
    while waiting:
        one = waiting.pop()
        total += 1
        if isinstance(one, str | bytes):
            total += len(one) // CHARACTERS
        elif isinstance(one, int):
            total += one.bit_length() // 128
        elif isinstance(one, range):
            total += len(one)
        elif isinstance(one, Namespace):
            waiting.append(object.__getattribute__(one, "_Namespace__attrs"))
        elif isinstance(one, dict):
            total += len(one)
            _extend(waiting, total, one.keys())
            _extend(waiting, total, one.values())
        elif isinstance(one, _HOLDERS):
            _extend(waiting, total, one)
        if total + len(waiting) > MOST_AT_ONCE:
            raise Unbounded("it makes a value that is too large")
    return total


def _extend(waiting: list[Any], total: int, values: Any) -> None:  # noqa: ANN401 -- any container
    if total + len(waiting) + len(values) > MOST_AT_ONCE:
        raise Unbounded("it makes a value that is too large")
    waiting.extend(values)


class MeteredEnvironment(ImmutableSandboxedEnvironment):
    """An environment for one rendering: compile a template by `metered`, since `from_string` alone counts no loops."""

    intercepted_binops = frozenset(ImmutableSandboxedEnvironment.default_binop_table)

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 -- those of jinja2.Environment
        super().__init__(**options)
        self.meter = Meter()
        self.finalize = self.meter.pay_for
        self.globals = {"range": self._range, "dict": dict, "namespace": Namespace}
        self.filters = {name: self._paid(name, made) for name, made in self.filters.items() if name not in _GONE}
        self.tests = {name: self._paid(name, made) for name, made in self.tests.items()}
        self.filters["memos each"] = pass_context(lambda _, values: self.meter.each(values))
        self.filters["memos pays"] = pass_context(lambda _, value: self.meter.pay_for(value))
        self.filters["memos paid"] = pass_context(lambda _, units: self.meter.spend(units))

    def metered(self, source: str) -> nodes.Template:
        """The syntax tree of a template, in which each loop and each value that is made pays; for `from_string`."""
        tree = self.parse(source)
        made: nodes.Template = _Metering().visit(tree)
        return made

    def _range(self, *numbers: int) -> range:
        made = range(*numbers)
        if len(made) > MOST_AT_ONCE:
            raise Unbounded("it counts too far")
        return made

    def _paid(self, name: str, made: Any) -> Callable[..., Any]:  # noqa: ANN401 -- any filter
        """A filter or a test that pays for what it is given, and for what it gives."""
        given_first = 1 if hasattr(made, "jinja_pass_arg") else 0

        def paid(*args: Any, **options: Any) -> Any:  # noqa: ANN401 -- any filter's
            rest, named = args[given_first:], options.values()
            self.meter.product((*rest, *named), name=name, numbers=(*rest[1:], *named))
            if name == "format" and rest and _DIRECTIVE.search(str(rest[0])):
                raise Unbounded("it wants too wide a format")
            if name == "sum":
                self.meter.spend(weight(rest[0]) ** 2 // CHARACTERS)
            return self._worth(made(*args, **options))

        return functools.wraps(made)(paid)

    def _worth(self, result: Any) -> Any:  # noqa: ANN401 -- any result
        """A result, paid for; what a generator gives is paid for when it does."""
        return self.meter.each(result) if isinstance(result, types.GeneratorType) else self.meter.pay_for(result)

    def call(self, context: Context, called: Any, /, *args: Any, **options: Any) -> Any:  # noqa: ANN401 -- any call's
        """As Jinja's, paid for."""
        self.meter.spend(STEP)
        owner, name = getattr(called, "__self__", None), getattr(called, "__name__", "")
        if isinstance(called, types.BuiltinMethodType) or isinstance(owner, str):
            if name in _FORBIDDEN:
                raise Unbounded(f"it calls {name}, which no chat template needs")
            given = (*args, *options.values())
            self.meter.product((owner, *given), name=name, numbers=given)
        elif not isinstance(called, Macro):
            self.meter.spend(weight([*args, *options.values()]))
        return self._worth(super().call(context, called, *args, **options))

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:  # noqa: ANN401 -- Jinja's signature
        """As Jinja's, without wide fields."""
        made = super().wrap_str_format(value)
        if made is None:
            return None
        pattern = value.__self__

        @functools.wraps(made)
        def paid(*args: Any, **options: Any) -> str:  # noqa: ANN401 -- those of `format`
            if _FIELD.search(pattern):
                raise Unbounded("it wants too wide a format")
            self.meter.product((pattern, list(args), options), name="format", numbers=())
            return made(*args, **options)

        return paid

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:  # noqa: ANN401, ARG002
        """As Jinja's, paid for before it is done."""
        self.meter.spend(STEP)
        if isinstance(left, int) and isinstance(right, int):
            return self._reckoned(operator, left, right)
        if operator == "%" and isinstance(left, str | bytes):
            if isinstance(left, bytes) or _DIRECTIVE.search(left):
                raise Unbounded("it wants too wide a format")
            self.meter.product((left, right), name="%", numbers=())
        elif operator == "*" and (isinstance(left, int) or isinstance(right, int)):
            times, value = (left, right) if isinstance(left, int) else (right, left)
            if times > 0 and weight(value) * times > MOST_AT_ONCE:
                raise Unbounded("it repeats something too often")
        else:
            self.meter.spend(weight(left) + weight(right))
        return self.meter.pay_for(self.binop_table[operator](left, right))

    def _reckoned(self, sign: str, left: int, right: int) -> Any:  # noqa: ANN401 -- a number
        bits = left.bit_length() * max(1, right) if sign == "**" else max(left.bit_length(), right.bit_length())
        if bits > LONGEST_NUMBER:
            raise Unbounded("it reckons with too long numbers")
        return self.binop_table[sign](left, right)


class _Metering(NodeTransformer):
    """Puts what pays around the loops and the expressions of a template."""

    def visit(self, node: nodes.Node, *args: Any, **options: Any) -> Any:  # noqa: ANN401 -- Jinja's signature
        """A node whose parts were visited, or what stands in its place."""
        if isinstance(node, nodes.For) and node.recursive:
            raise Unbounded("it loops over itself, which no chat template needs")
        self.generic_visit(node, *args, **options)
        if isinstance(node, nodes.For):
            node.iter = _filtered("memos each", node.iter)
        elif isinstance(node, nodes.Output):
            # A value pays by `finalize`, and the text between two marks here.
            said = sum(len(part.data) for part in node.nodes if isinstance(part, nodes.TemplateData))
            node.nodes.append(_filtered("memos paid", nodes.Const(STEP + said // CHARACTERS, lineno=node.lineno)))
        elif isinstance(node, nodes.Compare):
            node.expr = _filtered("memos pays", node.expr)
            for operand in node.ops:
                operand.expr = _filtered("memos pays", operand.expr)
        elif isinstance(node, nodes.Concat):
            node.nodes = [_filtered("memos pays", part) for part in node.nodes]
        elif isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Slice):
            node.node = _filtered("memos pays", node.node)
        elif isinstance(node, nodes.List | nodes.Dict) or (isinstance(node, nodes.Tuple) and node.ctx == "load"):
            return _filtered("memos pays", node)
        return node


def _filtered(name: str, value: nodes.Node) -> nodes.Filter:
    return nodes.Filter(value, name, [], [], None, None, lineno=value.lineno)
