"""Webhooks as they arrive: verified, recognized, told, and answered well or badly."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any

from pydantic_core import from_json

from latentrelay.cli.receiver import Answer
from latentrelay.webhooks import VerificationError, verify

MOST_KNOWN = 100_000  # webhooks that are recognized when they come again


@dataclass(frozen=True)
class Webhook:
    """A webhook that has come. `refusal`: why it cannot be verified; `is_verified`: None where nobody can tell."""

    id: str
    event: Any
    is_verified: bool | None
    refusal: str
    times_before: int

    def as_json(self) -> str:
        """A line of JSON."""
        told = {"id": self.id or None, "verified": self.is_verified, "duplicate": self.times_before > 0}
        return json.dumps(told | {"event": self.event})

    def as_text(self) -> str:
        """A line for people."""
        seen = "seen before" if self.times_before else "new"
        verdict = {True: "verified", False: f"NOT VERIFIED: {self.refusal}", None: "not verified (no secret)"}
        what = [self._told("type"), *(self._told("data", name) for name in ("job_id", "status"))]
        what.append(f"sequence {self._told('data', 'sequence')}")
        return "  ".join([_plain(self.id), seen, *what, verdict[self.is_verified]])

    def _told(self, *path: str) -> str:
        told = self.event
        for name in path:
            told = told.get(name) if isinstance(told, dict) else None
        return _plain("" if told is None else str(told))


def _plain(text: str) -> str:
    """What a stranger sent, so that it cannot play with the terminal."""
    return ascii(text)[1:-1][:100] or "-"


@dataclass(frozen=True)
class Answers:
    """How webhooks are answered; those that are not verified by 401."""

    status: int = 204
    fail_first: int = 0
    """So many attempts of each webhook fail, with 500."""
    after: float = 0
    retry_after: int | None = None

    def to(self, webhook: Webhook) -> Answer:
        """The answer to `webhook`."""
        failing = 500 if webhook.times_before < self.fail_first else self.status
        status = 401 if webhook.is_verified is False else failing
        is_failure = status >= 300 and self.retry_after is not None  # noqa: PLR2004 -- 2xx is a success
        return Answer(status, {"Retry-After": str(self.retry_after)} if is_failure else {}, self.after)


class Taking:
    """Takes webhooks one at a time.

    Args:
        secrets: secrets or public keys, one of which is to fit; none: nothing is verified.
        answers: how they are answered.
        say: is told of each webhook, and with which status it is answered.
    """

    def __init__(self, secrets: Sequence[str], answers: Answers, say: Callable[[Webhook, int], object]) -> None:
        self._secrets, self._answers, self._say = secrets, answers, say
        self._known: dict[str, int] = {}
        self._lock = Lock()

    def __call__(self, headers: Mapping[str, str], body: bytes) -> Answer:
        """Take the headers and the body of one."""
        with self._lock:
            webhook = self._recognized(headers, body)
            answer = self._answers.to(webhook)
            self._say(webhook, answer.status)
        return answer

    def _recognized(self, headers: Mapping[str, str], body: bytes) -> Webhook:
        told = {name.lower(): value for name, value in headers.items()}.get("webhook-id", "")
        refusal = self._refusal(headers, body)
        before = self._known.get(told, 0)
        if told and not refusal:  # whoever forges one does not make the true one a second one
            self._known[told] = before + 1
        if len(self._known) > MOST_KNOWN:
            del self._known[next(iter(self._known))]
        return Webhook(told, _event(body), not refusal if self._secrets else None, refusal, before)

    def _refusal(self, headers: Mapping[str, str], body: bytes) -> str:
        try:
            if self._secrets:
                verify(body, headers, self._secrets)
        except VerificationError as error:
            return str(error)
        return ""


def told(webhook: Webhook, status: int) -> str:
    """What is said of a webhook to people."""
    return f"{datetime.now().astimezone():%H:%M:%S}  {webhook.as_text()}  -> {status}"


def _event(body: bytes) -> Any:
    """The body as JSON; None where it is none."""
    try:
        return from_json(body, allow_inf_nan=False)
    except ValueError:
        return None
