import os
import struct
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from memos_cli.backends.embedders import convert, probe
from memos_cli.backends.embedders import find as module
from memos_cli.backends.embedders.carriers import MINILM
from memos_cli.backends.embedders.files import Weights
from memos_cli.backends.embedders.find import BULK_THRESHOLD, choose, find
from memos_cli.backends.embedders.gguf import GgufEmbedder
from memos_cli.backends.llama import gguf_header, records
from memos_cli.errors import ModelUnavailable


def small_gguf(*, version: int = 3, tensors: int = 0, pairs: list[bytes] | None = None, tail: bytes = b"") -> bytes:
    pairs = pairs or []
    return b"GGUF" + struct.pack("<IQQ", version, tensors, len(pairs)) + b"".join(pairs) + tail


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value.encode())) + value.encode()


def test_none_finds_nothing(tmp_path: Path) -> None:
    assert find("none", tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_auto_without_package_or_file_finds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CARRIERS", {"minilm": replace(MINILM, package="no_such_package_at_all")})
    assert find("auto", tmp_path) is None
    with pytest.raises(ModelUnavailable) as caught:
        find("minilm", tmp_path)
    assert caught.value.hint == "memos model pull minilm"


@pytest.mark.parametrize("name", ["missing.gguf", "folder"])
def test_a_path_without_a_model_is_model_unavailable(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(ModelUnavailable) as caught:
        find(str(tmp_path / name), tmp_path)
    assert caught.value.hint


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"G",
        b"GGUF",
        b"PK\x03\x04 something else entirely" * 10,
        small_gguf(version=1),
        small_gguf(version=0x03000000),
        small_gguf(tensors=2**60),
        small_gguf(tensors=1),
        small_gguf(pairs=[text("a") + struct.pack("<I", 99)]),
        small_gguf(pairs=[struct.pack("<Q", 2**63) + b"a"]),
        small_gguf(pairs=[text("a") + struct.pack("<IIQ", 9, 8, 2**40)]),
        small_gguf(pairs=[text("a") + struct.pack("<IIQ", 9, 4, 2**62)]),
        small_gguf(pairs=[text("a") + struct.pack("<IIQ", 9, 9, 1)]),
        small_gguf(pairs=[text("general.alignment") + struct.pack("<II", 4, 0)]),
        small_gguf(tensors=1, tail=text("t") + struct.pack("<IQIQ", 1, 2**40, 0, 0)),
        small_gguf(tensors=1, tail=text("t") + struct.pack("<I", 2**30)),
        small_gguf(),
    ],
)
def test_what_is_no_whole_gguf_model_is_model_unavailable(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(content)
    with pytest.raises(ModelUnavailable) as caught:
        find(str(path), tmp_path)
    assert caught.value.exit_status == 14
    assert caught.value.hint


def test_a_record_holds_only_for_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("one")
    assert records.recall(path, tmp_path) is None
    records.remember(path, tmp_path, {"a": 1})
    assert records.recall(path, tmp_path) == {"a": 1}
    path.write_text("other")
    assert records.recall(path, tmp_path) is None


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"stamp": 1}', "\x00"])
def test_a_damaged_record_is_no_record(tmp_path: Path, content: str) -> None:
    path = tmp_path / "file"
    path.write_text("one")
    records.remember(path, tmp_path, {"a": 1})
    (record,) = (tmp_path / "known").iterdir()
    record.write_text(content)
    assert records.recall(path, tmp_path) is None


def test_a_record_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("one")
    records.remember(path, path, {"a": 1})
    assert records.recall(path, path) is None


@pytest.mark.parametrize("config", ["{}", '{"model_type": "roberta"}', "not json"])
def test_a_folder_of_another_kind_is_model_unavailable(tmp_path: Path, config: str) -> None:
    pytest.importorskip("safetensors")
    pytest.importorskip("gguf")
    (tmp_path / "model.safetensors").write_bytes(struct.pack("<Q", 2) + b"{}")
    (tmp_path / "config.json").write_text(config)
    (tmp_path / "vocab.txt").write_text("[PAD]\n")
    with pytest.raises(ModelUnavailable):
        convert.convert(tmp_path, tmp_path / "out.gguf", "f")
    assert not (tmp_path / "out.gguf").exists()


def test_a_package_with_other_weights_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "other_weights" / "model"
    package.mkdir(parents=True)
    (package.parent / "__init__.py").write_text("raise SystemExit('this package is located, never imported')")
    (package / "model.safetensors").write_bytes(b"something else")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(module, "CARRIERS", {"minilm": replace(MINILM, package="other_weights")})
    with pytest.raises(ModelUnavailable, match="genuine"):
        find("auto", tmp_path)


def test_few_texts_go_to_llama_cpp(tmp_path: Path) -> None:
    weights = Weights(tmp_path / "m.gguf", tmp_path, "f", 384)
    assert choose(weights, 1) == "gguf"
    assert choose(Weights(tmp_path / "m.gguf", None, "f", 384), 10**6) == "gguf"


def test_many_texts_go_to_sentence_transformers(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    assert choose(Weights(tmp_path / "m.gguf", tmp_path, "f", 384), BULK_THRESHOLD) == "sentence-transformers"


@pytest.mark.model
def test_the_package_is_converted_once_and_then_only_looked_up(weights: Weights, monkeypatch: pytest.MonkeyPatch) -> None:
    assert weights.fingerprint == "all-minilm-l6-v2:53aa5117:mean:256"
    assert (weights.dimensions, weights.max_tokens) == (384, 256)
    monkeypatch.setattr(module, "convert", None)  # not even located any more
    monkeypatch.setattr(records, "digest", None)
    assert find("auto", weights.gguf.parent.parent) == weights


@pytest.mark.model
def test_the_converted_file_is_whole_and_says_what_it_is(weights: Weights) -> None:
    header = gguf_header.read(weights.gguf)
    assert header.tensors == 101
    assert header.get("general.architecture") == "bert"
    assert header.get(convert.FINGERPRINT_KEY) == weights.fingerprint
    assert len(header.get("tokenizer.ggml.tokens")) == 30_522
    assert header.get("{arch}.pooling_type") == 1


@pytest.mark.model
def test_looking_up_imports_nothing_heavy(weights: Weights) -> None:
    program = f"""
import sys
from dataclasses import replace
from pathlib import Path
from memos_cli.backends.embedders.find import find
assert find("auto", Path({str(weights.gguf.parent.parent)!r}))
unwanted = {{"numpy", "gguf", "torch", "hashlib", "subprocess", "llama_cpp", {MINILM.package!r}}} & set(sys.modules)
assert not unwanted, unwanted
"""
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.model
def test_two_processes_that_convert_at_once_both_end_well(weights: Weights, tmp_path: Path) -> None:
    program = f"""
from pathlib import Path
from memos_cli.backends.embedders.find import find
print(find("auto", Path({str(tmp_path)!r})).fingerprint)
"""
    children = [subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [child.communicate()[0].strip() for child in children] == [weights.fingerprint] * 2
    assert sorted(entry.name for entry in (tmp_path / "models").iterdir()) == ["all-minilm-l6-v2.gguf", "known"]
    assert find("auto", tmp_path) == Weights(
        tmp_path / "models" / "all-minilm-l6-v2.gguf", weights.folder, weights.fingerprint, 384, 256
    )
    assert (tmp_path / "models" / "all-minilm-l6-v2.gguf").read_bytes() == weights.gguf.read_bytes()


@pytest.mark.model
def test_a_gguf_file_is_tried_once_in_a_child(model_folder: Path, weights: Weights, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[Weights] = []
    real = probe.try_in_child
    monkeypatch.setattr(probe, "try_in_child", lambda found: (tried.append(found), real(found)))
    first = find(str(model_folder / "model.gguf"), model_folder)
    assert first == find(str(model_folder / "model.gguf"), model_folder)
    assert len(tried) == 1
    assert first is not None
    assert first.fingerprint == weights.fingerprint
    assert first.folder is None


@pytest.mark.model
def test_a_model_that_kills_llama_cpp_is_an_error_here(weights: Weights, tmp_path: Path) -> None:
    """A header that holds together around hyperparameters that do not."""
    data = bytearray(weights.gguf.read_bytes()[:2_000_000])
    path = tmp_path / "broken.gguf"
    path.write_bytes(data)
    with pytest.raises(ModelUnavailable, match="cut short"):
        find(str(path), tmp_path)
    whole = bytearray(weights.gguf.read_bytes())
    at = whole.index(b"bert.attention.head_count") + len(b"bert.attention.head_count") + 4
    whole[at : at + 4] = struct.pack("<I", 0)
    path.write_bytes(whole)
    with pytest.raises(ModelUnavailable, match=r"llama\.cpp cannot use"):
        find(str(path), tmp_path)


def test_a_child_that_crashes_is_model_unavailable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crash = tmp_path / "crash"
    crash.write_text(f"#!/bin/sh\nkill -SEGV $$\n{os.linesep}")
    crash.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(crash))
    (tmp_path / "m.gguf").write_bytes(b"GGUF")
    with pytest.raises(ModelUnavailable, match="signal 11"):
        probe.try_in_child(Weights(tmp_path / "m.gguf", None, "f", 384))


@pytest.mark.model
@pytest.mark.skipif(sys.platform != "linux", reason="limits what a process writes")
def test_a_model_that_takes_more_than_it_may_is_an_error_here(weights: Weights, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "_MEMORY", -2 * weights.gguf.stat().st_size + (40 << 20))
    with pytest.raises(ModelUnavailable, match="cannot use"):  # each library that memory fails says so otherwise
        probe.try_in_child(weights)


@pytest.mark.model
def test_a_folder_is_converted_under_its_own_name(weights: Weights, tmp_path: Path) -> None:
    assert weights.folder is not None
    told: list[str] = []
    folder = tmp_path / "mine"
    folder.symlink_to(weights.folder)
    first = find(str(folder), tmp_path, lambda what, _done, _total: told.append(what))
    assert first is not None
    assert (first.folder, first.fingerprint) == (folder, weights.fingerprint)
    assert find(str(folder), tmp_path, lambda what, _done, _total: told.append(what)) == first
    assert len(told) == 1


@pytest.mark.model
def test_pooling_and_prefixes_of_a_file_belong_to_the_fingerprint(model_folder: Path) -> None:
    path = str(model_folder / "model.gguf")
    plain = find(path, model_folder)
    assert plain is not None
    assert find(path, model_folder, given={"pooling": "auto", "query_prefix": "auto", "passage_prefix": "none"}) == plain
    given = {"pooling": "cls", "query_prefix": "query: ", "passage_prefix": "auto"}
    other = find(path, model_folder, given=given)
    assert other is not None
    assert (other.pooling, other.query_prefix, other.passage_prefix) == ("cls", "query: ", "")
    assert other.fingerprint.startswith(f"{plain.fingerprint}:cls:")
    third = find(path, model_folder, given={**given, "query_prefix": "question: "})
    assert third is not None
    assert third.fingerprint not in {plain.fingerprint, other.fingerprint}
    first, second = GgufEmbedder(plain), GgufEmbedder(other)
    assert first.embed(["the red bicycle"])[0] @ second.embed(["the red bicycle"])[0] < 0.99
    assert second.embed_queries(["the bicycle"])[0] @ second.embed(["query: the bicycle"])[0] > 0.9999
    assert second.background != first.background
    assert find(path, model_folder, given=given) == other
    first.close()
    second.close()


@pytest.mark.parametrize(
    ("name", "query"), [("Multilingual E5 Small", "query: "), ("nomic-embed-text-v1.5", "search_query: "), ("Qwen", "")]
)
def test_families_of_models_have_their_prefixes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, query: str) -> None:
    header = gguf_header.Header(
        {"general.architecture": "bert", "general.name": name, "bert.embedding_length": 4, "bert.context_length": 8}
    )
    monkeypatch.setattr(gguf_header, "read", lambda _path: header)
    (tmp_path / "m.gguf").write_bytes(b"x")
    found = module._described(tmp_path / "m.gguf")
    assert (found.query_prefix, found.dimensions, found.max_tokens) == (query, 4, 8)
