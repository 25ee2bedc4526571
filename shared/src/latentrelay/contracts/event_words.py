"""The events of a job that webhooks tell, by the words that they are asked for with."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

EventWord = Literal["started", "progress", "succeeded", "failed", "canceled", "expired"]
ENDS: tuple[EventWord, ...] = ("succeeded", "failed", "canceled", "expired")


def _words(told: Any) -> Any:
    """Events are known by their short names; their types, as they are sent, do as well."""
    if not isinstance(told, list | tuple):
        return told
    return tuple(word.removeprefix("job.") if isinstance(word, str) else word for word in told)


EventWords = Annotated[tuple[EventWord, ...], BeforeValidator(_words), Field(min_length=1, max_length=6)]
