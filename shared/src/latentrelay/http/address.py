"""Where a gateway is, and who asks it."""

from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any, Self

import httpx2

from latentrelay.errors import InvalidRequest, Unauthorized
from latentrelay.http.call import Call
from latentrelay.tracing import current

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 60.0  # until the first byte of an answer: a submission may bring an image from elsewhere first
QUIET_SECONDS = 45.0  # without a ping, that come every 15, a stream of events is dead


@dataclass(frozen=True)
class Address:
    """Where a gateway is, and who asks it."""

    url: str
    api_key: str | None = field(default=None, repr=False)

    @classmethod
    def configured(cls, url: str | None, api_key: str | None) -> Self:
        """What is given, and where something is not, LATENTRELAY_URL and LATENTRELAY_API_KEY.

        Raises:
            InvalidRequest: there is no HTTP at such a URL.
            Unauthorized: no key has such characters.
        """
        if url is None or api_key is None:
            from latentrelay.settings import Settings  # noqa: PLC0415 - it takes longer than all else here

            settings = Settings()
            told = settings.api_key.get_secret_value() if settings.api_key else ""
            url, api_key = url or settings.url, told if api_key is None else api_key
        return cls(_checked_url(url), _checked_key(api_key.strip()) or None)

    def options(self) -> dict[str, Any]:
        """What an HTTP client of this gateway is made with. It follows no redirects: the key must not follow them."""
        return {
            "base_url": self.url,
            "headers": {"User-Agent": f"latentrelay/{version('latentrelay')}"},
            "timeout": httpx2.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
            "follow_redirects": False,
        }

    def request(self, call: Call[Any]) -> dict[str, Any]:
        """What `call` is sent with."""
        return {
            "method": call.method,
            "url": call.url,
            "params": dict(call.query) or None,
            "content": call.content,
            "headers": {**call.headers, **(self._key() | _trace() if call.is_ours else {})},
        }

    def _key(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.api_key}"} if self.api_key else {}


def _trace() -> dict[str, str]:
    """The trace that the application is in, whose part the job will be."""
    context = current()
    return {} if context is None else {"traceparent": context.traceparent}


def _checked_url(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise InvalidRequest.at("base_url", f"must be like https://gateway.example:8000, got {url!r:.80}")
    return url.rstrip("/").removesuffix("/v1")  # as OpenAI's clients want it: people give it here too


def _checked_key(key: str) -> str:
    """What cannot be sent is refused here: whoever fails to send it might repeat it."""
    if not key.isascii() or not key.isprintable():
        raise Unauthorized("The API key has characters that no key has.")
    return key
