"""SmolLM2's network with LoRA beside its linear layers, written for one CPU core: only what training an adapter needs.

The weights of the GGUF stay as they are. Before a step each weight and its LoRA are added up (`merge`), so that going forward
costs what the bare model costs; the gradients of A and B are computed by hand, and what is cheap is computed anew on the way
back instead of kept. Tokens of all scenes of a step stand in one row of tokens; attention runs scene by scene, under a mask in
which the questions of a scene see the scene's prompt and themselves, but not each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from memos_cli.backends.trainers import adapter

PARTS = {
    "qkv": ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
    "o": ("self_attn.o_proj",),
    "gate_up": ("mlp.gate_proj", "mlp.up_proj"),
    "down": ("mlp.down_proj",),
}
"""The linear layers of a block, those with the same input together, named as in transformers."""


@dataclass(frozen=True)
class Shape:
    """The sizes of a Llama."""

    layers: int
    width: int
    hidden: int
    heads: int
    fewer: int
    """Heads of keys and values."""
    base: float = 10_000.0
    """The base of the rotary angles."""
    epsilon: float = 1e-5

    @property
    def size(self) -> int:
        """Of a head."""
        return self.width // self.heads

    def rows(self, part: str) -> int:
        """The outputs of a linear layer."""
        return {
            "self_attn.k_proj": self.fewer * self.size,
            "self_attn.v_proj": self.fewer * self.size,
            "mlp.gate_proj": self.hidden,
            "mlp.up_proj": self.hidden,
        }.get(part, self.width)

    def columns(self, part: str) -> int:
        """The inputs of a linear layer."""
        return self.hidden if part == "mlp.down_proj" else self.width


class Group(nn.Module):
    """Linear layers with one input: their frozen weights, a pair A and B for each, and the sum of both as it is used.

    With a rank of 0 they stay as they are.
    """

    def __init__(self, weights: Sequence[Tensor], rank: int, scale: float) -> None:
        super().__init__()
        self.scale, self.rank = scale, rank
        self.rows = [w.shape[0] for w in weights]
        self.register_buffer("merged", torch.cat(list(weights)).float())
        if not rank:
            return
        self.register_buffer("frozen", torch.cat(list(weights)).half())
        self.down = nn.Parameter(torch.empty(len(weights) * rank, weights[0].shape[1]))
        nn.init.uniform_(self.down, -(3**0.5) / weights[0].shape[1] ** 0.5, (3**0.5) / weights[0].shape[1] ** 0.5)
        self.up = nn.ParameterList(nn.Parameter(torch.zeros(rows, rank)) for rows in self.rows)

    @torch.no_grad()
    def merge(self) -> None:
        """Add up weights and LoRA, after A and B have changed."""
        self.merged.copy_(self.frozen)
        for number, (part, up) in enumerate(zip(self.merged.split(self.rows), self.up, strict=True)):
            part.addmm_(up, self.down[number * self.rank : (number + 1) * self.rank], alpha=self.scale)

    @torch.no_grad()
    def learn(self, given: Tensor, slope: Tensor) -> None:
        """Add to the gradients of A and B; given: the layers' input, slope: the loss by their outputs."""
        low = given @ self.down.T
        back = torch.empty_like(low)
        for number, (part, up) in enumerate(zip(slope.split(self.rows, 1), self.up, strict=True)):
            at = slice(number * self.rank, (number + 1) * self.rank)
            grown = (part.T @ low[:, at]).mul_(self.scale)
            up.grad = grown if up.grad is None else up.grad.add_(grown)
            back[:, at] = part @ up
        grown = (back.T @ given).mul_(self.scale)
        self.down.grad = grown if self.down.grad is None else self.down.grad.add_(grown)


def _normed(x: Tensor, weight: Tensor, epsilon: float) -> tuple[Tensor, Tensor]:
    """The RMS norm, and the factor of each row."""
    factor = x.square().mean(-1, keepdim=True).add_(epsilon).rsqrt_()
    return (x * factor).mul_(weight), factor


def _unnormed(slope: Tensor, x: Tensor, weight: Tensor, factor: Tensor) -> Tensor:
    """The loss by the input of an RMS norm."""
    slope = slope * weight
    inner = (slope * x).mean(-1, keepdim=True).mul_(factor.square())
    return slope.sub_(x * inner).mul_(factor)


class NormedLinear(torch.autograd.Function):
    """A norm and the linear layers after it."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, group: Group, epsilon: float) -> Tensor:
        ctx.save_for_backward(x)
        ctx.weight, ctx.group, ctx.epsilon = weight, group, epsilon
        return _normed(x, weight, epsilon)[0] @ group.merged.T

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor | None, ...]:
        (x,) = ctx.saved_tensors
        given, factor = _normed(x, ctx.weight, ctx.epsilon)
        ctx.group.learn(given, slope)
        return _unnormed(slope @ ctx.group.merged, x, ctx.weight, factor), None, None, None


class Linear(torch.autograd.Function):
    """Linear layers alone."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, group: Group) -> Tensor:
        ctx.save_for_backward(x)
        ctx.group = group
        return x @ group.merged.T

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor | None, ...]:
        (x,) = ctx.saved_tensors
        ctx.group.learn(x, slope)
        return slope @ ctx.group.merged, None


class FeedForward(torch.autograd.Function):
    """A norm, the gated layers and the layer that joins them."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, wide: Group, narrow: Group, epsilon: float) -> Tensor:
        both = _normed(x, weight, epsilon)[0] @ wide.merged.T
        ctx.save_for_backward(x, both)
        ctx.weight, ctx.wide, ctx.narrow, ctx.epsilon = weight, wide, narrow, epsilon
        gate, up = both.chunk(2, -1)
        return functional.silu(gate).mul_(up) @ narrow.merged.T

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor | None, ...]:
        x, both = ctx.saved_tensors
        gate, up = both.chunk(2, -1)
        share = torch.sigmoid(gate)
        curve = gate * share
        ctx.narrow.learn(curve * up, slope)
        joint = slope @ ctx.narrow.merged
        slopes = torch.empty_like(both)
        torch.mul(joint, curve, out=slopes[:, up.shape[1] :])
        bend = share.mul_(1 + gate - curve)
        torch.mul(joint.mul_(up), bend, out=slopes[:, : up.shape[1]])
        given, factor = _normed(x, ctx.weight, ctx.epsilon)
        ctx.wide.learn(given, slopes)
        return _unnormed(slopes @ ctx.wide.merged, x, ctx.weight, factor), None, None, None, None


class Block(nn.Module):
    """One layer."""

    def __init__(self, weights: dict[str, Tensor], norms: tuple[Tensor, Tensor], rank: int, scale: float) -> None:
        super().__init__()
        self.groups = nn.ModuleDict({n: Group([weights[p] for p in parts], rank, scale) for n, parts in PARTS.items()})
        self.register_buffer("before", norms[0])
        self.register_buffer("after", norms[1])


class Network(nn.Module):
    """The model: tokens in, scores at the wanted places out."""

    def __init__(self, shape: Shape, embedding: Tensor, last: Tensor, blocks: Sequence[Block], first: int = 0) -> None:
        super().__init__()
        self.shape, self.first = shape, first
        self.register_buffer("embedding", embedding)
        self.register_buffer("last", last)
        self.blocks = nn.ModuleList(blocks)

    def adapted(self) -> list[nn.Parameter]:
        """What is trained."""
        return list(self.parameters())

    def merge(self) -> None:
        """Take over what has been learnt into the weights that are used."""
        for block in self.blocks[self.first :]:
            for group in block.groups.values():
                group.merge()

    def forward(self, tokens: Tensor, positions: Tensor, masks: Sequence[Tensor], wanted: Tensor) -> Tensor:
        """The scores of the next token at the wanted places.

        Args:
            tokens: those of all scenes, one after the other.
            positions: the place of each in its own prompt.
            masks: for each scene who sees whom, true where one does.
            wanted: the numbers of the places.
        """
        shape = self.shape
        x = self.embedding[tokens]
        turns = positions[:, None] * shape.base ** (-torch.arange(0, shape.size, 2) / shape.size)
        angles = torch.cat((turns, turns), -1)[:, None]
        rotation = angles.cos(), angles.sin()
        lengths = [len(mask) for mask in masks]
        for number, block in enumerate(self.blocks):
            if number == self.first:
                x.requires_grad_(torch.is_grad_enabled())  # what lies below is not trained, and gradients end here
            x = x + self._attended(x, block, rotation, lengths, masks)
            x = x + FeedForward.apply(x, block.after, block.groups["gate_up"], block.groups["down"], shape.epsilon)
        return _normed_last(x[wanted], self.last, shape.epsilon) @ self.embedding.T

    def _attended(
        self, x: Tensor, block: Block, rotation: tuple[Tensor, Tensor], lengths: list[int], masks: Sequence[Tensor]
    ) -> Tensor:
        shape = self.shape
        both = NormedLinear.apply(x, block.before, block.groups["qkv"], shape.epsilon).view(len(x), -1, shape.size)
        q, k, v = both.split((shape.heads, shape.fewer, shape.fewer), 1)
        q, k = _rotated(q, *rotation), _rotated(k, *rotation)
        found = []
        for mask, *parts in zip(masks, *(t.split(lengths) for t in (q, k, v)), strict=True):
            heads = [part.transpose(0, 1)[None] for part in parts]
            seen = functional.scaled_dot_product_attention(*heads, attn_mask=mask, enable_gqa=True)
            found.append(seen[0].transpose(0, 1).reshape(len(mask), -1))
        return Linear.apply(torch.cat(found), block.groups["o"])


def _normed_last(x: Tensor, weight: Tensor, epsilon: float) -> Tensor:
    return x * x.square().mean(-1, keepdim=True).add(epsilon).rsqrt() * weight


def _rotated(x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    first, second = x.chunk(2, -1)
    return x * cosine + torch.cat((-second, first), -1) * sine


def load(path: Path, rank: int, alpha: float, first: int = 0) -> Network:
    """The network of a GGUF file of the architecture llama, with A drawn from torch's generator and B zero.

    Args:
        path: the file.
        rank: of the LoRA.
        alpha: its scale times its rank.
        first: the number of the first layer that gets one.
    """
    import gguf
    from gguf import quants

    reader = gguf.GGUFReader(path)
    told = {name.removeprefix("llama."): field.contents() for name, field in reader.fields.items() if name.startswith("llama.")}
    shape = Shape(
        told["block_count"],
        told["embedding_length"],
        told["feed_forward_length"],
        told["attention.head_count"],
        told["attention.head_count_kv"],
        told["rope.freq_base"],
        told["attention.layer_norm_rms_epsilon"],
    )
    raw = {tensor.name: tensor for tensor in reader.tensors}

    def weight(name: str) -> Tensor:
        tensor = raw[name + ".weight"]
        return torch.from_numpy(np.array(quants.dequantize(tensor.data, tensor.tensor_type), dtype=np.float32))

    blocks = []
    for number in range(shape.layers):
        parts = {part: weight(f"blk.{number}.{name}") for part, name in adapter.PARTS.items()}
        for part, heads in (("self_attn.q_proj", shape.heads), ("self_attn.k_proj", shape.fewer)):
            parts[part] = halves(parts[part], heads)
        norms = weight(f"blk.{number}.attn_norm"), weight(f"blk.{number}.ffn_norm")
        blocks.append(Block(parts, norms, rank if number >= first else 0, alpha / rank))
    return Network(shape, weight("token_embd"), weight("output_norm"), blocks, first)


def halves(rows: Tensor, heads: int) -> Tensor:
    """Interleaved rows, as a GGUF has them, to rotary halves."""
    count, columns = rows.shape
    return rows.view(heads, count // heads // 2, 2, columns).transpose(1, 2).reshape(count, columns).contiguous()


def tensors(network: Network) -> dict[str, np.ndarray]:
    """A and B of every linear layer, named as PEFT names them."""
    found = {}
    for number, block in enumerate(network.blocks[network.first :], network.first):
        for name, parts in PARTS.items():
            group = block.groups[name]
            for part, down, up in zip(parts, group.down.detach().split(group.rank), group.up, strict=True):
                place = f"base_model.model.model.layers.{number}.{part}"
                found[f"{place}.lora_A.weight"] = down.numpy().copy()
                found[f"{place}.lora_B.weight"] = up.detach().numpy().copy()
    return found


def restore(network: Network, path: Path) -> None:
    """Take over A and B from an adapter's GGUF that was made of a network like this one."""
    import gguf

    held = {tensor.name: torch.from_numpy(np.array(tensor.data, dtype=np.float32)) for tensor in gguf.GGUFReader(path).tensors}
    heads = {"self_attn.q_proj": network.shape.heads, "self_attn.k_proj": network.shape.fewer}
    with torch.no_grad():
        for number, block in enumerate(network.blocks[network.first :], network.first):
            for name, parts in PARTS.items():
                group = block.groups[name]
                for part, down, up in zip(parts, group.down.split(group.rank), group.up, strict=True):
                    place = f"blk.{number}.{adapter.PARTS[part]}.weight"
                    down.copy_(held[place + ".lora_a"])
                    rows = held[place + ".lora_b"]
                    up.copy_(halves(rows, heads[part]) if part in heads else rows)
    network.merge()
