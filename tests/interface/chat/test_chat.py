"""The converse flow against a scripted model: intents, recall, citing, keeping, and what is never stored again."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from memos_cli import MOS
from memos_cli.config import Settings, paths
from memos_cli.errors import ModelUnavailable, UsageError
from memos_cli.interface.reader.extraction import CONFIDENCE
from memos_cli.model import Filter, Kind, LinkType, Memory, Origin
from memos_cli.operation.operator.recall import ECHO, TAG
from memos_cli.operation.prompt.layout import Turn
from memos_cli.ports.ports import LLM, Request, Token
from tests.conftest import Clock
from tests.fakes import Scripted

pytestmark = pytest.mark.usefixtures("mini_answers")


def memories(mos: MOS) -> list[Memory]:
    return [memory for memory in mos.list() if memory.kind is not Kind.EPISODE]


def episodes(mos: MOS) -> list[Memory]:
    found = mos.list(Filter(at=mos.now, turns=True))
    return sorted((one for one in found if one.kind is Kind.EPISODE), key=lambda memory: memory.source.turn or 0)


def test_the_scripted_model_fills_the_port() -> None:
    assert isinstance(Scripted(), LLM)


# -- without a model


def test_without_a_model_the_memories_answer_word_for_word(mos: MOS) -> None:
    mos.add("I live in Porto, near the river")
    wanted = mos.add("My sister Ana has a dog called Bruno").ids[0]
    result = mos.conversation().ask("What is my sister's dog called?")
    assert (result.answer, result.mode, result.cited) == ("My sister Ana has a dog called Bruno", "extractive", (wanted,))
    assert result.tokens == {"prompt": 0, "answer": 0}
    assert result.seconds["total"] >= result.seconds["recall"] > 0
    assert mos.get(wanted).access_count == 1


def test_what_nobody_told_is_not_known(mos: MOS) -> None:
    mos.add("I live in Porto")
    result = mos.conversation().ask("What is my blood group?")
    assert (result.answer, result.cited) == ("I don't know that yet.", ())


@pytest.mark.parametrize("times", [7, [7], [{}], [{"at": "zz", "text": "", "unit": 7}], [{"at": "2026-03-01", "unit": "day"}]])
def test_a_memory_whose_metadata_is_from_elsewhere_is_recalled_and_told_again(mos: MOS, times: object) -> None:
    for _ in range(2):
        mos.add("I went to the gym yesterday", metadata={"times": times})
        mos.add("Ada likes tea", metadata={"times": times})
    assert len(memories(mos)) == 2
    for asked in ("Did I go to the gym yesterday?", "Does Ada like tea?"):
        assert mos.conversation(None).ask(asked).answer


@pytest.mark.parametrize("asked", ["What did I do yesterday?", "what did I do yesterday", "Did I go to the gym yesterday?"])
def test_yesterday_is_the_day_before_it_is_asked(mos: MOS, clock: Clock, asked: str) -> None:
    mos.add("I went to the gym yesterday")
    clock.forward(days=7)
    assert mos.conversation(save=False).ask(asked).answer == "I don't know that yet."
    ran = mos.add("I went to the gym and ran 5 km yesterday").ids[0]
    assert mos.conversation(save=False).ask(asked).cited == (ran,)


def test_a_week_is_the_one_that_is_asked_for(mos: MOS, clock: Clock) -> None:
    skied = mos.add("We went skiing in Zermatt last week").ids[0]
    yoga = mos.add("Yoga is every Monday").ids[0]
    assert mos.conversation(save=False).ask("Where did we go skiing last week?").cited == (skied,)
    clock.forward(days=70)
    assert mos.conversation(save=False).ask("Where did we go skiing last week?").cited == ()
    assert mos.conversation(save=False).ask("Where did we go skiing?").cited == (skied,)
    assert mos.conversation(save=False).ask("Do I have yoga on Monday?").cited == (yoga,)


@pytest.mark.parametrize("asked", ["since when do I work at Acme", "habe ich morgen einen Termin", "qué hice ayer"])
def test_no_question_is_remembered(mos: MOS, asked: str) -> None:
    result = mos.conversation().ask(asked)
    assert (result.answer, memories(mos)) == ("I don't know that yet.", [])


def test_an_empty_home_answers_too(mos: MOS) -> None:
    assert mos.conversation(save=False).ask("Where do I live?").answer == "I don't know that yet."
    assert mos.list() == ()


def test_no_message_is_no_message(mos: MOS) -> None:
    for text in ("", "  \n", "a\x00b"):
        with pytest.raises(UsageError):
            mos.conversation().ask(text)


# -- keeping


def test_a_turn_is_kept_as_two_episodes(mos: MOS) -> None:
    talk = mos.conversation(Scripted("In Porto.", "Since May."), recall=False)
    talk.ask("Where do I live?")
    talk.ask("Since when?")
    kept = episodes(mos)
    assert [(one.content, one.source.speaker, one.source.turn) for one in kept] == [
        ("Where do I live?", "sam", 1), ("In Porto.", "assistant", 2), ("Since when?", "sam", 3),
        ("Since May.", "assistant", 4),
    ]  # fmt: skip
    assert {(one.source.conversation, one.source.session) for one in kept} == {(talk.conversation, "1")}
    assert kept[1].source.model == "scripted"
    assert all(one.origin is Origin.CONVERSATION and TAG in one.tags for one in kept)
    assert memories(mos) == []


def test_a_statement_becomes_a_memory_and_a_question_never_does(mos: MOS) -> None:
    result = mos.conversation().ask("I am vegan now. Where do I live? My sister Ana lives in Leeds.")
    kept = {memory.content: memory for memory in memories(mos)}
    assert set(kept) == {"I am vegan now.", "My sister Ana lives in Leeds."}
    assert set(result.kept) == {memory.id for memory in kept.values()}
    assert kept["I am vegan now."].key == "diet"
    assert kept["I am vegan now."].source.speaker == "sam"
    assert len(mos.timeline.commands(10)) == 1  # all of it one step


def test_a_changed_preference_supersedes(mos: MOS, clock: Clock) -> None:
    mos.add("I eat meat", key="diet")
    clock.forward(days=1)
    mos.conversation().ask("I am vegan now")
    assert [memory.content for memory in memories(mos)] == ["I am vegan now"]


def test_a_statement_alone_is_acknowledged(mos: MOS) -> None:
    result = mos.conversation().ask("My sister Ana lives in Leeds.")
    assert (result.answer, result.mode) == ("I will remember that.", "extractive")
    assert result.cited == result.kept


def test_recalled_text_is_never_stored_again(mos: MOS) -> None:
    fact = "My sister Ana has a dog called Bruno."
    mos.add(fact)
    talk = mos.conversation(Scripted("Your sister Ana has a dog called Bruno.", "Yes.", "Yes.", "Fine."))
    assert talk.ask("What is my sister's dog called?").mode == "generated"
    talk.ask(fact)  # said back, word for word
    talk.ask("Your sister Ana has a dog called Bruno.")  # the assistant's own words
    assert [memory.content for memory in memories(mos)] == [fact]


def test_recall_leaves_out_what_chat_itself_said_or_was_asked(mos: MOS) -> None:
    mos.add("I live in Porto")
    for _ in range(4):
        result = mos.conversation().ask("Where do I live?")
        assert result.answer == "I live in Porto"
        assert len(result.cited) == 1
    assert all(ECHO in one.tags for one in episodes(mos))


def test_talk_that_became_no_memory_is_found_in_the_conversation_alone(mos: MOS) -> None:
    told = "It rained all week in the valley of the foxgloves"
    talk = mos.conversation(Scripted("Oh."))
    talk.ask(told)
    assert "foxgloves" not in mos.conversation().ask("Where did it rain, in the valley of what?").answer
    assert mos.search("the valley of the foxgloves").hits == ()
    for wanted in (Filter(at=mos.now, turns=True), Filter(at=mos.now, conversation=talk.conversation)):
        assert mos.search("the valley of the foxgloves", wanted=wanted).hits[0].memory.content == told
    model = Scripted("In the valley.")
    mos.conversation(model, resume=True).ask("Where did it rain?")
    assert "Where did it rain, in the valley of what?" in model.prompt


def test_nothing_is_kept_with_no_save_until_it_is_asked_for(mos: MOS) -> None:
    talk = mos.conversation(save=False)
    talk.ask("I am vegan now")
    assert mos.list() == ()
    assert talk.keep() == 2
    assert talk.keep() == 0
    assert [memory.content for memory in memories(mos)] == ["I am vegan now"]
    assert len(episodes(mos)) == 2


def test_a_secret_is_masked_in_prompts_and_answers(mos: MOS) -> None:
    mos.add("My bike lock password is hunter2xyz")
    question = "What is my bike lock password?"
    for model in (Scripted("It is hidden."), Scripted("It is hidden.", local=False)):
        mos.conversation(model).ask(question)
        assert "bike lock password is" in model.prompt
        assert "hunter2xyz" not in model.prompt
    assert "hunter2xyz" not in mos.conversation().ask(question).answer
    assert "hunter2xyz" in mos.conversation(reveal=True).ask(question).answer
    remote = Scripted("It is hidden.", local=False)
    mos.conversation(remote, reveal=True).ask(question)
    assert "hunter2xyz" not in remote.prompt


# -- a model that extracts


@pytest.fixture
def fit(home: Path, clock: Clock) -> Iterator[MOS]:
    """A home whose settings have the model extract."""
    environ = {"MEMOS_EMBEDDER": "none", "MEMOS_PRINCIPAL": "sam", "MEMOS_LLM_EXTRACT": "model"}
    with MOS(home, settings=Settings(environ, paths({"MEMOS_HOME": str(home)})), clock=clock) as opened:
        yield opened


def notes(*spans: str, **fields: str) -> str:
    return json.dumps(
        {"memories": [{"span": s, "content": s, "kind": "fact", "key": "none", "when": "", **fields} for s in spans]}
    )


def test_what_a_model_finds_is_kept_in_one_step_and_linked_to_its_turn(fit: MOS) -> None:
    model = Scripted("Nice.", notes("the old mill in Leeds is where Ana lives"))
    result = fit.conversation(model).ask("Guess what, the old mill in Leeds is where Ana lives, wow.")
    (kept,) = memories(fit)
    assert (kept.content, kept.kind, kept.origin, kept.confidence) == (
        "the old mill in Leeds is where Ana lives", Kind.FACT, Origin.INFERENCE, CONFIDENCE,
    )  # fmt: skip
    assert (kept.source.speaker, kept.source.turn, kept.source.model) == ("sam", 1, "scripted")
    turn = episodes(fit)[0]
    ((link, other),) = fit.provenance(kept.id).outgoing
    assert (link.type, other) == (LinkType.DERIVED_FROM, turn)
    assert ECHO not in turn.tags  # the note says less than the turn
    assert result.kept == (kept.id,)
    fit.undo()
    assert fit.list() == ()


def test_a_changed_preference_that_a_model_found_supersedes(fit: MOS, clock: Clock) -> None:
    fit.add("I eat meat", key="diet")
    clock.forward(days=1)
    model = Scripted("Good for you.", notes("I'm vegan at home and at work", key="diet"))
    fit.conversation(model).ask("So since May I'm vegan at home and at work.")
    assert [memory.content for memory in memories(fit)] == ["I'm vegan at home and at work"]


def test_the_model_is_shown_the_person_s_words_and_no_memory(fit: MOS) -> None:
    fit.add("My sister Ana has a dog called Bruno.")
    model = Scripted("Bruno.", notes("My cat is called Ada"), "Oh.", notes("Your sister Ana has a dog called Bruno"))
    talk = fit.conversation(model)
    talk.ask("My cat is called Ada. And what is my sister's dog called?")
    assert "Bruno" in model.asked[0].messages[-1][1]
    assert "Bruno" not in model.prompt
    fact = "Your sister Ana has a dog called Bruno, you say."
    talk._turns.append(Turn("assistant", "Your sister Ana has a dog called Bruno."))
    talk.ask(fact)
    assert "My cat is called Ada." in model.prompt
    assert "<before>" in model.prompt
    assert [memory for memory in memories(fit) if memory.origin is Origin.INFERENCE] == []


@pytest.mark.parametrize("broken", ["no json", '{"memories": 3}', notes("I live in Berlin now")])
def test_what_is_no_use_gives_way_to_the_rules(fit: MOS, broken: str) -> None:
    result = fit.conversation(Scripted("Nice.", broken)).ask("My sister Ana lives in Leeds.")
    (kept,) = memories(fit)
    assert (kept.content, kept.origin, kept.confidence) == ("My sister Ana lives in Leeds.", Origin.CONVERSATION, 1.0)
    assert len(episodes(fit)) == 2
    assert len(result.notices) == ("Berlin" not in broken)


def test_a_model_that_goes_away_loses_no_turn(fit: MOS) -> None:
    class Going(Scripted):
        def stream(self, request: Request, **given: object) -> Iterator[Token]:
            if given.get("schema"):
                raise self.fails or ModelUnavailable("nobody there")
            return super().stream(request, **given)  # type: ignore[arg-type]

    result = fit.conversation(Going("Nice.")).ask("My sister Ana lives in Leeds.")
    assert (result.answer, result.notices) == ("Nice.", ("extracted by rules: nobody there",))
    assert [memory.content for memory in memories(fit)] == ["My sister Ana lives in Leeds."]
    stopped = Going("Nice.", "Nice.")
    stopped.fails = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        fit.conversation(stopped).ask("My cat is called Ada.")
    assert len(episodes(fit)) == 2
    result = fit.conversation(stopped).ask("My cat is called Ada.", stoppable=True)
    assert "stopped" in result.notices[0]
    assert len(episodes(fit)) == 4


def test_a_model_is_not_asked_in_vain(fit: MOS, mos: MOS) -> None:
    model = Scripted(*["Fine."] * 5)
    fit.conversation(model).ask("Where do I live? And what do I eat?")
    fit.conversation(model, save=False).ask("My sister Ana lives in Leeds.")
    fit.conversation(model).ask("remember that my shoe size is 43")
    mos.conversation(model).ask("My cat is called Ada.")  # auto, and no model is set that is fit for it
    assert model.schemas == [None] * 3


# -- intents


def test_remember(mos: MOS) -> None:
    result = mos.conversation(save=False).ask("Please remember that my shoe size is 43")
    (memory,) = mos.list()
    assert (memory.content, result.intent, result.cited) == ("My shoe size is 43", "remember", (memory.id,))


def test_forget_one_and_everything_that_chat_said_of_it(mos: MOS) -> None:
    talk = mos.conversation()
    talk.ask("remember that my shoe size is 43")
    talk.ask("What is my shoe size?")
    result = talk.ask("forget my shoe size")
    assert result.answer == "Forgotten: My shoe size is 43"
    assert not [one for one in mos.list() if "43" in one.content]
    assert talk.ask("What is my shoe size?").answer == "I don't know that yet."
    model = Scripted("No.")
    mos.conversation(model, resume=True).ask("So?")
    assert "43" not in model.prompt
    mos.undo()


def test_forget_asks_where_several_are_meant_and_leaves_what_is_not(mos: MOS) -> None:
    mos.add("Ana likes tea")
    mos.add("Ana likes boats")
    result = mos.conversation().ask("forget about Ana")
    assert len(result.cited) == 2
    assert len(memories(mos)) == 2
    assert "nothing was forgotten" in mos.conversation().ask("forget about zebras").answer
    assert "nothing was forgotten" in mos.conversation().ask("forget it").answer
    mos.conversation().ask("forget that Ana likes tea")
    assert [memory.content for memory in memories(mos)] == ["Ana likes boats"]


def test_forget_leaves_what_is_frozen(mos: MOS) -> None:
    identity = mos.add("Ana likes tea").ids[0]
    mos.switch([identity], "freeze", {"frozen": True})
    assert "frozen" in mos.conversation().ask("forget that Ana likes tea").answer
    assert mos.get(identity).state == "activated" or mos.get(identity).frozen


def test_what_do_you_know(mos: MOS) -> None:
    mos.add("Ana likes boats")
    mos.add("I live in Porto")
    talk = mos.conversation()
    assert talk.ask("What do you know about Ana?").answer == "Ana likes boats"
    assert set(talk.ask("What do you know about me?").answer.splitlines()) == {"Ana likes boats", "I live in Porto"}
    assert talk.ask("What do you know about zebras?").answer == "I know nothing about that yet."


# -- with a model


def test_a_model_answers_and_is_cited(mos: MOS) -> None:
    home = mos.add("I live in Porto").ids[0]
    mos.add("Ana lives in Leeds")
    pinned = mos.add("Answer in one sentence", pinned=True).ids[0]
    model, pieces = Scripted("You live in Porto."), []
    result = mos.conversation(model).ask("Where do I live?", pieces.append)
    assert (result.answer, result.mode, result.cited) == ("You live in Porto.", "generated", (home,))
    assert "".join(pieces) == result.answer
    assert result.tokens == {"prompt": model.count(model.asked[0]), "answer": 4}
    assert "1. 2026-03-02 Answer in one sentence" in model.asked[0].messages[0][1]
    assert "I live in Porto" in model.asked[0].messages[-1][1]
    assert mos.get(pinned).access_count == 1


def test_only_what_went_into_the_prompt_counts_as_used(mos: MOS) -> None:
    ids = [mos.add(f"Fact {number} about whales: " + "word " * 40).ids[0] for number in range(6)]
    model = Scripted("I don't know that yet.", context=250)
    mos.conversation(model).ask("What of whales?")
    used = [identity for identity in ids if mos.get(identity).access_count]
    assert 0 < len(used) < 6
    assert model.prompt.count("about whales") == len(used)


def test_what_was_found_stands_oldest_first_in_the_prompt(mos: MOS, clock: Clock) -> None:
    for diet in ("meat", "fish", "plants"):
        mos.add(f"I eat {diet}, that is my diet")
        clock.forward(hours=1)
    llm = Scripted("ok")
    mos.conversation(llm).ask("What is my diet, do I eat plants?")
    places = [llm.prompt.index(f"I eat {diet}") for diet in ("meat", "fish", "plants")]
    assert places == sorted(places)


def test_the_oldest_turns_give_way_and_the_question_never_does(mos: MOS) -> None:
    model = Scripted(*["Fine, thank you very much indeed."] * 30, context=200)
    talk = mos.conversation(model, recall=False)
    for number in range(25):
        talk.ask(f"Question {number}, " + "please " * 10)
    assert "Question 24" in model.prompt
    assert "Question 0," not in model.prompt
    with pytest.raises(UsageError, match="too long"):
        talk.ask("word " * 300)


def test_an_unsure_model_gives_way_to_the_memories(mos: MOS) -> None:
    mos.add("I live in Porto")
    result = mos.conversation(Scripted("You live in Leeds.", logprob=-2.0)).ask("Where do I live?")
    assert (result.answer, result.mode) == ("I live in Porto", "extractive")
    assert "unsure" in result.notices[0]
    assert result.tokens["answer"] == 4
    assert not [one for one in mos.list() if "Leeds" in one.content]


def test_memos_mini_is_not_sure_of_half_a_word(mos: MOS, monkeypatch: pytest.MonkeyPatch) -> None:
    mos.add("My hobby is gardening")
    assert mos.conversation(Scripted("garden")).ask("What is my hobby?").mode == "generated"
    monkeypatch.setattr(mos, "settings", mos.settings.given({"llm.model": "memos-mini"}))
    result = mos.conversation(Scripted("garden")).ask("What is my hobby?")
    assert (result.answer, result.mode) == ("My hobby is gardening", "extractive")
    assert mos.conversation(Scripted("gardening")).ask("What is my hobby?").mode == "generated"


def test_what_was_only_told_is_acknowledged_without_excuses(mos: MOS) -> None:
    result = mos.conversation(Scripted("mumble mumble", logprob=-9.0)).ask("My sister Ana lives in Porto")
    assert (result.answer, result.notices) == ("I will remember that.", ())


def test_no_recall_looks_nothing_up(mos: MOS) -> None:
    mos.add("I live in Porto")
    model = Scripted("I cannot say.")
    assert mos.conversation(model, recall=False).ask("Where do I live?").cited == ()
    assert "Porto" not in model.prompt


def test_going_on_with_a_conversation(mos: MOS, clock: Clock) -> None:
    first = mos.conversation(Scripted("Hello Sam."))
    first.ask("Hi, how are you?")
    clock.forward(hours=1)
    model = Scripted("Well.")
    second = mos.conversation(model, resume=True)
    second.ask("And now?")
    assert second.conversation == first.conversation
    assert [text for _, text in model.asked[0].messages[1:]] == ["Hi, how are you?", "Hello Sam.", "And now?"]
    assert [(one.source.session, one.source.turn) for one in episodes(mos)] == [("1", 1), ("1", 2), ("2", 3), ("2", 4)]
    assert mos.conversation().conversation != first.conversation


def test_ctrl_c_stops_the_answer_where_that_is_wanted(mos: MOS) -> None:
    model = Scripted("one two three four", "one two three four", "and on it goes")
    model.fails = KeyboardInterrupt()
    talk = mos.conversation(model)
    result = talk.ask("Count for me, will you?", stoppable=True)
    assert (result.answer, result.stopped) == ("one two", True)
    assert episodes(mos)[1].metadata == {"stopped": True}
    with pytest.raises(KeyboardInterrupt):
        talk.ask("Count for me again, will you?")
    assert len(episodes(mos)) == 2


def test_a_model_that_fails_leaves_nothing_half_kept(mos: MOS) -> None:
    model = Scripted("one two three")
    model.fails = ModelUnavailable("gone")
    with pytest.raises(ModelUnavailable):
        mos.conversation(model).ask("I am vegan now, what do you say?")
    assert mos.list() == ()


def test_others_see_nothing_of_a_private_conversation(mos: MOS) -> None:
    mos.add("I live in Porto")
    mos.conversation().ask("Where do I live?")
    assert mos.conversation(user_id="ana").ask("Where do I live?").answer == "I don't know that yet."
    assert [memory.owner for memory in mos.list(Filter(at=mos.now, speaker="ana", turns=True))] == ["ana"]


def test_the_facade_chats(mos: MOS) -> None:
    mos.add("I live in Porto")
    assert mos.chat("Where do I live?", save=False).answer == "I live in Porto"


# -- as a benchmark asks


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Forget that I live in Porto", "I live in Porto"),
        ("Remember that I live in Porto", "I live in Porto"),
        ("Remember that I live in Leeds", "I don't know that yet."),
        ("I live in Leeds. Where do I live?", "I don't know that yet."),
    ],
)
def test_what_is_asked_literally_is_a_question_whatever_it_resembles(mos: MOS, question: str, answer: str) -> None:
    mos.add("I live in Porto")
    result = mos.conversation(save=False).ask(question, literal=True)
    assert (result.intent, result.answer, result.kept) == ("ask", answer, ())
    assert [memory.content for memory in mos.list()] == ["I live in Porto"]


def test_an_answer_carries_the_prompt_that_a_model_was_given_or_would_have_been(mos: MOS) -> None:
    mos.add("Speak plainly", pinned=True)
    for number in range(12):
        mos.add(f"I live in Porto, house {number}")

    def ids(memories: Sequence[Memory]) -> list[str]:
        return [memory.id for memory in memories]

    asked = "Where do I live?"
    would = mos.conversation(save=False).ask(asked).prompt
    assert would is not None
    assert would.prompt.question == asked
    assert [line.text for line in would.prompt.lines] == [memory.content for memory in would.memories]
    assert [memory.content for memory in would.memories[:1]] == ["Speak plainly"]
    assert len(would.memories) == 1 + 8
    cut = mos.conversation(Scripted("Porto", context=120), save=False).ask(asked).prompt
    assert cut is not None
    assert ids(cut.memories) == ids(would.memories)[: len(cut.memories)]
    assert 1 < len(cut.memories) < len(would.memories)
    unsure = mos.conversation(Scripted("Leeds", logprob=-5.0, context=120), save=False).ask(asked)
    assert unsure.mode == "extractive"
    assert unsure.prompt is not None
    assert ids(unsure.prompt.memories) == ids(cut.memories)
    assert mos.conversation(save=False).ask("What do you know about Porto?").prompt is None
