"""What every backend of the port `LLM` has to keep; its test hands in one that answers `ANSWER`."""

from memos_cli.ports.ports import LLM, Request
from tests.conftest import ANSWER

ASKED = Request((("system", "Answer from the memories.\n"), ("user", "Where do I live?")))
SAID = " ".join(ANSWER)


class LLMContract:
    """Give the fixture `llm`."""

    def test_it_fills_the_port(self, llm: LLM) -> None:
        assert isinstance(llm, LLM)
        assert llm.name
        assert llm.context >= 512

    def test_it_streams_its_answer_twice_the_same(self, llm: LLM) -> None:
        for _ in range(2):
            tokens = list(llm.stream(ASKED, most=50))
            assert "".join(token.text for token in tokens).strip() == SAID
            assert len(tokens) > 1
            assert all(token.logprob is None or token.logprob <= 0 for token in tokens)

    def test_a_longer_request_counts_more(self, llm: LLM) -> None:
        longer = Request((*ASKED.messages, ("assistant", "In Porto."), ("user", "And before?")))
        assert 0 < llm.count(ASKED) < llm.count(longer)

    def test_it_says_no_more_than_it_may(self, llm: LLM) -> None:
        assert "".join(token.text for token in llm.stream(ASKED, most=2)).strip() == " ".join(ANSWER[:2])

    def test_a_stop_sequence_ends_the_answer(self, llm: LLM) -> None:
        assert (
            "".join(token.text for token in llm.stream(ASKED, most=50, stop=["river", "nowhere"])).strip() == "Porto, where the"
        )

    def test_an_answer_that_nobody_reads_to_its_end_is_no_harm(self, llm: LLM) -> None:
        stream = llm.stream(ASKED, most=50)
        next(stream)
        stream.close()  # type: ignore[attr-defined]
        assert "".join(token.text for token in llm.stream(ASKED, most=50)).strip() == SAID

    def test_closing_twice_is_fine(self, llm: LLM) -> None:
        llm.close()
        llm.close()
