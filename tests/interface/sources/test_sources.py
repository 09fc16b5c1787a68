"""Which files are meant by what a person names."""

import os
from pathlib import Path

import pytest

from memos_cli.errors import UsageError
from memos_cli.interface.sources import sources


def make(*names: str, content: bytes = b"words\n") -> None:
    for name in names:
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def names(*given: str) -> list[str]:
    return [file.name for file in sources.find(given).files]


def test_a_folder_is_read_at_any_depth_without_what_is_hidden_or_kept_by_version_control(tmp_path: Path) -> None:
    make("n/b.md", "n/a/c.txt", "n/TODO", "n/x.org", "n/.obsidian/z.md", "n/.git/HEAD", "n/CVS/Root", "n/.hidden.md", "n/p.py")
    make("n/i.png", content=b"\x89PNG\r\n\x1a\n")
    found = sources.find(["n/"])
    assert [file.name for file in found.files] == ["n/TODO", "n/b.md", "n/x.org", "n/a/c.txt"]
    assert {file.path for file in found.files} == {str(tmp_path / file.name) for file in found.files}
    assert found.skipped == (("n/i.png", "a PNG image"), ("n/p.py", "no text by its name (*.py)"))
    assert not any(file.named for file in found.files)
    assert found.folders == ((str(tmp_path / "n"), "n"),)


def test_a_file_is_meant_once_however_often_it_is_named() -> None:
    make("n/a.md", "n/b.md")
    assert names("n/b.md", "n", "./n/b.md", "n/../n/a.md", "n/*.md") == ["n/b.md", "n/a.md"]
    assert [file.named for file in sources.find(["n/b.md", "n"]).files] == [True, False]


def test_a_pattern_that_no_shell_expanded_is_expanded() -> None:
    make("n/a.md", "n/b.txt", "n/deep/er/c.md", "n/.d.md", "n/[x].md")
    assert names("n/*.md") == ["n/[x].md", "n/a.md"]
    assert names("n/**/*.md") == ["n/[x].md", "n/a.md", "n/deep/er/c.md"]
    assert names("n/[x].md") == ["n/[x].md"]  # it is there by this very name
    with pytest.raises(UsageError, match="no file fits"):
        sources.find(["n/*.org"])


@pytest.mark.parametrize("name", ["missing.md", "n/missing/"])
def test_what_is_not_there_is_named(name: str) -> None:
    with pytest.raises(UsageError, match=f"cannot read {name}: No such file"):
        sources.find([name])


def test_what_is_no_regular_file_is_left_out_of_a_folder_and_has_no_path(tmp_path: Path) -> None:
    make("n/a.md")
    os.mkfifo("n/pipe.md")
    Path("n/dangling.md").symlink_to("nowhere")
    Path("n/loop").symlink_to(tmp_path / "n")
    Path("n/link.md").symlink_to("a.md")
    found = sources.find(["n"])
    assert [file.name for file in found.files] == ["n/a.md", "n/link.md"]
    assert dict(found.skipped) == {"n/pipe.md": "not a regular file", "n/dangling.md": "a link to nothing"}
    (one,) = sources.find(["n/pipe.md"]).files
    assert one.path is None


def test_a_path_has_no_dots_and_one_slash_at_its_beginning(tmp_path: Path) -> None:
    assert sources.absolute("a/./b/../c.md") == str(tmp_path / "a/c.md")
    assert sources.absolute("//a/b.md") == "/a/b.md"
