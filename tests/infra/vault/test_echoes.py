"""What chat said and was asked is conversation: nothing finds it unasked, and it goes with the memories that it repeats."""

import json
from pathlib import Path

import pytest

from memos_cli import MOS
from memos_cli.model import Draft, Filter, Kind, Memory, Origin, Source
from memos_cli.operation import model_files
from tests.cli.helpers import jsonl
from tests.conftest import Clock, Run
from tests.fakes import Scripted
from tests.infra.vault.test_purge import traces


def added(memos: Run, *arguments: str) -> str:
    return str(memos("add", *arguments, "--json").data["ids"][0])


def found(memos: Run, query: str, *options: str) -> list[str]:
    return [hit["content"] for hit in memos("search", query, *options, "--json").data["hits"]]


def listed(memos: Run, *options: str) -> list[str]:
    return [memory["content"] for memory in memos("list", *options, "--json").data["memories"]]


def turns(mos: MOS) -> list[Memory]:
    return [one for one in mos.list(Filter(at=mos.now, turns=True), order="oldest") if one.kind is Kind.EPISODE]


def said(mos: MOS) -> list[str]:
    return [one.content for one in sorted(turns(mos), key=lambda one: (one.source.conversation or "", one.source.turn or 0))]


class TestConversationIsNoMemory:
    def test_a_greeting_leaves_nothing_in_a_list(self, memos: Run) -> None:
        memos("chat", "-m", "hello")
        assert listed(memos) == listed(memos, "--all") == []
        assert found(memos, "hello") == []
        assert len(listed(memos, "--turns")) == 2
        counted = memos("stats", "--json").data["cubes"]["default"]
        assert (counted["memories"], counted["turns"], counted["kinds"], counted["tags"]) == (0, 2, {}, {})
        assert memos("lifecycle", "status", "--json").data["cubes"][0]["states"]["generated"] == 0

    def test_one_s_own_question_is_not_found(self, memos: Run) -> None:
        memos("chat", "-m", "what do you know about Truus")
        assert found(memos, "Truus") == []
        assert found(memos, "Truus", "--turns")[0] == "what do you know about Truus"

    def test_a_conversation_is_found_by_its_name(self, memos: Run) -> None:
        memos("chat", "-m", "hello")
        (name,) = {one["source"]["conversation"] for one in memos("list", "--turns", "--json").data["memories"]}
        assert len(listed(memos, "--conversation", name)) == 2
        assert found(memos, "hello", "--conversation", name)[0] == "hello"
        assert memos("forget", "--conversation", name, "--yes").status == 0
        assert listed(memos, "--turns") == []

    def test_turns_alone_say_not_what_to_forget(self, memos: Run) -> None:
        memos("add", "I live in Porto")
        memos("chat", "-m", "hello")
        assert memos("forget", "--turns", "--yes").status == 2
        assert memos("forget", "--turns", "--kind", "episode", "--yes").status == 0
        assert listed(memos, "--turns") == ["I live in Porto"]

    def test_a_view_can_ask_for_turns(self, memos: Run) -> None:
        memos("chat", "-m", "hello")
        memos("view", "save", "talk", "--turns", "--kind", "episode")
        assert len(memos("--view", "talk", "list", "--json").data["memories"]) == 2

    def test_a_talk_that_was_brought_in_is_memories(self, mos: MOS) -> None:
        talk = [{"role": "ana", "content": "The heron nests by the weir", "conversation": "chat-with-ana"}]
        mos.add(messages=talk, tags=["chat"])
        assert [hit.memory.content for hit in mos.search("heron").hits] == ["The heron nests by the weir"]

    def test_what_is_told_in_chat_and_kept_is_a_memory(self, memos: Run) -> None:
        memos("chat", "-m", "My sister Ana lives in Leeds.")
        assert listed(memos) == found(memos, "Ana") == ["My sister Ana lives in Leeds."]

    def test_a_selection_leaves_turns_out_and_the_whole_cube_keeps_them(self, memos: Run, tmp_path: Path) -> None:
        memos("add", "I live in Porto", "--tag", "home")
        memos("chat", "-m", "Where do I live?")
        for options, count, kept in ((["--kind", "fact", "--kind", "episode"], 1, 0), (["--turns"], 3, 2), ([], 3, 2)):
            file = tmp_path / f"{len(options)}{count}.memcube"
            done = memos("cube", "export", *options, "-o", str(file), "--json")
            assert (done.status, done.data["counts"]["memories"]) == (0, count), (options, done.err)
            name = f"back{len(options)}"
            assert memos("cube", "import", str(file), "--name", name).status == 0
            counted = memos("--cube", name, "stats", "--json").data["cubes"][name]
            assert (counted["memories"], counted["turns"]) == (1, kept)
            assert memos("--cube", name, "list", "--json").data["memories"][0]["content"] == "I live in Porto"
        published = tmp_path / "published.memcube"
        assert memos("cube", "export", "--redact", "-o", str(published), "--json").data["counts"]["memories"] == 1

    def test_the_scheduler_and_a_chain_leave_them_out(self, mos: MOS, memos: Run, tmp_path: Path) -> None:
        mos.conversation(Scripted("Oh.")).ask("The heron by the weir was lovely, was it not?")
        explained = memos("scheduler", "explain", "the heron by the weir", "--json")
        assert (explained.status, "heron" in json.dumps(explained.data["decisions"])) == (0, False)
        chain = tmp_path / "chain.toml"
        chain.write_text('[[step]]\ndo = "retrieve"\nquery = "heron"\n\n[[step]]\ndo = "archive"\n')
        ran = memos("lifecycle", "run", str(chain), "--json")
        assert (ran.status, ran.data["changed"] if "changed" in ran.data else ran.data["ids"]) == (0, [])


class TestEchoesEndWithTheirMemory:
    @pytest.mark.parametrize("embedder", ["none", pytest.param("auto", marks=pytest.mark.model)])
    def test_a_superseded_value(self, memos: Run, monkeypatch: pytest.MonkeyPatch, embedder: str) -> None:
        monkeypatch.setenv("MEMOS_EMBEDDER", embedder)
        memos("add", "I eat meat", "--key", "diet")
        memos("chat", "-m", "What do I eat?")
        memos("add", "I am vegan now", "--key", "diet")
        by_meaning = memos("search", "x", "--json").data["mode"] == "hybrid"
        assert found(memos, "what do I eat", "--all-hits") == (["I am vegan now"] if by_meaning else [])
        assert found(memos, "what do I eat", "--turns", "--all-hits") == found(memos, "what do I eat", "--all-hits")
        assert listed(memos, "--turns") == ["I am vegan now"]
        assert listed(memos, "--turns", "--all").count("I eat meat") == 2

    def test_a_forgotten_one_and_its_undo(self, memos: Run) -> None:
        one = added(memos, "My bank is Novabanka")
        memos("chat", "-m", "What is my bank?")
        memos("forget", one, "--yes")
        assert found(memos, "Novabanka") == found(memos, "Novabanka", "--turns") == listed(memos, "--turns") == []
        assert "Novabanka" not in memos("chat", "--continue", "-m", "What is my bank?").out
        memos("undo")
        memos("undo")
        assert sorted(listed(memos, "--turns"))[:1] == ["My bank is Novabanka"]
        assert listed(memos, "--turns").count("My bank is Novabanka") == 2

    def test_a_purged_one_takes_the_words_of_chat_with_it(self, memos: Run, home: Path) -> None:
        one = added(memos, "My bank is Novabanka")
        memos("chat", "-m", "What is my bank?")
        memos("chat", "-m", "Is my bank Novabanka, or was it another?")
        memos("chat", "-m", "hello")
        dry = memos("forget", one, "--purge", "--dry-run", "--json").data
        gone = memos("forget", one, "--purge", "--yes", "--json").data
        assert gone["purged"] == [one]
        assert gone["removed"]["turns of chat"] == dry["removed"]["turns of chat"] == 4
        assert gone["holders"] == []
        assert traces(home, ("novabanka",)) == []
        assert max(listed(memos, "--turns")) == "hello"
        assert memos("doctor").status == 0

    @pytest.mark.model
    @pytest.mark.usefixtures("mini_answers")
    def test_what_memos_mini_said_of_it_goes_as_well(self, memos: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        pytest.importorskip("llama_cpp")
        if model_files.mini() is None:
            pytest.skip("memos-mini is not part of this build")
        monkeypatch.setenv("MEMOS_LLM_MODEL", "memos-mini")
        one = added(memos, "My locker word is Xylophagia")
        asked = memos("chat", "-m", "What is my locker word?", "--json").data
        assert (asked["mode"], "Xylophagia" in asked["answer"]) == ("generated", True)
        gone = memos("forget", one, "--purge", "--yes", "--derived", "--json").data
        assert gone["holders"] == []
        assert found(memos, "Xylophagia", "--turns", "--all") == []
        assert traces(home, ("xylophagia",)) == []

    def test_a_frozen_turn_stays_and_the_receipt_names_it(self, memos: Run) -> None:
        one = added(memos, "My bank is Novabanka")
        memos("chat", "-m", "What is my bank?")
        (answer,) = [
            memory["id"] for memory in memos("list", "--turns", "--kind", "episode", "--json").data["memories"]
            if "Novabanka" in memory["content"]
        ]  # fmt: skip
        memos("freeze", answer)
        gone = memos("forget", one, "--purge", "--yes", "--json").data
        assert [holder["id"] for holder in gone["holders"]] == [answer]

    def test_a_memory_that_is_given_other_words(self, mos: MOS) -> None:
        (one,) = mos.add("My bank is Novabanka").ids
        mos.conversation().ask("What is my bank?")
        mos.update(one, "My bank is Ostbank")
        assert said(mos) == []
        mos.conversation().ask("What is my bank?")
        mos.undo(mos.timeline.commands(2)[1]["txn"])
        assert said(mos) == ["What is my bank?", "My bank is Novabanka"]

    def test_a_ttl_that_has_passed(self, mos: MOS, clock: Clock) -> None:
        mos.add("My bank is Novabanka", expires_at="2026-03-03T00:00:00.000Z")
        mos.conversation().ask("What is my bank?")
        clock.forward(days=2)
        mos.lifecycle.tick()
        assert said(mos) == []
        mos.undo()
        assert len(said(mos)) == 2

    def test_an_undone_add(self, mos: MOS) -> None:
        added_ = mos.add("My bank is Novabanka")
        mos.conversation().ask("What is my bank?")
        mos.undo(added_.txn)
        assert said(mos) == []

    def test_what_was_told_in_chat_ends_the_turn_that_told_it(self, mos: MOS) -> None:
        talk = mos.conversation()
        (kept,) = talk.ask("Please remember that my shoe size is 43").kept
        mos.delete(kept)
        assert said(mos) == []

    def test_an_answer_in_other_words(self, mos: MOS) -> None:
        (one,) = mos.add("My bank is Novabanka").ids
        talk = mos.conversation(Scripted("At the Novabanka of course.", "Your bank is Novabanka."))
        talk.ask("Where is my money, at which bank?")
        talk.ask("Which bank is mine?")
        mos.delete(one)
        assert said(mos) == []

    def test_what_somebody_else_said_of_it(self, mos: MOS) -> None:
        (one,) = mos.add("My bank is Novabanka").ids
        mos.edit(one, {"visibility": "shared"})
        mos.conversation(user_id="ana").ask("Tell me: is my bank is Novabanka the right wording?")
        assert mos.purge(one).removed["turns of chat"] == 2  # of the cube's owner, who may change what is in it
        assert turns(mos) == []

    def test_turns_of_others_that_may_not_be_seen_stay_and_are_not_counted(self, mos: MOS) -> None:
        (one,) = mos.add("The bank of Ana is Novabanka", user_id="ana").ids
        mos.conversation().ask("Which bank has Ana, the Novabanka?")
        receipt = mos.purge(one, user_id="ana")
        assert (receipt.holders, receipt.hidden) == ((), 0)
        assert len(turns(mos)) == 2

    def test_other_conversations_stay(self, mos: MOS) -> None:
        (one,) = mos.add("My bank is Novabanka").ids
        mos.add("I live in Porto")
        mos.conversation().ask("What is my bank?")
        mos.conversation().ask("Where do I live?")
        mos.conversation().ask("hello")
        mos.delete(one)
        assert sorted(said(mos)) == ["I don't know that yet.", "I live in Porto", "Where do I live?", "hello"]

    def test_a_sentence_without_spaces_between_its_words(self, mos: MOS) -> None:
        (one,) = mos.add("我的银行是新星银行").ids
        mos.conversation(Scripted("好的。")).ask("你知道我的银行是新星银行吗")
        mos.delete(one)
        assert said(mos) == []

    def test_a_cube_of_another_machine_brings_the_end_with_it(self, mos: MOS, tmp_path: Path) -> None:
        (one,) = mos.add("My bank is Novabanka").ids
        mos.create_cube("copy")
        mos.transfer.export("default", tmp_path / "one.memcube")
        with (tmp_path / "one.memcube").open("rb") as stream:
            mos.transfer.receive(stream, "other", accept=True)
        mos.conversation().ask("What is my bank?")
        with MOS(mos.paths.data, "other", settings=mos.settings, clock=mos._clock) as other:
            other.purge(one)
        mos.cube_merge.merge("other")
        assert not [turn for turn in turns(mos) if "Novabanka" in turn.content]


def test_chats_of_older_cubes_are_known_by_their_names(mos: MOS) -> None:
    name = "chat-2025-01-31-0a1b2c3d"
    old = [
        Draft(text, Kind.EPISODE, tags=("chat",), origin=Origin.CONVERSATION, source=Source(name, "1", turn, speaker))
        for turn, (speaker, text) in enumerate((("sam", "Where is the heron?"), ("assistant", "By the weir.")), 1)
    ]
    mos.add(drafts=old)
    assert mos.list() == ()
    assert said(mos) == ["Where is the heron?", "By the weir."]


def test_a_batch_is_not_slowed_by_a_cube_without_chat(mos: MOS) -> None:
    mos.add(drafts=[Draft(f"note {n}", external_id=f"n{n}") for n in range(50)])
    vault = mos.writable()
    with mos.author("edit").write(vault) as unit:
        for memory in vault.find(Filter(at=mos.now)):
            unit.change("memory", memory.id, {"content": "other words"})
        assert unit.ended == {}


def test_lines_of_json_that_a_list_gave_come_back_as_conversation(memos: Run) -> None:
    memos("chat", "-m", "hello")
    rows = [
        {"content": one["content"], "kind": one["kind"], "source": {
            name: one["source"][name] for name in ("conversation", "session", "turn", "speaker")}}
        for one in memos("list", "--turns", "--json").data["memories"]
    ]  # fmt: skip
    other = {"MEMOS_HOME": str(Path.cwd() / "elsewhere")}
    assert memos("add", "--jsonl", "-", stdin=jsonl(*rows), env=other).status == 0
    assert memos("list", "--json", env=other).data["memories"] == []
    assert len(memos("list", "--turns", "--json", env=other).data["memories"]) == 2
