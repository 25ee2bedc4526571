"""Threads of the workers on one machine."""

from latentrelay.embedded.up import share_of_cores
from latentrelay.settings import Settings


def test_workers_share_the_cores_unless_told_otherwise() -> None:
    assert share_of_cores(Settings(), workers=3, cores=2) == 1
    assert share_of_cores(Settings(), workers=3, cores=16) == 5
    assert share_of_cores(Settings(), workers=0, cores=4) == 4
    assert share_of_cores(Settings(torch_threads=8), workers=3, cores=2) == 8
