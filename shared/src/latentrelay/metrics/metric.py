"""What a metric is: its name, what it counts, and by what."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

PREFIX = "latentrelay_"


class MetricType(StrEnum):
    """As Prometheus has them."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Teller(StrEnum):
    """The process that tells a metric: the one that knows."""

    GATEWAY = "gateway"
    """What happens in it."""
    STACK = "stack"
    """The gateway, too, for what Redis knows: every gateway of a stack tells the same."""
    WORKER = "worker"
    WEBHOOKS = "webhooks"


@dataclass(frozen=True)
class Label:
    """By what a metric is told apart: a closed set, never anything that a request brings."""

    name: str
    values: tuple[str, ...] = ()
    """All of them; none where only the process knows its set."""
    meaning: str = ""
    """What the set is, where `values` has none."""

    @classmethod
    def of(cls, name: str, *sets: Iterable[str]) -> "Label":
        """A label whose values are those of `sets`."""
        return cls(name, tuple(str(value) for values in sets for value in values))


@dataclass(frozen=True)
class Metric:
    """One metric.

    Args:
        short_name: its name without the prefix; that of a counter ends with `_total`.
        type: how its values are to be read.
        help: what it is, with its unit where the name has none.
        tellers: who tells it.
        labels: by what.
        buckets: of a histogram, the upper bounds.
    """

    short_name: str
    type: MetricType
    help: str
    tellers: tuple[Teller, ...]
    labels: tuple[Label, ...] = ()
    buckets: tuple[float, ...] = ()

    @property
    def name(self) -> str:
        """As Prometheus has it."""
        return PREFIX + self.short_name

    @property
    def label_names(self) -> tuple[str, ...]:
        """The names of its labels."""
        return tuple(label.name for label in self.labels)

    @property
    def series(self) -> tuple[str, ...]:
        """The names that a query can ask for."""
        if self.type is not MetricType.HISTOGRAM:
            return (self.name,)
        return tuple(self.name + part for part in ("_bucket", "_sum", "_count"))
