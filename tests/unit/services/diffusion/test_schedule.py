from dataclasses import replace

import pytest

from latentrelay.errors import InvalidRequest
from services.diffusion.schedule import Schedule, check_strength, check_switch

EULER = Schedule("EulerDiscreteScheduler", "f" * 64, draws_noise=False, before=4, after=3)
PNDM = replace(EULER, scheduler_class="PNDMScheduler", before=4, after=4)


def test_a_switch_point_with_steps_on_both_sides_is_served() -> None:
    for schedule in (EULER, replace(EULER, before=1), PNDM, replace(PNDM, after=1), replace(PNDM, after=2)):
        check_switch(schedule)


@pytest.mark.parametrize(("before", "after", "idle"), [(0, 4, "base"), (4, 0, "refiner")])
def test_a_switch_point_that_leaves_a_model_idle_is_refused_by_name(before: int, after: int, idle: str) -> None:
    with pytest.raises(InvalidRequest) as told:
        check_switch(replace(EULER, before=before, after=after))
    assert told.value.problems[0].pointer == "/refine/switch_at"
    assert idle in told.value.detail


@pytest.mark.parametrize(("before", "after"), [(1, 4), (4, 3)])
def test_pndm_is_not_cut_where_it_would_draw_noise(before: int, after: int) -> None:
    cut = replace(PNDM, before=before, after=after)
    with pytest.raises(InvalidRequest, match="switch_at"):
        check_switch(cut)
    with pytest.raises(InvalidRequest, match="strength"):
        check_strength(cut)


def test_a_strength_that_runs_the_whole_schedule_cuts_nothing() -> None:
    check_strength(replace(PNDM, before=0, after=3))
    check_strength(replace(EULER, before=1, after=3))
