"""No sequence of claims, losses, late finishes, cancels and expiries leaves an illegal state.

The real scripts on a real server, driven by hypothesis. The same examples every time; for a longer campaign of others:
`LATENTRELAY_STATEFUL_EXAMPLES=5000 pytest tests/stateful --timeout 0`.
"""

import os

import pytest
import redis as redis_py
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from latentrelay.embedded.valkey import Valkey
from latentrelay.jobs import claims
from tests.stateful.misfortune import Misfortune
from tests.stateful.operators import Operators
from tests.stateful.producers import Producers
from tests.stateful.workers import Workers

LONGER = int(os.environ.get("LATENTRELAY_STATEFUL_EXAMPLES", "0"))


class Relay(Producers, Workers, Operators, Misfortune):
    """All of them at once."""


def test_no_sequence_of_events_leaves_an_illegal_state(valkey: Valkey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "AVOID_SECONDS", 3600.0)  # it passes when the machine says so, in `delays_pass`
    with redis_py.Redis.from_url(valkey.url, decode_responses=True) as redis:
        run_state_machine_as_test(
            lambda: Relay(redis),
            settings=settings(
                max_examples=LONGER or 30,
                stateful_step_count=100,
                deadline=None,
                derandomize=not LONGER,
                database=None,
                phases=[Phase.generate, Phase.shrink] if LONGER else [Phase.generate],  # shrinking takes minutes
                report_multiple_bugs=False,
                suppress_health_check=list(HealthCheck),
            ),
        )
