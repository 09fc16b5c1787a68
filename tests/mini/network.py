"""A small Llama in plain torch, with a mask that lets many questions share one prompt.

Weights carry the names that transformers gives them, rotary positions are in its half-rotated layout. A batch holds all
prompts first and all questions behind them: prompts look at themselves alone, causally, and only the questions need a mask,
which halves the work of attention. With `half` the matrix products are done in bfloat16, which a CPU that has the
instructions for it does three times as fast as in f32; weights, the residual stream and norms stay in f32.
"""

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True)
class Shape:
    """The hyperparameters."""

    vocab: int = 1024
    width: int = 128
    layers: int = 5
    heads: int = 4
    kv_heads: int = 2
    hidden: int = 384
    context: int = 2048
    theta: float = 10_000.0
    epsilon: float = 1e-5

    def as_dict(self) -> dict[str, float]:
        return asdict(self)


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary positions. x: (batch, heads, time, size); cos, sin: (batch, 1, time, size)."""
    a, b = x.chunk(2, -1)
    return x * cos + torch.cat((-b, a), -1) * sin


def cast(layer: nn.Linear, x: Tensor) -> Tensor:
    """The layer in the precision of its input."""
    return functional.linear(x, layer.weight.to(x.dtype))


class Attention(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads, self.kv_heads = shape.heads, shape.kv_heads
        self.size = shape.width // shape.heads
        self.q_proj = nn.Linear(shape.width, shape.width, bias=False)
        self.k_proj = nn.Linear(shape.width, self.kv_heads * self.size, bias=False)
        self.v_proj = nn.Linear(shape.width, self.kv_heads * self.size, bias=False)
        self.o_proj = nn.Linear(shape.width, shape.width, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, bias: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """Besides the output the weights of the questions: (batch, heads, questions, time)."""
        batch, time, width = x.shape
        split = bias[0].shape[-1]
        q = cast(self.q_proj, x).view(batch, time, self.heads, self.size).transpose(1, 2)
        k = cast(self.k_proj, x).view(batch, time, self.kv_heads, self.size).transpose(1, 2)
        v = cast(self.v_proj, x).view(batch, time, self.kv_heads, self.size).transpose(1, 2)
        q, k = rotate(q, cos, sin) * self.size**-0.5, rotate(k, cos, sin)
        if self.kv_heads != self.heads:
            k, v = (t.repeat_interleave(self.heads // self.kv_heads, 1) for t in (k, v))
        told = torch.softmax(q[:, :, :split] @ k[:, :, :split].mT + bias[0], -1)
        asked = torch.softmax(q[:, :, split:] @ k.mT + bias[1], -1)
        y = torch.cat((told @ v[:, :, :split], asked @ v), 2)
        return cast(self.o_proj, y.transpose(1, 2).reshape(batch, time, width)), asked


class Feed(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(shape.width, shape.hidden, bias=False)
        self.up_proj = nn.Linear(shape.width, shape.hidden, bias=False)
        self.down_proj = nn.Linear(shape.hidden, shape.width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return cast(self.down_proj, functional.silu(cast(self.gate_proj, x)) * cast(self.up_proj, x))


class Layer(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.input_layernorm = nn.RMSNorm(shape.width, shape.epsilon)
        self.self_attn = Attention(shape)
        self.post_attention_layernorm = nn.RMSNorm(shape.width, shape.epsilon)
        self.mlp = Feed(shape)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, bias: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        y, weights = self.self_attn(self.input_layernorm(x).to(cos.dtype), cos, sin, bias)
        x = x + y
        return x + self.mlp(self.post_attention_layernorm(x).to(cos.dtype)), weights


class Mini(nn.Module):
    """The network; `forward` gives hidden states, `logits` turns those that are wanted into scores."""

    half = False

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.embed_tokens = nn.Embedding(shape.vocab, shape.width)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.layers))
        self.norm = nn.RMSNorm(shape.width, shape.epsilon)
        size = shape.width // shape.heads
        self.register_buffer("speed", 1.0 / shape.theta ** (torch.arange(0, size, 2) / size), persistent=False)
        for name, weight in self.named_parameters():
            if weight.dim() == 2:
                deep = name.endswith(("o_proj.weight", "down_proj.weight"))
                nn.init.normal_(weight, std=0.02 if "embed" in name else (weight.shape[1] ** -0.5) * (0.3 if deep else 0.7))

    def forward(self, tokens: Tensor, positions: Tensor, mask: Tensor) -> Tensor:
        """See `traced`; the last hidden states alone."""
        return self.traced(tokens, positions, mask)[0]

    def traced(self, tokens: Tensor, positions: Tensor, mask: Tensor) -> tuple[Tensor, list[Tensor], list[Tensor]]:
        """Hidden states, those after every layer, and every layer's attention of the questions.

        Args:
            tokens: (batch, time), the prompts, then the questions.
            positions: the same shape.
            mask: (batch, 1, questions, time), true where a question may look; what stands before them is causal.
        """
        kind = torch.bfloat16 if self.half else torch.float32
        split = mask.shape[-1] - mask.shape[-2]
        angle = positions[..., None].float() * self.speed  # (batch, time, size / 2)
        angle = torch.cat((angle, angle), -1)[:, None]
        cos, sin = angle.cos().to(kind), angle.sin().to(kind)
        closed = lambda open_: torch.zeros(open_.shape, dtype=kind).masked_fill_(~open_, -torch.inf)  # noqa: E731
        bias = closed(torch.ones(split, split, dtype=torch.bool).tril()), closed(mask)
        x = self.embed_tokens(tokens)
        states, looks = [], []
        for layer in self.layers:
            x, weights = layer(x, cos, sin, bias)
            states.append(x)
            looks.append(weights)
        return self.norm(x), states, looks

    def logits(self, hidden: Tensor) -> Tensor:
        """Scores of all tokens. hidden: (wanted, width)."""
        kind = torch.bfloat16 if self.half else torch.float32
        return (hidden.to(kind) @ self.embed_tokens.weight.to(kind).T).float()
