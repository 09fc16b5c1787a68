"""The flow of `bench retrieval`: what is asked, in which home, and what comes of leaving out a part."""

from pathlib import Path

from memos_cli import config
from memos_cli.bench import homes
from memos_cli.bench.qa import sets
from memos_cli.bench.retrieval import retrieval
from memos_cli.bench.retrieval.retrieval import Retrieved
from memos_cli.config import Settings
from memos_cli.operation.operator.ranking.features import PARTS
from tests.conftest import Clock

ALLOTMENT, BOAT = sets.read(Path(__file__).parents[2] / "data" / "qa")


def run(home: Path, *asked: sets.Conversation, ablate: bool = False) -> tuple[list[Retrieved], list[int]]:
    paths = config.paths({"MEMOS_HOME": str(home)})
    told: list[int] = []
    with homes.thrown_away(Settings({"MEMOS_EMBEDDER": "none"}, paths), paths, Clock(), {}) as thrown:
        return retrieval.run(thrown, asked, ablate=ablate, tell=told.append), told


def test_each_question_is_asked_of_its_own_set(home: Path) -> None:
    outcomes, told = run(home, ALLOTMENT, BOAT)
    assert [one.conversation for one in outcomes] == ["allotment"] * len(ALLOTMENT.questions) + ["boat"] * len(BOAT.questions)
    assert told == [len(ALLOTMENT.questions), len(outcomes)]
    boat = [one for one in outcomes if one.conversation == "boat"]
    assert all(name is not None and name.startswith("B") for one in boat for name in one.found)
    assert boat[0].relevant == {"B3"}
    assert [one.answerable for one in boat] == [True, True, True, False]
    assert not home.exists()


def test_hits_are_told_as_ranked_also_where_the_floor_hides_them(home: Path) -> None:
    nothing = sets.Question("Which bicycle did Fergus moor?", category="none")
    (one,), _ = run(home, BOAT._replace(questions=(nothing,)))
    assert not one.answered
    assert one.found
    assert list(one.scores) == sorted(one.scores, reverse=True)
    assert (one.category, one.mode, one.bare) == ("none", "lexical", {})
    (other,), _ = run(home, BOAT._replace(questions=(sets.Question("flumph grobnick"),)))
    assert (other.answered, other.found) == (False, ())


def test_each_part_is_left_out_once_and_moves_the_order(home: Path) -> None:
    outcomes, told = run(home, BOAT, ablate=True)
    assert told[-1] == len(BOAT.questions) * (1 + len(PARTS))
    assert all(list(one.bare) == list(PARTS) for one in outcomes)
    assert all(set(found) == set(one.found) for one in outcomes for found in one.bare.values()), "the candidates are the same"
    assert any(one.bare["words"] != one.found for one in outcomes)
    assert all(one.bare["meaning"] == one.found for one in outcomes), "there are no vectors"
