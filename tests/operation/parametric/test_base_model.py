"""The base of a person's adapter: the model's file and the adapter of memos beneath, which only together are the base."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from memos_cli import MOS
from memos_cli.backends.llms.llamacpp import LlamaModel
from memos_cli.config import Settings, paths
from memos_cli.errors import ModelUnavailable
from memos_cli.infra import files
from memos_cli.infra.local import adapters
from memos_cli.interface.cubes.origin import fitting
from memos_cli.model import Kind
from memos_cli.operation.parametric import active_adapter, base_model, foreign_adapters
from tests.conftest import Clock
from tests.learnt import grow
from tests.shipped import ship

Opened = Callable[..., MOS]


@pytest.fixture
def opened(home: Path, clock: Clock, models: Path) -> Iterator[Opened]:
    """One home, opened with settings of `llm.*`."""
    made: list[MOS] = []

    def make(**given: str) -> MOS:
        environ = {"MEMOS_EMBEDDER": "none", "MEMOS_PRINCIPAL": "sam", "MEMOS_LLM_MODEL": str(models / "mini.gguf")}
        environ |= {f"MEMOS_LLM_{name.upper()}": value for name, value in given.items()}
        made.append(MOS(home, settings=Settings(environ, paths({"MEMOS_HOME": str(home)})), clock=clock))
        return made[-1]

    with closing(make()) as mos:
        mos.add("I live in Porto.", kind=Kind.FACT)
        yield make
    for one in made[1:]:
        one.close()


def test_the_base_names_the_model_and_the_adapter_beneath(
    opened: Opened, models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = ship(monkeypatch, models / "mini.gguf", tmp_path)
    base, bare = base_model.base_of(opened()), base_model.base_of(opened(adapter="none"))
    assert base.digest == f"{files.digest(models / 'mini.gguf')}+{files.digest(shipped)}"
    assert bare.digest == files.digest(models / "mini.gguf")
    with closing(base_model.opened(opened(), base)) as llm:
        assert isinstance(llm, LlamaModel)
        assert llm.identity()["model"] == base.digest


def test_what_was_learnt_over_the_adapter_of_memos_is_not_used_without_it(
    opened: Opened, models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ship(monkeypatch, models / "mini.gguf", tmp_path)
    mos, bare = opened(), opened(adapter="none")
    one = grow(mos, models / "mini.gguf", base=base_model.base_of(mos).digest)
    with active_adapter.opened(mos) as found:
        assert found.attached is not None
        assert found.notices == ()
        assert isinstance(found.llm, LlamaModel)
        below, own = found.llm.identity()["adapters"].split(" ")
        assert below == f"{base_model.base_of(mos).beneath[0].sha256}*1.0"
        assert own == f"{files.digest(adapters.folder(mos.vaults()[0], one.id) / adapters.LLAMA)}*1.0"
    with active_adapter.opened(bare) as found:
        assert found.attached is None
        (notice,) = found.notices
        assert "learnt over the adapter of memos" in notice
        assert "memos config set llm.adapter auto" in notice
        assert isinstance(found.llm, LlamaModel)
        assert found.llm.identity()["adapters"] == ""
    with pytest.raises(ModelUnavailable, match="learnt over the adapter of memos") as caught:
        foreign_adapters.require_model(bare, one)
    assert caught.value.hint == "memos config set llm.adapter auto"
    (told,) = fitting(bare, bare.keys, bare.vaults()[0]).adapters
    assert (told.fits, told.used, told.next) == (False, False, "memos config set llm.adapter auto")


def test_what_was_learnt_without_it_is_not_used_over_it(
    opened: Opened, models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = opened(adapter="none")
    one = grow(bare, models / "mini.gguf")
    ship(monkeypatch, models / "mini.gguf", tmp_path)
    with active_adapter.opened(bare) as found:
        assert found.attached is not None
    mos = opened()
    with active_adapter.opened(mos) as found:
        assert found.attached is None
        assert "learnt without the adapter of memos" in found.notices[0]
    with pytest.raises(ModelUnavailable, match="learnt without the adapter of memos") as caught:
        mos.parametric.evaluate(one.id)
    assert caught.value.hint == "memos consolidate run"


def test_another_adapter_of_memos_is_another_base(
    opened: Opened, models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ship(monkeypatch, models / "mini.gguf", tmp_path)
    mos = opened()
    one = grow(mos, models / "mini.gguf", base=base_model.base_of(mos).digest)
    ship(monkeypatch, models / "mini.gguf", tmp_path, seed=12)  # as a later version of memos brings it
    assert base_model.base_of(mos).misfit(one) == (
        "was learnt over another adapter of memos for mini (setting llm.adapter)",
        "memos consolidate run",
    )
    assert base_model.misfit("0" * 64, one) == ("is for mini", "memos model use mini")
