"""What is answered is the caller's own: nobody on the way keeps it."""

import httpx2
import pytest

from tests.gateway.asking import ASK


@pytest.mark.parametrize("path", ["", "/nobody", "?limit=x", "/nobody/images/0"])
def test_what_is_told_of_jobs_is_kept_by_no_cache_and_is_what_it_says(http: httpx2.Client, path: str) -> None:
    answer = http.get(f"/v1/jobs{path}")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_so_is_what_is_told_of_a_job_that_is_made(http: httpx2.Client) -> None:
    made = http.post("/v1/jobs", json=ASK)
    for answer in (made, http.get(made.json()["href"])):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
