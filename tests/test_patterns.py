"""Regular expressions on text that comes from outside: none takes much more than twice the time for twice the text."""

import importlib
import inspect
import pkgutil
import random
import re
import time
from collections.abc import Iterator
from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Any, NamedTuple

import pytest

PLACES = (
    "memos_cli.backends.parsers",
    "memos_cli.backends.llms.replies",
    "memos_cli.infra.governance",
    "memos_cli.infra.vault",
    "memos_cli.interface.reader",
    "memos_cli.operation.operator.dedupe",
    "memos_cli.operation.parametric.grammar",
)
AS_TEXT = {
    "memos_cli.infra.governance.secret_forms": (
        "_HEAD_OF_KEY _FOOT_OF_KEY _OF_KEY _BODY _PUTTY _PREFIXED _HOOK _RECOVERY _IN_URL _IN_QUERY _AUTHORIZATION _BEARER "
        "_COOKIE _USER _OF_COMMAND _AWS _AWS_ID _LIBRARY_MARK"
    ),
    "memos_cli.infra.governance.secret_numbers": "_CARD _OTHER_NUMBER _EXPIRY _VERIFIER _LONE _IBAN_AHEAD",
    "memos_cli.infra.governance.secret_values": "REFERENCE TALK MEASURE _WORDS _NAME_OR_NUMBER",
    "memos_cli.infra.governance.secret_words": (
        "_PASSWORD _SHORT _TOLD _OF_A_SERVICE _ACCOUNT _NOT_AFTER _WIFI _WIFI_CODE _MARKUP _PIN _PIN_WITH_LINK _OPENS "
        "_OF_A_DOOR _KEYED _DOOR_BY_NAME _OTHER_CODE _PROOF _PROOF_BEHIND _SEED _KEY _KEY_TOLD _KEY_ALONE _ENVIRONMENT "
        "_PHRASE _SENTENCE _ADJECTIVE"
    ),
    "memos_cli.interface.reader.dates": "_CANDIDATE _MOVED_TO _LEADS _HABIT _PUT_OFF _VERSION _WEEKDAY_BEFORE",
    "memos_cli.interface.reader.tense": "_AHEAD _BEHIND _PASSIVE STOP",
    "memos_cli.interface.reader.clocks": "_CLOCK _EVENING _MORNING _RANGE _AGO _ZONE",
    "memos_cli.interface.reader.named": "_NAMED _NEVER",
    "memos_cli.interface.reader.recurrences": ("_ORDINAL _MONTH_DAY _EVERY _PLURAL _DAILY _YEARLY _BIRTHDAY _IS_BIRTHDAY _NOT"),
    "memos_cli.interface.reader.told_times": (
        "_NOT_ON _NOT_SURE _AND_AGO _REASON _OR _BARRED _FROM _ONLY_FROM _OPENING "
        "_IS_FROM _UNTIL _PUT_OFF _JOINS _SPANS _YEARS _SHORT_SPAN _NO_DAY _IS_TITLE _FROM_DAY _STAY "
        "_PAPER _ON_WEEKDAYS _HABIT"
    ),
    "memos_cli.interface.reader.tongues": "_NO_TOMORROW _LETTERS",
    "memos_cli.interface.reader.reader": "_RULE _PROCEDURE _STEP _PREFERENCE _EVENT _FACT",
}
"""Patterns that are kept as text, and compiled where they are first used."""
SHORT = {
    "backends.parsers.stamps._WRITTEN", "backends.parsers.stamps._FILLER", "backends.parsers.stamps._SESSION",
    "infra.governance.secret_numbers._OTHER_NUMBER", "infra.governance.secret_values.MEASURE",
}  # fmt: skip
"""Patterns that see a hundred characters at the most (`stamps.header`, `governance`)."""
LENGTHS = (4000, 8000, 16000)
FLOOR = 0.004
"""Seconds of CPU below which nothing is compared."""
ENOUGH = 0.06
"""Seconds of CPU that are enough to compare: what took longer is measured again with less text."""
STEEPEST = 3.4
"""Growth of the time for twice the text: 2 for a linear pattern, 4 for a quadratic one."""
BUDGET = 0.3
"""Seconds of CPU for the attacks on one pattern."""


class Attacked(NamedTuple):
    """A pattern, and whether it is looked for anywhere in a text or at its beginning alone."""

    pattern: re.Pattern[str]
    anywhere: bool


def modules(place: str) -> Iterator[str]:
    yield place
    found = importlib.import_module(place)
    for info in pkgutil.walk_packages(getattr(found, "__path__", ()), f"{place}."):
        yield info.name


def patterns_in(value: object) -> Iterator[re.Pattern[str]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, dict):
        for item in value.items():
            yield from patterns_in(item)
    elif isinstance(value, tuple | list | set | frozenset):
        for item in value:
            yield from patterns_in(item)


def patterns() -> dict[str, Attacked]:
    found: dict[str, Attacked] = {}
    for name in (module for place in PLACES for module in modules(place)):
        module = importlib.import_module(name)
        source = inspect.getsource(module)
        texts = {key: re.compile(getattr(module, key)) for key in AS_TEXT.get(name, "").split()}
        for key, value in {**vars(module), **texts}.items():
            where = f"{name.removeprefix('memos_cli.')}.{key}"
            begins = re.search(rf"\b{key}\.(?:full)?match\b|re\.(?:full)?match\({key}\b", source) is not None
            searches = rf"\b{key}\.(?:search|find|sub|split)|re\.(?:search|find\w+|sub|split)\({key}\b"
            anywhere = not begins or re.search(searches, source) is not None
            for number, pattern in enumerate(patterns_in(value)):
                if where not in SHORT:
                    found[f"{where}.{number}"] = Attacked(pattern, anywhere)
    return found


PATTERNS = patterns()


def inside(given: object) -> Iterator[_parser.SubPattern]:
    """The patterns that a part of a pattern holds."""
    if isinstance(given, _parser.SubPattern):
        yield given
    elif isinstance(given, tuple | list):
        for part in given:
            yield from inside(part)


def examples(op: object, given: Any) -> Iterator[str]:
    """Characters that a part of a pattern matches, more or less."""
    if op is _constants.IN:
        for part in given[:6]:
            yield from examples(*part)
    elif op is _constants.RANGE:
        yield chr(given[0])
    elif op is _constants.LITERAL:
        yield chr(given)
    elif op is _constants.CATEGORY:
        yield {"CATEGORY_DIGIT": "1", "CATEGORY_SPACE": " ", "CATEGORY_WORD": "a"}.get(str(given), "-")
    elif op in {_constants.ANY, _constants.NEGATE, _constants.NOT_LITERAL}:
        yield "x"


def pieces(pattern: re.Pattern[str]) -> list[str]:
    """Short texts that the parts of a pattern match: its literals, characters of each of its classes, blanks, digits."""
    words: dict[str, None] = {}

    def walk(parsed: Any) -> None:
        run = ""
        for op, given in parsed:
            if op is _constants.LITERAL:
                run += chr(given)
                continue
            words.setdefault(run)
            run = ""
            words.update(dict.fromkeys(examples(op, given)))
            for inner in inside(given):
                walk(inner)
        words.setdefault(run)

    walk(_parser.parse(pattern.pattern, pattern.flags & ~re.UNICODE))
    return [word for word in words if word]


def attacks(pattern: re.Pattern[str]) -> Iterator[tuple[str, str, str]]:
    """A beginning, what is said again and again, and an end that fails."""
    dice = random.Random(repr(pattern.pattern))
    own = pieces(pattern)
    common = [" ", "\n", "\t", "1", "a", "A", ".", "-", "\r\n", ", "]
    starts = ["", *own]
    for pump in dict.fromkeys([*common, *own[:40]]):
        yield "", pump, ""
        yield dice.choice(starts), pump, "\x00"
        yield dice.choice(starts) + " ", pump, "!\x00"
    for _ in range(40):
        pump = "".join(dice.choice([*own, *common]) for _ in range(dice.randint(2, 4)))
        yield "".join(dice.choices(starts, k=2)), pump, dice.choice(["", "\x00", " \x00"])


def seconds(attacked: Attacked, text: str) -> float:
    started = time.process_time()
    attacked.pattern.match(text)
    for _ in attacked.pattern.finditer(text) if attacked.anywhere else ():
        pass
    return time.process_time() - started


def steep(attacked: Attacked, start: str, pump: str, end: str) -> float:
    """How much longer twice the text takes, where that is too much; what is found is measured again before it counts."""

    def took(times: int) -> float:
        return seconds(attacked, start + pump * times + end)

    # Two more of what makes a pattern take exponential time double its time at the least.
    few = [took(times) for times in range(14, 24, 3)]
    if few[-1] > FLOOR and few[-1] > 4 * few[-2] and few[-2] > 4 * few[-3]:
        return few[-1] / few[-2]
    before = took(LENGTHS[0] // 2 // len(pump))
    for length in LENGTHS:
        times = length // len(pump)
        now = took(times)
        if now > FLOOR and now > STEEPEST * max(before, FLOOR / 4):
            # The least of several, and over two doublings: the machine may have been busy with something else.
            while now > ENOUGH and times * len(pump) > LENGTHS[0] // 4:
                times //= 2
                now = took(times)
            half, whole, twice = (min(took(int(times * part)) for _ in range(3)) for part in (0.5, 1, 2))
            if whole > STEEPEST * max(half, FLOOR / 8) and twice > STEEPEST * whole:
                return twice / whole
        before = now
    return 0.0


@pytest.mark.parametrize("name", PATTERNS)
def test_twice_the_text_takes_no_more_than_about_twice_the_time(name: str) -> None:
    attacked = PATTERNS[name]
    ends = time.process_time() + BUDGET
    for start, pump, end in attacks(attacked.pattern):
        grown = steep(attacked, start, pump, end)
        assert grown == 0, f"{start!r} + {pump!r} * n + {end!r}: {grown:.1f} times as long for twice the text"
        if time.process_time() > ends:
            return


@pytest.mark.parametrize("slow", [r"(?:\w+\s*)+:", r"\s+$", r"[.!?]+\s+", r"(?:a|a)+b"])
def test_what_is_slow_is_found(slow: str) -> None:
    attacked = Attacked(re.compile(slow), anywhere=True)
    assert any(steep(attacked, *attack) for attack in attacks(attacked.pattern))
