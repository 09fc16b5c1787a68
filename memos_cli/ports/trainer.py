"""The plug point of training, as a Protocol: what the core asks of whatever makes an adapter, and what it hands over for it."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

from memos_cli.ports.ports import Request

if TYPE_CHECKING:
    from pathlib import Path


class Lesson(NamedTuple):
    """One thing that a model is to learn to say.

    Attributes:
        request: the prompt as chat lays it out; the training loss ignores it and counts only the answer.
        answer: what the model is to say then, with the leading blank where its answers begin with one.
        teacher: the prompt, with the facts in it, under which the unchanged model already says so; `None` where there is none.
        kind: `fact`, `reverse`, `dated`, `negative`, `statement`, `behaviour` or `replay`. A replay keeps the unchanged model's
            own answer, right or wrong.
        watched: whether the lesson is never trained on and decides when the training stops.
    """

    request: Request
    answer: str
    teacher: Request | None = None
    kind: str = "fact"
    watched: bool = False


class TrainingSettings(NamedTuple):
    """How an adapter is trained. The reasons for the defaults are in `backends/trainers/lora.py`.

    Attributes:
        rank: of the low-rank matrices.
        scale: the factor of their product: alpha is `scale * rank`.
        rate: peak learning rate; it rises over the first twentieth of the steps and falls as a cosine.
        epochs: the most times that every lesson is seen.
        tokens: the tokens of a batch, padding counted.
        distil: the weight of the loss that draws the answer distribution to the teacher's.
        replay: replays in an epoch for each other lesson; the remaining replays follow in the next epochs.
        row: the most tokens of a row of replays; 0 for as many as a batch has.
        upper: the share of the layers, counted from the top, that get an adapter. What the layers below them make of the
            lessons is then computed once.
        taught: whether facts have a teacher: the unchanged model with the memory in its prompt. Replays have one in any case.
        kept: the factor that the finished adapter is scaled by, a share of what it learnt.
        patience: how many looks at the watched lessons without a gain end the training.
        device: `auto`, `cuda`, `mps` or `cpu`.
        seconds: the time limit over all resumptions; `None` for no limit. The learning rate falls in time for it.
        threads: CPU threads; 0 leaves the number to torch.
    """

    rank: int = 16
    scale: float = 2.0
    rate: float = 4e-3
    epochs: int = 8
    tokens: int = 2048
    distil: float = 8.0
    replay: float = 1.0
    row: int = 0
    upper: float = 1.0
    taught: bool = True
    kept: float = 1.0
    patience: int = 6
    seed: int = 0
    device: str = "auto"
    seconds: float | None = None
    threads: int = 0


class TrainingStep(NamedTuple):
    """The progress of a training.

    Attributes:
        loss: the mean of the last steps.
        seconds: how long the training has taken, over all resumptions.
        left: the most seconds that it will still take at the pace so far.
        watched: the share of the watched lessons that it answered right at the last look.
    """

    step: int
    steps: int
    loss: float
    seconds: float
    left: float
    watched: float | None = None


class Trained(NamedTuple):
    """A trained adapter and its records.

    Attributes:
        adapter: safetensors with PEFT's names; `adapter_config.json` lies beside it.
        gguf: the same adapter for llama.cpp.
        log: JSON Lines, one line for each look at the watched lessons.
        watched: the share of the watched lessons that it answers right, by kind.
        peak_bytes: the most memory that was in use.
    """

    adapter: "Path"
    gguf: "Path"
    log: "Path"
    steps: int
    tokens: int
    seconds: float
    loss: float
    watched: Mapping[str, float]
    parameters: int
    device: str
    peak_bytes: int


@runtime_checkable
class Trainer(Protocol):
    """Trains adapters."""

    def train(
        self,
        base: "Path",
        lessons: Sequence[Lesson],
        folder: "Path",
        settings: TrainingSettings = TrainingSettings(),  # noqa: B008 -- a frozen tuple
        tell: Callable[[TrainingStep], None] = lambda _: None,
        beneath: "Sequence[Path]" = (),
    ) -> Trained:
        """Train an adapter for a model file; a training that was killed in this folder resumes at its last checkpoint.

        Args:
            base: the GGUF file that chat answers with.
            lessons: what the model is to learn; other lessons, other settings or another base start the training anew.
            folder: where checkpoints and the adapter are written; no other training uses it.
            settings: how to train.
            tell: called after every step; an exception from it ends the training, which can be resumed later.
            beneath: adapters as GGUF files that are active while it is trained, unchanged, and have to be when it is used.

        Raises:
            ModelUnavailable: the base cannot be trained here: a part is missing, an architecture unknown, no such device.
        """
        ...
