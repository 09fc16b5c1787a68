"""The plug point of training, as a Protocol: what the core asks of whatever makes an adapter, and what it hands over for it."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

from memos_cli.ports import Request

if TYPE_CHECKING:
    from pathlib import Path


class Lesson(NamedTuple):
    """One thing that a model is to learn to say.

    Attributes:
        request: the prompt as chat lays it out; nothing of it is learnt, only what follows.
        answer: what it is to say then, with the blank that its answers begin with where they do.
        teacher: the prompt under which the unchanged model already says so, the facts in it; `None` where there is none.
        kind: `fact`, `reverse`, `dated`, `negative`, `statement`, `behaviour` or `replay`. Of a replay it is the unchanged
            model's own way of answering that is kept, right or wrong.
        watched: never trained on: what the training is stopped by.
    """

    request: Request
    answer: str
    teacher: Request | None = None
    kind: str = "fact"
    watched: bool = False


class TrainingSettings(NamedTuple):
    """How an adapter is trained. What led to the defaults stands in `backends/trainers/lora.py`.

    Attributes:
        rank: of the low-rank matrices.
        scale: what their product is multiplied with: alpha is `scale * rank`.
        rate: peak learning rate; it rises over the first twentieth of the steps and falls as a cosine.
        epochs: how often at most every lesson is seen.
        tokens: in a batch, padding counted.
        distil: the weight of the loss that draws the answer distribution to the teacher's.
        replay: replays in an epoch, for each other lesson; the others have their turn in the next ones.
        kept: the share of what was learnt that the adapter has.
        patience: looks at the watched lessons without a gain after which it stops.
        device: `auto`, `cuda`, `mps` or `cpu`.
        seconds: at most, over all resumptions; `None` for no limit. The learning rate falls in time for it.
        threads: of the CPU; 0 leaves it to torch.
    """

    rank: int = 16
    scale: float = 2.0
    rate: float = 4e-3
    epochs: int = 8
    tokens: int = 2048
    distil: float = 8.0
    replay: float = 1.0
    kept: float = 1.0
    patience: int = 6
    seed: int = 0
    device: str = "auto"
    seconds: float | None = None
    threads: int = 0


class TrainingStep(NamedTuple):
    """How far a training is.

    Attributes:
        loss: the mean of the last steps.
        seconds: how long it has been going, over all resumptions.
        left: how many seconds more it will take at most, at the pace so far.
        watched: the share of the watched lessons that it would answer right, when it was last looked at.
    """

    step: int
    steps: int
    loss: float
    seconds: float
    left: float
    watched: float | None = None


class Trained(NamedTuple):
    """An adapter, and how it came to be.

    Attributes:
        adapter: safetensors with PEFT's names, `adapter_config.json` beside it.
        gguf: the same for llama.cpp.
        log: a JSON line a look at the watched lessons.
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
    """Makes adapters."""

    def train(
        self,
        base: "Path",
        lessons: Sequence[Lesson],
        folder: "Path",
        settings: TrainingSettings = TrainingSettings(),  # noqa: B008 -- a frozen tuple
        tell: Callable[[TrainingStep], None] = lambda _: None,
    ) -> Trained:
        """Train an adapter for a model file; a training that was killed in this folder goes on from its last checkpoint.

        Args:
            base: the GGUF file that chat answers with.
            lessons: what it is to learn; with other lessons, settings or another base a training begins anew.
            folder: where checkpoints and the adapter are written; no other training uses it.
            settings: how.
            tell: called after every step; what it raises ends the training, which can be resumed then.

        Raises:
            ModelUnavailable: the base cannot be trained here: a part is missing, an architecture unknown, no such device.
        """
        ...
