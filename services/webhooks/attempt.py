"""One attempt: sign, send through the egress guard, and say what came."""

import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPException
from importlib.metadata import version
from typing import Self

from latentrelay.contracts import Outcome, WebhookAttempt
from latentrelay.egress import Guard, Posted, post
from latentrelay.errors import UnsafeUrl
from latentrelay.settings import Settings
from latentrelay.webhooks.deliveries import Delivery
from latentrelay.webhooks.sealing import Seal, Unsealable
from latentrelay.webhooks.secret_keys import signing_keys
from latentrelay.webhooks.signing import headers
from services.webhooks.verdict import outcome_of, seconds_of

AGENT = f"latentrelay/{version('latentrelay')}"


@dataclass(frozen=True)
class Attempted:
    """What is recorded of an attempt, and the seconds that the receiver asked to be spared."""

    record: WebhookAttempt
    retry_after: float | None = None


@dataclass(frozen=True)
class Sender:
    """Makes attempts."""

    seal: Seal
    guard: Guard
    seconds: float
    """That an attempt may take in all."""
    connect_seconds: float

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """As `settings` want it.

        Raises:
            StackUnavailable: they have no key that secrets were sealed by.
        """
        guard = Guard.of(settings.webhook_allowed_hosts, settings.webhook_allowed_cidrs)
        return cls(Seal.of(settings), guard, settings.webhook_seconds, settings.webhook_connect_seconds)

    def attempt(self, delivery: Delivery) -> Attempted:
        """Deliver a message, or say why not. Raises nothing that a receiver could cause."""
        began, at = time.monotonic(), datetime.now(UTC)

        def told(outcome: Outcome, detail: str | None = None, posted: Posted | None = None) -> Attempted:
            record = WebhookAttempt(
                number=delivery.attempt,
                started_at=at,
                seconds=round(time.monotonic() - began, 3),
                outcome=outcome,
                status=posted.status if posted else None,
                detail=detail,
                answer=posted.body.decode("utf-8", "replace") or None if posted else None,
            )
            return Attempted(record, seconds_of(posted.retry_after, at) if posted else None)

        try:
            posted = self._post(delivery, self._headers(delivery, at))
        except Unsealable:
            return told(Outcome.UNSIGNABLE, "LATENTRELAY_WEBHOOK_KEY is not the one that sealed its secret")
        except (UnsafeUrl, OSError, HTTPException) as error:
            return told(*why(error, self.seconds))
        return told(outcome_of(posted.status), posted=posted)

    def _post(self, delivery: Delivery, sent: Mapping[str, str]) -> Posted:
        return post(
            delivery.url,
            delivery.body,
            sent,
            guard=self.guard,
            timeout=self.seconds,
            connect_timeout=self.connect_seconds,
        )

    def _headers(self, delivery: Delivery, at: datetime) -> dict[str, str]:
        keys = signing_keys(
            delivery.secrets,
            self.seal,
            endpoint=delivery.endpoint_id,
            tenant=delivery.tenant,
            now_ms=int(at.timestamp() * 1000),
        )
        signed = headers(keys, delivery.webhook_id, int(at.timestamp()), delivery.body)
        return {"Content-Type": "application/json", "User-Agent": AGENT, "Accept": "*/*", **signed}


def faulty(delivery: Delivery) -> Attempted:
    """What is recorded of an attempt that failed by a fault of ours."""
    return Attempted(WebhookAttempt(number=delivery.attempt, started_at=datetime.now(UTC), outcome=Outcome.FAULT))


def why(error: UnsafeUrl | OSError | HTTPException, seconds: float) -> tuple[Outcome, str]:
    """What an attempt failed by, in words that name no address."""
    outcome, told = next(
        ((outcome, told) for kind, outcome, told in FAILURES if isinstance(error, kind)),
        (Outcome.UNREACHABLE, "it did not answer as a web server should"),
    )
    detail = error.detail if isinstance(error, UnsafeUrl) else getattr(error, "verify_message", "")
    return outcome, told.format(detail=detail, seconds=seconds)


FAILURES: tuple[tuple[type[Exception], Outcome, str], ...] = (  # the first that fits
    (UnsafeUrl, Outcome.UNSAFE_URL, "{detail}"),
    (TimeoutError, Outcome.TIMEOUT, "no answer within {seconds:g} s, or no connection within its share of them"),
    (ssl.SSLCertVerificationError, Outcome.TLS, "its certificate does not hold: {detail}"),
    (ssl.SSLError, Outcome.TLS, "it does not speak TLS as it should"),
    (socket.gaierror, Outcome.UNREACHABLE, "its host is not known"),
    (ConnectionRefusedError, Outcome.UNREACHABLE, "it refused the connection"),
    (OSError, Outcome.UNREACHABLE, "the connection broke, or there was no way to it"),
)
