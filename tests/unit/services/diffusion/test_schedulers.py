import pytest
import torch
from diffusers import EulerDiscreteScheduler

from latentrelay.contracts import Scheduler
from services.diffusion.generators import restored, seeded, states_of
from services.diffusion.schedulers import (
    SCHEDULERS,
    build_scheduler,
    cut_at_switch,
    cut_by_strength,
    draws_noise,
    fingerprint,
)

OWN = EulerDiscreteScheduler(
    beta_start=0.00085,
    beta_end=0.012,
    beta_schedule="scaled_linear",
    timestep_spacing="leading",
    steps_offset=1,
)


def test_every_name_of_the_contract_has_a_scheduler() -> None:
    assert SCHEDULERS.keys() == set(Scheduler)


def test_no_two_schedulers_share_class_and_fingerprint() -> None:
    built = [build_scheduler(name, OWN) for name in Scheduler]
    assert len({(type(scheduler), fingerprint(scheduler)) for scheduler in built}) == len(Scheduler)


@pytest.mark.parametrize("name", Scheduler)
def test_a_fingerprint_tells_options_and_nothing_of_a_run(name: Scheduler) -> None:
    fresh, used = build_scheduler(name, OWN), build_scheduler(name, OWN)
    used.set_timesteps(7)
    other = build_scheduler(name, EulerDiscreteScheduler.from_config(OWN.config, beta_end=0.013))
    assert fingerprint(fresh) == fingerprint(used)
    assert fingerprint(fresh) != fingerprint(other)


def test_no_name_means_the_models_own_scheduler() -> None:
    built = build_scheduler(None, OWN)
    assert built is not OWN
    assert type(built) is EulerDiscreteScheduler
    assert fingerprint(built) == fingerprint(OWN)


@pytest.mark.parametrize("name", Scheduler)
def test_only_the_ancestral_scheduler_draws_noise(name: Scheduler) -> None:
    scheduler = build_scheduler(name, OWN)
    generator = torch.Generator().manual_seed(0)
    scheduler.set_timesteps(4)
    before = generator.get_state()
    sample = torch.zeros(1, 4, 2, 2)
    scheduler.scale_model_input(sample, scheduler.timesteps[0])
    accepts = {"generator": generator} if "generator" in scheduler.step.__code__.co_varnames else {}
    scheduler.step(sample, scheduler.timesteps[0], sample, **accepts)
    assert draws_noise(scheduler) == (not torch.equal(before, generator.get_state()))
    assert draws_noise(scheduler) == (name is Scheduler.EULER_ANCESTRAL)


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        (Scheduler.EULER, 23, 7),
        (Scheduler.DPMPP_2M, 24, 6),
        (Scheduler.DPMPP_2M_KARRAS, 19, 11),
        (Scheduler.HEUN, 45, 14),
        (Scheduler.PNDM, 24, 7),
    ],
)
def test_thirty_steps_are_cut_at_0_8_as_diffusers_cuts_them(name: Scheduler, before: int, after: int) -> None:
    schedule = cut_at_switch(build_scheduler(name, OWN), 30, 0.8)
    assert (schedule.before, schedule.after) == (before, after)


def test_a_schedule_without_a_switch_point_is_not_cut() -> None:
    schedule = cut_at_switch(build_scheduler(Scheduler.EULER, OWN), 30, None)
    assert (schedule.before, schedule.after) == (30, 0)


@pytest.mark.parametrize(
    ("name", "before", "after"), [(Scheduler.EULER, 35, 15), (Scheduler.HEUN, 70, 29), (Scheduler.PNDM, 35, 16)]
)
def test_a_strength_skips_whole_steps(name: Scheduler, before: int, after: int) -> None:
    schedule = cut_by_strength(build_scheduler(name, OWN), 50, 0.3)
    assert (schedule.before, schedule.after) == (before, after)


def test_a_restored_generator_goes_on_where_the_first_one_stopped() -> None:
    first = seeded([5])
    torch.randn(3, generator=first[0])
    (second,) = restored(states_of(first))
    assert torch.equal(torch.randn(3, generator=first[0]), torch.randn(3, generator=second))
