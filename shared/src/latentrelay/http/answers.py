"""What becomes of a request: an answer, or none."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import httpx2
from pydantic import BaseModel, TypeAdapter

Read = TypeVar("Read", bound=BaseModel)

SUCCESS = range(200, 300)


@dataclass(frozen=True)
class Answer:
    """What came back, whole."""

    status: int
    headers: Mapping[str, str]
    """Their names in lower case."""
    body: bytes = b""

    @property
    def retry_after(self) -> float | None:
        """Seconds after which the server would be asked again, where it says so."""
        told = self.headers.get("retry-after", "")
        return float(told) if told.isascii() and told.isdigit() else None


@dataclass(frozen=True)
class Lost:
    """No answer came, or not the whole of it."""

    reason: str
    is_unsent: bool
    """Surely nothing was done: no connection came about."""

    @classmethod
    def of(cls, error: httpx2.RequestError) -> "Lost":
        """What `error` tells of a request."""
        unsent = isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout)
        return cls(f"{type(error).__name__}: {error}", unsent)


Outcome = Answer | Lost


def one(model: type[Read]) -> Callable[[Answer], Read]:
    """Reads the one that an answer tells."""
    return lambda answer: model.model_validate_json(answer.body)


def each(model: type[Read]) -> Callable[[Answer], tuple[Read, ...]]:
    """Reads each that an answer lists as its `data`."""
    read = TypeAdapter(tuple[model, ...])  # type: ignore[valid-type]  # a type that is made at run time
    return lambda answer: tuple(read.validate_python(json.loads(answer.body)["data"]))
