"""Slots in conversations with memos-mini: what they save, that they change no answer, and when they are never used."""

import hashlib
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from memos_cli import MOS
from memos_cli.backends.llama import gguf_header
from memos_cli.backends.llms.llamacpp import LlamaModel
from memos_cli.config import Settings, paths
from memos_cli.errors import AmbiguousId, CubeLocked, FingerprintMismatch, IntegrityError, ModelUnavailable, NotFound
from memos_cli.infra.local.speeds import Speeds, name_of
from memos_cli.infra.local.states import INDEX, Label
from memos_cli.model import Filter, Kind, Slot
from memos_cli.operation.activation.prefix_cache import beginning, opening
from memos_cli.operation.activation.slots import Wanted, store
from memos_cli.operation.exam import cards
from memos_cli.operation.operator.core import MOST_CORE
from memos_cli.operation.operator.recall import Recall, Recalled
from memos_cli.operation.parametric import active_adapter
from memos_cli.operation.prompt import layouts, model_request
from memos_cli.operation.prompt.layout import MINI, Line, Prompt, Turn, sections
from memos_cli.operation.results import Answered
from memos_cli.ports.ports import Piece, Request
from tests.conftest import ROOT, Clock
from tests.examined import AT
from tests.fakes import Scripted
from tests.shipped import ship
from tests.tiny import write_adapter
from tests.trials import trials

FILE = ROOT / "memos_cli" / "data" / "memos-mini.gguf"
DIGEST = hashlib.sha256(FILE.read_bytes()).hexdigest()
pytestmark = [pytest.mark.model, pytest.mark.usefixtures("mini_answers")]
FACTS = ("I am allergic to peanuts.", "My sister is called Lena.", "I live in Porto.", "My dog is called Biscuit.")
ASKED = {
    "What am I allergic to?": "peanuts",
    "What is my sister's name?": "Lena",
    "Where do I live?": "Porto",
    "What is my dog called?": "Biscuit",
}


@pytest.fixture(autouse=True)
def _installed() -> None:
    pytest.importorskip("llama_cpp")


def model(path: Path = FILE, **given: Any) -> LlamaModel:
    return LlamaModel(path, **{"context": 1024, "name": "memos-mini", "digest": None if path != FILE else DIGEST, **given})


def one(mos: MOS, question: str, llm: LlamaModel | None = None, *, end: bool = True, **given: Any) -> Answered:
    """A question as `memos chat -m` asks it: a process of its own, as far as the model is concerned."""
    used = llm or model()
    try:
        talk = mos.conversation(used, **{"save": False, **given})
        answered = talk.ask(question, literal=True)
        talk.settle(end=end)
    finally:
        used.close()
    return answered


@pytest.fixture
def told(mos: MOS) -> MOS:
    for fact in FACTS:
        mos.add(fact, pinned=True)
    return mos


@pytest.fixture
def core(told: MOS) -> Slot:
    """The core's slot, made by the first answer."""
    one(told, "Where do I live?")
    (found,) = told.activation.list()
    assert (found.slot.covers, found.state) == ("core", "ready")
    return found.slot


def from_slot(mos: MOS, **given: Any) -> int:
    """How many tokens of an answer's prompt a slot gives, which are as many fewer to evaluate; slots are left as they are."""
    llm = model(**{name: given.pop(name) for name in ("path", "context", "adapters", "kv") if name in given})
    talk = mos.conversation(llm, save=False, **given)
    answered = talk.ask("Where do I live?", literal=True)
    llm.close()
    assert answered.tokens["evaluated"] == answered.tokens["prompt"] - answered.tokens["slot"]
    return answered.tokens["slot"]


def test_one_shot_answers_begin_from_the_core(core: Slot, told: MOS) -> None:
    answers = {question: one(told, question) for question in ASKED}
    assert {question: answered.answer for question, answered in answers.items()} == ASKED
    assert all(answered.tokens["slot"] >= len(core.ids) - 1 for answered in answers.values())
    assert all(answered.tokens["evaluated"] < 20 for answered in answers.values())
    (found,) = told.activation.list()
    assert (found.slot.id, found.slot.uses) == (core.id, len(ASKED))


class Letters:
    """A model whose tokens are letters."""

    def tokens(self, request: Request) -> list[int]:
        return [ord(letter) for role, text in request.messages for letter in f"{role}: {text}\n"]


@pytest.mark.parametrize("layout", [layouts.LAYOUTS[name] for name in ("fence", "brief", "list")])
def test_what_prompts_open_with_is_of_the_layout_in_which_the_model_is_asked(layout: layouts.Layout) -> None:
    llm, asked = Letters(), Prompt("Where do I live?", (Line("I live in Porto.", "2026-03-02"),))
    opened = opening(llm, None, asked, "core", layout, "2026")  # type: ignore[arg-type]
    begun = beginning(llm, None, asked, "core", layout)  # type: ignore[arg-type]
    whole = llm.tokens(model_request.request(asked, None, layout))
    assert list(opened) == whole[: len(opened)]
    assert len(opened) > len(begun)


def test_the_core_s_slot_reaches_to_the_first_memory_that_is_found(told: MOS, clock: Clock) -> None:
    told.add("My boat is called Kittiwake.")
    question = "What is my boat called?"
    first = one(told, question)
    (found,) = told.activation.list()
    llm = model()
    core = Recall(told, told.memories, "sam", reveal=False, local=True)
    laid = core.lay("?", Recalled(core.core()), ()).prompt
    begun = beginning(llm, llm.template, laid, "core")
    assert first.prompt is not None
    asked = llm.tokens(model_request.request(first.prompt.prompt, llm.template))
    llm.close()
    assert list(found.slot.ids[: len(begun)]) == list(begun)
    assert len(begun) + 5 < len(found.slot.ids)
    assert list(found.slot.ids) == asked[: len(found.slot.ids)]
    clock.forward(days=1)
    again = one(told, question)
    assert again.tokens["slot"] == len(found.slot.ids)
    assert again.tokens["evaluated"] == first.tokens["prompt"] - len(found.slot.ids)
    assert again.answer == first.answer == "Kittiwake"
    alone = one(told, "Where do I live?")  # nothing is found beside the core: the rest of the slot is cut off
    assert (alone.answer, alone.notices) == ("Porto", ())
    assert alone.tokens["slot"] >= len(begun)
    assert [slot.slot.id for slot in told.activation.list()] == [found.slot.id]
    (built,) = told.activation.build(llm=model())
    assert (built.slot and built.slot.id, built.made) == (found.slot.id, False)


def test_the_next_question_is_begun_while_the_answer_is_read(told: MOS) -> None:
    for fact in ("My boat is called Kittiwake.", "My horse is called Bruno."):
        told.add(fact)
    llm = model()
    talk = told.conversation(llm, save=False)
    talk.ask("What is my boat called?", literal=True)
    talk.settle()
    held = list(llm.held())
    answered = talk.ask("What is my horse called?", literal=True)
    assert answered.prompt is not None
    assert answered.prompt.prompt.retrieved
    assert answered.tokens["evaluated"] == answered.tokens["prompt"] - len(held)
    before = beginning(llm, llm.template, answered.prompt.prompt, "conversation")
    llm.close()
    assert held[: len(before)] == list(before)
    assert len(held) > len(before) + 5
    talk = told.conversation(other := model(), save=False)
    apart = [talk.ask(question, literal=True).answer for question in ("What is my boat called?", "What is my horse called?")]
    other.close()
    assert apart[-1] == answered.answer


def test_answers_show_what_evaluating_and_putting_back_cost(told: MOS) -> None:
    one(told, "Where do I live?")
    known = Speeds(told.paths.cache).of(name_of({"model": DIGEST, "kv": "f16"}))
    assert known.prefill
    assert 0 < known.prefill < 1
    assert known.restore is None
    one(told, "Where do I live?")
    again = Speeds(told.paths.cache).of(name_of({"model": DIGEST, "kv": "f16"}))
    assert again.prefill == known.prefill  # too few tokens were evaluated to tell
    assert again.bytes == told.activation.list()[0].slot.bytes
    assert again.restore


def test_a_small_core_is_not_kept_by_itself(mos: MOS) -> None:
    mos.add("I live in Porto.", pinned=True)
    one(mos, "Where do I live?")
    assert mos.activation.list() == ()
    assert not (mos.paths.cache / "slots").exists()


def test_no_quota_no_slots(told: MOS, home: Path, clock: Clock) -> None:
    one(told, "Where do I live?")
    env = {"MEMOS_EMBEDDER": "none", "MEMOS_PRINCIPAL": "sam", "MEMOS_SLOTS_BYTES": "0"}
    with MOS(home, settings=Settings(env, paths({"MEMOS_HOME": str(home)})), clock=clock) as without:
        answered = one(without, "Where do I live?")
        assert (answered.answer, answered.tokens["slot"]) == ("Porto", 0)


def test_answers_are_the_same_with_and_without(mos: MOS) -> None:
    import random

    from tests.mini.grammar import Split, scene

    chance, compared = random.Random(8), 0
    for number in range(3):
        drawn = scene(chance, 6, Split(values=True), plain=True)
        mine = f"person{number}"
        for line in drawn.prompt.lines[:MOST_CORE]:
            mos.add(line.text, kind=Kind.FACT, pinned=True, user_id=mine)
        questions = [ask.question for ask in drawn.asks][:4]
        for question in questions:
            plain = one(mos, question, user_id=mine, end=False)
            mos.activation.build(llm=model(), user_id=mine)
            again = one(mos, question, user_id=mine, end=False)
            assert again.answer == plain.answer
            assert (plain.mode, plain.cited) == (again.mode, again.cited)
            assert again.tokens["slot"] > 0
            compared += 1
            mos.activation.remove((), every=True)
    assert compared > 8


# -- never used


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_a_slot_with_one_byte_changed_is_never_used(core: Slot, told: MOS) -> None:
    path = told.paths.cache / "slots" / f"{core.id}.state"
    flipped(path)
    answered = one(told, "Where do I live?", end=False)
    assert (answered.answer, answered.tokens["slot"]) == ("Porto", 0)
    assert "damaged" in answered.notices[0]
    assert not path.exists()
    assert one(told, "Where do I live?").notices == ()


def test_a_slot_of_another_model_file_is_never_used(core: Slot, told: MOS, tmp_path: Path) -> None:
    other = tmp_path / "other.gguf"
    shutil.copy(FILE, other)
    assert from_slot(told, path=other) == len(core.ids)  # the same file, wherever it lies
    with other.open("ab") as file:
        file.write(b"\0")
    assert from_slot(told, path=other) == 0


def test_a_slot_of_another_context_or_other_numbers_is_never_used(core: Slot, told: MOS) -> None:
    assert from_slot(told) == len(core.ids)
    assert from_slot(told, context=768) == 0
    assert from_slot(told, kv="q8_0") == 0


def test_a_slot_of_another_adapter_is_never_used(core: Slot, told: MOS, tmp_path: Path) -> None:
    pytest.importorskip("gguf")
    shapes = {
        name: shape[:2] for name, shape in gguf_header.read(FILE).shapes.items() if name.startswith("blk.") and len(shape) == 2
    }
    one_adapter, other = (write_adapter(tmp_path / f"{seed}.gguf", shapes, seed=seed) for seed in (1, 2))
    assert from_slot(told, adapters=[(one_adapter, 0.001)]) == 0
    told.activation.build(llm=model(adapters=[(one_adapter, 0.001)]))
    assert from_slot(told, adapters=[(one_adapter, 0.001)]) == len(core.ids)
    assert from_slot(told, adapters=[(other, 0.001)]) == 0
    assert from_slot(told, adapters=[(one_adapter, 0.002)]) == 0


def test_a_slot_made_with_the_adapter_of_memos_is_never_used_without_it(
    told: MOS, home: Path, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("gguf")
    ship(monkeypatch, FILE, tmp_path, shapes={"blk.0.attn_q.weight": gguf_header.read(FILE).shapes["blk.0.attn_q.weight"][:2]})
    told.close()
    known = {}
    for wanted in ("auto", "none"):
        environ = {
            "MEMOS_EMBEDDER": "none",
            "MEMOS_PRINCIPAL": "sam",
            "MEMOS_LLM_MODEL": str(FILE),
            "MEMOS_LLM_ADAPTER": wanted,
        }
        settings = Settings(environ, paths({"MEMOS_HOME": str(home)}))
        with MOS(home, settings=settings, clock=clock) as mos:
            chosen = cards.subject(mos.settings, mos.paths)
            assert chosen is not None
            cards.trust(chosen, mos.paths, AT)
            if wanted == "auto":
                mos.activation.build()
            (listed,) = mos.activation.list()
            (checked,) = mos.activation.check([listed.slot.id])
            with active_adapter.opened(mos) as found:
                assert isinstance(found.llm, LlamaModel)
                talk = mos.conversation(found.llm, save=False)
                restored = talk.ask("Where do I live?", literal=True).tokens["slot"] > 0
            known[wanted] = (listed.state, checked.state, restored)
    assert known == {"auto": ("ready", "ready", True), "none": ("other model", "other model", False)}


Change = Callable[[MOS, str], object]
CHANGES: dict[str, Change] = {
    "edited": lambda mos, memory: mos.edit(memory, {"content": "I live in Leeds."}),
    "forgotten": lambda mos, memory: mos.delete(memory),
    "unpinned": lambda mos, memory: mos.switch([memory], "unpin", {"pinned": False}),
    "purged": lambda mos, memory: mos.purge(memory),
    "hidden": lambda mos, memory: mos.edit(memory, {"owner": "ana"}),
}


@pytest.mark.parametrize("how", CHANGES)
def test_a_slot_of_a_changed_memory_is_gone_at_once(core: Slot, told: MOS, how: str) -> None:
    (memory,) = (found.id for found in told.list() if found.content == "I live in Porto.")
    CHANGES[how](told, memory)
    assert told.activation.list() == ()
    assert list((told.paths.cache / "slots").glob("*.state")) == []
    assert from_slot(told) == 0
    assert core.id


def test_a_slot_that_nobody_removed_is_not_used_either(core: Slot, told: MOS) -> None:
    (memory,) = (found.id for found in told.list() if found.content == "I live in Porto.")
    files = {path: path.read_bytes() for path in (told.paths.cache / "slots").iterdir()}
    told.edit(memory, {"content": "I live in Leeds."})
    told.edit(memory, {"content": "I live in Porto."})  # the same tokens again, and yet another version
    for path, content in files.items():
        path.write_bytes(content)
    (found,) = told.activation.verify()
    assert (found.slot.id, found.state) == (core.id, "stale")
    assert memory[:8] in (found.why or "")
    assert from_slot(told) == 0
    assert told.activation.list() == ()


def test_what_only_ceases_to_hold_is_not_used(told: MOS, clock: Clock) -> None:
    told.add("I am on leave, so answer briefly.", pinned=True, valid_to="2026-03-03T12:00:00.000Z")
    one(told, "Where do I live?")
    clock.forward(days=2)
    assert told.activation.list()[0].state == "stale"
    assert from_slot(told) == 0
    assert told.activation.sweep() == 0  # it was removed when it was come upon


def test_a_slot_is_for_nobody_else(core: Slot, told: MOS) -> None:
    assert from_slot(told, user_id="sam") == len(core.ids)
    assert from_slot(told, user_id="ana") == 0


def test_a_changed_preference_stands_in_no_prompt_slot_or_answer(mos: MOS, clock: Clock) -> None:
    for fact in FACTS[:3]:
        mos.add(fact, pinned=True)
    old = mos.add("I eat steak every day.", key="diet", pinned=True).ids[0]
    first = one(mos, "What do I eat?")
    assert "steak" in str(first.prompt)
    (found,) = mos.activation.list()
    assert old in {part.memory for part in found.slot.parts}
    clock.forward(days=1)
    mos.add("I am vegan now", key="diet")
    assert mos.activation.list() == ()
    after = one(mos, "What do I eat?")
    assert "steak" not in f"{after.prompt} {after.answer}"
    assert all(old not in {part.memory for part in found.slot.parts} for found in mos.activation.list())
    assert mos.get(old).valid_to == mos.now


CHANGED: dict[str, Change] = {
    "superseded": lambda mos, _: mos.add("I am vegan now", key="diet"),
    "reworded": lambda mos, memory: mos.edit(memory, {"content": "I eat tofu every day."}),
    "forgotten": lambda mos, memory: mos.delete(memory),
}


@pytest.mark.parametrize("how", CHANGED)
@pytest.mark.parametrize("resumed", [True, False])
def test_a_conversation_does_not_hold_on_to_what_has_changed(mos: MOS, clock: Clock, how: str, resumed: bool) -> None:  # noqa: FBT001
    for fact in FACTS:
        mos.add(fact, pinned=True)
    old = mos.add("I eat steak every day.", key="diet").ids[0]
    llm = model()
    talk = mos.conversation(llm)
    assert "steak" in talk.ask("What do I eat every day?", literal=True).answer
    for question in ASKED:
        talk.ask(question, literal=True)
    talk.settle(end=True)
    (slot,) = (found.slot for found in mos.activation.list() if found.slot.covers == "conversation")
    assert old in {part.memory for part in slot.parts}
    mos.switch([old], "pin", {"pinned": True})
    mos.switch([old], "unpin", {"pinned": False})  # another version, and not another fact
    clock.forward(hours=1)
    CHANGED[how](mos, old)
    assert slot.id not in {found.slot.id for found in mos.activation.list()}
    talk = mos.conversation(llm, resume=True) if resumed else talk
    after = talk.ask("What do I eat?", literal=True)
    assert "steak" not in f"{after.prompt} {after.answer}"
    assert after.prompt is not None
    assert [turn.text for turn in after.prompt.prompt.conversation] == [said for pair in ASKED.items() for said in pair]
    talk.settle(end=True)
    assert {found.state for found in mos.activation.list()} == {"ready"}
    llm.close()


@pytest.mark.parametrize("told", ["I eat meat every day.", "I am allergic to nuts."])
def test_what_was_told_and_taken_back_leaves_the_conversation(mos: MOS, clock: Clock, told: str) -> None:
    talk = mos.conversation(llm := Scripted("Noted.", "Yes.", "Greens.", "Greens."))
    talk.ask(told)
    talk.ask("Do I live in Porto?")
    clock.forward(hours=1)
    mos.delete([memory.id for memory in mos.list() if memory.content == told])
    for going in (talk, mos.conversation(llm, resume=True)):
        asked = going.ask("What is for dinner?", literal=True)
        assert asked.prompt is not None
        said = [turn.text for turn in asked.prompt.prompt.conversation]
        assert told not in said
        assert said[0] == "Do I live in Porto?"


# -- the longest beginning


def test_what_is_pinned_later_stands_last_and_keeps_the_beginning(core: Slot, told: MOS, clock: Clock) -> None:
    clock.forward(days=1)
    told.add("My boss is called Ida.", pinned=True)
    clock.forward(days=1)
    answered = one(told, "Where do I live?")
    assert len(core.ids) - 4 <= answered.tokens["slot"] < len(core.ids)  # up to the closing of the fence
    contents = [line.text for line in answered.prompt.prompt.core] if answered.prompt else []
    assert contents == [*FACTS, "My boss is called Ida."]
    assert one(told, "What is my dog called?").tokens["evaluated"] < 20


def test_a_conversation_goes_on_without_a_prefill(told: MOS, clock: Clock) -> None:
    llm = model()
    talk = told.conversation(llm)
    for spoken, question in enumerate(ASKED, 1):
        answered = talk.ask(question, literal=True)
        assert answered.tokens["evaluated"] < 20 or spoken == 1
        assert talk.settle(end=spoken == len(ASKED)) < 40
    llm.close()
    covers = {found.slot.covers: found.slot for found in told.activation.list()}
    assert set(covers) == {"core", "conversation"}
    assert covers["conversation"].name == talk.conversation
    assert len(covers["conversation"].parts) == len(FACTS) + 2 * len(ASKED)
    clock.forward(days=1)
    again = one(told, "Where do I live?", resume=True, save=True)
    assert (again.answer, again.tokens["slot"]) == ("Porto", len(covers["conversation"].ids))
    assert again.tokens["evaluated"] < 20


def test_an_edited_turn_leaves_the_core_in_use(told: MOS) -> None:
    llm = model()
    talk = told.conversation(llm)
    for question in ASKED:
        talk.ask(question, literal=True)
    talk.settle(end=True)
    llm.close()
    (turn,) = (found.id for found in told.list(Filter(at=told.now, turns=True)) if found.content == "Biscuit")
    told.edit(turn, {"content": "Bruno"})
    assert [found.slot.covers for found in told.activation.list()] == ["core"]
    (core,) = told.activation.list()
    assert one(told, "Where do I live?", resume=True).tokens["slot"] == len(core.slot.ids)


def test_nothing_of_an_unsaved_or_secret_conversation_is_kept(told: MOS) -> None:
    for question, save, reveal in (("Where do I live?", False, False), ("My password is hunter2 and it is new", True, False)):
        llm = model()
        talk = told.conversation(llm, save=save, reveal=reveal)
        talk.ask("Where do I live?", literal=True)
        talk.ask(question, literal=True)
        talk.settle()
        talk.settle(end=True)
        llm.close()
        assert {found.slot.covers for found in told.activation.list()} == {"core"}


def test_where_secrets_are_shown_no_slot_is_kept(told: MOS) -> None:
    told.add("The password of my router is hunter2", pinned=True, labels=("secret",))
    one(told, "Where do I live?", reveal=True)
    assert told.activation.list() == ()
    one(told, "Where do I live?")
    (core,) = told.activation.list()
    masked = model()
    masked.tokens(Request((("user", "?"),)))
    assert "hunter2" not in "".join(masked._vocabulary.written(token).decode("utf-8", "replace") for token in core.slot.ids)
    masked.close()


NOTES = (
    "I live in Porto, in a small flat near the river, since the spring of 2024.",
    "My sister Lena lives in Leeds, in a house with a garden and two apple trees.",
    "My dog is called Biscuit, he is seven years old and afraid of thunder.",
    "I work for Flux, in the team that builds the engine of the search.",
    "My dentist is Dr Ahmed, whose practice is behind the old station in Porto.",
    "My brother Tom drives a van for the bakery and lives in Porto, too.",
    "My boss is called Ida, she works from Bergen and calls every Monday.",
    "Lena works at the hospital in Leeds, mostly on the night shift this year.",
    "Tom plays the cello in a band, they meet in Porto every second Friday.",
)
SHORT = (
    "I live in Porto.", "My sister is called Lena.", "Lena lives in Leeds.", "My dog is called Biscuit.", "I work for Flux.",
    "My dentist is Dr Ahmed.", "My brother Tom drives a van.", "My boss is called Ida.", "Tom plays the cello.",
    "I am allergic to peanuts.", "My cat is called Miso.", "Ida lives in Bergen.",
)  # fmt: skip
ABOUT_NOTES = (
    "Where do I live?", "Where does my sister Lena live?", "Who is my dentist in Porto?", "What does Tom drive in Porto?",
)  # fmt: skip
ABOUT_SHORT = (
    "Where do I live?", "Where does Lena live?", "What is my dog called?", "Who is my dentist?", "What does Tom drive?",
    "What am I allergic to?", "Where does Ida live?", "What does Tom play?", "Who do I work for?", "What is my cat called?",
)  # fmt: skip


@pytest.mark.parametrize(
    ("known", "asked", "often", "context"),
    [(NOTES, ABOUT_NOTES, (1, 2), 2048), (SHORT, ABOUT_SHORT, (2, 3), 1024)],
    ids=["notes", "short messages"],
)
def test_two_weeks_of_talk(
    mos: MOS, clock: Clock, known: Sequence[str], asked: Sequence[str], often: tuple[int, int], context: int
) -> None:
    """What is evaluated is hardly more than what has to be, counted in two ways.

    What is new in a turn is the question, the memories found for it, and the answer before. But the memories of a turn stand
    ahead of its question and are not kept, so the question's tokens attend to what the next prompt does not have: in this
    layout the question before has to be evaluated again, in plain form, which is the second way of counting. For questions
    and memories as short as can be that is most of what is more: 1.11 against 1.01 times what is needed, and for notes of a
    line 1.07 against 1.00. The conversation of short messages overflows its context once on the way.
    """
    for note in known:
        mos.add(note)
    mos.add("Always answer briefly.", kind=Kind.RULE)
    visits, questions = often  # a day, a visit
    evaluated = needed = again = whole = number = 0
    last: Answered | None = None
    question, longest, cut = "", 0, 0
    for visit in range(14 * visits):
        llm = model(context=context)
        talk = mos.conversation(llm, resume=visit > 0)
        for spoken in range(questions):
            clock.forward(minutes=5)
            answered = talk.ask(asked[number % len(asked)], literal=True)
            evaluated += answered.tokens["evaluated"] + talk.settle(end=spoken == questions - 1)
            whole += answered.tokens["prompt"]
            needed += new_tokens(llm, answered, last.answer if last else "")
            needed += 0 if last else len(core_tokens(llm, answered))
            again += len(llm.tokens(Request((), (Piece(question + MINI.user[1], marks=True),)))) if last else 0
            assert answered.prompt is not None
            turns = len(answered.prompt.prompt.conversation)
            cut += turns < longest
            longest = turns if turns < longest else max(longest, turns)
            last, question, number = answered, asked[number % len(asked)], number + 1
        llm.close()
        clock.forward(days=1 / visits)
    assert evaluated <= (1.12 if known is SHORT else 1.08) * needed
    assert evaluated <= 1.02 * (needed + again)
    assert evaluated < whole / 2
    assert cut == (known is SHORT)


def new_tokens(llm: LlamaModel, answered: Answered, before: str) -> int:
    """The tokens of the answer before, of the memories found for a question, and of the question."""
    assert answered.prompt is not None
    parts = {section.name: section.text for section in sections(answered.prompt.prompt)}
    reply = MINI.assistant[0] + MINI.lead + before + MINI.assistant[1] if before else ""
    return len(llm.tokens(Request((), (Piece(reply + parts["retrieved"] + parts["question"], marks=True),))))


def core_tokens(llm: LlamaModel, answered: Answered) -> Sequence[int]:
    assert answered.prompt is not None
    return beginning(llm, llm.template, answered.prompt.prompt, "core")


def test_a_question_about_a_set_with_a_slot_is_laid_behind_it(told: MOS) -> None:
    named = {"boss": "Ida", "cat": "Miso"}  # a question needs half of the set
    for who, name in named.items():
        told.add(f"My {who} is called {name}.", tags=("names",))
    plain = {who: one(told, f"What is my {who} called?", end=False) for who in named}
    assert all(answered.prompt and not answered.prompt.prompt.topics for answered in plain.values())
    (built,) = told.activation.build([told.activation.tagged(["names"])], llm=model())
    assert built.slot is not None
    for who, name in named.items():
        answered = one(told, f"What is my {who} called?", end=False)
        assert (answered.answer, answered.tokens["slot"]) == (name, len(built.slot.ids))
        assert (answered.answer, answered.cited) == (plain[who].answer, plain[who].cited)
        assert answered.tokens["evaluated"] < plain[who].tokens["evaluated"] / 3
    talk = told.conversation(llm := model())
    talk.ask("What is my cat called?", literal=True)
    talk.ask("What is my dog called?", literal=True)
    talk.settle(end=True)
    llm.close()
    again = one(told, "What is my boss called?", resume=True)
    assert (again.answer, again.tokens["evaluated"] < 20) == ("Ida", True)
    (cat,) = (memory.id for memory in told.list() if memory.content == "My cat is called Miso.")
    told.edit(cat, {"content": "My cat is called Juno."})
    assert {found.slot.covers for found in told.activation.list()} == {"core"}  # the layers from it on are gone
    assert one(told, "What is my cat called?").answer == "Juno"


@pytest.mark.slow
def test_what_was_answered_before_is_answered_when_text_has_become_a_slot(mos: MOS) -> None:
    """Questions that the scheduler lays behind the slot of their set, and the same with the memories found, as text.

    They are 30, and 200 with MEMOS_TRIALS=many. An answer counts where what is wanted stands in it: also where the model was
    unsure and the memories stand for themselves.
    A set says more than the memories found, so answers may differ one by one: of 203 questions 189 were right as text and 188
    behind a slot; from another seed 189 and 193 of 203.
    """
    import random

    from memos_cli.operation.scheduler.decision import Costs
    from tests.mini.grammar import Split, scene

    mos.scheduler._costs = Costs()  # of a model for which it pays
    questions = trials(30, 200)
    chance, llm, person = random.Random(21), model(context=2048), 0
    before = after = asked = 0
    while asked < questions:
        person += 1
        drawn, mine = scene(chance, chance.randint(3, 6), Split(values=True), plain=True), f"person{person}"
        for line in dict.fromkeys(drawn.prompt.lines):
            mos.add(
                line.text, kind=Kind.FACT, tags=("set",), occurred_at=line.date and f"{line.date}T00:00:00.000Z", user_id=mine
            )
        mos.activation.build([mos.activation.tagged(["set"], mine)], llm=llm, user_id=mine)
        answers = [(ask, mos.conversation(llm, save=False, user_id=mine).ask(ask.question, literal=True)) for ask in drawn.asks]
        mos.activation.remove((), every=True)
        for ask, with_slot in answers:
            if with_slot.prompt is not None and with_slot.prompt.prompt.topics:
                as_text = mos.conversation(llm, save=False, user_id=mine).ask(ask.question, literal=True)
                assert as_text.prompt is not None
                assert not as_text.prompt.prompt.topics
                asked += 1
                before += ask.answer in as_text.answer
                after += ask.answer in with_slot.answer
    llm.close()
    assert before > 0.7 * questions  # what the gate of chat lets stand
    assert after >= before - max(1, questions // 50)


# -- the cuts


@pytest.mark.parametrize("name", ["mini.gguf", "plain.gguf"])
def test_a_beginning_is_one_whatever_follows(models: Path, name: str) -> None:
    llm = LlamaModel(models / name, context=512)
    lines, turns = (Line("I live in Porto."), Line("caf\u00e9 \U0001f9ea")), (Turn("user", "Hi"), Turn("assistant", "Hello"))
    prompt = Prompt("?", (), turns, (Line("Lena"),), lines)
    from dataclasses import replace

    from memos_cli.operation.prompt import model_request

    for layer, kept in (("core", {"topics", "conversation"}), ("topics", {"conversation"}), ("conversation", set())):
        cut = list(beginning(llm, llm.template, prompt, layer))  # type: ignore[arg-type]
        assert cut
        for question in ("A", "\u00e9", "<x>", "1 ?", "memories", " "):
            for retrieved in ((), (Line("x"),)):
                for bare in (replace(prompt), replace(prompt, **dict.fromkeys(kept, ()))):
                    asked = replace(bare, question=question, retrieved=retrieved)
                    assert llm.tokens(model_request.request(asked, llm.template))[: len(cut)] == cut
    llm.close()


# -- the flows


def test_build_list_verify_and_remove(told: MOS) -> None:
    (built,) = told.activation.build(llm=model())
    assert built.made
    assert built.slot is not None
    assert built.evaluated == len(built.slot.ids)
    (again,) = told.activation.build(llm=model())
    assert not again.made
    assert again.slot is not None
    assert again.slot.id == built.slot.id
    told.add("The car of the office is blue.", tags=("work",))
    (work,) = told.activation.build([told.activation.tagged(["work"])], llm=model())
    assert work.slot is not None
    assert (work.slot.covers, work.slot.name) == ("topics", "work")
    assert work.evaluated < len(work.slot.ids)  # it goes on from the core's
    assert [found.state for found in told.activation.verify()] == ["ready", "ready"]
    with pytest.raises(NotFound):
        told.activation.tagged(["nothing"])
    with pytest.raises(NotFound):
        told.activation.build([Wanted("conversation", "nobody's")], llm=model())
    with pytest.raises(ModelUnavailable):
        told.activation.build()
    with pytest.raises(NotFound):
        told.activation.remove(["zz"])
    with pytest.raises(NotFound):
        told.activation.remove([""])
    assert [slot.id for slot in told.activation.remove([built.slot.id[:6]], dry_run=True)] == [built.slot.id]
    assert len(told.activation.list()) == 2
    told.activation.remove([built.slot.id[:6]])
    assert [found.slot.id for found in told.activation.list()] == [work.slot.id]
    flipped(told.paths.cache / "slots" / f"{work.slot.id}.state")
    assert [found.state for found in told.activation.verify()] == ["damaged"]


def test_a_conversation_can_be_made_ready(told: MOS) -> None:
    llm = model()
    talk = told.conversation(llm)
    for question in ASKED:
        talk.ask(question, literal=True)
    llm.close()
    (built,) = told.activation.build([Wanted("conversation", talk.conversation)], llm=model())
    assert built.slot is not None
    assert one(told, "Where do I live?", resume=True, end=False).tokens["slot"] == len(built.slot.ids)


def test_no_time_left_is_told(told: MOS) -> None:
    first, second = told.activation.build([Wanted(), Wanted()], llm=model(), seconds=0)
    assert (first.slot, second.slot) == (None, None)
    assert "time" in (first.why or "")


def test_a_damaged_index_is_told_and_made_anew(core: Slot, told: MOS) -> None:
    index = told.paths.cache / "slots" / INDEX
    index.write_bytes(b"no database" * 1000)
    with pytest.raises(IntegrityError):
        told.activation.verify()
    answered = one(told, "Where do I live?")
    assert answered.answer == "Porto"
    assert "made anew" in answered.notices[0]
    assert [found.state for found in told.activation.verify()] == ["ready"]
    assert told.activation.list()[0].slot.id != core.id
    index.write_bytes(b"no database" * 1000)
    assert told.activation.remove((), every=True) == ()
    assert told.activation.list() == ()


def test_an_ambiguous_id_is_told(told: MOS) -> None:
    for number in range(17):
        label = Label("sam", "topics", str(number), {}, (1,), ())
        assert store(told).keep(label, lambda path: path.write_bytes(b"state"), told.now)
    first = {found.slot.id[0] for found in told.activation.list()}
    shared = next(letter for letter in first if sum(found.slot.id[0] == letter for found in told.activation.list()) > 1)
    with pytest.raises(AmbiguousId):
        told.activation.remove([shared], dry_run=True)
    with pytest.raises(AmbiguousId):
        told.activation.check([shared])


# -- demanded


def test_every_part_of_the_identity_is_compared_where_a_slot_is_demanded(told: MOS) -> None:
    label = {**model().identity(), "build": "0", "adapters": "0*1.0", "template": "0", "threads": "99/99"}
    other = store(told).keep(Label("sam", "core", "", label, (1, 2), ()), lambda path: path.write_bytes(b"state"), told.now)
    assert other is not None
    told.settings = told.settings.given({"llm.model": "memos-mini", "llm.context": "1024"})
    (found,) = told.activation.check([other.id[:6]])
    assert found.state == "other model"
    for name in ("build of llama.cpp", "adapter", "chat template", "threads (99/99, now 1/1)"):
        assert name in (found.why or "")
    assert "context" not in (found.why or "")


def test_a_slot_that_the_model_does_not_put_back_is_not_ready(core: Slot, told: MOS, monkeypatch: pytest.MonkeyPatch) -> None:
    told.settings = told.settings.given({"llm.model": "memos-mini", "llm.context": "1024"})
    assert [found.state for found in told.activation.check([core.id])] == ["ready"]
    monkeypatch.setattr(LlamaModel, "restore", lambda *_: False)
    (found,) = told.activation.check([core.id])
    assert (found.state, "put it back" in (found.why or "")) == ("other model", True)
    assert [found.slot.id for found in told.activation.list()] == [core.id]  # looked at, and left alone


def test_a_conversation_whose_answers_have_to_begin_from_a_slot_goes_on(core: Slot, told: MOS) -> None:
    llm = model()
    talk = told.conversation(llm, save=False, require_slot=True)
    first, second = (talk.ask(question, literal=True) for question in ("Where do I live?", "What is my dog called?"))
    assert (first.answer, second.answer) == ("Porto", "Biscuit")
    assert (first.tokens["slot"], second.tokens["slot"]) == (len(core.ids), 0)  # which the context still holds
    llm.close()


def test_nothing_is_asked_where_a_slot_is_demanded_and_none_fits(told: MOS, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Request] = []
    monkeypatch.setattr(LlamaModel, "stream", lambda _, request, **__: asked.append(request))
    with pytest.raises(FingerprintMismatch, match="there is none"):
        one(told, "Where do I live?", require_slot=True, save=True)
    told.add("I work for Flux.")
    before = told.list()
    for llm in (Scripted("Porto"), Scripted("Porto", local=False)):
        with pytest.raises(FingerprintMismatch, match="keeps no states"):
            told.conversation(llm, require_slot=True)
        assert llm.asked == []
    with pytest.raises(ModelUnavailable):
        told.conversation(require_slot=True)
    assert (asked, told.list(), told.activation.list()) == ([], before, ())


def test_a_stale_or_damaged_slot_does_not_meet_the_demand(core: Slot, told: MOS, clock: Clock) -> None:
    flipped(told.paths.cache / "slots" / f"{core.id}.state")
    with pytest.raises(FingerprintMismatch, match="damaged"):
        one(told, "Where do I live?", require_slot=True)
    told.add("I am on leave, so answer briefly.", pinned=True, valid_to="2026-03-03T12:00:00.000Z")
    one(told, "Where do I live?")
    clock.forward(days=2)
    with pytest.raises(FingerprintMismatch, match="no longer current"):
        one(told, "Where do I live?", require_slot=True)


@pytest.mark.parametrize("seen", [True, False])
def test_what_was_put_back_and_not_used_does_not_meet_the_demand(
    core: Slot,
    told: MOS,
    monkeypatch: pytest.MonkeyPatch,
    seen: bool,  # noqa: FBT001
) -> None:
    """Whether it shows before the model is asked (nothing is held), or only after it."""
    restore = LlamaModel.restore

    def forgets(self: LlamaModel, path: Path, ids: Sequence[int]) -> bool:
        done = restore(self, path, ids)
        self._clear()
        return done

    if seen:
        monkeypatch.setattr(LlamaModel, "restore", forgets)
    else:
        monkeypatch.setattr(LlamaModel, "evaluated", property(lambda _: 10_000))
    before = told.list()
    with pytest.raises(FingerprintMismatch, match=f"of {len(core.ids)} tokens that a slot gave, 0 were used"):
        one(told, "Where do I live?", require_slot=True, save=True)
    assert told.list() == before


def test_slots_of_another_cube_are_left_alone(core: Slot, told: MOS, home: Path, clock: Clock) -> None:
    env = {"MEMOS_EMBEDDER": "none", "MEMOS_PRINCIPAL": "sam"}
    told.create_cube("work")
    with MOS(home, ["work"], settings=Settings(env, paths({"MEMOS_HOME": str(home)})), clock=clock) as work:
        for fact in FACTS:
            work.add(f"At work: {fact}", pinned=True)
        assert one(work, "Where do I live?").tokens["slot"] == 0
        assert sorted(found.state for found in work.activation.list()) == ["elsewhere", "ready"]
    assert from_slot(told) == len(core.ids)
    assert told.activation.forget_cube("another") == 0
    assert told.activation.forget_cube(told.vaults()[0].meta["id"]) == 1


def test_a_model_that_keeps_no_states_is_no_error(told: MOS, monkeypatch: pytest.MonkeyPatch) -> None:
    (built,) = told.activation.build(llm=Scripted())
    assert (built.slot, built.made) == (None, False)
    assert "keeps no states" in (built.why or "")
    monkeypatch.setattr(LlamaModel, "save", lambda *_: 0)  # as a recurrent one
    (built,) = told.activation.build(llm=model())
    assert built.slot is None
    assert "no state that can be put back" in (built.why or "")
    evaluated: list[int] = []
    advance = LlamaModel.advance
    monkeypatch.setattr(LlamaModel, "advance", lambda self, ids: evaluated.append(len(ids)) or advance(self, ids))
    assert one(told, "Where do I live?").answer == "Porto"
    assert (told.activation.list(), evaluated) == ((), [])  # nothing is computed for a slot that cannot be


def test_what_was_put_back_and_not_used_is_told(core: Slot, told: MOS, monkeypatch: pytest.MonkeyPatch) -> None:
    restore = LlamaModel.restore

    def forgets(self: LlamaModel, path: Path, ids: Sequence[int]) -> bool:
        done = restore(self, path, ids)
        self._clear()
        return done

    monkeypatch.setattr(LlamaModel, "restore", forgets)
    answered = one(told, "Where do I live?", end=False)
    assert (answered.answer, answered.tokens["slot"], answered.tokens["evaluated"]) == ("Porto", 0, answered.tokens["prompt"])
    assert answered.notices == (f"of {len(core.ids)} tokens that a slot gave, 0 were used",)


def test_a_purge_takes_slots_along_and_says_so(told: MOS) -> None:
    llm = model()
    talk = told.conversation(llm)
    for question in ASKED:
        talk.ask(question, literal=True)
    talk.settle(end=True)
    llm.close()
    told.add("The car of the office is blue.", tags=("work",))
    other = told.add("The lamp is green.", tags=("lamp",)).ids[0]
    unpinned = Recall(told, told.memories, "sam", reveal=False, local=True).core()
    assert len(unpinned) == len(FACTS)
    before = {found.slot.covers for found in told.activation.list()}
    assert before == {"core", "conversation"}
    assert told.purge(other, dry_run=True).removed["slots"] == 1
    assert told.purge(other).removed["slots"] == 1  # of conversations all, since nobody knows what their turns say
    assert [found.slot.covers for found in told.activation.list()] == ["core"]


def test_a_purge_waits_for_whoever_writes_a_slot(core: Slot, told: MOS) -> None:
    import sqlite3

    (memory,) = (found.id for found in told.list() if found.content == "I live in Porto.")
    other = sqlite3.connect(told.paths.cache / "slots" / INDEX, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(CubeLocked):
        told.purge(memory)
    assert told.get(memory).content == "I live in Porto."  # nothing was half done
    other.execute("ROLLBACK")
    other.close()
    assert told.purge(memory).removed["slots"] == 1
    assert told.activation.list() == ()
    assert core.id


# -- the core


def test_the_core_keeps_its_order(mos: MOS, clock: Clock) -> None:
    ids = []
    for number in range(MOST_CORE):
        clock.forward(minutes=1)
        ids += mos.add(f"Fact number {number}", pinned=number % 2 == 0, kind=Kind.FACT if number % 2 == 0 else Kind.RULE).ids
    recall = Recall(mos, mos.memories, "sam", reveal=False, local=True)
    assert [memory.id for memory in recall.core()] == ids
    clock.forward(days=3)
    mos.record_uses(recall.core()[:3])
    assert [memory.id for memory in recall.core()] == ids
    sizes = []
    for number in range(8):
        clock.forward(minutes=1)
        newest = mos.add(f"Rule number {number}", kind=Kind.RULE).ids[0]
        now = [memory.id for memory in recall.core()]
        assert now[-1] == newest
        assert set(ids[::2]) <= set(now)  # what is pinned stays
        sizes.append(len(now))
    assert max(sizes) == MOST_CORE
    assert sum(one == MOST_CORE - 3 for one in sizes) == 2  # several give way at once, and then none for a while


def test_a_rule_that_is_told_again_goes_before_others(mos: MOS, clock: Clock) -> None:
    preference = mos.add("I never want coriander.", kind=Kind.PREFERENCE).ids[0]
    once = mos.add("Call me Sam.", kind=Kind.RULE).ids[0]
    twice = mos.add("Answer in English.", kind=Kind.RULE).ids[0]
    fact = mos.add("I never met her.", kind=Kind.FACT).ids[0]
    recall = Recall(mos, mos.memories, "sam", reveal=False, local=True)
    assert {memory.id for memory in recall.core()} == {once, twice}
    clock.forward(days=1)
    for text, kind in (("I never want coriander.", Kind.PREFERENCE), ("Answer in English.", Kind.RULE)):
        assert mos.add(text, kind=kind).duplicates == 1
        assert mos.add(text, kind=kind).duplicates == 1
    assert mos.add("I never met her.", kind=Kind.FACT).duplicates == 1
    assert mos.get(preference).kind is Kind.RULE
    assert mos.get(fact).kind is Kind.FACT
    assert [version.operation.change for version in mos.history(twice)[1]][1:] == [{"priority": 1}]  # once, however often
    clock.forward(days=1)
    for number in range(2 * MOST_CORE):
        clock.forward(minutes=1)
        mos.add(f"Rule number {number}", kind=Kind.RULE)
    kept = {memory.id for memory in recall.core()}
    assert {preference, twice} <= kept
    assert once not in kept
