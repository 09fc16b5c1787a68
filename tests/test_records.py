"""The named tuples that are cheap to define behave as those of `typing`, of which each test makes the same class."""

import copy
import inspect
import pickle
import sys
import threading
import types
import typing
from typing import Any

import pytest

from memos_cli import records
from memos_cli.model import Memory, Source


class Cheap(records.NamedTuple):
    """A place."""

    name: str
    tags: tuple[str, ...] = ()
    at: float | None = None

    @property
    def loud(self) -> str:
        """The name in capitals."""
        return self.name.upper()


class Usual(typing.NamedTuple):
    """A place."""

    name: str
    tags: tuple[str, ...] = ()
    at: float | None = None

    @property
    def loud(self) -> str:
        """The name in capitals."""
        return self.name.upper()


class Bare(records.NamedTuple):
    one: int


BOTH: Any = pytest.mark.parametrize("kind", [Cheap, Usual])


@BOTH
def test_a_record_is_a_tuple_with_names(kind: Any) -> None:
    made = kind("Porto", at=2.0)
    assert made == ("Porto", (), 2.0)
    assert made == kind(*made)
    assert hash(made) == hash(("Porto", (), 2.0))
    assert repr(made) == f"{kind.__name__}(name='Porto', tags=(), at=2.0)"
    assert (made.name, made.tags, made.at, made.loud) == ("Porto", (), 2.0, "PORTO")
    assert made._asdict() == {"name": "Porto", "tags": (), "at": 2.0}
    assert made._replace(name="Gaia", at=None) == kind("Gaia")
    assert kind._make(["Porto", (), 2.0]) == made
    assert type(made._replace(at=1.0)) is type(kind._make(made)) is kind
    assert isinstance(made, tuple)
    name, *_ = made
    assert name == "Porto"
    match made:
        case kind(name="Porto", at=at):
            assert at == 2.0
    match made:
        case kind("Porto", tags, _):
            assert tags == ()


@BOTH
def test_a_class_says_what_it_has(kind: Any) -> None:
    assert kind._fields == kind.__match_args__ == ("name", "tags", "at")
    assert kind._field_defaults == {"tags": (), "at": None}
    assert typing.get_type_hints(kind) == {"name": str, "tags": tuple[str, ...], "at": float | None}
    assert kind.__doc__ == "A place."
    assert kind.__module__ == __name__
    assert kind.__bases__ == (tuple,)
    assert type(kind) is type
    assert kind.name.__doc__ == "Alias for field number 0"
    kind("Porto")
    assert str(inspect.signature(kind.__new__)).startswith("(_cls, name")


@BOTH
def test_a_record_cannot_be_changed(kind: Any) -> None:
    made = kind("Porto")
    for name in ("name", "other"):
        with pytest.raises(AttributeError):
            setattr(made, name, "Gaia")
    assert not hasattr(made, "__dict__")


@BOTH
def test_a_record_is_copied_and_pickled(kind: Any) -> None:
    made = kind("Porto", ("sea",))
    assert copy.copy(made) == copy.deepcopy(made) == made
    again = pickle.loads(pickle.dumps(made))  # noqa: S301 -- of this test's own making
    assert again == made
    assert type(again) is kind


@BOTH
def test_wrong_calls_are_refused(kind: Any) -> None:
    for call in (kind, lambda: kind("a", (), 1.0, 2), lambda: kind("a", other=1), lambda: kind._make(["a"])):
        with pytest.raises(TypeError):
            call()
    with pytest.raises(ValueError, match="other"):
        kind("a")._replace(other=1)


def test_a_class_without_a_docstring_and_with_one_field() -> None:
    assert Bare.__doc__ == "Bare(one)"
    assert Bare(1) == (1,)
    assert repr(Bare(1)) == "Bare(one=1)"


@pytest.mark.parametrize("base", [records.NamedTuple, typing.NamedTuple])
def test_wrong_classes_are_refused(base: Any) -> None:
    for body in (
        {"__annotations__": {"a": int, "b": int}, "a": 1},
        {"__annotations__": {"a": int}, "__new__": None},
        {"__annotations__": {"a": int}, "_replace": None},
        {"__annotations__": {"_a": int}},
    ):
        with pytest.raises((TypeError, AttributeError, ValueError)):
            _defined(base, body)


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="there the class is the one of typing, which takes Generic too")
def test_a_second_base_is_refused() -> None:
    with pytest.raises(TypeError, match="second base"):
        _defined((records.NamedTuple, dict), {"__annotations__": {"a": int}})


def _defined(base: Any, body: dict[str, Any]) -> Any:
    bases = base if isinstance(base, tuple) else (base,)
    return types.new_class("Wrong", bases, exec_body=lambda space: space.update(body | {"__module__": __name__}))


def test_a_subclass_makes_objects_of_its_own_class_before_and_after_its_base() -> None:
    class Base(records.NamedTuple):
        one: int
        two: int = 2

    class Under(Base):
        pass

    assert type(Under(1)) is Under
    assert type(Base(1)) is Base
    assert type(Under(1)) is Under
    assert Under(1)._replace(two=3) == (1, 3)
    assert type(Under(1)._replace(two=3)) is Under


def test_threads_that_make_the_first_objects_all_get_them() -> None:
    class Racer(records.NamedTuple):
        one: int

    made: list[Racer] = []
    start = threading.Barrier(8)

    def make(number: int) -> None:
        start.wait()
        made.append(Racer(number))

    threads = [threading.Thread(target=make, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.one for one in made) == list(range(8))


def test_the_nouns_are_such_records() -> None:
    assert Source(file="a.txt")._asdict()["file"] == "a.txt"
    assert Memory.__bases__ == (tuple,)
