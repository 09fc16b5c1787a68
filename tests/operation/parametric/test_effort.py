"""How much training a model gets, by its size."""

from pathlib import Path

from memos_cli import MOS
from memos_cli.model import Filter
from memos_cli.operation.parametric import effort, training
from memos_cli.operation.parametric.eligibility import of_cube
from memos_cli.operation.parametric.examples import Shares
from memos_cli.ports.trainer import TrainingSettings


def test_a_small_model_is_trained_in_all_layers_on_all_examples() -> None:
    assert effort.settings(1_443_456) == TrainingSettings()
    assert effort.shares(1_443_456) == Shares()
    assert effort.settings(effort.LITTLE) == TrainingSettings()


def test_a_larger_model_has_fewer_examples_and_fewer_layers_with_an_adapter(home: Path) -> None:
    assert effort.settings(134_515_008).upper == 0.25
    with MOS(home, principal="sam") as mos:
        mos.add("I live in Porto.")
        (vault,) = mos.vaults()
        selection = of_cube(vault, "2999-01-01T00:00:00.000Z")
        assert len(selection.chosen) == len(vault.find(Filter(at=mos.now))) == 1
        small, large = (training.write_examples(vault, selection, mos.now, size) for size in (1_443_456, 134_515_008))
    for kind in ("negative", "replay"):
        counts = [sum(one.kind == kind for one in made) for made in (small, large)]
        assert counts[0] > 1.5 * counts[1] > 100
    facts = [{one.question for one in made if one.kind == "fact" and one.split == "gate"} for made in (small, large)]
    assert facts[0] == facts[1], "the gate asks both the same of what they are to know"
