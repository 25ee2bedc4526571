"""One lesson: steps of training that go on from where they were stopped, with an average of the weights and a curve.

Everything by chance in step n is drawn from the seed and n, so that a stopped and resumed lesson is the same one.
"""

import copy
import json
import sys
import time
from collections.abc import Callable
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import torch
from torch import Tensor, nn

from infra.models.miniature.optimizer import optimizers

SEED = 7
KEPT_EVERY = 120.0  # seconds
TOLD_EVERY = 50  # steps
WARM_UP = 50  # steps
FALL = 0.7  # of the steps, at the end: the rate falls to nothing
AVERAGED = 0.998  # of the average stays at each step, once it is old enough
CLIPPED = 1.0  # the norm that gradients are cut to

Loss = Callable[[np.random.Generator], Tensor]


@dataclass(frozen=True)
class Course:
    """How long and how fast a lesson is."""

    steps: int
    batch: int
    rate: float


def fingerprint(*modules: nn.Module) -> int:
    """A number that tells these weights from others."""
    found = 0
    for module in modules:
        for weight in module.state_dict().values():
            found = crc32(weight.contiguous().numpy().tobytes(), found)
    return found


def rate_at(step: int, course: Course) -> float:
    """Warm up, hold, fall in a line."""
    left = (course.steps - step) / max(1, FALL * course.steps)
    return course.rate * min(1.0, (step + 1) / WARM_UP, left)


class Lesson:
    """Teaches `module`, and keeps what it knows in `folder`.

    Args:
        name: of the lesson's files: NAME.pt (its state) and NAME.jsonl (its curve).
        module: what learns.
        course: how long.
        folder: where its state is.
        after: the `fingerprint` of what was taught before and this rests on.

    Raises:
        SystemExit: the state is of another course, or rests on something else.
    """

    def __init__(self, name: str, module: nn.Module, course: Course, folder: Path, after: int = 0) -> None:
        self.module, self.course, self.name = module, course, name
        self._kind = [*astuple(course), after]
        self._state, self._curve = folder / f"{name}.pt", folder / f"{name}.jsonl"
        self.average = copy.deepcopy(module).requires_grad_(requires_grad=False)
        self._optimizers = optimizers([module], course.rate)
        self.step, self.seconds = 0, 0.0
        self._resume()
        self._cut()

    def teach(self, loss: Loss) -> nn.Module:
        """Run what is left of the steps, and return the averaged module, to be used and not to be trained."""
        began = kept = time.monotonic()
        told: list[float] = []
        before = self.seconds
        while self.step < self.course.steps:
            told.append(self._step(loss))
            self.seconds = before + time.monotonic() - began
            if self.step % TOLD_EVERY == 0 or self.step == self.course.steps:
                self._tell(sum(told) / len(told))
                told.clear()
            if time.monotonic() - kept > KEPT_EVERY:
                self._keep()
                kept = time.monotonic()
        self._keep()
        return self.average.eval()

    def _step(self, loss: Loss) -> float:
        rng = np.random.default_rng((SEED, crc32(self.name.encode()), self.step))
        torch.manual_seed(int(rng.integers(2**31)))
        value = loss(rng)
        value.backward()  # type: ignore[no-untyped-call]  # torch types it so
        nn.utils.clip_grad_norm_(self.module.parameters(), CLIPPED)
        for optimizer in self._optimizers:
            for group in optimizer.param_groups:
                group["lr"] = rate_at(self.step, self.course)
            optimizer.step()
            optimizer.zero_grad()
        self.step += 1
        self._averaged()
        return float(value.detach())

    @torch.no_grad()
    def _averaged(self) -> None:
        share = 1 - min(AVERAGED, (1 + self.step) / (10 + self.step))
        for mean, new in zip(self.average.state_dict().values(), self.module.state_dict().values(), strict=True):
            mean.lerp_(new, share) if mean.is_floating_point() else mean.copy_(new)

    def _tell(self, loss: float) -> None:
        line = {
            "step": self.step,
            "loss": round(loss, 5),
            "seconds": round(self.seconds, 1),
            "threads": torch.get_num_threads(),
        }
        with self._curve.open("a") as curve:
            curve.write(f"{json.dumps(line)}\n")
        print(f"{self.name} {self.step}/{self.course.steps}: loss {loss:.4f}, {self.seconds / 60:.1f} min", flush=True)

    def _keep(self) -> None:
        state = {
            "kind": self._kind,
            "step": self.step,
            "seconds": self.seconds,
            "module": self.module.state_dict(),
            "average": self.average.state_dict(),
            "optimizers": [each.state_dict() for each in self._optimizers],
        }
        part = self._state.with_suffix(".part")
        torch.save(state, part)
        part.replace(self._state)

    def _resume(self) -> None:
        if not self._state.exists():
            return
        state: dict[str, Any] = torch.load(self._state, weights_only=True)
        if state["kind"] != self._kind:
            sys.exit(f"{self._state} is of another course or rests on other models: remove it or train elsewhere")
        self.module.load_state_dict(state["module"])
        self.average.load_state_dict(state["average"])
        for optimizer, kept in zip(self._optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(kept)
        self.step, self.seconds = state["step"], state["seconds"]

    def _cut(self) -> None:
        """Drop what the curve tells of steps that will be taken again."""
        lines = self._curve.read_text().splitlines(keepends=True) if self._curve.exists() else []
        self._curve.write_text("".join(line for line in lines if json.loads(line)["step"] <= self.step))
