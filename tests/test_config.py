from pathlib import Path

import pytest

from memos_cli import config
from memos_cli.config import Paths, Settings
from memos_cli.errors import UsageError


@pytest.fixture
def folders(tmp_path: Path) -> Paths:
    return config.paths({}, tmp_path / "home")


def test_each_layer_wins_over_the_next(folders: Paths, tmp_path: Path) -> None:
    work = tmp_path / "work" / "deep"
    work.mkdir(parents=True)
    layers = {}
    assert Settings({}, folders, work).origin("search.k") == (10, "default")
    config.store(folders, "search.k", "3")
    layers[str(folders.user_file)] = Settings({}, folders, work).origin("search.k")
    (tmp_path / "work" / ".memos.toml").write_text("[search]\nk = 4\n", encoding="utf-8")
    layers[str(tmp_path / "work" / ".memos.toml")] = Settings({}, folders, work).origin("search.k")
    environ = {"MEMOS_SEARCH_K": "5"}
    layers["environment"] = Settings(environ, folders, work).origin("search.k")
    layers["flag"] = Settings(environ, folders, work, {"search.k": 6}).origin("search.k")
    assert [value.value for value in layers.values()] == [3, 4, 5, 6]
    assert all(value.origin == origin for origin, value in layers.items())


def test_storing_keeps_comments_and_other_lines(folders: Paths) -> None:
    folders.user_file.parent.mkdir(parents=True)
    folders.user_file.write_text('# mine\ncube = "work" # for now\n', encoding="utf-8")
    config.store(folders, "search.k", "7")
    text = folders.user_file.read_text(encoding="utf-8")
    assert text.startswith('# mine\ncube = "work" # for now\n')
    assert Settings({}, folders).get("search.k") == 7


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("search.k", "many"),
        ("search.k", "-1"),
        ("lock_timeout", "0"),
        ("lock_timeout", "nan"),
        ("use.record", "maybe"),
        ("cube", " "),
        ("colour", "x"),
    ],
)
def test_values_that_cannot_be_are_refused_and_not_stored(folders: Paths, name: str, value: str) -> None:
    with pytest.raises(UsageError):
        config.store(folders, name, value)
    assert not folders.user_file.exists()


def test_a_bad_value_in_the_environment_is_named_with_its_origin(folders: Paths) -> None:
    with pytest.raises(UsageError, match="environment"):
        Settings({"MEMOS_LOCK_TIMEOUT": "soon"}, folders).get("lock_timeout")


def test_a_broken_file_is_named(folders: Paths) -> None:
    folders.user_file.parent.mkdir(parents=True)
    folders.user_file.write_text("cube = = 3", encoding="utf-8")
    with pytest.raises(UsageError, match="not TOML"):
        Settings({}, folders)


def test_every_setting_s_default_is_a_value_it_can_have() -> None:
    for setting in config.SETTINGS.values():
        if setting.default != "":
            assert setting.read(setting.default) == setting.default
        assert setting.help


def test_without_a_home_the_platform_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CONFIG", "DATA", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", f"/x/{name.lower()}")
    found = config.paths({})
    assert len({found.config, found.data, found.cache}) == 3


def test_settings_given_for_one_run_go_before_all_others_and_change_nothing(folders: Paths) -> None:
    before = Settings({"MEMOS_SEARCH_K": "5"}, folders, flags={"cube": "work"})
    after = before.given({"search.k": 6})
    assert (after.origin("search.k"), after.get("cube")) == ((6, "flag"), "work")
    assert before.origin("search.k") == (5, "environment")


def test_white_space_at_the_end_of_a_prefix_belongs_to_it(folders: Paths) -> None:
    config.store(folders, "embedding.query_prefix", "query: ")
    config.store(folders, "embedder", "multilingual")
    found = Settings({}, folders)
    assert config.embedding(found) == {"pooling": "auto", "query_prefix": "query: ", "passage_prefix": "auto"}
    for value in ("", "  ", "two\nlines"):
        with pytest.raises(UsageError):
            config.store(folders, "embedding.passage_prefix", value)
