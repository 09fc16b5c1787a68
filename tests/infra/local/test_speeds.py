"""How fast a model is: sums that follow the last answers, and a file that may be damaged or missing."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memos_cli.infra.local.speeds import FILE, Speed, Speeds, name_of

NAME = name_of({"model": "ab" * 32, "kv": "f16"})


def test_it_follows_what_answers_show(tmp_path: Path) -> None:
    speeds = Speeds(tmp_path / "cache")
    assert (speeds.of(NAME).prefill, speeds.of(NAME).restore) == (None, None)
    speeds.add(NAME, Speed(100, 1.0, 1000, 0.1))
    assert (speeds.of(NAME).prefill, speeds.of(NAME).restore) == pytest.approx((0.01, 0.0001))
    for _ in range(50):
        speeds.add(NAME, Speed(100, 2.0))
    assert speeds.of(NAME).prefill == pytest.approx(0.02, rel=0.01)
    assert speeds.of(NAME).restore == pytest.approx(0.0001), "nothing was put back, so nothing is known better"
    assert name_of({"model": "cd" * 32, "kv": "f16"}) != NAME != name_of({"model": "ab" * 32, "kv": "q8_0"})


def test_a_few_tokens_say_nothing(tmp_path: Path) -> None:
    Speeds(tmp_path).add(NAME, Speed(8, 1.0))
    assert not (tmp_path / FILE).exists()
    Speeds(tmp_path).add(NAME, Speed(8, 1.0, 1000, 0.1))
    assert (Speeds(tmp_path).of(NAME).prefill, Speeds(tmp_path).of(NAME).restore) == pytest.approx((None, 0.0001))


def test_models_of_long_ago_go(tmp_path: Path) -> None:
    for number in range(40):
        Speeds(tmp_path).add(str(number), Speed(100, 1.0))
    assert len(json.loads((tmp_path / FILE).read_text("utf-8"))) == 16
    assert Speeds(tmp_path).of("39").prefill
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_where_nothing_can_be_written_nothing_is_kept(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file", encoding="utf-8")
    Speeds(tmp_path / "cache").add(NAME, Speed(100, 1.0))
    assert Speeds(tmp_path / "cache").of(NAME) == Speed()


@given(st.binary(max_size=40) | st.from_regex(r'\{"ab": (\[(-?\d|NaN|Infinity|"x"|null|, )*\]|3|\{\})\}').map(str.encode))
def test_a_damaged_file_says_nothing(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    folder = tmp_path_factory.mktemp("cache")
    (folder / FILE).write_bytes(content)
    known = Speeds(folder).of("ab")
    assert all(one >= 0 for one in known)
    Speeds(folder).add("ab", Speed(100, 1.0))
    assert Speeds(folder).of("ab").prefill is not None
