"""The child process of `memos bench ttft`: times one length of context.

It is a process of its own since llama.cpp ends the process on some faults, and since the peak of memory is a process's. It gets
a job as JSON, and prints a JSON object on each line: the progress, the model's facts, a row for each question.
"""

import os
import random
import sys
import time
from collections.abc import Callable
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

from memos_cli import plugins
from memos_cli.bench import child
from memos_cli.errors import ModelUnavailable
from memos_cli.infra import files

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

_WARM = 256
_LOADS = 5
"""How often a file is loaded and read for each repetition of the rest: these take milliseconds, which are easily disturbed."""
_SEED = 5


class Job(NamedTuple):
    """What is to be measured.

    Attributes:
        model: the file.
        digest: its SHA-256.
        room: how many tokens the context has.
        threads: as the setting `llm.threads`.
        kv: as the setting `llm.kv`.
        flash: as the setting `llm.flash`.
        context: tokens of the prompt before the question.
        questions: tokens of questions.
        repeat: how often each is timed; 0 computes only the logits, for comparison.
        folder: where states and logits are written.
    """

    model: str
    digest: str
    room: int
    threads: int
    kv: str
    flash: str
    context: int
    questions: list[int]
    repeat: int
    folder: str


def measure(job: Job, say: Callable[..., None]) -> None:
    """Time a job; `say` is called with `done` (tokens), `facts` and `row`.

    Raises:
        ModelUnavailable: the model cannot be run, or keeps no state.
    """
    given = {"context": job.room, "threads": job.threads, "kv": job.kv, "flash": job.flash, "digest": job.digest}
    with closing(plugins.load("llm", "llamacpp")(Path(job.model), **given)) as model:
        _Bench(model, job, say).run()


class _Bench:
    def __init__(self, model: Any, job: Job, say: Callable[..., None]) -> None:  # noqa: ANN401 -- an `LLM` that is `Stateful`
        self._model = model
        self._job = job
        self._say = say
        self._state = Path(job.folder) / f"{job.context}-{job.kv}.state"
        model.advance([0])
        chance = random.Random(_SEED + job.context)  # noqa: S311 -- no secret
        vocabulary = range(len(model.logits()))
        self._context = chance.choices(vocabulary, k=job.context)
        self._questions = {count: chance.choices(vocabulary, k=count) for count in job.questions}

    def run(self) -> None:
        """Warm up, compute the logits to compare with, then time."""
        self._warm_up()
        saved, size, digest = self._keep()
        split = {count: self._after(question) for count, question in self._questions.items()}
        if not self._job.repeat:
            self._leave(split)
            self._say(f16_slot_bytes=size)
            return
        self._say(facts=dict(self._model.identity()))
        for count, question in self._questions.items():
            row = self._row(question, digest, split[count])
            self._say(row={**row, **self._against_f16(count, split[count])})
        peak = _peak()  # before the file is read whole
        self._say(slot_bytes=size, peak_bytes=peak, save_s=saved, **self._file())

    def _warm_up(self) -> None:
        """Touch the file's pages, which maps them, and let buffers grow, so that neither is part of the measurement."""
        self._model.advance(self._context[:_WARM])
        self._model.advance(self._context[: _WARM - 1])
        self._model.logits()
        self._model.advance([])

    def _keep(self) -> tuple[float, int, str]:
        self._evaluate(self._context)
        start = time.perf_counter()
        size = self._model.save(self._state)
        seconds = time.perf_counter() - start
        if not size:
            raise ModelUnavailable("this model keeps no state: it is recurrent, or forgets what lies behind a window")
        with self._state.open("rb+") as file:
            os.fsync(file.fileno())
        return seconds, size, files.digest(self._state)

    def _after(self, question: list[int]) -> "NDArray[np.float32]":
        """The logits after the held context and a question: the split prompt without the disk."""
        self._model.advance(self._context)
        self._evaluate([*self._context, *question])
        logits: NDArray[np.float32] = self._model.logits()
        self._model.advance(self._context)
        return logits

    def _evaluate(self, ids: list[int]) -> None:
        self._say(done=self._model.advance(ids))

    def _row(self, question: list[int], digest: str, split: "NDArray[np.float32]") -> dict[str, Any]:
        """The medians for a question, and the distance of its logits from those of the split prompt without the disk."""
        import numpy as np

        full: list[float] = []
        restore: list[float] = []
        asked: list[float] = []
        far = whole_far = 0.0
        for _ in range(self._job.repeat):
            whole = self._whole(question, full)
            restored = self._restored(question, digest, restore, asked)
            if not np.isfinite([whole, restored, split]).all():  # their differences would look fine and mean nothing
                raise ModelUnavailable("the model computes no numbers", hint="the file is damaged; pull it again")
            far = max(far, float(np.abs(restored - split).max()))
            whole_far = max(whole_far, float(np.abs(restored - whole).max()))
        count, length = len(question), len(self._context)
        return {
            "context_tokens": length,
            "question_tokens": count,
            "full_s": median(full),
            "restore_s": median(restore),
            "question_s": median(asked),
            "saved_share": 1 - median(restore) / median(full),
            "ceiling": length / (length + count),
            "max_logit_diff": far,
            "whole_logit_diff": whole_far,
        }

    def _whole(self, question: list[int], full: list[float]) -> "NDArray[np.float32]":
        self._model.advance([])
        with _timed(full):
            self._evaluate([*self._context, *question])
            return self._first()

    def _restored(self, question: list[int], digest: str, restore: list[float], asked: list[float]) -> "NDArray[np.float32]":
        self._model.advance([])
        if files.digest(self._state) != digest:
            raise ModelUnavailable("the state that was saved is no longer what it was")
        with _timed(restore):
            self._load()
            with _timed(asked):
                self._evaluate([*self._context, *question])
                return self._first()

    def _load(self) -> None:
        if not self._model.restore(self._state, self._context):
            raise ModelUnavailable("the state that was saved cannot be put back")

    def _first(self) -> "NDArray[np.float32]":
        """The logits from which the first token of the answer is taken."""
        logits: NDArray[np.float32] = self._model.logits()
        logits.argmax()
        return logits

    def _file(self) -> dict[str, float]:
        """Seconds to verify the state's file, to load it, and to read it plainly into memory, medians.

        Cold means that the system was asked before to drop the file from its cache, where it can be asked.
        """
        acts = {"digest_s": lambda: files.digest(self._state), "read_s": self._state.read_bytes, "load_s": self._load}
        if hasattr(os, "posix_fadvise"):
            acts |= {"cold_read_s": self._state.read_bytes, "cold_load_s": self._load}
        times: dict[str, list[float]] = {name: [] for name in acts}
        for _ in range(_LOADS * self._job.repeat):
            for name, act in acts.items():
                if name.startswith("cold"):
                    self._forget()
                with _timed(times[name]):
                    act()
        return {name: median(values) for name, values in times.items()}

    def _forget(self) -> None:
        with self._state.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)

    def _leave(self, split: "dict[int, NDArray[np.float32]]") -> None:
        """Write logits for the process that compares with them."""
        import numpy as np

        for count, logits in split.items():
            np.save(self._logits(count), logits)

    def _logits(self, count: int) -> Path:
        return self._state.with_name(f"{self._job.context}-{count}.npy")

    def _against_f16(self, count: int, logits: "NDArray[np.float32]") -> dict[str, float]:
        """The distance of the log probabilities from those with f16, where these were computed."""
        import numpy as np

        if not self._logits(count).exists():
            return {}
        exact, ours = _log_softmax(np.load(self._logits(count))), _log_softmax(logits)
        likely = int(exact.argmax())
        return {
            "likeliest_logprob_diff": float(ours[likely] - exact[likely]),
            "divergence": float((np.exp(exact) * (exact - ours)).sum()),
        }


@contextmanager
def _timed(times: list[float]) -> "Iterator[None]":
    """Adds the seconds that a block takes to a list."""
    start = time.perf_counter()
    yield
    times.append(time.perf_counter() - start)


def _log_softmax(logits: "NDArray[np.float32]") -> "NDArray[np.float64]":
    import numpy as np

    shifted = logits.astype(np.float64) - float(logits.max())
    found: NDArray[np.float64] = shifted - np.log(np.exp(shifted).sum())
    return found


def _peak() -> int | None:
    """The most bytes of memory that this process had, the mapped file of the model included."""
    try:
        import resource
    except ImportError:  # no such thing on Windows
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(most) if sys.platform == "darwin" else int(most) * 1024


if __name__ == "__main__":
    sys.exit(child.run(lambda job: measure(Job(**job), child.say)))
