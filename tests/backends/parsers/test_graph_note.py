"""Notes of basic-memory: observations with category, tags and context, relations, and what only looks like them."""

import pytest

from memos_cli.backends.parsers.wiki import WikiParser
from memos_cli.model import Draft, Kind

FRONT = "---\ntitle: Coffee\ntype: note\npermalink: drinks/coffee\ntags:\n- drinks\n---\n\n"


def parsed(body: str, front: str = FRONT) -> list[Draft]:
    parser = WikiParser()
    parser.name = "Coffee.md"
    return list(parser.parse(front + body))


def test_an_observation_is_a_memory_with_its_category_tags_and_context() -> None:
    (one,) = parsed("## Observations\n- [method] Pour over gives more clarity #brewing #taste (learned from Ana)\n")
    assert (one.content, one.kind, one.title) == (
        "Pour over gives more clarity (learned from Ana)", Kind.NOTE, "Coffee > Observations",
    )  # fmt: skip
    assert set(one.tags) == {"drinks", "method", "brewing", "taste"}
    assert one.metadata["observation"] == {"category": "method", "context": "learned from Ana"}


def test_some_categories_are_kinds() -> None:
    found = parsed("- [preference] I like medium roast\n- [fact] Beans are seeds #botany\n- [Decision] We buy a grinder\n")
    assert [(one.content, one.kind) for one in found] == [
        ("I like medium roast", Kind.PREFERENCE), ("Beans are seeds", Kind.FACT), ("We buy a grinder", Kind.NOTE),
    ]  # fmt: skip


def test_a_relation_says_what_is_related_and_links_to_it() -> None:
    (one,) = parsed("## Relations\n- depends_on [[Grinder|the grinder]] (a burr one)\n")
    assert one.content == "Coffee depends on Grinder (a burr one)"
    assert one.metadata["relation"] == {"type": "depends_on", "target": "Grinder", "context": "a burr one"}
    assert one.metadata["wiki"]["links"] == ["Grinder"]


@pytest.mark.parametrize(
    "body",
    ["- [ ] buy beans\n", "- [x] buy beans\n", "- [1] see below\n", "- [[Tea]]\n", "- plain words\n", "- [a](b.md) words\n",
     "- see [[Tea]] and [[Water]]\n", "- []\n", "- [method]\n"],
)  # fmt: skip
def test_what_only_looks_like_one_stays_as_it_is(body: str) -> None:
    with_mark, without = parsed(body), parsed(body, "---\ntitle: Coffee\n---\n\n")
    assert [one.content for one in with_mark] == [one.content for one in without]
    assert not any({"observation", "relation"} & one.metadata.keys() for one in with_mark)


def test_in_other_notes_nothing_is_one() -> None:
    (one,) = parsed("- [method] Pour over #brewing (Ana)\n", "---\ntitle: Coffee\n---\n\n")
    assert one.content == "[method] Pour over #brewing (Ana)"


def test_long_marks_take_no_time() -> None:
    assert parsed("- [" + "a" * 100_000 + "\n- [method] " + "(" * 50_000 + "\n- " + "a_" * 50_000 + " [[\n")
