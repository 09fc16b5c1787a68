"""Candidates by words: what the index says of its size and of the frequency of words."""

import pytest

from memos_cli import MOS
from memos_cli.infra.vault import search
from memos_cli.model import Draft, Filter, State
from tests.infra.vault.helpers import move


def test_the_documents_are_those_of_the_hot_index(mos: MOS) -> None:
    mos.create_cube("default")
    vault = mos.vault("default")
    assert search.documents(vault) == 0
    mos.add(drafts=[Draft(f"note {number}") for number in range(300)])
    assert search.documents(vault) == 300
    for memory in mos.list()[:40]:
        move(mos, memory.id, State.ARCHIVED)
    assert search.documents(vault) == 260 == len(mos.list(Filter(at=mos.now)))
    assert len(mos.list(Filter(at=mos.now, states=(State.ARCHIVED,)))) == 40


def test_words_are_counted_in_texts_and_names_up_to_a_bound(mos: MOS, monkeypatch: pytest.MonkeyPatch) -> None:
    mos.add(drafts=[Draft(f"the gardens of note{number}", tags=("rose",) * (number < 3)) for number in range(50)])
    vault = mos.vault("default")
    counts = search.document_counts(vault, ["garden", "rose", "note7", "absent", 'odd"word', "rose"])
    assert counts == {"garden": 50, "rose": 3, "note7": 1, "absent": 0, 'odd"word': 0}
    monkeypatch.setattr(search, "COUNTED", 20)
    assert search.document_counts(vault, ["garden", "rose"]) == {"garden": 20, "rose": 3}
