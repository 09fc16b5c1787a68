"""Stand-ins for what a test must not depend on."""

from collections.abc import Iterator, Sequence

from memos_cli.ports.ports import Request, Token


class Scripted:
    """An `LLM` that says what it is told to; `asked` keeps what reached it."""

    def __init__(self, *answers: str, logprob: float | None = -0.01, context: int = 4000, local: bool = True) -> None:
        self.answers = list(answers)
        self.asked: list[Request] = []
        self.schemas: list[object] = []
        self.logprob = logprob
        self.fails: BaseException | None = None
        self._context = context
        self._local = local

    name = "scripted"
    template = None

    @property
    def local(self) -> bool:
        return self._local

    @property
    def context(self) -> int:
        return self._context

    def count(self, request: Request) -> int:
        return sum(len(text.split()) for _, text in request.messages)

    def stream(
        self,
        request: Request,
        *,
        most: int,
        stop: Sequence[str] = (),  # noqa: ARG002
        schema: object = None,
    ) -> Iterator[Token]:
        self.asked.append(request)
        self.schemas.append(schema)
        for number, word in enumerate(self.answers.pop(0).split()[:most]):
            if number == 2 and self.fails is not None:
                raise self.fails
            yield Token(word if number == 0 else f" {word}", self.logprob)

    def close(self) -> None:
        pass

    @property
    def prompt(self) -> str:
        return "\n".join(text for _, text in self.asked[-1].messages)
