"""The events of a job that webhooks tell, by the words that they are asked for with."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

EventWord = Literal["started", "progress", "succeeded", "failed", "canceled", "expired"]
ENDS: tuple[EventWord, ...] = ("succeeded", "failed", "canceled", "expired")


def _words(told: Any) -> Any:
    """Events are known by their short names; their types, as they are sent, do as well."""
    if not isinstance(told, list | tuple):
        return told
    return [word.removeprefix("job.") if isinstance(word, str) else word for word in told]


def _once(words: tuple[EventWord, ...]) -> tuple[EventWord, ...]:
    if not words:
        raise PydanticCustomError("too_short", "must be a list from 1 to 6 items")
    return tuple(dict.fromkeys(words))


EventWords = Annotated[
    tuple[EventWord, ...],
    # pydantic's own least length would complain of each word that is none a second time
    Field(max_length=6, json_schema_extra={"minItems": 1}),
    BeforeValidator(_words),
    AfterValidator(_once),
]
