"""The benchmark of search: what the cube is made of, and what is measured in it."""

from collections import Counter

import pytest

np = pytest.importorskip("numpy")

from memos_cli.bench.search import ruled, search, warm  # noqa: E402 -- after the skip
from memos_cli.bench.search.given_vectors import DIMENSIONS, GivenVectors  # noqa: E402
from memos_cli.bench.search.vocabulary import FREQUENT, RARE, SIZE, Vocabulary  # noqa: E402
from memos_cli.errors import StorageFull, UsageError  # noqa: E402


def test_words_are_as_frequent_as_in_a_language() -> None:
    said = Vocabulary(3)
    assert len(set(said.words)) == SIZE
    texts = list(said.texts(4_000))
    assert all(6 <= len(text.split()) <= 18 for text in texts)
    counts = Counter(word for text in texts for word in text.split())
    for rank in (1, 4, 16):
        assert counts[said.words[rank - 1]] * rank == pytest.approx(counts[said.words[0]], rel=0.25)


def test_queries_are_of_the_words_that_they_are_called_by() -> None:
    said = Vocabulary(3)
    rank = {word: place for place, word in enumerate(said.words)}
    for _ in range(30):
        assert all(rank[word] >= RARE for word in said.rare().split())
        assert all(rank[word] < FREQUENT for word in said.frequent().split())
        assert not any(word in rank for word in said.unknown().split())
        ranks = [rank[word] for word in said.mixed().split()]
        assert min(ranks) < FREQUENT
        assert max(ranks) >= RARE


def test_another_seed_makes_another_cube_and_the_same_one_the_same() -> None:
    one, same, other = (list(Vocabulary(seed).texts(3)) for seed in (1, 1, 2))
    assert one == same != other


def test_vectors_are_of_length_one_and_in_clusters() -> None:
    embedder = GivenVectors(5, 1)
    texts = [f"{first} text{number}" for first in ("rose", "barn") for number in range(40)]
    vectors = embedder.embed(texts)
    assert vectors.shape == (80, DIMENSIONS)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert np.array_equal(vectors[7:9], embedder.embed(texts[7:9]))
    inside = vectors[:40] @ vectors[:40].T
    assert inside.mean() > 3 * (vectors[:40] @ vectors[40:].T).mean()
    assert embedder.embed([]).shape == (0, DIMENSIONS)


def test_what_is_measured_is_told(tmp_path_factory: pytest.TempPathFactory) -> None:
    home = tmp_path_factory.mktemp("bench")
    task = warm.Task(str(home), "bench", 4, 0, 3)
    written = search.write(task, 300)
    assert written["per_second"] > 0
    with warm.opened(task) as mos:
        assert len(mos.list()) == 300
        assert mos.vault("bench").conn.execute("SELECT count(*) FROM vectors").fetchone()[0] == 300
    steps: list[int] = []
    found = warm.measure(task, steps.append)
    assert steps == [*range(1, warm.count(3) - 5), *range(warm.count(3) - 4, warm.count(3) + 1, 2)]
    assert list(found["searches"]) == ["lexical_rare", "lexical_frequent", "meaning", "hybrid"]
    for one in (*found["searches"].values(), found["after_add"]):
        assert 0 < one["median_s"] <= one["p90_s"]
    assert found["after_add"]["ratio"] > 0
    assert found["peak_bytes"] > 10_000_000
    with warm.opened(task) as mos:
        assert len(mos.list()) == 303


def test_a_principal_is_measured_beside_the_owner(tmp_path_factory: pytest.TempPathFactory) -> None:
    task = warm.Task(str(tmp_path_factory.mktemp("bench")), "bench", 4, 0, 3, rules=20)
    search.write(task, 100)
    with warm.opened(task) as owner, warm.opened(task, ruled.READER) as reader:
        vault = owner.vault("bench")
        rules = vault.records("rule")
        assert sorted(fields["sort"] for fields in rules.values()) == ["memory"] * 6 + ["tag"] * 14
        assert {fields["to"] for fields in rules.values()} == {ruled.READER}
        assert len(reader.list()) == len(owner.list()) == 100
    steps: list[int] = []
    found = ruled.measure(task, steps.append)
    assert steps == [*range(1, ruled.count(3) + 1)]
    assert list(found["searches"]) == ["rare", "medium", "frequent"]
    for one in (found["first"], found["after_add"], *found["searches"].values()):
        assert one["ratio"] == pytest.approx(one["principal_s"] / one["owner_s"], abs=0.01)


def test_medians_are_compared() -> None:
    assert ruled.told([[1.0, 2.0], [4.0, 3.0], [2.0, 9.0]]) == {"owner_s": 2.0, "principal_s": 3.0, "ratio": 1.5}


def test_without_room_or_numpy_nothing_is_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StorageFull, match=r"takes up to [\d,.]+ GB"):
        search.run(10**10, 0, 3)
    monkeypatch.setitem(search.sys.modules, "numpy", None)
    with pytest.raises(UsageError, match="numpy"):
        search.run(100, 0, 3)
