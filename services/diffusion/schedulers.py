"""Noise schedulers by name: the diffusers class, its options, its fingerprint, and where a request cuts it."""

import hashlib
import inspect
import json
from typing import Any

from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    HeunDiscreteScheduler,
    PNDMScheduler,
    UniPCMultistepScheduler,
)

from latentrelay.contracts import Scheduler
from services.diffusion.schedule import Schedule

_DPMPP_2M = {"algorithm_type": "dpmsolver++", "solver_order": 2}

SCHEDULERS: dict[Scheduler, tuple[Any, dict[str, Any]]] = {
    Scheduler.EULER: (EulerDiscreteScheduler, {}),
    Scheduler.EULER_ANCESTRAL: (EulerAncestralDiscreteScheduler, {}),
    Scheduler.DDIM: (DDIMScheduler, {}),
    Scheduler.DPMPP_2M: (DPMSolverMultistepScheduler, {**_DPMPP_2M, "use_karras_sigmas": False}),
    Scheduler.DPMPP_2M_KARRAS: (DPMSolverMultistepScheduler, {**_DPMPP_2M, "use_karras_sigmas": True}),
    Scheduler.HEUN: (HeunDiscreteScheduler, {}),
    Scheduler.UNIPC: (UniPCMultistepScheduler, {}),
    Scheduler.PNDM: (PNDMScheduler, {"skip_prk_steps": True}),
}
"""What each name means; every other option is that of the model's own scheduler."""


def build_scheduler(name: Scheduler | None, own: Any) -> Any:
    """A fresh scheduler, so that nothing of an earlier call lives on in it.

    Args:
        name: which; None for the model's own.
        own: the scheduler that the model came with, whose options are kept where `name` says nothing else.
    """
    scheduler_class, options = SCHEDULERS[name] if name else (type(own), {})
    return scheduler_class.from_config(own.config, **options)


def fingerprint(scheduler: Any) -> str:
    """SHA-256 of the values of the options its class knows; two schedulers that share it draw alike."""
    known = inspect.signature(type(scheduler).__init__).parameters.keys() - {"self", "kwargs"}
    options = {name: scheduler.config[name] for name in sorted(known)}
    return hashlib.sha256(json.dumps(options, default=str).encode()).hexdigest()


def draws_noise(scheduler: Any) -> bool:
    """Whether each step draws noise, so that the generator's state belongs to the latents."""
    sde = str(scheduler.config.get("algorithm_type", "")).startswith("sde")
    return sde or isinstance(scheduler, EulerAncestralDiscreteScheduler)


def cut_at_switch(scheduler: Any, num_inference_steps: int, switch_at: float | None) -> Schedule:
    """The schedule cut by `denoising_end` and `denoising_start`, counted as diffusers counts; None: not cut."""
    scheduler.set_timesteps(num_inference_steps)
    train_steps = scheduler.config.num_train_timesteps
    cutoff = round(train_steps - switch_at * train_steps) if switch_at is not None else 0
    return _cut(scheduler, sum(1 for timestep in scheduler.timesteps if timestep >= cutoff))


def cut_by_strength(scheduler: Any, num_inference_steps: int, strength: float) -> Schedule:
    """The schedule cut by img2img's `strength`, counted as diffusers counts."""
    scheduler.set_timesteps(num_inference_steps)
    skipped = num_inference_steps - min(int(num_inference_steps * strength), num_inference_steps)
    return _cut(scheduler, skipped * scheduler.order)


def _cut(scheduler: Any, before: int) -> Schedule:
    after = len(scheduler.timesteps) - before
    name, options = type(scheduler).__name__, fingerprint(scheduler)
    return Schedule(name, options, draws_noise(scheduler), before=before, after=after)
