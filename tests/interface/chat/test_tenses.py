"""A question about now is not answered with what only was, and a move tells a home."""

import pytest

from memos_cli import MOS
from tests.conftest import Clock


@pytest.mark.parametrize(
    ("told", "question", "wanted"),
    [
        (["I live in York", "I moved to Leeds"], "Where do I live?", 1),
        (["I live in York", "I moved to Leeds"], "which city do we live in?", 1),
        (["I moved to Leeds in May", "I live in Porto now"], "Where do I live?", 1),
        (["I moved to Linux", "My sister moved to Leeds", "I live in York"], "Where do I live?", 2),
        (["I live in Leeds", "I lived in York until 2019"], "Where do I live?", 0),
        (["I worked at Shell for ten years", "I work at Acme"], "Where do I work?", 1),
        (["I have lived in York since 2019"], "Where do I live?", 0),
        (["I moved to Linux"], "Where do I live?", None),
        (["Ich wohne in Berlin", "Ich bin nach Bonn gezogen"], "Wo wohne ich?", 1),
        (["Ik woon in Amsterdam", "Ik ben naar Utrecht verhuisd"], "Waar woon ik?", 1),
        (["Ich habe früher in Köln gewohnt"], "Wo wohne ich?", None),
        (["J'habitais à Lyon avant"], "Où est-ce que j'habite ?", None),
        (["Antes vivía en Sevilla"], "¿Dónde vivo?", None),
    ],
)
def test_where_somebody_lives_now(mos: MOS, clock: Clock, told: list[str], question: str, wanted: int | None) -> None:
    for text in told:
        mos.add(text)
        clock.forward(hours=1)
    found = [memory.content for memory in mos.chat(question, save=False).memories]
    assert found == ([] if wanted is None else [told[wanted]])
