import shlex
import sys
from pathlib import Path

import pytest

from memos_cli.errors import AccessDenied, UsageError
from memos_cli.infra.crypto import passphrases


def command(code: str) -> str:
    return shlex.join([sys.executable, "-c", code])


def test_the_first_line_of_a_file_or_of_what_a_command_prints(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    for content, line in ((b"a word", "a word"), (b"a word\nmore\n", "a word"), ("ä\r\n".encode(), "ä"), (b"  x \n", "  x ")):
        path.write_bytes(content)
        assert passphrases.from_file(str(path)) == line
    assert passphrases.from_command(command("print('a word'); print('more')")) == "a word"


@pytest.mark.parametrize("content", [b"", b"\n", b"\r\nx", b"\xff\n"])
def test_a_file_without_one(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "secret").write_bytes(content)
    with pytest.raises(UsageError, match=r"the passphrase from|first line"):
        passphrases.from_file(str(tmp_path / "secret"))
    with pytest.raises(UsageError, match="cannot read"):
        passphrases.from_file(str(tmp_path / "missing"))


def test_no_shell_reads_the_command(tmp_path: Path) -> None:
    assert passphrases.from_command(f"{command('import sys; print(sys.argv[1:])')} '$HOME' ; > {tmp_path}/x") == str(
        ["$HOME", ";", ">", f"{tmp_path}/x"]
    )
    assert not (tmp_path / "x").exists()


def test_the_command_gets_no_input() -> None:
    assert passphrases.from_command(command("import sys; print(len(sys.stdin.read()))")) == "0"


@pytest.mark.parametrize(("text", "kind"), [
    ("", UsageError), ("'", UsageError), ("no-such-command-here", UsageError), (command("pass"), UsageError),
    (command("print('x'); raise SystemExit(3)"), AccessDenied),
])  # fmt: skip
def test_a_command_that_tells_nothing(text: str, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        passphrases.from_command(text)
