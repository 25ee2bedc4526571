"""What a call is: one request, and what a successful answer to it means."""

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from latentrelay.errors import LatentRelayError
from latentrelay.http.answers import SUCCESS, Answer, Outcome
from latentrelay.http.refusals import refusal

Told = TypeVar("Told")


@dataclass(frozen=True)
class Call(Generic[Told]):
    """One request, and what a successful answer to it means."""

    method: str
    url: str
    """A path of the gateway, unless `is_ours` is False."""
    read: Callable[[Answer], Told]
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = field(default=None, repr=False)
    is_repeatable: bool = True
    """Whether doing it twice does no harm."""
    success: Container[int] = SUCCESS
    """The statuses of an answer to read."""
    is_ours: bool = True
    """Whether it goes to the gateway, and brings the key."""

    def told(self, outcome: Outcome) -> Told:
        """What `outcome` tells.

        Raises:
            LatentRelayError: that it was refused, or did not come; the class tells why.
        """
        if not isinstance(outcome, Answer) or outcome.status not in self.success:
            raise refusal(outcome)
        try:
            return self.read(outcome)
        except (ValueError, KeyError, TypeError):  # its message may quote what came
            raise LatentRelayError("What answers there is no gateway of Latent Relay, or of another version.") from None
