"""The child's side of `memos bench ttft`: one length of context, timed in a process of its own.

In a process of its own since llama.cpp ends the process on some faults, and since the peak of memory is a process's. It is
given a job as JSON, and answers a JSON object a line: what is done so far, the model's facts, a row for each question.
"""

import hashlib
import json
import os
import random
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

from memos_cli import plugins
from memos_cli.errors import MemosError, ModelUnavailable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_WARM = 256
_BUFFER = 1 << 20
_LOADS = 5
"""How often a file is read and loaded for each timed restore: milliseconds, in which a busy machine shows most."""
_SEED = 5


class Job(NamedTuple):
    """What is to be measured.

    Attributes:
        model: the file.
        digest: its SHA-256.
        room: how many tokens the context has.
        threads: as the setting `llm.threads`.
        kv: as the setting `llm.kv`.
        context: tokens of the prompt before the question.
        questions: tokens of questions.
        repeat: how often each is timed; 0 computes the logits alone, as others are compared with.
        folder: where states and logits are put.
    """

    model: str
    digest: str
    room: int
    threads: int
    kv: str
    context: int
    questions: list[int]
    repeat: int
    folder: str


def main(arguments: list[str]) -> int:
    """The argument is the job."""
    try:
        measure(Job(**json.loads(arguments[0])), _say)
    except MemosError as error:
        sys.stderr.write(error.message + "\n")
        return error.exit_status
    return 0


def _say(**line: object) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def measure(job: Job, say: Callable[..., None]) -> None:
    """Time a job; `say` is told `done` (tokens), `facts` and `row`.

    Raises:
        ModelUnavailable: the model cannot be run, or keeps no state.
    """
    given = {"context": job.room, "threads": job.threads, "kv": job.kv, "digest": job.digest}
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
        """Warm up, compute what is compared with, then time."""
        self._warm_up()
        saved, size, digest = self._keep()
        split = {count: self._after(question) for count, question in self._questions.items()}
        if self._job.repeat:
            self._say(facts=dict(self._model.identity()))
            for count, question in self._questions.items():
                row = {**self._row(question, digest, split[count]), "save_s": saved, "slot_bytes": size}
                self._say(row={**row, **self._against_f16(count, split[count])})
            self._say(peak_bytes=_peak())
        else:
            import numpy as np

            for count, logits in split.items():
                np.save(self._logits(count), logits)
            self._say(f16_slot_bytes=size)

    def _warm_up(self) -> None:
        """The file's pages are mapped where they are first touched, and buffers grow: that is no part of what is measured."""
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
        return seconds, size, self._digest()

    def _digest(self) -> str:
        with self._state.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def _after(self, question: list[int]) -> "NDArray[np.float32]":
        """What is said after the context, which is held, and then a question: the split without the disk."""
        self._model.advance(self._context)
        self._evaluate([*self._context, *question])
        logits: NDArray[np.float32] = self._model.logits()
        self._model.advance(self._context)
        return logits

    def _evaluate(self, ids: list[int]) -> None:
        self._say(done=self._model.advance(ids))

    def _row(self, question: list[int], digest: str, split: "NDArray[np.float32]") -> dict[str, Any]:
        """The medians for a question, and how far its logits are from those of the split without the disk."""
        import numpy as np

        times: dict[str, list[float]] = {}
        far = whole_far = 0.0
        for _ in range(self._job.repeat):
            whole = self._whole(question, times)
            restored = self._restored(question, digest, times)
            self._cold(times)
            far = max(far, float(np.abs(restored - split).max()))
            whole_far = max(whole_far, float(np.abs(restored - whole).max()))
        found = {name: median(values) for name, values in times.items()}
        full, restore = found.pop("full_s"), found["load_s"] + found["question_s"]
        count, length = len(question), len(self._context)
        return {
            "context_tokens": length,
            "question_tokens": count,
            "full_s": full,
            "restore_s": restore,
            "saved_share": 1 - restore / full,
            "ceiling": length / (length + count),
            "max_logit_diff": far,
            "whole_logit_diff": whole_far,
            **found,
        }

    def _whole(self, question: list[int], times: dict[str, list[float]]) -> "NDArray[np.float32]":
        self._model.advance([])
        with _timed(times, "full_s"):
            self._evaluate([*self._context, *question])
            return self._first()

    def _restored(self, question: list[int], digest: str, times: dict[str, list[float]]) -> "NDArray[np.float32]":
        self._model.advance([])
        with _timed(times, "digest_s"):
            right = self._digest() == digest
        for _ in range(_LOADS):
            with _timed(times, "read_s"):
                _read(self._state)
            with _timed(times, "load_s"):
                right = right and self._model.restore(self._state, self._context)
        if not right:
            raise ModelUnavailable("the state that was saved cannot be put back")
        with _timed(times, "question_s"):
            self._evaluate([*self._context, *question])
            return self._first()

    def _first(self) -> "NDArray[np.float32]":
        """The logits, from which the first token of the answer is taken."""
        logits: NDArray[np.float32] = self._model.logits()
        logits.argmax()
        return logits

    def _cold(self, times: dict[str, list[float]]) -> None:
        """Read and restore where the system's cache has forgotten the file, as far as the system can be told so."""
        if not hasattr(os, "posix_fadvise"):
            return
        for name, act in (("cold_read_s", _read), ("cold_load_s", lambda path: self._model.restore(path, self._context))):
            with self._state.open("rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            with _timed(times, name):
                act(self._state)

    def _logits(self, count: int) -> Path:
        return self._state.with_name(f"{self._job.context}-{count}.npy")

    def _against_f16(self, count: int, logits: "NDArray[np.float32]") -> dict[str, float]:
        """How far the logarithms of probability are from those computed with f16, where these were computed."""
        import numpy as np

        if not self._logits(count).exists():
            return {}
        exact, ours = _log_softmax(np.load(self._logits(count))), _log_softmax(logits)
        likely = int(exact.argmax())
        return {
            "likeliest_logprob_diff": float(ours[likely] - exact[likely]),
            "divergence": float((np.exp(exact) * (exact - ours)).sum()),
        }


class _timed:  # noqa: N801 -- a context manager, used as a function
    """Adds the seconds that a block takes to a list."""

    def __init__(self, times: dict[str, list[float]], name: str) -> None:
        self._list = times.setdefault(name, [])

    def __enter__(self) -> None:
        self._start = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self._list.append(time.perf_counter() - self._start)


def _read(path: Path) -> None:
    """Read a file plainly, into a buffer that is there already: as fast as it can be had."""
    buffer = bytearray(_BUFFER)
    with path.open("rb", buffering=0) as file:
        while file.readinto(buffer):
            pass


def _log_softmax(logits: "NDArray[np.float32]") -> "NDArray[np.float64]":
    import numpy as np

    shifted = logits.astype(np.float64) - float(logits.max())
    found: NDArray[np.float64] = shifted - np.log(np.exp(shifted).sum())
    return found


def _peak() -> int | None:
    """Bytes of memory that this process had at most, the mapped file of the model counted in."""
    try:
        import resource
    except ImportError:  # no such thing on Windows
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(most) if sys.platform == "darwin" else int(most) * 1024


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
