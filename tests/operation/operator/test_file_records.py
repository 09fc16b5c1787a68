"""The records of files: what they are called, and whose they are."""

import pytest

from memos_cli.infra.limits import fault_of_change, is_name
from memos_cli.infra.vault.units import new_id
from memos_cli.operation.operator.file_records import NOUN, path_of, subject


def test_the_owner_s_file_is_called_by_its_path_and_another_s_by_both() -> None:
    assert subject("/home/sam/a.md", "sam", "sam") == "/home/sam/a.md"
    assert subject("/home/sam/a.md", "ana", "sam") == "//ana/home/sam/a.md"
    assert path_of("//ana/home/sam/a.md", "ana", "sam") == "/home/sam/a.md"
    assert path_of("/home/sam/a.md", "sam", "sam") == "/home/sam/a.md"
    assert path_of("//ana/home/sam/a.md", "sam", "sam") is None
    assert path_of("/home/sam/a.md", "ana", "sam") is None


@pytest.mark.parametrize("path", ["/" + "x" * 2000, "/a\nb.md", "/caf\udce9.md"])
def test_a_path_that_can_be_no_name_is_called_by_its_digest(path: str) -> None:
    name = subject(path, "sam", "sam")
    assert is_name(name)
    assert name == subject(path, "sam", "sam") != subject(path + "x", "sam", "sam")
    assert path_of(name, "sam", "sam") is None


@pytest.mark.parametrize(
    "change",
    [{"digest": "x"}, {"memories": "abcd"}, {"memories": ["x"]}, {"clocks": [-1]}, {"clocks": ["1"]}, {"digest": 1}],
)
def test_a_record_of_another_shape_is_no_record(change: dict[str, object]) -> None:
    assert fault_of_change(NOUN, "/a.md", change) != ""


def test_a_sound_record_is_one() -> None:
    change = {"digest": "0" * 64, "memories": [new_id()], "clocks": [1 << 60]}
    assert fault_of_change(NOUN, "/a.md", change) == ""
