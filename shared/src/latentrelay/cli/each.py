"""Do the same to several things that are named by their ids."""

from collections.abc import Callable, Iterable
from typing import Any

import click
from pydantic import TypeAdapter

from latentrelay.cli.problems import FAILED
from latentrelay.contracts import Contract
from latentrelay.errors import LatentRelayError, StackUnavailable

Act = Callable[[str], Contract | None]
"""Does it to one; raises where it cannot be done."""


def to_each(ids: Iterable[str], act: Act, told: str, *, as_json: bool = False) -> None:
    """Say of each id that it is `told`, or print what `act` returned as JSON.

    One that it cannot be done to is told and holds up no other; the command ends with 1 then.
    """
    wanted = [*ids]
    done = [came for one in wanted for came in _done(one, act, "" if as_json else told)]
    if as_json:
        click.echo(TypeAdapter(list[Any]).dump_json(done, indent=2))
    if len(done) < len(wanted):
        click.get_current_context().exit(FAILED)


def _done(one: str, act: Act, told: str) -> list[Contract | None]:
    """What `act` returned; nothing, the reason told, where it cannot be done."""
    try:
        came = act(one)
    except StackUnavailable:  # as for every other
        raise
    except LatentRelayError as error:
        click.echo(f"latentrelay: {one}: {error.detail}", err=True)
        return []
    if told:
        click.echo(f"{one} {told}")
    return [came]
