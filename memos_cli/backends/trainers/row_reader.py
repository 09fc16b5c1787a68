"""Runs a model on rows of lessons and returns what it says at every token of their answers."""

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from memos_cli.backends.trainers.lower_layers import LowerLayers, read_alike
from memos_cli.backends.trainers.packing import Packing, Row

if TYPE_CHECKING:
    import torch


class Reader:
    """Reads rows of lessons with a model.

    Args:
        model: of transformers, with or without an adapter.
        packing: the lessons.
        device: the device of the model.
        half: whether matrix products are computed in bfloat16.
    """

    def __init__(self, model: Any, packing: Packing, device: str, *, half: bool) -> None:  # noqa: ANN401 -- models of others
        self.model, self.packing, self.device, self.half = model, packing, device, half
        self.lower: LowerLayers | None = None
        """What the layers below the adapter make of the lessons; `None` where all layers have one."""

    def store_lower(self, count: int) -> None:
        """Run the lessons through so many of the layers once; from now on only the layers above them are computed."""
        self.lower = LowerLayers(self._inner().model, self.packing, self.device, count, half=self.half)
        self.lower.compute()

    def _inner(self) -> Any:  # noqa: ANN401 -- models of others
        return self.model.get_base_model() if hasattr(self.model, "get_base_model") else self.model

    def logs(self, rows: Sequence[Row], *, teacher: bool = False) -> "torch.Tensor":
        """Log probabilities at every token of the answers, one lesson after the other: (answer tokens, vocabulary)."""
        import torch

        laid = self.packing.laid(rows, teacher=teacher)
        inner = self._inner()
        with torch.autocast(self.device, torch.bfloat16, enabled=self.half):
            if self.lower and not (teacher and not read_alike(self.packing, (number for row in rows for number in row))):
                hidden = self.lower.upper(rows, laid)
            else:
                hidden = inner.model(
                    input_ids=laid.tokens.to(self.device),
                    position_ids=laid.places.to(self.device),
                    attention_mask=laid.mask().to(self.device),
                    use_cache=False,
                ).last_hidden_state
            return torch.log_softmax(inner.lm_head(hidden[laid.before.to(self.device)]).float(), -1)

    def gold(self, rows: Sequence[Row]) -> "torch.Tensor":
        """The tokens of the answers, in the order of `logs`: (answer tokens)."""
        import torch

        answers = [token for row in rows for number in row for token in self.packing.lessons[number].answer]
        return torch.tensor(answers, device=self.device)

    def answered(self, numbers: Sequence[int]) -> tuple[dict[int, bool], float]:
        """For each lesson, whether greedy decoding gets its answer right, and the mean loss of the tokens of all."""
        import torch

        self.model.eval()
        found: dict[int, bool] = {}
        loss = count = 0.0
        for rows in self.packing.by_width(self.packing.rows(numbers, self.packing.row)):
            with torch.inference_mode():
                logs, gold = self.logs(rows), self.gold(rows)
            hit = logs.argmax(1) == gold
            loss -= float(logs.gather(1, gold[:, None]).sum())
            count += len(gold)
            start = 0
            for number in (number for row in rows for number in row):
                length = len(self.packing.lessons[number].answer)
                found[number] = bool(hit[start : start + length].all())
                start += length
        return found, loss / max(1.0, count)

    def right(self, numbers: Sequence[int]) -> tuple[dict[str, float], float]:
        """The share of lessons that greedy decoding gets right, by kind, and the mean loss of their tokens."""
        by_kind: dict[str, list[bool]] = defaultdict(list)
        answered, loss = self.answered(numbers)
        for number, right in answered.items():
            by_kind[self.packing.lessons[number].kind].append(right)
        return {kind: sum(each) / len(each) for kind, each in sorted(by_kind.items())}, loss
