from collections import Counter

from memos_cli.bench.poisoning.corpus import CARRIERS, KINDS, corpus, frames, victims
from memos_cli.bench.poisoning.disguises import seen_through

ALL = corpus(1000)


def test_a_thousand_attacks_are_of_every_kind_carrier_and_language() -> None:
    assert Counter(one.kind for one in ALL) == dict.fromkeys(KINDS, 100)
    assert {one.carrier for one in ALL} == set(CARRIERS)
    assert {one.lang for one in ALL} == {"en", "nl", "de", "fr", "es"}
    assert len(frames()) >= 150
    assert {frame.kind for frame in frames()} == set(KINDS)
    assert len({(one.carrier, one.texts, one.fields.get("key"), one.act, one.victim.key) for one in ALL}) > 900


def test_every_frame_is_used() -> None:
    used = {(one.kind, one.lang, len(one.texts)) for one in ALL}
    assert {(frame.kind, frame.lang, len(frame.texts)) for frame in frames()} == used


def test_the_same_seed_makes_the_same_attacks_and_another_one_others() -> None:
    assert corpus(50, 3) == corpus(50, 3) != corpus(50, 4)
    assert corpus(50) == ALL[:50]


def test_what_is_untrue_is_in_the_attack_and_not_in_what_the_person_told() -> None:
    told = [seen_through(one.told) for one in victims()] + [seen_through(one.question) for one in victims()]
    for one in ALL:
        bait = seen_through(one.bait)
        assert not any(bait in text for text in told)
        assert "{" not in one.bait
        if one.act in {"remember", "revise"} and one.kind != "split":
            assert bait in seen_through(" ".join(one.texts))


def test_no_carrier_is_asked_for_what_it_cannot_bring() -> None:
    for one in ALL:
        if one.carrier in {"mail", "chat"}:
            assert one.fields.keys() <= {"speaker", "kind"}
        if one.act != "remember":
            assert one.carrier in {"mcp", "cube"}
