"""`memos cube export --to`, `cube given` and `cube info FILE` in real processes."""

from pathlib import Path

from tests.cli.helpers import jsonl
from tests.cli.test_contract import fails
from tests.conftest import Run


def test_a_leaked_copy_names_who_was_given_it(memos: Run, tmp_path: Path) -> None:
    memos("add", "--jsonl", "-", stdin=jsonl(*({"content": f"note {number}", "tags": ["talk"]} for number in range(7))))
    said = memos("cube", "export", "--redact", "--to", "Kim", "-o", "kim.memcube")
    assert "marked as the copy of Kim, in every salt" in said.err
    told = memos("cube", "export", "--redact", "--to", "Sam", "-o", "sam.memcube", "--json").data
    assert told["to"] == "Sam"
    said = memos("cube", "export", "--to", "Kim", "-o", "whole.memcube")
    assert "in its manifest alone: an import takes it off" in said.err
    given = memos("cube", "given", "--json").data["given"]
    assert [(one["recipient"], one["cube"], one["redacted"]) for one in given] == [
        ("Kim", "default", False), ("Sam", "default", True), ("Kim", "default", True),
    ]  # fmt: skip
    assert memos("cube", "given").out.count("the whole cube") == 3
    shown = memos("cube", "info", "kim.memcube").out
    assert "Kim, by its manifest and by 7 of 7 salts" in shown
    assert "Sam" not in shown
    other = {"MEMOS_HOME": str(tmp_path / "other"), "MEMOS_PRINCIPAL": "mallory"}
    assert memos("cube", "import", "kim.memcube", env=other).status == 0
    assert "given to" not in memos("cube", "info", "kim", env=other).out
    assert "Kim" not in memos("cube", "info", "kim.memcube", env=other).out
    assert "marked" in memos("cube", "info", "kim.memcube", env=other).out
    assert memos("cube", "export", "kim", "--tag", "talk", "-o", "leaked.memcube", env=other).status == 0
    for command in (("cube", "info", "leaked.memcube", "--json"), ("cube", "verify", "leaked.memcube", "--json")):
        told = memos(*command).data
        assert told["given_to"] == [{"recipient": "Kim", "manifest": False, "salts": 7}]
        assert (told["marked"], told["marked_salts"]) == (False, 7)
    assert memos("cube", "import", "leaked.memcube").status == 0
    assert "Kim, by 7 of 7 salts" in memos("cube", "info", "leaked").out
    assert memos("cube", "info", "default", "--json").data["given_to"] == []


def test_what_cannot_be_is_told(memos: Run, home: Path) -> None:
    memos("add", "a note")
    assert "memos cube export --to NAME" in memos("cube", "given").err
    fails(memos("cube", "export", "--to", "a\nb", "-o", "x"), 2, "a recipient cannot be called")
    fails(memos("cube", "info", "--require-signed"), 2, "only a cube file is encrypted or signed")
    fails(memos("cube", "info", "none.memcube"), 10, "no cube")
    memos("cube", "export", "--to", "Kim", "-q", "-o", "a.memcube")
    fails(memos("--as", "eve", "cube", "given"), 3, "eve may not see what was given to whom")
    (home / "keys" / "recipients.json").write_text("{")
    for command in (("cube", "given"), ("cube", "info"), ("cube", "verify", "a.memcube")):
        fails(memos(*command), 13, "recipients.json is damaged")


def test_an_encrypted_copy_is_looked_into(memos: Run) -> None:
    memos("add", "a note")
    memos("key", "new", "sam")
    memos("cube", "export", "--encrypt-to", "sam", "--sign", "--to", "Kim", "-o", "a.memcube")
    assert "Kim, by its manifest" in memos("cube", "info", "a.memcube", "--require-signed").out
