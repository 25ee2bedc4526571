"""What every job may say beside its picture."""

import secrets
from typing import Annotated, Self

from pydantic import Field, model_validator

from latentrelay.contracts.contract import SEEDS, Contract, Id, Moment, Short
from latentrelay.contracts.event_words import ENDS, EventWords
from latentrelay.contracts.words import Priority


class WebhookTarget(Contract):
    """Where a job's events are told."""

    endpoint_id: Id | None = None
    """A registered endpoint."""
    url: str | None = Field(None, max_length=2048, pattern=r"^https?://", repr=False)
    """A URL of its own, under the origin of a registered endpoint; it is signed with that endpoint's secret."""
    events: EventWords = ENDS
    """Which events are told."""

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.endpoint_id is None) == (self.url is None):
            raise ValueError("needs exactly one of endpoint_id, url")
        return self


class JobRequest(Contract):
    """What every job may say beside its picture."""

    seed: int | None = Field(None, strict=True, ge=0, le=SEEDS - 1)
    """Image i is drawn with seed + i (modulo 2^53); drawn at submission when absent. Its lower 32 bits count."""
    client_reference: Short | None = None
    """Your own name for the job."""
    metadata: Annotated[
        dict[Annotated[str, Field(min_length=1, max_length=64)], Annotated[str, Field(max_length=512)]],
        Field(max_length=16),
    ] = Field(default_factory=dict)
    """At most 16 entries of your own."""
    priority: Priority = Priority.STANDARD
    """Interactive goes before standard, standard before batch."""
    deadline: Moment | None = None
    """Not started by then: expired. Still running then: stopped."""
    webhook: WebhookTarget | None = None
    """Where the events of this job are told."""
    idempotency_key: Short | None = None
    """The same key and request again answer with the same job."""

    @model_validator(mode="after")
    def _together(self) -> Self:
        self.check_fields_together()
        return self

    def check_fields_together(self) -> None:
        """Refuse fields that are right alone and wrong together; kinds add their own.

        Raises:
            InvalidRequest: it names the fields.
        """

    def with_seed(self) -> Self:
        """The same request with its seed filled in, drawn from the whole range."""
        return self if self.seed is not None else self.model_copy(update={"seed": secrets.randbelow(SEEDS)})

    def seed_of(self, index: int) -> int:
        """The seed of image `index`: that image drawn alone has this seed."""
        if self.seed is None:
            raise ValueError("the seed is filled in at submission")
        return (self.seed + index) % SEEDS
