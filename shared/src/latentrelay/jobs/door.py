"""How the loss of Redis is told to those outside."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from latentrelay.errors import StackUnavailable
from latentrelay.jobs.connection import UNREACHABLE
from latentrelay.jobs.scripts import willing

Asked = ParamSpec("Asked")
Answered = TypeVar("Answered")


def door(method: Callable[Asked, Answered]) -> Callable[Asked, Answered]:
    """Redis away is told in our own words: `method` raises `StackUnavailable` then."""

    @wraps(method)
    def told(*args: Asked.args, **kwargs: Asked.kwargs) -> Answered:
        try:
            with willing():
                return method(*args, **kwargs)
        except UNREACHABLE as error:
            raise StackUnavailable(f"Redis does not answer: {error}") from error

    return told
