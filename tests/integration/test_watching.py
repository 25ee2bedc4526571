"""Those who watch go on while Redis is away: the client waits for it, the supervisor brings it back."""

import io
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from latentrelay import EventType, JobEvent, JobStatus, StageName
from latentrelay.cli.following import Teller
from latentrelay.cli.progress import ProgressLine
from latentrelay.cli.roll import Roll
from latentrelay.cli.up import tell_once
from latentrelay.client import Client
from latentrelay.settings import Settings


@pytest.fixture
def away(settings: Settings) -> Client:
    """A client whose Redis is not there."""
    return Client(settings.model_copy(update={"redis_url": SecretStr("redis://127.0.0.1:1/0")}))


def test_the_roll_of_up_says_nothing_while_redis_is_away(away: Client) -> None:
    said: list[str] = []
    tell_once(away, Roll({StageName.SDXL_BASE: 1}), said.append)
    assert said == []


def test_an_event_is_told_though_redis_went_away_after_it(away: Client) -> None:
    stream = io.StringIO()
    teller = Teller(away, ProgressLine((StageName.SDXL_BASE,), stream, redraw=False))
    teller(
        JobEvent(
            id="1-0",
            type=EventType.QUEUED,
            job_id="j",
            timestamp=datetime.now(UTC),
            sequence=1,
            status=JobStatus.QUEUED,
            attempt=1,
            stage=StageName.SDXL_BASE,
        )
    )
    assert stream.getvalue() == "queued for sdxl_base\n"
