"""Sets: each rule, in its order; the same for the same memories; parts that fit."""

from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from memos_cli.model import Kind, Link, LinkType, Memory, Source
from memos_cli.operation.scheduler import scenes
from memos_cli.operation.scheduler.scenes import CORE, place

AT = "2026-03-02T12:00:00.000Z"


def memory(identity: str, content: str = "something", **fields: Any) -> Memory:
    return Memory(identity, content, **{"created_at": AT, **fields})


def sets(*memories: Memory, **more: Any) -> dict[str, tuple[str, ...]]:
    return {scene.name: scene.ids for scene in scenes.scenes(memories, **more)}


def rules(*memories: Memory, **more: Any) -> dict[str, str]:
    return {scene.name: scene.rule for scene in scenes.scenes(memories, **more)}


def test_the_first_rule_that_applies_is_taken() -> None:
    everything: dict[str, Any] = {"task": "move", "tags": ("home",), "key": "address.new"}
    assert sets(memory("a", pinned=True, **everything)) == {CORE: ("a",)}
    assert sets(memory("a", kind=Kind.RULE, **everything)) == {CORE: ("a",)}
    assert sets(memory("a", **everything)) == {"move": ("a",)}
    assert sets(memory("a", **{**everything, "task": None})) == {"home": ("a",)}
    assert sets(memory("a", key="address.new")) == {"address": ("a",)}
    assert rules(memory("a", key="address.new")) == {"address": "key"}


def test_of_several_tags_the_one_that_most_carry_names_the_set() -> None:
    found = sets(memory("a", tags=("work", "urgent")), memory("b", tags=("work",)), memory("c", tags=("chat", "chat:echo")))
    assert found == {"work": ("a", "b")}


def test_a_tag_is_never_taken_for_the_core() -> None:
    assert sets(memory("a", pinned=True), memory("b", tags=("core",))) == {CORE: ("a",), "core (tag)": ("b",)}


def test_turns_are_together_by_session_and_documents_by_file() -> None:
    said = {"kind": Kind.EPISODE, "occurred_at": "2023-05-08T10:00:00.000Z"}
    found = sets(
        memory("a", source=Source(conversation="c", session="1", turn=1), **said),
        memory("b", source=Source(conversation="c", session="1", turn=2), **said),
        memory("c", kind=Kind.DOCUMENT, source=Source(file="/home/sam/notes.md")),
    )
    assert found == {"talk of 8 May 2023, session 1": ("a", "b"), "notes.md": ("c",)}


def test_a_link_takes_a_memory_along() -> None:
    link = Link("b", LinkType.PART_OF, "a")
    assert sets(memory("a", tags=("Oslo",)), memory("b"), links=[link]) == {"Oslo": ("a", "b")}
    assert sets(memory("a", pinned=True), memory("b"), links=[link]) == {CORE: ("a",)}, "the core is chosen by hand"


def test_what_is_recalled_together_belongs_together() -> None:
    told = (memory("a", tags=("diet",)), memory("b"))
    assert sets(*told, recalls=[("a", "b")]) == {"diet": ("a",)}, "once may be chance"
    assert sets(*told, recalls=[("a", "b"), ("b", "a")]) == {"diet": ("a", "b")}


def test_a_shared_word_is_a_topic_as_it_is_mostly_written() -> None:
    told = [memory(str(n), text) for n, text in enumerate(
        ("We fly to Oslo", "the Oslo hotel", "an OSLO museum", "milk bread", "eggs", "new shoes", "a bike")
    )]  # fmt: skip
    assert sets(*told) == {"Oslo": ("0", "1", "2")}


def test_a_long_set_is_cut_in_the_order_of_telling() -> None:
    told = [memory(str(n), "word " * 30, tags=("work",), created_at=f"2026-03-0{n}T12:00:00.000Z") for n in range(1, 6)]
    assert sets(*reversed(told), most=130) == {
        "work, part 1": ("1", "2"), "work, part 2": ("3", "4"), "work, part 3": ("5",),
    }  # fmt: skip


contents = st.text("ab c", min_size=1, max_size=40)
memories = st.lists(
    st.builds(
        lambda content, tag, key, task, day: {
            "content": content, "tags": (tag,) if tag else (), "key": key, "task": task, "created_at": f"2026-03-0{day}",
        },
        contents, st.sampled_from(["", "x", "y"]), st.sampled_from([None, "k.a", "k.b"]), st.sampled_from([None, "t"]),
        st.integers(1, 9),
    ),
    max_size=30,
)  # fmt: skip


@settings(max_examples=60)
@given(memories, st.integers(10, 100), st.integers(0, 9))
def test_each_memory_is_in_one_set_at_most_and_the_order_given_does_not_matter(
    made: list[dict[str, Any]], most: int, seed: int
) -> None:
    told = [memory(f"{n:03}", **fields) for n, fields in enumerate(made)]
    found = scenes.scenes(told, most=most)
    ids = [one for scene in found for one in scene.ids]
    assert len(ids) == len(set(ids)) == len(place(found))
    sizes = {one.id: scenes.tokens_of(one.content) for one in told}
    for scene in found:
        assert scene.tokens == sum(sizes[one] for one in scene.ids)
        assert scene.tokens <= most or len(scene.ids) == 1
    assert len({scene.name for scene in found}) == len(found)
    shuffled = Random(seed).sample(told, len(told))
    assert scenes.scenes(shuffled, most=most) == found
