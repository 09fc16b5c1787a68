"""A filter that nothing passes is named, with names near it that there are; what is empty says so."""

import pytest

from tests.conftest import Run


@pytest.fixture
def full(memos: Run) -> Run:
    memos("add", "The beds are full", "--tag", "garden", "--task", "spring", "--key", "beds", "--external-id", "beds")
    memos("add", "Ravi likes tea", "--tag", "friends")
    memos("add", "Ada owes me money", "--tag", "debts", "--external-id", "debt")
    memos("edit", "debt", "--visibility", "private")
    return memos


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("list --tag nosuch", "no memory has the tag 'nosuch'; there are: "),
        ("list --tag gardne", "no memory has the tag 'gardne'; did you mean garden?"),
        ("list --tag GARDEN --kind event", "no memory is of the kind 'event'"),
        ("list --task sprng", "no memory is of the task 'sprng'; did you mean spring?"),
        ("list --key bed", "did you mean beds?"),
        ("list --speaker bob", "no memory was said by 'bob'"),
        ("list --tag garden --tag friends", "nothing passes --tag garden --tag friends"),
        ("list --since 2030", "nothing passes --since 2030-01-01"),
        ("list --state archived", "no memory is in the state 'archived'"),
        ("list --upcoming --tag gardne", "did you mean garden?"),
        ("search beds --tag gardne", "did you mean garden?"),
        ("search beds --task nosuch", "no memory is of the task 'nosuch'"),
    ],
)
def test_a_filter_that_nothing_passes_is_named(full: Run, command: str, said: str) -> None:
    ran = full(*command.split())
    assert (ran.status, ran.out) == (0, "")
    assert said in ran.err
    assert "remember something" not in ran.err
    ran = full(*command.split(), "--json")
    assert ran.status == 0
    assert not next(iter(ran.data.get("memories", [])), None)
    assert said in ran.err
    ran = full(*command.split(), "--fail-empty", "--json")
    assert ran.status == 4
    assert said in ran.error["hint"]


def test_what_is_no_longer_current_is_told(full: Run) -> None:
    full("forget", "beds")
    assert "1 archived, superseded, expired or forgotten" in full("list", "--tag", "garden").err
    assert "--all" in full("list", "--tag", "garden").err


def test_forgetting_by_a_filter_that_nothing_passes_changes_nothing_and_says_so(full: Run) -> None:
    ran = full("forget", "--tag", "gardne", "--yes")
    assert (ran.status, ran.out) == (4, "")
    assert "did you mean garden?" in ran.err
    assert "garden" in full("forget", "--tag", "gardne", "--yes", "--json").error["hint"]
    assert len(full("undo", "--list", "--json").data["commands"]) == 3


def test_an_export_and_a_split_name_the_filter(full: Run) -> None:
    ran = full("cube", "export", "-o", "x.memcube", "--tag", "gardne")
    assert (ran.status, "did you mean garden?" in ran.err) == (3, True)
    ran = full("cube", "export", "default", "-o", "x.memcube", "--tag", "gardne")
    assert (ran.status, "did you mean garden?" in ran.err) == (3, True)
    ran = full("cube", "split", "beds", "--tag", "gardne")
    assert (ran.status, "did you mean garden?" in ran.err) == (2, True)


def test_names_of_somebody_else_are_not_told(full: Run) -> None:
    said = full("--as", "ada", "list", "--tag", "debt").err
    assert "debts" not in said
    assert "did you mean debts?" in full("list", "--tag", "debt").err


def test_names_that_there_are_not_of_views_tasks_and_snapshots(full: Run) -> None:
    full("view", "save", "green", "--tag", "garden")
    full("snapshot", "create", "before")
    for command, near in (
        (("--view", "gren", "list"), "green"), (("list", "--snapshot", "befor"), "before"),
        (("task", "end", "sprng"), "spring"),
        (("view", "rm", "gren"), "green"), (("snapshot", "rm", "befor"), "before"),
    ):  # fmt: skip
        ran = full(*command)
        assert (ran.status, f"did you mean {near}?" in ran.err) == (10, True), ran


def test_the_tags_of_chat_itself_are_not_told(full: Run) -> None:
    full("chat", "-m", "What do you know about Ravi?")
    said = full("list", "--tag", "nosuch").err
    assert "there are: " in said
    assert "chat" not in said
    (chat, *_) = full("undo", "--list", "--json").data["commands"]
    assert (chat["command"], chat["what"]) == ("chat", "What do you know about Ravi?")


def test_an_empty_home_says_how_to_begin(memos: Run) -> None:
    for command in (["list"], ["view", "list"], ["task", "list"], ["snapshot", "list"], ["undo", "--list"], ["cube", "list"]):
        ran = memos(*command)
        assert (ran.status, ran.out) == (0, "")
        assert ran.err
