"""Labels on every way out of a cube: each label, on the list of each way and not, and whether the words really went."""

from collections.abc import Callable
from pathlib import Path

import pytest

from memos_cli import MOS
from memos_cli.errors import MemoryNotFound, Refused
from memos_cli.infra.governance import labels
from memos_cli.infra.governance.access import Right
from memos_cli.infra.governance.labels import COMMON, SECRET, Whither
from memos_cli.infra.transfer.dumper import Extent
from memos_cli.infra.vault.past import receipts
from memos_cli.model import Adapter, Filter, Kind, Visibility
from memos_cli.operation.activation.slots import Wanted
from memos_cli.operation.operator.recall import Recall, Recalled
from memos_cli.operation.parametric import eligibility, generations
from memos_cli.operation.policy import set_policy
from tests.conftest import Clock
from tests.fakes import Scripted

LABELS = (*COMMON, "diary")
WORD = "Quokka"
TOLD = {SECRET: "My sister is called Quokka, and her door code is 4471902683."}


def told(mos: MOS, clock: Clock, label: str) -> str:
    identity = mos.add(TOLD.get(label, "My sister is called Quokka."), labels=(label,), kind=Kind.FACT).ids[0]
    clock.forward(days=3)
    return identity


def prompt(mos: MOS, _: str, __: Path) -> bool:
    llm = Scripted("Your sister is called Quokka.")
    mos.conversation(llm, save=False).ask("What is my sister called?", literal=True)
    (asked,) = llm.asked
    text = "".join(words for _, words in asked.messages)
    assert "4471902683" not in text
    return WORD in text


def export(mos: MOS, _: str, folder: Path) -> bool:
    mos.add("Something else")
    mos.transfer.export("default", path := folder / "a.memcube", Extent(redacted=True))
    assert b"4471902683" not in path.read_bytes()
    return WORD.encode() in path.read_bytes()


def sync(mos: MOS, _: str, folder: Path) -> bool:
    mos.add("Something else")
    done = mos.transfer.export("default", path := folder / "a.memcube", Extent(to="Kim"))
    assert ("stays out of it, by labels.sync" in "".join(done.notices)) == (WORD.encode() not in path.read_bytes())
    return WORD.encode() in path.read_bytes()


def slot(mos: MOS, identity: str, _: Path) -> bool:
    mos.switch([identity], "pin", {"pinned": True})
    recall = Recall(mos, mos.memories, "sam", reveal=False, local=True)
    core = recall.core()
    assert [memory.id for memory in core] == [identity]
    laid = [recall.lay("?", Recalled(core), ()).prompt, recall.lay("?", Recalled(topics=core), ()).prompt]
    assert all(WORD in str(one.lines) for one in laid)  # it is in the prompt, wherever that is
    stable = [WORD in str((one.core, one.topics)) for one in laid]
    assert stable[0] == stable[1]
    return stable[0]


def adapter(mos: MOS, identity: str, _: Path) -> bool:
    found = eligibility.of_cube(mos.vault("default"), mos.now)
    assert [one.memory.id for one in (*found.chosen, *found.left)] == [identity]
    assert all(one.reason.startswith("it is sensitive") for one in found.left)
    return bool(found.chosen)


def agent(mos: MOS, identity: str, _: Path) -> bool:
    vault = mos.vault("default")
    with mos.author("grant").write(vault) as unit:
        unit.change("principal", "bot", {"kind": "agent"})
        unit.change("rule", "r" * 20, {"to": "bot", "right": "read", "sort": "cube", "name": ""})
    found, memory = mos.access(vault, "bot"), vault.get(identity)
    sql, *values = found.sight()
    seen = [one for (one,) in vault.conn.execute(f"SELECT m.id FROM memories m WHERE {sql}", values)]  # noqa: S608
    assert (seen == [identity]) == found.may(Right.READ, memory)
    assert found.may(Right.READ, memory._replace(owner="bot"))
    assert mos.access(vault, "eve").may(Right.READ, memory) is False
    assert any("labels.agent" in line for line in found.why(Right.READ, memory)) != found.may(Right.READ, memory)
    return seen == [identity]


WAYS: dict[Whither, Callable[[MOS, str, Path], bool]] = {
    Whither.PROMPT: prompt, Whither.EXPORT: export, Whither.SLOT: slot, Whither.ADAPTER: adapter, Whither.AGENT: agent,
    Whither.SYNC: sync,
}  # fmt: skip


@pytest.mark.parametrize("listed", ["default", "listed", "free"])
@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("way", WAYS)
def test_a_memory_goes_where_its_label_may(
    way: Whither, label: str, listed: str, mos: MOS, clock: Clock, tmp_path: Path
) -> None:
    identity, vault = told(mos, clock, label), mos.vault("default")
    if listed != "default":
        set_policy(vault, mos.author("policy"), {labels.key(way): label if listed == "listed" else "none"})
    assert WAYS[way](mos, identity, tmp_path) == labels.may_go([label], way, vault.policy)


def test_what_stays_out_of_a_prompt_is_said_and_shown_by_the_command_that_is_named(mos: MOS) -> None:
    mos.add("I take Ramipril every morning", labels=("health",))
    mos.add("I take the bus every morning")
    set_policy(mos.vault("default"), mos.author("policy"), {"labels.prompt": "health"})
    llm = Scripted("You take the bus.")
    answered = mos.conversation(llm).ask("What do I take every morning?", literal=True)
    assert "1 memory stays out of the prompt, by labels.prompt: memos list --label health" in answered.notices
    assert not any("Ramipril" in text for request in llm.asked for _, text in request.messages)


def test_what_was_said_of_a_memory_leaves_the_prompt_with_it(mos: MOS, clock: Clock) -> None:
    mos.add("I take Ramipril every morning", labels=("health",))
    llm = Scripted("You take Ramipril every morning.", "Hello.")
    talk = mos.conversation(llm)
    assert "Ramipril" in talk.ask("What do I take every morning?", literal=True).answer
    set_policy(mos.vault("default"), mos.author("policy"), {"labels.prompt": "health"})
    clock.forward(minutes=1)
    talk.ask("Hello there", literal=True)
    assert "Ramipril" not in str(llm.asked[-1].messages)


def test_a_copy_for_somebody_is_a_selection_where_a_label_keeps_something(mos: MOS, clock: Clock, tmp_path: Path) -> None:
    told(mos, clock, "health")
    mos.add("the wine is in the cellar")
    set_policy(mos.vault("default"), mos.author("policy"), {"labels.sync": "health"})
    done = mos.transfer.export("default", tmp_path / "a.memcube", Extent(to="Kim"))
    assert (done.dumped.counts["memories"], done.left_out) == (1, 1)
    with (tmp_path / "a.memcube").open("rb") as file:
        assert mos.transfer.verify(file).manifest["selection"] == "all, without label health"
    assert mos.transfer.export("default", tmp_path / "own.memcube").dumped.counts["memories"] == 2
    only = Extent(Filter(at=mos.now, labels=("health",)), "label health", to="Kim")
    with pytest.raises(Refused, match="all memories stay here by their labels"):
        mos.transfer.export("default", tmp_path / "b.memcube", only)
    assert [one.recipient for one in mos.transfer.given()] == ["Kim"]
    assert receipts(mos.vault("default")) == []


def test_an_adapter_is_detached_by_a_label_and_by_a_policy(mos: MOS, clock: Clock) -> None:
    identity, vault = told(mos, clock, "diary"), mos.vault("default")
    set_policy(vault, mos.author("policy"), {"labels.adapter": "health"})
    version = vault.get(identity).version
    one = Adapter("g" * 20, 1, "mini", "0" * 64, {identity: version}, "promoted", mos.now)
    assert generations.detached(vault, one, mos.now) is None
    set_policy(vault, mos.author("policy"), {"labels.adapter": "diary"})
    assert "is sensitive: diary" in str(generations.detached(vault, one, mos.now))
    set_policy(vault, mos.author("policy"), {"labels.adapter": "health"})
    mos.switch([identity], "label", {"label:health": True})
    assert "is sensitive: health" in str(generations.detached(vault, one, mos.now))


@pytest.mark.model
@pytest.mark.usefixtures("mini_answers")
def test_a_slot_is_stale_with_a_label_and_with_a_policy(mos: MOS, clock: Clock) -> None:
    pytest.importorskip("llama_cpp")
    from tests.operation.activation.test_activation import model

    identity, vault = told(mos, clock, "health"), mos.vault("default")
    mos.switch([identity], "pin", {"pinned": True})
    mos.add("My dog is called Biscuit.", pinned=True)
    llm = model()
    try:
        (made,) = mos.activation.build(llm=llm)
        assert made.slot is not None
        assert identity in {part.memory for part in made.slot.parts}
        assert made.notices == ()
        assert [one.state for one in mos.activation.list()] == ["ready"]
        set_policy(vault, mos.author("policy"), {"labels.slot": "health"})
        (listed,) = mos.activation.list()
        assert (listed.state, "is labelled health, which goes into no slot" in str(listed.why)) == ("stale", True)
        (made, topics) = mos.activation.build((Wanted(), Wanted("topics", "x", (identity,))), llm=llm)
        assert "1 memory stays out of the slot, by labels.slot: memos list --label health" in made.notices
        for one in (made, topics):
            assert one.slot is None or identity not in {part.memory for part in one.slot.parts}
        assert all(identity not in {part.memory for part in one.slot.parts} for one in mos.activation.list())
        set_policy(vault, mos.author("policy"), {"labels.slot": "diary"})
        (made,) = mos.activation.build(llm=llm)
        assert made.slot is not None
        mos.switch([identity], "label", {"label:diary": True})
        assert all(identity not in {part.memory for part in one.slot.parts} for one in mos.activation.list())
    finally:
        llm.close()


def test_secrets_are_shown_to_owners_and_by_a_rule_and_to_nobody_else(mos: MOS) -> None:
    (secret,) = mos.add("the wifi password is hunter2-sunflower", visibility=Visibility.PUBLIC).ids
    vault = mos.vault("default")
    memory, plain = vault.get(secret), vault.get(mos.add("a note").ids[0])
    mos.require_reveal((memory, plain))
    with MOS(mos.paths.data, principal="eve", settings=mos.settings, cubes="default") as eve:
        eve.vault("default")
        eve.require_reveal((plain,))
        own = eve.get(eve.add("my wifi password is tulip-42").ids[0])
        eve.require_reveal((own,))
        with pytest.raises(Refused, match=f"eve may not see the secrets of {secret[:8]}"):
            eve.require_reveal((memory,))
        with pytest.raises(MemoryNotFound):
            eve.require_reveal((memory._replace(visibility=Visibility.PRIVATE),))
        talk = Recall(eve, eve.memories, "eve", reveal=True, local=True)
        with pytest.raises(Refused, match="may not see the secrets"):
            talk.content(memory)
        with mos.author("grant").write(vault) as unit:
            unit.change("rule", "r" * 20, {"to": "eve", "right": "reveal", "sort": "cube", "name": ""})
        eve.require_reveal((memory,))
        assert talk.content(memory) == memory.content
        elsewhere = memory._replace(cube="a file")
        with pytest.raises(Refused, match="not in this home"):
            eve.require_reveal((elsewhere,))
        mos.require_reveal((elsewhere,))


@pytest.mark.parametrize("local", [True, False])
def test_a_server_that_reads_hits_is_told_of_none_that_goes_into_no_prompt(mos: MOS, *, local: bool) -> None:
    from memos_cli.operation.operator.reranker import SecondOpinion

    class Reader:
        name = "reader"

        def __init__(self) -> None:
            self.local, self.told = local, [""]

        def scores(self, _: str, texts: list[str]) -> list[float]:
            self.told += texts
            return [0.0] * len(texts)

    mos.add("I take Ramipril every morning", labels=("health",))
    mos.add("I take the bus every morning")
    set_policy(mos.vault("default"), mos.author("policy"), {"labels.prompt": "health"})
    reader = Reader()
    mos.memories._reranker = SecondOpinion(reader, 10, 0.5), None  # type: ignore[arg-type]
    assert len(mos.search("What do I take every morning?").hits) == 2
    assert ("Ramipril" in " ".join(reader.told), "bus" in " ".join(reader.told)) == (local, True)


def test_no_model_extracts_from_what_goes_into_no_prompt(mos: MOS) -> None:
    from memos_cli.interface.reader.extraction import Extractor

    mos.add("a note")
    set_policy(mos.vault("default"), mos.author("policy"), {"labels.prompt": "health"})
    llm = Scripted('{"memories": []}')
    drafts = [
        mos.pipeline.reader().read_one(f"I am told that {word} helps me a lot.", now=mos.now) for word in ("tea", "Ramipril")
    ]
    labelled = [drafts[0], drafts[1]._replace(labels=("health",))]
    Extractor(llm, may=mos.pipeline._may_be_asked()).derive(labelled, mos.now)
    assert ("tea" in str(llm.asked), "Ramipril" in str(llm.asked)) == (True, False)
