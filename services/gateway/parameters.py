"""What a request says beside its body, of several routes alike."""

import re
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Header, Path, Query

from latentrelay.errors import Contradiction
from latentrelay.jobs.pages import CURSOR

ID = r"^[A-Za-z0-9_-]{1,64}$"

JobId = Annotated[str, Path(pattern=ID, description="The id of a job.")]
EndpointId = Annotated[str, Path(pattern=ID, description="The id of a webhook endpoint.")]
MessageId = Annotated[str, Path(pattern=ID, description="The id of a webhook message.")]
Limit = Annotated[int, Query(ge=1, le=250)]
Cursor = Annotated[str | None, Query(pattern=CURSOR, description="`next_cursor` of the page before.")]
IdempotencyKey = Annotated[
    str | None,
    Header(min_length=1, max_length=255, description="The same key and request again answer with the same job."),
]
Prefer = Annotated[
    str | None, Header(description="`wait=N`: answer when the job has ended, or after N seconds; there is a bound.")
]


def wait_seconds(prefer: str | None, at_most: float) -> int | None:
    """How long `Prefer` (RFC 7240) wants the answer held back, within our bound; None where it wants nothing."""
    found = re.search(r'(?:^|[\s,;])wait\s*=\s*"?([0-9]{1,9})"?\s*(?:$|[,;])', prefer or "", re.IGNORECASE)
    return None if found is None else min(int(found[1]), int(at_most))


def with_key(fields: Mapping[str, Any], idempotency_key: str | None) -> dict[str, Any]:
    """`fields`, with the key of the header.

    Raises:
        Contradiction: they tell another.
    """
    if idempotency_key is None:
        return dict(fields)
    if fields.get("idempotency_key") not in (None, idempotency_key):
        raise Contradiction.at("idempotency_key", "is not the Idempotency-Key of the header")
    return {**fields, "idempotency_key": idempotency_key}
