"""Muon for the matrices, AdamW for the rest: on two cores steps are dear, and an orthogonal one goes further.

Keller Jordan et al., "Muon: an optimizer for hidden layers in neural networks" (2024); the step's size is matched to
AdamW's as in Liu et al., arXiv:2502.16982, so that one rate serves both.
"""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

MOMENTUM = 0.95
RATE_MATCH = 0.2  # the root mean square of AdamW's steps, as arXiv:2502.16982 measured it
QUINTIC = (3.4445, -4.7750, 2.0315)
ITERATIONS = 5
THIN = 8  # a matrix with fewer rows or columns is no hidden layer: what goes in and out learns by AdamW


def orthogonal(matrix: Tensor) -> Tensor:
    """The nearest (semi-)orthogonal matrix, about: its singular values lie between 0.7 and 1.2.

    Every step of the iteration multiplies from the left by a polynomial of X X', so all of them are collected in one
    small square matrix, and the wide one is multiplied twice in place of ten times.
    """
    tall = matrix.shape[0] > matrix.shape[1]
    x = (matrix.T if tall else matrix) / (matrix.norm() + 1e-7)
    square, left, one = x @ x.T, torch.eye(len(x)), torch.eye(len(x))
    a, b, c = QUINTIC
    for _ in range(ITERATIONS):
        step = a * one + b * square + c * square @ square
        left, square = step @ left, step @ square @ step
    return (left @ x).T if tall else left @ x


class Muon(torch.optim.Optimizer):
    """Momentum, made orthogonal; kernels of convolutions are matrices of (out, in x height x width)."""

    def __init__(self, params: Iterable[nn.Parameter], lr: float, weight_decay: float) -> None:
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]  # noqa: ARG002  # torch's name; none comes
        """One step of every parameter that has a gradient."""
        for group in self.param_groups:
            for param in group["params"]:
                if param.grad is not None:
                    self._moved(param, group["lr"], group["weight_decay"])

    def _moved(self, param: nn.Parameter, lr: float, weight_decay: float) -> None:
        momentum = self.state[param].setdefault("momentum", torch.zeros_like(param))
        momentum.lerp_(param.grad, 1 - MOMENTUM)
        ahead = param.grad.lerp(momentum, MOMENTUM).flatten(1)
        step = orthogonal(ahead) * (RATE_MATCH * max(ahead.shape) ** 0.5)
        param.mul_(1 - lr * weight_decay).sub_(step.view_as(param), alpha=lr)


def optimizers(modules: Iterable[nn.Module], rate: float, weight_decay: float = 0.01) -> list[torch.optim.Optimizer]:
    """Both optimizers, over every parameter of `modules` that learns."""
    matrices, others = [], []
    for module in modules:
        embeddings = {id(part.weight) for part in module.modules() if isinstance(part, nn.Embedding)}
        for param in module.parameters():
            if param.requires_grad:
                hidden = param.ndim > 1 and min(param.flatten(1).shape) >= THIN and id(param) not in embeddings
                (matrices if hidden else others).append(param)
    made: list[torch.optim.Optimizer] = [torch.optim.AdamW(others, rate, (0.9, 0.98), weight_decay=weight_decay)]
    return [*made, Muon(matrices, rate, weight_decay)] if matrices else made
