"""Muon: momentum made orthogonal, matrix by matrix, by Newton-Schulz (Jordan et al., 2024); in f32, batched by shape.

torch.optim.Muon does its arithmetic in bfloat16, which a CPU without such instructions runs ten times slower.
"""

import torch
from torch import Tensor


def orthogonal(x: Tensor, rounds: int = 5, kind: torch.dtype = torch.float32) -> Tensor:
    """The nearest semi-orthogonal matrices, roughly. x: (matrices, rows, columns), rows <= columns."""
    x = (x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)).to(kind)
    for _ in range(rounds):
        a = x @ x.mT
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
    return x


class Muon(torch.optim.Optimizer):
    """For two-dimensional weights alone."""

    def __init__(
        self, params: list[Tensor], lr: float, momentum: float = 0.95, *, weight_decay: float = 0.0, half: bool = False
    ) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})
        self.kind = torch.bfloat16 if half else torch.float32

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # noqa: ARG002 - the base class asks for it
        for group in self.param_groups:
            shapes: dict[torch.Size, list[Tensor]] = {}
            for p in group["params"]:
                shapes.setdefault(p.shape, []).append(p)
            for shape, params in shapes.items():
                for p in params:
                    if "speed" not in self.state[p]:
                        self.state[p]["speed"] = torch.zeros_like(p)
                    self.state[p]["speed"].lerp_(p.grad, 1 - group["momentum"])
                push = torch.stack([p.grad.lerp(self.state[p]["speed"], group["momentum"]) for p in params])
                tall = shape[0] > shape[1]
                push = (orthogonal(push.mT, kind=self.kind).mT if tall else orthogonal(push, kind=self.kind)).float()
                scale = group["lr"] * max(1.0, shape[0] / shape[1]) ** 0.5
                for p, change in zip(params, push, strict=True):
                    p.mul_(1 - group["lr"] * group["weight_decay"]).add_(change, alpha=-scale)
