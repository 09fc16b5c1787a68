"""The teacher: the unchanged model with the facts in its prompt, and the distance of the trained model from it.

(Hinton et al. 2015, "Distilling the knowledge in a neural network"; Snell et al. 2022, "Learning by distilling context".) The
teacher has the same weights without the adapter, so its answers are computed once: for each token the likeliest few, and the
rest as one. A lesson that the teacher gets wrong is not taught by it, except a replay, right or wrong: a replay keeps the way
in which the unchanged model answers.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from memos_cli.backends.trainers import checkpoint
from memos_cli.backends.trainers.row_reader import Reader

if TYPE_CHECKING:
    import torch

TOP = 64
"""How many probabilities of each teacher's distribution are stored; the other tokens count as one."""
NAME = "teacher.safetensors"
"""The file of the teacher's answers, kept while the training lasts."""


class Soft(NamedTuple):
    """A teacher's distribution at each token of an answer.

    Attributes:
        tokens: the likeliest, shape (answer, k).
        logs: their log probabilities and that of all others together, shape (answer, k + 1).
        right: whether the likeliest is the answer's at every token.
    """

    tokens: "torch.Tensor"
    logs: "torch.Tensor"
    right: bool


class Teacher:
    """The teacher's distributions, lesson by lesson.

    Args:
        reader: of the model without an adapter.
        numbers: the lessons that have a teacher.
        folder: where the distributions are stored, so that a resumed training need not compute them again.
        identity: of the training.
    """

    def __init__(self, reader: Reader, numbers: Sequence[int], folder: Path, identity: str) -> None:
        self.packing = reader.packing
        self.soft = self._kept(folder / NAME, numbers, identity)
        if not self.soft and numbers:
            self.soft = self._asked(reader, numbers)
            self._keep(folder / NAME, numbers, identity)

    def weights(self, batch: Sequence[int], device: str) -> "tuple[torch.Tensor, torch.Tensor]":
        """For each token of the batch's answers: whether the answer's loss counts, and whether the teacher's does."""
        import torch

        hard, soft = [], []
        for number in batch:
            lesson, taught = self.packing.lessons[number], self.soft.get(number)
            replay = lesson.kind == "replay"
            kept = lesson.kind == "negative" and taught is not None and taught.right
            hard += [float(not kept and (taught is None or taught.right or not replay))] * len(lesson.answer)
            soft += [float(taught is not None and (taught.right or replay))] * len(lesson.answer)
        return torch.tensor(hard, device=device), torch.tensor(soft, device=device)

    def divergence(self, logs: "torch.Tensor", batch: Sequence[int]) -> "torch.Tensor":
        """Kullback-Leibler divergence of the model from its teacher at each token, over the likeliest and the rest."""
        import torch

        found = []
        start = 0
        for number in batch:
            count = len(self.packing.lessons[number].answer)
            taught = self.soft.get(number)
            mine = logs[start : start + count]
            start += count
            if taught is None:
                found.append(torch.zeros(count, device=logs.device))
                continue
            tokens, wanted = taught.tokens.to(logs.device), taught.logs.to(logs.device)
            found.append(
                (wanted.exp() * (wanted - torch.cat([mine.gather(1, tokens), _rest(mine.gather(1, tokens))], 1))).sum(1)
            )
        return torch.cat(found)

    def _asked(self, reader: Reader, numbers: Sequence[int]) -> dict[int, Soft]:
        import torch

        found: dict[int, Soft] = {}
        packed = self.packing.rows(numbers, self.packing.tokens, teacher=True)
        for rows in self.packing.by_width(packed, teacher=True):
            with torch.inference_mode():
                logs = reader.logs(rows, teacher=True)
            start = 0
            for number in (number for row in rows for number in row):
                answer = self.packing.lessons[number].answer
                mine = logs[start : start + len(answer)]
                start += len(answer)
                best = mine.topk(min(TOP, mine.shape[1]), dim=1)
                right = best.indices[:, 0].tolist() == list(answer)
                found[number] = Soft(best.indices.cpu(), torch.cat([best.values, _rest(best.values)], 1).cpu(), right)
        return found

    def _keep(self, path: Path, numbers: Sequence[int], identity: str) -> None:
        import torch

        tensors = {name: torch.cat([getattr(self.soft[number], name) for number in numbers]) for name in ("tokens", "logs")}
        checkpoint.save(path, tensors, {"identity": identity, "right": [self.soft[number].right for number in numbers]})

    def _kept(self, path: Path, numbers: Sequence[int], identity: str) -> dict[int, Soft]:
        kept = checkpoint.load(path, identity) if numbers else None
        if kept is None:
            return {}
        tensors, state = kept
        counts = [len(self.packing.lessons[number].answer) for number in numbers]
        said = zip(tensors["tokens"].split(counts), tensors["logs"].split(counts), state["right"], strict=True)
        return {number: Soft(best, logs, bool(right)) for number, (best, logs, right) in zip(numbers, said, strict=True)}


def _rest(logs: "torch.Tensor") -> "torch.Tensor":
    """The log probability of all tokens other than these together. logs: (tokens, k); returns (tokens, 1)."""
    import torch

    return torch.log((1 - logs.exp().sum(1, keepdim=True)).clamp_min(1e-6))
