import time

import pytest

from memos_cli.backends.parsers.wiki_text import seen, without_comments


@pytest.mark.parametrize(
    ("written", "read", "links"),
    [
        ("See [[Acme]].", "See Acme.", ["Acme"]),
        ("See [[Acme Corp|the firm]].", "See the firm.", ["Acme Corp"]),
        ("| [[Acme\\|firm]] |", "| firm |", ["Acme"]),
        ("See [[Acme#People]].", "See Acme > People.", ["Acme#People"]),
        ("See [[Acme#^b1]].", "See Acme.", ["Acme#^b1"]),
        ("See [[#People]].", "See People.", ["#People"]),
        ("![[plan.png|300]]", "plan.png", ["plan.png"]),
        ("![[Acme#People]]", "Acme > People", ["Acme#People"]),
        ("[the firm](../work/Acme%20Corp.md#People)", "the firm", ["../work/Acme Corp.md#People"]),
        ("[site](https://example.org/a.md)", "[site](https://example.org/a.md)", []),
        ("`[[code]]` and [[real]]", "`[[code]]` and real", ["real"]),
        ("[[]] [[ ]] [[a\nb]]", "[[]]  [[a\nb]]", None),
    ],
)  # fmt: skip
def test_links_are_the_words_that_a_reader_sees(written: str, read: str, links: list[str] | None) -> None:
    found = seen(written)
    assert found.text == read
    assert links is None or list(found.links) == links


@pytest.mark.parametrize(
    ("written", "tags"),
    [
        ("#one and #two/three.", ("one", "two/three")),
        ("#2026 #a1 #1/2 #y2026/11", ("a1", "y2026/11")),
        ("# Heading", ()),
        ("https://example.org/#part a#b [[x#y]] (#no)", ()),
        ("`#code` #real", ("real",)),
        ("```\n#code\n```\n#real", ("real",)),
        ("#größe #日本 #last/", ("größe", "日本", "last")),
        ("#a #a", ("a",)),
    ],
)  # fmt: skip
def test_tags_stand_behind_white_space_and_are_no_numbers(written: str, tags: tuple[str, ...]) -> None:
    assert seen(written).tags == tags


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("- [ ] buy milk\n- [x] pay rent\n- [-] call\n- [?] why", "- To do: buy milk\n- Done: pay rent\n- Cancelled: call\n- why"),  # noqa: E501 -- a sample
        ("[ ] buy milk", "To do: buy milk"),
        ("[1] a source", "[1] a source"),
        ("> [!warning]- Careful\n> it bites\n\n> a quotation", "Careful\nit bites\n\n> a quotation"),
        ("> [!note]\n> text", "Note\ntext"),
        ("rating:: 5 stars", "rating: 5 stars"),
        ("**rating**:: 5", "rating: 5"),
        ("It got [rating:: 5] from (who:: Ana).", "It got rating: 5 from who: Ana."),
        ("std::vector and a::b", "std::vector and a::b"),
        ("a ==marked== word, a == b", "a marked word, a == b"),
        ("She works there. ^job-1", "She works there."),
        ("two^3 and ^no end", "two^3 and ^no end"),
        ("```\n- [ ] code:: ^x ==y==\n```", "```\n- [ ] code:: ^x ==y==\n```"),
    ],
)  # fmt: skip
def test_what_a_program_makes_of_marks_is_told_in_words(written: str, read: str) -> None:
    assert seen(written).text == read


def test_the_names_of_blocks_are_kept() -> None:
    assert seen("one ^a\n\ntwo\n^b").blocks == ("a", "b")


def test_comments_go_and_every_byte_stays_in_its_place() -> None:
    text = "a %%é\nsecret%% b `%%code%%` %%open"
    assert without_comments(text) == "a     \n         b `%%code%%` %%open"
    assert len(without_comments(text).encode()) == len(text.encode())


@pytest.mark.parametrize(
    "unit", ["`", "``a`", "[[", "[[a", "%%", "==", "#", "^a ", " ", "> [!", "[a::", "- [", "](", "[x](y", "~~~\n", "```\n"]
)
def test_a_long_text_of_nothing_but_marks_takes_little_time(unit: str) -> None:
    text = unit * (100_000 // len(unit))
    begun = time.process_time()
    seen(text)
    without_comments(text)
    assert time.process_time() - begun < 2
