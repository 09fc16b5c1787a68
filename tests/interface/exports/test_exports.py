"""Exports: what leaves and what stays, in which order; and documents that come back as they were."""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memos_cli import MOS
from memos_cli.config import Settings, paths
from memos_cli.errors import MemosError
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


@settings(max_examples=trials(5, 300))
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
