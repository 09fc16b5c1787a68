"""The layers below an adapter: what they make of each lesson never changes while it is trained, so it is computed once.

With an adapter on the upper third of the layers, an epoch then costs a third of the operations. The hidden states are kept in
memory, those of the tokens that all prompts begin with once; SmolLM2-135M takes 2.3 KB a token.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from memos_cli.backends.trainers.packing import LayOut, Packing, Row, shared

if TYPE_CHECKING:
    import torch


class LowerLayers:
    """Hidden states below an adapter, lesson by lesson.

    Args:
        core: the layers of a model of transformers, with its embedding before and its norm after them.
        packing: the lessons.
        device: the device of the model.
        count: how many layers lie below the adapter.
        half: whether matrix products are computed in bfloat16.
    """

    def __init__(self, core: Any, packing: Packing, device: str, count: int, *, half: bool) -> None:  # noqa: ANN401 -- models of others
        import torch

        self._core, self._packing, self._device, self._half, self.count = core, packing, device, half, count
        self._lower = torch.nn.ModuleList(core.layers[:count])
        self._upper = torch.nn.ModuleList(core.layers[count:])
        prompts = [one.prompt for one in packing.lessons]
        self._alike = shared(prompts) if prompts else 0
        """How many tokens all prompts begin with."""
        self._beginning: Any = None
        self._states: list[Any] = [None] * len(prompts)

    def compute(self) -> None:
        """Run all lessons through the lower layers."""
        import torch

        numbers = range(len(self._states))
        packed = self._packing.rows(numbers, self._packing.row)
        for rows in self._packing.by_width(packed):
            laid = self._packing.laid(rows)
            with torch.inference_mode(), self._with(self._lower, torch.nn.Identity()):
                found = self._run(laid, input_ids=laid.tokens.to(self._device)).float()
            for row, states in zip(rows, found, strict=True):
                if self._beginning is None:
                    self._beginning = states[: self._alike].clone()
                both, places = self._packing.places(row)
                for number, (start, end) in zip(row, places, strict=True):
                    self._states[number] = torch.cat([states[self._alike : both], states[start:end]])

    def upper(self, rows: Sequence[Row], laid: LayOut) -> "torch.Tensor":
        """What the upper layers make of the stored states of rows: the hidden states after the last norm."""
        with self._with(self._upper, self._core.norm):
            return self._run(laid, inputs_embeds=self._laid(rows, laid))

    def _laid(self, rows: Sequence[Row], laid: LayOut) -> "torch.Tensor":
        """The stored states in the places of their tokens: (rows, tokens of the longest, width)."""
        import torch

        found = torch.zeros(*laid.tokens.shape, self._beginning.shape[1], device=self._device)
        for number, row in enumerate(rows):
            both, places = self._packing.places(row)
            found[number, : self._alike] = self._beginning
            found[number, self._alike : both] = self._states[row[0]][: both - self._alike]
            for lesson, (start, end) in zip(row, places, strict=True):
                found[number, start:end] = self._states[lesson][both - self._alike :]
        return found

    def _run(self, laid: LayOut, **given: "torch.Tensor") -> "torch.Tensor":
        import torch

        with torch.autocast(self._device, torch.bfloat16, enabled=self._half):
            said = self._core(
                position_ids=laid.places.to(self._device),
                attention_mask=laid.mask().to(self._device),
                use_cache=False,
                **given,
            )
        hidden: torch.Tensor = said.last_hidden_state
        return hidden

    @contextmanager
    def _with(self, layers: Any, norm: Any) -> Iterator[None]:  # noqa: ANN401 -- modules
        """The model with other layers and another norm; the names of its parameters are the whole model's otherwise."""
        whole, last = self._core.layers, self._core.norm
        self._core.layers, self._core.norm = layers, norm
        try:
            yield
        finally:
            self._core.layers, self._core.norm = whole, last


def below(layers: int, upper: float) -> int:
    """How many of the layers lie below an adapter on this share of them, counted from the top; at least one has an adapter."""
    return min(layers - 1, layers - round(layers * upper))


def read_alike(packing: Packing, numbers: Iterable[int]) -> bool:
    """Whether the teacher reads the same prompts as the learner, so that the stored states are the teacher's, too."""
    return all(packing.lessons[number].teacher == packing.lessons[number].prompt for number in numbers)
