"""The network gives the same numbers with numpy and without it."""

import json
import math
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memos_cli.operation.operator.ranking import network as networks
from memos_cli.operation.operator.ranking.features import FEATURES
from memos_cli.operation.operator.ranking.floor import SIGNS, SIGNS_OF_NOTES
from memos_cli.operation.operator.ranking.network import Network, network, probability

numbers = st.floats(-4, 4, allow_nan=False)
rows = st.lists(st.lists(numbers, min_size=len(FEATURES), max_size=len(FEATURES)), max_size=12)
SAME = 1e-9
MOST_PARAMETERS = 2_000


@st.composite
def networks_of(draw: st.DrawFn) -> tuple[Network, list[list[float]]]:
    """Any network, and rows for it."""
    width, units = draw(st.integers(1, 6)), draw(st.integers(1, 5))

    def weights(count: int) -> tuple[float, ...]:
        return tuple(draw(st.lists(numbers, min_size=count, max_size=count)))

    made = Network(
        tuple(weights(width) for _ in range(units)), weights(units), weights(units), draw(numbers), 0.0, 0.0, (), (), ()
    )
    return made, [list(weights(width)) for _ in range(draw(st.integers(1, 8)))]


@given(rows)
@settings(max_examples=100)
def test_the_network_that_ships_gives_the_same_both_ways(found: list[list[float]]) -> None:
    pytest.importorskip("numpy")
    if found:
        assert network()._with_numpy(found) == pytest.approx(network()._in_python(found), abs=SAME)


@given(networks_of())
@settings(max_examples=100)
def test_any_network_gives_the_same_both_ways(asked: tuple[Network, list[list[float]]]) -> None:
    pytest.importorskip("numpy")
    made, found = asked
    assert made._with_numpy(found) == pytest.approx(made._in_python(found), abs=SAME)


def test_numpy_is_used_where_it_is_loaded_and_not_imported_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("numpy")
    ways = []

    def way(name: str) -> Any:
        return lambda _self, found: ways.append(name) or [0.0] * len(found)

    monkeypatch.setattr(Network, "_with_numpy", way("numpy"))
    monkeypatch.setattr(Network, "_in_python", way("python"))
    made = network()
    made.log_odds([[0.0] * len(FEATURES)])
    monkeypatch.delitem(sys.modules, "numpy")
    made.log_odds([[0.0] * len(FEATURES)])
    assert ways == ["numpy", "python"]
    assert "numpy" not in sys.modules


def test_no_rows_have_no_scores() -> None:
    assert network().log_odds([]) == []


def test_a_network_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Network(((1.0, -1.0),), (0.5,), (2.0,), -1.0, 0.5, -0.25, (), (), ())
    monkeypatch.setattr(networks, "_IN_TALK", 1)
    assert made.log_odds([[0.25, 0.75], [3.0, 0.0]]) == pytest.approx([-0.5, 2 * math.tanh(3.5) - 1.25])


def test_what_ships_is_small_and_finite() -> None:
    made = network()
    weights = [weight for unit in made.hidden for weight in unit]
    weights += [
        *made.biases,
        *made.output,
        made.bias,
        made.in_talk,
        made.apart,
        *made.floor,
        *made.floor_in_talk,
        *made.floor_of_notes,
    ]
    assert len(weights) <= MOST_PARAMETERS
    assert all(math.isfinite(weight) for weight in weights)
    assert len(made.floor) == len(made.floor_in_talk) == len(SIGNS) + 1
    assert len(made.floor_of_notes) == len(SIGNS_OF_NOTES) + 1
    assert {len(unit) for unit in made.hidden} == {len(FEATURES)}
    assert len(made.hidden) == len(made.biases) == len(made.output)


def test_weights_for_other_features_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    told = json.loads(networks._FILE.read_text("utf-8"))
    (tmp_path / "ranker.json").write_text(json.dumps({**told, "features": told["features"][1:]}), encoding="utf-8")
    monkeypatch.setattr(networks, "_FILE", tmp_path / "ranker.json")
    network.cache_clear()
    try:
        with pytest.raises(ValueError, match="other features"):
            network()
    finally:
        network.cache_clear()


@given(st.floats(allow_nan=False))
def test_a_probability_is_one_whatever_the_odds(odds: float) -> None:
    assert 0 <= probability(odds) <= 1


def test_even_odds_are_a_half_and_more_are_more() -> None:
    assert probability(0.0) == 0.5
    assert probability(1.0) > 0.7
    assert probability(1.0) + probability(-1.0) == pytest.approx(1.0)
