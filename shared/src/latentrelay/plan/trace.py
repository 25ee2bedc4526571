"""A load read from a file: one job a line, as JSON. Pure but for chance, which is seeded."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from random import Random
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from latentrelay.contracts import Priority, StageName
from latentrelay.errors import FieldProblem, InvalidRequest
from latentrelay.plan.load import Arrival, Shape, Way
from latentrelay.plan.shapes import Given


class Line(BaseModel):
    """One job of a trace."""

    model_config = ConfigDict(extra="forbid")

    at: FiniteFloat | datetime
    """Seconds since any moment, or a time as ISO 8601 writes it; the same in every line."""
    way: Way = Way.RELAY
    priority: Priority = Priority.STANDARD
    tenant: str = Field("default", min_length=1, max_length=64)
    seconds: dict[StageName, Annotated[FiniteFloat, Field(gt=0)]] = Field(default_factory=dict)
    """That stages work on it; those that are not named take what the figures say."""

    @property
    def moment(self) -> float:
        """In seconds."""
        return self.at.timestamp() if isinstance(self.at, datetime) else self.at


def read_trace(text: Iterable[str], figures: Given, seed: int = 1) -> list[Arrival]:
    """The jobs of a trace, by the time at which they come; the first comes at 0.

    Args:
        text: its lines; empty ones do not count.
        figures: the seconds of stages that a line does not name.
        seed: of chance, where the figures have a spread.

    Raises:
        InvalidRequest: a line is no job, or a stage's seconds are told nowhere, or it has fewer than two jobs; it names
            each line.
    """
    lines = sorted(_lines(text), key=lambda line: line.moment)
    if len(lines) < 2 or lines[0].moment == lines[-1].moment:  # noqa: PLR2004  # a rate needs two moments
        raise InvalidRequest.at("trace", "must have jobs at two moments at least")
    chance = Random(f"shapes {seed}")  # noqa: S311  # no secret
    return [Arrival(line.moment - lines[0].moment, _shape(line, figures, chance), line.tenant) for line in lines]


def _lines(text: Iterable[str]) -> list[Line]:
    read, problems = list[Line](), list[FieldProblem]()
    for number, written in enumerate(text, 1):
        if written.strip():
            try:
                read.append(Line.model_validate(json.loads(written)))
            except (ValidationError, ValueError) as error:
                problems.append(FieldProblem(f"/trace/{number}", _told(error)))
    if problems:
        raise InvalidRequest(problems)
    return read


def _told(error: ValueError) -> str:
    if isinstance(error, ValidationError):
        return "; ".join(f"{'.'.join(map(str, found['loc']))}: {found['msg']}" for found in error.errors())
    return "is not JSON"


def _shape(line: Line, figures: Given, chance: Random) -> Shape:
    unknown = [stage for stage in line.way.route if stage not in line.seconds and stage not in figures.seconds]
    if unknown:
        raise InvalidRequest.at("trace", f"says nowhere how long {unknown[0]} works")
    if all(stage in line.seconds for stage in line.way.route):
        return Shape(line.way, line.seconds, line.priority)
    drawn = figures.of(line.way, line.priority, chance)
    known: Mapping[StageName, float] = {**drawn.seconds, **line.seconds}
    return Shape(line.way, {stage: known[stage] for stage in line.way.route}, line.priority)
