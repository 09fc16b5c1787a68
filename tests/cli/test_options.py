"""What is empty or can be of no use is refused where it is said, not in every command after it."""

import pytest

from memos_cli import MOS
from memos_cli.cli.app import App
from memos_cli.cli.main import apply_options
from memos_cli.config import store
from memos_cli.errors import UsageError


@pytest.mark.parametrize(
    ("name", "value"), [("cube", "x y"), ("cube", "x" * 65), ("principal", "a\tb"), ("principal", "a" * 1001)]
)
def test_a_setting_that_no_command_could_use_is_refused_when_it_is_set(mos: MOS, name: str, value: str) -> None:
    with pytest.raises(UsageError, match=f"{name} cannot be"):
        store(mos.paths, name, value)
    assert not mos.paths.user_file.exists()


@pytest.mark.parametrize("option", ["view", "principal"])
def test_an_empty_option_is_not_taken_for_a_missing_one(option: str) -> None:
    with pytest.raises(UsageError, match="is empty"):
        apply_options(App(), {option: ""})
