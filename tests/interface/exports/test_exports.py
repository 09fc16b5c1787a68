"""Exports: what leaves and what stays, in which order; and documents that come back as they were."""

import gc
import io
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from errno import ENOSPC
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memos_cli import MOS
from memos_cli.config import Settings, paths
from memos_cli.errors import MemosError
from memos_cli.interface.imports.imports import Taking
from memos_cli.model import Draft, Filter, Kind, LinkType, Origin, Source, Visibility
from tests.conftest import Clock
from tests.trials import trials

EVERYTHING = Filter(at="2030-01-01T00:00:00.000Z", everything=True, turns=True)


@contextmanager
def home(folder: Path, clock: Clock, who: str = "sam") -> Iterator[MOS]:
    chosen = Settings({"MEMOS_EMBEDDER": "none", "MEMOS_PRINCIPAL": who}, paths({"MEMOS_HOME": str(folder)}))
    with MOS(folder, settings=chosen, clock=clock) as opened:
        yield opened


def exported(mos: MOS, wanted: Filter | None = EVERYTHING, **given: Any) -> bytes:
    stream = io.BytesIO()
    mos.exports.jsonl(stream, wanted, **given)
    return stream.getvalue()


def lines(document: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in document.splitlines()]


def goes_round(mos: MOS, folder: Path, clock: Clock) -> bytes:
    """The export of a home, after it was brought into an empty one and exported from there: twice the same bytes."""
    document = exported(mos)
    clock.forward(days=3)
    for name in ("second", "third"):
        file = folder / f"{name}.jsonl"
        file.write_bytes(document)
        with home(folder / name, clock, who=name) as other:
            done = other.imports.take(str(file))
            assert done.whole, done.reasons
            assert done.found == len(lines(document))
            again = exported(other)
        assert again.decode() == document.decode()
    return document


NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp")), min_size=1, max_size=12)
TIMES = st.datetimes().map(lambda at: f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z".rjust(24, "0"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)
DRAFTS = st.builds(
    Draft,
    content=st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1, max_size=40).filter(
        str.strip
    )
    | st.sampled_from(["Tea", "I moved to Porto on 3 May 2021", "Bins go out every Tuesday"]),
    kind=st.sampled_from([kind for kind in Kind if kind is not Kind.EPISODE]),
    external_id=st.none() | NAMES,
    title=st.none() | NAMES,
    key=st.none() | st.sampled_from(["diet", "city"]),
    tags=st.lists(st.sampled_from(["a", "b", "Ça va", "\U0001f331"]), max_size=2, unique=True).map(tuple),
    occurred_at=st.none() | TIMES,
    expires_at=st.none() | st.just("2099-01-01T00:00:00.000Z"),
    pinned=st.booleans(),
    frozen=st.booleans(),
    priority=st.integers(-5, 5),
    task=st.none() | st.sampled_from(["move"]),
    source=st.builds(
        Source,
        conversation=st.none() | NAMES,
        turn=st.none() | st.integers(0, 9),
        speaker=st.none() | NAMES,
        model=st.none() | NAMES,
        session=st.none(),
        file=st.none(),
        digest=st.none(),
        start=st.none(),
        end=st.none(),
    ),
    metadata=st.dictionaries(NAMES | st.just("mip"), JSON, max_size=2),
    confidence=st.sampled_from([1.0, 0.25, 0.1]),
    trust=st.sampled_from([1.0, 0.5]),
    visibility=st.sampled_from(Visibility),
    labels=st.just(()),
    valid_from=st.none() | st.just("2019-01-01T00:00:00.000Z"),
    valid_to=st.none() | st.just("2031-01-01T00:00:00.000Z"),
    origin=st.sampled_from([Origin.USER, Origin.IMPORT, Origin.INFERENCE]),
    given=st.none(),
)


@pytest.mark.slow
@settings(max_examples=trials(4, 300))
@given(drafts=st.lists(DRAFTS, min_size=1, max_size=6), chance=st.randoms(use_true_random=False))
def test_whatever_is_exported_comes_back_as_the_same_bytes(
    drafts: list[Draft], chance: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder, clock = tmp_path_factory.mktemp("round"), Clock()
    with home(folder / "first", clock) as mos:
        mos.create_cube("default")
        ids: list[str] = []
        for draft in drafts:
            clock.forward(milliseconds=chance.choice([0, 1, 1500]))
            try:
                ids += mos.add(drafts=[draft]).ids
            except MemosError:
                continue  # it would change one that is frozen
        for one in ids:
            act = chance.choice(["link", "forget", "edit", "no"])
            clock.forward(milliseconds=chance.choice([0, 900]))
            try:
                if act == "link" and (other := chance.choice(ids)) != one:
                    mos.link(one, chance.choice([LinkType.RELATES, LinkType.SUPERSEDES, LinkType.MENTIONS]), other)
                elif act == "forget":
                    mos.delete([one])
                elif act == "edit":
                    mos.edit(one, {"content": "Changed since"})
            except MemosError:
                continue
        if exported(mos):
            goes_round(mos, folder, clock)


def test_a_frozen_value_that_begins_before_another_one_comes_back_as_it_was(mos: MOS, clock: Clock, tmp_path: Path) -> None:
    for draft in (
        Draft("Ghent", Kind.FACT, key="city"),
        Draft("Ghent", Kind.FACT, frozen=True),
        Draft("Leuven", Kind.FACT, key="city"),
        Draft("Leuven", Kind.FACT, frozen=True, valid_from="2019-01-01T00:00:00.000Z"),
    ):
        clock.forward(seconds=2)
        mos.add(drafts=[draft])
    assert {(memory.content, memory.frozen, memory.valid_to) for memory in mos.list()} == {
        ("Ghent", True, None),
        ("Leuven", True, None),
    }
    goes_round(mos, tmp_path, clock)


def test_of_two_values_that_begin_together_the_one_that_supersedes_an_older_one_comes_back(
    mos: MOS, clock: Clock, tmp_path: Path
) -> None:
    for number in range(6):  # which of two has the smaller id is chance
        since = f"20{10 + number}-01-01T00:00:00.000Z"
        for draft in (
            Draft(f"Ghent {number}", Kind.FACT, key=f"city {number}", frozen=True, valid_from=since),
            Draft(f"Leuven {number}", Kind.FACT, key=f"city {number}", frozen=True, valid_from=since),
            Draft(f"Bruges {number}", Kind.FACT, key=f"city {number}", valid_from="1999-01-01T00:00:00.000Z"),
        ):
            clock.forward(seconds=2)
            mos.add(drafts=[draft])
    goes_round(mos, tmp_path, clock)


def test_what_a_draft_cannot_say_comes_back_too(mos: MOS, clock: Clock, tmp_path: Path) -> None:
    first, second = (mos.add(text).ids[0] for text in ("I live in Ghent", "I live in Porto now"))
    clock.forward(hours=1)
    mos.link(second, LinkType.SUPERSEDES, first)
    mos.edit(second, {"content": "I live in Porto, by the river"})
    gone = mos.add("To be forgotten", tags=("x",)).ids[0]
    mos.delete([gone])
    document = goes_round(mos, tmp_path, clock)
    told = {line["content"]: line for line in lines(document)}
    river = told["I live in Porto, by the river"]
    assert river["links"] == [{"type": "supersedes", "target": first}]
    assert (river["created_at"], river["updated_at"]) == ("2026-03-02T12:00:00Z", "2026-03-02T13:00:00Z")
    assert told["To be forgotten"]["state"] == "expired"
    with home(tmp_path / "third", clock, who="third") as other:
        assert [one.content for one in other.list()] == ["I live in Porto, by the river"], (
            "what was over and forgotten stays so"
        )
        (linked,) = other.list()
        assert [link.type for link in other.vault("default").links(linked.id)[0]] == [LinkType.SUPERSEDES]


def test_a_line_with_the_id_of_a_memory_of_ours_gets_no_hold_on_it(mos: MOS, tmp_path: Path) -> None:
    ours = mos.add("The safe is behind the clock").ids[0]
    file = tmp_path / "theirs.jsonl"
    file.write_text(
        json.dumps({"mip": 1, "id": ours, "content": "The safe is empty", "links": [{"type": "supersedes", "target": ours}]})
        + "\n"
    )
    mos.imports.take(str(file))
    assert mos.get(ours).content == "The safe is behind the clock"
    assert mos.get(ours).valid_to is None
    ids = [line["id"] for line in lines(exported(mos))]
    assert len(set(ids)) == len(ids) == 2, "and no two lines have one id"


def test_importing_twice_adds_nothing_and_undo_takes_all_of_it_away(mos: MOS, clock: Clock, tmp_path: Path) -> None:
    for text in ("One", "Two", "Three"):
        mos.add(text)
    ids = [memory.id for memory in mos.list()]
    mos.link(ids[0], LinkType.RELATES, ids[1])
    file = tmp_path / "own.jsonl"
    file.write_bytes(exported(mos))
    with home(tmp_path / "other", clock) as other:
        assert other.imports.take(str(file)).taken == 3
        again = other.imports.take(str(file))
        assert (again.taken, again.edited, again.known) == (0, 0, 3)
        other.undo()
        assert other.list() == ()


def test_the_export_of_a_home_brings_nothing_new_into_it(mos: MOS, clock: Clock, tmp_path: Path) -> None:
    names = ("tea", "dinner", "edited", "forgotten", "purged")
    ids = {name: mos.add(f"About {name}", kind=Kind.EVENT, occurred_at="2026-03-01", external_id=name).ids[0] for name in names}
    mos.add("No name has this")
    file = tmp_path / "own.jsonl"
    file.write_bytes(exported(mos))
    clock.forward(days=2)
    mos.edit(ids["edited"], {"content": "About edits"})
    mos.delete([ids["forgotten"]])
    mos.purge([ids["purged"]])
    before = exported(mos)
    for _ in range(2):
        done = mos.imports.take(str(file))
        assert (done.taken, done.edited, done.known, done.forgotten, done.skipped) == (0, 0, 5, 2, 1)
        assert [(one.why, one.damaged, one.refused) for one in done.reasons] == [
            ("recorded here, and says something else by now", False, False)
        ]
        assert exported(mos) == before
    assert mos.imports.take(str(file), Taking(dry_run=True)).taken == 0


def test_labels_decide_what_leaves(mos: MOS) -> None:
    mos.add("An HIV test", labels=("health",))
    mos.add("The password is hunter2secretZ9")
    mos.add("Tea")
    stream = io.BytesIO()
    done = mos.exports.jsonl(stream, EVERYTHING)
    assert (done.memories, done.masked, done.left_out, dict(done.labels)) == (2, 1, 1, {"health": 1})
    assert b"hunter2" not in stream.getvalue()
    assert b"HIV" not in stream.getvalue()
    assert b"hunter2secretZ9" in exported(mos, reveal=True)


def test_others_get_what_they_may_see_and_it_is_recorded(mos: MOS) -> None:
    seen = mos.add("The ferry leaves at nine", visibility=Visibility.PUBLIC).ids[0]
    mos.add("My diary")
    assert [line["id"] for line in lines(exported(mos, user_id="eve"))] == [seen]
    (entry,) = [one for one in mos.audit.log() if one.principal == "eve"]
    assert (entry.action, entry.memories) == ("export", (seen,))


def test_cubes_are_written_as_one(mos: MOS, clock: Clock, tmp_path: Path) -> None:
    mos.create_cube("work")
    mos.create_cube("home")
    for number, cube in enumerate(("work", "home", "work")):
        clock.forward(hours=1)
        with MOS(tmp_path / "home", [cube], settings=mos.settings, clock=clock) as one:
            one.add(f"Number {number}")
    with MOS(tmp_path / "home", ["home", "work"], settings=mos.settings, clock=clock) as both:
        assert [line["content"] for line in lines(exported(both))] == ["Number 0", "Number 1", "Number 2"]


def test_a_snapshot_is_exported_as_it_was(mos: MOS, clock: Clock) -> None:
    mos.add("Before")
    mos.snapshots.create("then")
    clock.forward(days=1)
    mos.add("After")
    wanted = Filter(at=mos.now, snapshot="then")
    assert [line["content"] for line in lines(exported(mos, wanted))] == ["Before"]


@pytest.mark.parametrize("way", ["jsonl", "ics"])
def test_an_export_that_cannot_be_written_ends_its_reading(
    way: str, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(io.BytesIO):
        def write(self, data: Any) -> int:
            if b"Dentist" in data:
                raise OSError(ENOSPC, "No space left on device")
            return super().write(data)

    told: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", told.append)
    with home(tmp_path / "home", clock) as mos:
        mos.add("Dentist on 4 May 2027 at 9:40")
        with pytest.raises(OSError, match="No space left") as caught:
            getattr(mos.exports, way)(Full())
    del caught  # whoever looks at the error keeps what it was raised in
    gc.collect()
    assert told == []
