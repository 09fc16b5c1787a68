"""The prompt as far as it fits a model: what gives way, and for how long it then stays as it is."""

import pytest

from memos_cli import MOS
from memos_cli.operation.operator.recall import Recall
from memos_cli.operation.prompt.layout import Prompt, Turn
from memos_cli.operation.results import Laid
from tests.fakes import Scripted


@pytest.mark.parametrize("words", [3, 20, 90])
def test_what_no_longer_fits_is_cut_rarely_and_then_much_of_it(mos: MOS, words: int) -> None:
    llm = Scripted(context=1000)
    recall = Recall(mos, mos.memories, "sam", reveal=False, local=True)
    turns: list[Turn] = []
    first, cuts, asked = 0, 0, 200
    for number in range(asked):
        whole = recall.lay("What now?", recall.recall("now"), turns[first:])
        laid, count = recall.fit(llm, whole)
        assert count <= llm.context
        stay = laid.prompt.conversation
        if len(stay) < len(turns) - first:
            cuts += 1
            assert len(stay) >= 2
            assert stay == tuple(turns[-len(stay) :])
            assert stay[0].role == "user"
        first = len(turns) - len(stay)
        turns += [Turn("user", f"{number} " * words), Turn("assistant", f"{number} " * words)]
    fit = (llm.context * 3 // 4 - 100) // (2 * words)  # exchanges
    assert 0 < cuts <= asked / (fit * 3 / 4)


def test_a_conversation_that_fits_stays_whole(mos: MOS) -> None:
    turns = (Turn("user", "Hi"), Turn("assistant", "Hello")) * 50
    prompt = Prompt("What now?", (), turns)
    laid, _ = Recall(mos, mos.memories, "sam", reveal=False, local=True).fit(Scripted(context=1000), Laid(prompt, ()))
    assert laid.prompt == prompt
