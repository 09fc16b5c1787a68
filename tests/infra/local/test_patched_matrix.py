"""A cached matrix with the rows that changed since: whatever happened to the cube, it finds what all its vectors would."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

np = pytest.importorskip("numpy")

from memos_cli import MOS  # noqa: E402 -- after the skip
from memos_cli.config import Settings, paths  # noqa: E402
from memos_cli.errors import MemosError  # noqa: E402
from memos_cli.infra import vector_changes  # noqa: E402
from memos_cli.infra.local import matrix_file, vector_index, vector_matrix  # noqa: E402
from memos_cli.infra.local.patched_matrix import PatchedMatrix  # noqa: E402
from memos_cli.infra.local.vector_matrix import Matrix  # noqa: E402
from memos_cli.infra.vault import search  # noqa: E402
from memos_cli.infra.vector_changes import Change  # noqa: E402
from memos_cli.model import Filter, Kind, State  # noqa: E402
from tests.infra.local.test_vector_matrix import clustered  # noqa: E402
from tests.infra.vault.helpers import Embedder, move  # noqa: E402


def patched(rows: int, changed: list[int], added: int) -> tuple[PatchedMatrix, Matrix]:
    """A patched matrix, of whose changed keys the even ones are gone, and the same as one matrix."""
    base = Matrix.build(np.arange(rows), clustered(rows))
    keys = np.array([key for key in changed if key % 2] + list(range(rows, rows + added)), np.int64)
    fresh = Matrix(keys, clustered(max(len(keys), 4), seed=9)[: len(keys)])
    kept = ~np.isin(base.keys, changed)
    whole = Matrix(np.concatenate([base.keys[kept], keys]), np.concatenate([base.vectors[kept], fresh.vectors]))
    return PatchedMatrix(base, np.array(changed, np.int64), fresh), whole


@pytest.mark.parametrize(
    ("rows", "changed", "added"), [(50, [1, 2, 3], 4), (6_000, [0, 17, 5_999], 9), (6_000, [], 1), (5, [1, 3], 0)]
)
def test_it_finds_what_one_matrix_finds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int, changed: list[int], added: int
) -> None:
    monkeypatch.setattr(vector_matrix, "CANDIDATE_FLOOR", 2_000)  # of rows that say so little of each other
    mine, whole = patched(rows, changed, added)
    assert len(mine) == len(whole)
    assert mine.write(tmp_path / "file", "g", Change(5, b"12345678"))
    stored = matrix_file.load(tmp_path / "file", "g")
    assert stored is not None
    assert stored.known == (5, b"12345678")
    for query in clustered(4, seed=3):
        exact = whole.vectors.astype(np.float32) @ query
        best = whole.keys[np.argsort(-exact)[:5]]
        for matrix in (mine, mine.whole(), stored.blocks[0].matrix):
            hits = matrix.top(query, 5)
            assert set(hits.keys.tolist()) == set(best.tolist())
        allowed = np.arange(0, rows + added, 3)
        wanted = [key for key in whole.keys[np.argsort(-exact)] if key % 3 == 0][:5]
        assert set(mine.top(query, 5, allowed).keys.tolist()) == set(wanted)
        assert set(mine.top(query, 5, np.isin(whole.keys, allowed)).keys.tolist()) == set(wanted)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small cubes have a file, too."""
    monkeypatch.setattr(vector_index, "CACHED_FROM", 3)


@pytest.fixture
def wordy(mos: MOS, monkeypatch: pytest.MonkeyPatch) -> MOS:
    """A home whose embedder is made of words."""
    monkeypatch.setattr(mos.embeddings, "embedder", lambda texts=1: Embedder())  # noqa: ARG005 -- as it is called
    return mos


def assert_in_step(mos: MOS, *, most: int = 5) -> None:
    """What the index holds is what the rows of the cube say, hot and cold."""
    vault, embedder = mos.vault("default"), Embedder()
    for cold in (False, True):
        keys, encoded = search.vectors(vault, embedder.fingerprint, cold=cold)
        index = mos.embeddings.index(vault, embedder, cold=cold, most=most)  # type: ignore[arg-type]
        assert (0 if index is None else len(index)) == len(keys)
        if index is not None:
            exact = vector_matrix.Matrix(keys, vector_matrix.decode(encoded, embedder.dimensions))
            query = embedder.embed(["the red rose stands on the roof"])[0]
            mine, theirs = index.top(query, 99), exact.top(query, 99)
            scores = dict(zip(theirs.keys.tolist(), theirs.scores.tolist(), strict=True))
            assert dict(zip(mine.keys.tolist(), mine.scores.tolist(), strict=True)) == pytest.approx(scores)


def stat(mos: MOS) -> tuple[int, int]:
    found = mos.embeddings.cached(mos.vault("default"))[0].stat()
    return found.st_ino, found.st_mtime_ns


def test_the_file_stays_while_few_rows_changed(wordy: MOS) -> None:
    for number in range(40):
        wordy.add(f"rose {number}")
    wordy.embed()
    wordy.search("rose")
    made = stat(wordy)
    (one,) = wordy.add("a new rose").ids
    wordy.embed()
    assert one in {hit.memory.id for hit in wordy.search("new rose").hits}
    wordy.delete(one)
    assert_in_step(wordy)
    assert stat(wordy) == made, "no search wrote it anew"
    vault = wordy.vault("default")
    whole = wordy.embeddings.matrix(vault, Embedder())  # type: ignore[arg-type]
    assert whole is not None
    assert stat(wordy) != made, "a tick does"
    assert len(whole) == 40
    assert_in_step(wordy)


def blocks(mos: MOS) -> int:
    stored = matrix_file.load(mos.embeddings.cached(mos.vault("default"))[0], Embedder.fingerprint)
    return 0 if stored is None else len(stored.blocks)


def test_many_changes_are_put_behind_what_the_file_has(wordy: MOS, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vector_index, "PATCHED", 3)
    ids = [wordy.add(f"rose {number}").ids[0] for number in range(60)]
    wordy.embed()
    wordy.search("rose")
    path = wordy.embeddings.cached(wordy.vault("default"))[0]
    first = path.read_bytes()
    assert blocks(wordy) == 1
    for number in range(3):
        wordy.edit(ids[number], {"content": f"barn {number}"})
        wordy.delete(ids[10 + number])
    wordy.embed()
    assert "barn 1" in {hit.memory.content for hit in wordy.search("barn 1").hits[:3]}
    assert blocks(wordy) == 2
    assert path.read_bytes().startswith(first)
    assert_in_step(wordy, most=99)
    wordy.close()
    assert_in_step(wordy, most=99)
    for number in range(20, 40):
        wordy.edit(ids[number], {"content": f"cellar {number}"})
    wordy.embed()
    assert "cellar 33" in {hit.memory.content for hit in wordy.search("cellar 33").hits[:3]}
    assert blocks(wordy) == 1, "a quarter of it had changed, so it was made anew"
    wordy.edit(ids[50], {"content": "a heron"})
    wordy.embed()
    assert wordy.embeddings.matrix(wordy.vault("default"), Embedder()) is not None  # type: ignore[arg-type]
    assert blocks(wordy) == 1
    assert_in_step(wordy)


def test_flipped_bits_are_found_and_the_file_is_made_anew(wordy: MOS) -> None:
    for number in range(40):
        wordy.add(f"rose {number}")
    wordy.embed()
    right = [(hit.memory.id, hit.parts.cosine) for hit in wordy.search("rose 7", k=40, explain=True).hits]
    path, (vault, embedder) = wordy.embeddings.cached(wordy.vault("default"))[0], (wordy.vault("default"), Embedder())
    for act in ("search", "matrix"):
        data = bytearray(path.read_bytes())
        for number in range(40):
            data[192 + 64 * number + 1] ^= 0x40  # the exponent of a row's first number
        path.write_bytes(data)
        wordy.embeddings.close()
        if act == "search":
            assert [(hit.memory.id, hit.parts.cosine) for hit in wordy.search("rose 7", k=40, explain=True).hits] == right
        else:
            assert wordy.embeddings.matrix(vault, embedder).is_sound()  # type: ignore[arg-type,union-attr]
        assert_in_step(wordy, most=99)
        stored = matrix_file.load(path, embedder.fingerprint)
        assert stored is not None
        assert stored.blocks[0].matrix.is_sound()


def test_a_copy_that_went_another_way_is_told_apart(wordy: MOS, tmp_path: Path) -> None:
    for number in range(9):
        wordy.add(f"rose {number}")
    wordy.embed()
    folder = wordy.vault("default").folder
    wordy.close()
    shutil.copytree(folder, tmp_path / "copy")
    wordy.add("a rose of the first copy")
    wordy.embed()
    wordy.search("rose")
    wordy.close()
    shutil.rmtree(folder)
    shutil.copytree(tmp_path / "copy", folder)
    wordy.add("a rose of the second")
    wordy.embed()
    assert_in_step(wordy)
    assert "a rose of the second" in {hit.memory.content for hit in wordy.search("second rose").hits}


def test_what_is_older_than_the_changes_that_are_kept_is_made_anew(wordy: MOS) -> None:
    for number in range(9):
        wordy.add(f"rose {number}")
    wordy.embed()
    wordy.search("rose")
    vault = wordy.vault("default")
    with vault.derive() as conn:
        for _ in range(vector_changes.MOST // 9 + 1):
            conn.execute("UPDATE vectors SET digest = digest")
        (count,) = conn.execute("SELECT count(*) FROM vector_changes").fetchone()
        conn.execute("UPDATE vectors SET vector = (SELECT vector FROM vectors WHERE n = 1) WHERE n = 2")
    assert count == vector_changes.MOST
    assert_in_step(wordy)


def roll_back(mos: MOS) -> None:
    """Begin to forget all vectors, and do not."""
    with mos.vault("default").derive() as conn:
        conn.execute("DELETE FROM vectors")
        conn.execute("ROLLBACK")
        conn.execute("BEGIN")


ACTS: dict[str, Callable[[MOS, str, int], object]] = {
    "add": lambda mos, _, number: mos.add(f"the thing {number} stands on the roof"),
    "embed": lambda mos, *_: mos.embed(),
    "edit": lambda mos, one, number: mos.edit(one, {"content": f"the rose {number} is white"}),
    "forget": lambda mos, one, _: mos.delete(one),
    "restore": lambda mos, one, _: mos.restore([one]),
    "archive": lambda mos, one, _: move(mos, one, State.ARCHIVED),
    "undo": lambda mos, *_: mos.undo(),
    "rebuild": lambda mos, *_: mos.doctor.rebuild("default"),
    "roll back": lambda mos, *_: roll_back(mos),
    "purge": lambda mos, one, _: mos.purge([one]),
    "search": lambda mos, *_: mos.search("the red rose", wanted=Filter(at=mos.now, archived=True)),
    "tick": lambda mos, *_: mos.lifecycle.tick(),
}


@settings(max_examples=25)
@given(acts=st.lists(st.tuples(st.sampled_from([*ACTS, "add", "embed", "edit"]), st.integers(0, 5)), min_size=5, max_size=25))
def test_whatever_happens_it_stays_in_step(tmp_path_factory: pytest.TempPathFactory, acts: list[tuple[str, int]]) -> None:
    home = tmp_path_factory.mktemp("home")
    chosen = Settings({"MEMOS_EMBEDDER": "none", "MEMOS_PRINCIPAL": "sam"}, paths({"MEMOS_HOME": str(home)}))
    with MOS(home, settings=chosen) as mos:
        mos.embeddings.embedder = lambda texts=1: Embedder()  # type: ignore[method-assign,assignment,return-value] # noqa: ARG005
        ids = [mos.add(f"the rose number {number} is red").ids[0] for number in range(5)]
        mos.embed()
        for number, (act, which) in enumerate(acts):
            try:
                ACTS[act](mos, ids[which % len(ids)], number)
            except MemosError:
                continue  # nothing to undo, a purged memory, …
            assert_in_step(mos, most=which)


def test_only_what_may_be_seen_is_found_by_meaning(wordy: MOS, monkeypatch: pytest.MonkeyPatch) -> None:
    """The nearest rows are asked first; where few of them may be seen, all are."""
    from memos_cli.operation.operator import finder, retrieval

    monkeypatch.setattr(finder, "_MANY", 10)
    monkeypatch.setattr(retrieval, "CANDIDATES", 4)
    near = [wordy.add(f"rose rose rose {number}", tags=("near",)).ids[0] for number in range(30)]
    far = [wordy.add(f"rose bush and hedge {number}", tags=("far",)).ids[0] for number in range(8)]
    wordy.embed()
    assert {hit.memory.id for hit in wordy.search("rose", k=4).hits} <= set(near)
    asked: list[int] = []
    real = search.visible_rows
    monkeypatch.setattr(search, "visible_rows", lambda *given: (asked.append(1), real(*given))[1])
    found = wordy.search("zzz rose", k=4, wanted=Filter(at=wordy.now, tags=("far",)), all_hits=True).hits
    assert {hit.memory.id for hit in found} <= set(far)
    assert len(found) == 4
    assert asked == [1]


def test_a_filter_loses_nothing_of_what_is_found_by_meaning(wordy: MOS, monkeypatch: pytest.MonkeyPatch) -> None:
    """However the rows that may be seen are found: all at once, in rounds, or by an index."""
    from memos_cli.operation.operator import finder as finding

    rng = np.random.default_rng(3)
    for number in range(120):
        words = " ".join(rng.choice(["rose", "roof", "barn", "cellar", "walnut"], 3))
        tags = tuple({str(rng.choice(["a", "a", "a", "b"])), *(("rare",) if number % 40 == 0 else ())})
        wordy.add(f"{words} {number}", tags=tags, kind=Kind.RULE if rng.random() < 0.5 else Kind.NOTE)
    wordy.embed()
    for memory in wordy.list()[::6]:
        move(wordy, memory.id, State.ARCHIVED)
    vault, embedder = wordy.vault("default"), Embedder()
    filters: list[dict[str, object]] = [
        {}, {"tags": ("a",)}, {"tags": ("b",)}, {"tags": ("rare",)}, {"without": ("a",)}, {"kinds": ("rule",)},
        {"archived": True}, {"states": ("archived",)}, {"tags": ("a",), "kinds": ("note",)},
        {"everything": True},
    ]  # fmt: skip
    for fields in filters:
        wanted = Filter(at=wordy.now, **fields)  # type: ignore[arg-type]
        visible = search.visible_rows(vault, finding.queries.condition(wanted))
        for query in embedder.embed(["rose roof", "walnut barn cellar", "zither"]):
            scores: dict[int, float] = {}
            for cold in (False, True) if finding.queries.reaches_cold(wanted) else (False,):
                rows, encoded = search.vectors(vault, embedder.fingerprint, cold=cold)
                whole = vector_matrix.Matrix(rows, vector_matrix.decode(encoded, 32))
                scores |= dict(zip(*(part.tolist() for part in whole.top(query, 500, visible)), strict=True))
            for most, few, many in (
                (4_000, 8, 20_000),
                (0, 8, 20_000),
                (0, 8, 12),
                (0, 0, 20_000),
                (0, 100, 20_000),
                (20, 8, 12),
            ):
                monkeypatch.setattr(finding, "_MANY", most)
                monkeypatch.setattr(finding, "_FEW", few)
                monkeypatch.setattr(finding, "_MOST_ASKED", many)
                for count in (3, 10, 500):
                    finder = finding.Finder(
                        vault,
                        wanted,
                        lambda where, cold: wordy.embeddings.index(where, embedder, cold=cold),
                        lambda where, rows, cold: wordy.embeddings.vectors_of(where, embedder, rows, cold=cold),
                    )  # type: ignore[arg-type]
                    found = finder.by_meaning(query, count)
                    parts = len(finder._matrices or [])
                    assert set(found) <= set(scores)
                    assert len(found) >= min(count, len(scores))
                    assert len(found) <= parts * count
                    best = sorted(scores.values(), reverse=True)[:count]
                    assert sorted(found.values(), reverse=True)[:count] == pytest.approx(best, abs=1e-3)
