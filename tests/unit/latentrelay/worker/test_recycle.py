import pytest

from latentrelay.memory import resident_bytes
from latentrelay.worker.recycle import MIB, Allowance, Wear


@pytest.mark.parametrize(
    ("allowance", "jobs", "growth_mb", "spent"),
    [
        (Allowance(), 10**6, 10**6, False),
        (Allowance(jobs=3), 2, 10**6, False),
        (Allowance(jobs=3), 3, 0, True),
        (Allowance(growth_mb=100), 10**6, 99, False),
        (Allowance(growth_mb=100), 0, 100, True),
        (Allowance(jobs=3, growth_mb=100), 1, 200, True),
    ],
)
def test_an_allowance_is_spent_by_jobs_or_by_growth_and_nought_is_without_limit(
    allowance: Allowance, jobs: int, growth_mb: int, *, spent: bool
) -> None:
    assert allowance.is_spent(jobs, growth_mb * MIB) is spent


def test_a_worn_process_is_told_once() -> None:
    wear = Wear(Allowance(jobs=2))
    assert [wear.count_job() for _ in range(4)] == [False, True, False, False]


def test_growth_is_what_the_process_holds_more_than_when_its_model_was_loaded() -> None:
    wear = Wear(Allowance(growth_mb=32))
    assert not wear.count_job()
    before = resident_bytes()
    leak = bytearray(b"x") * (64 * MIB)
    assert resident_bytes() - before >= 48 * MIB
    assert wear.count_job()
    del leak
