"""Every metric, named once: what it is, by what it is told apart, and which process tells it.

`instruments` makes prometheus_client's objects of them, for the processes that tell; nothing else here loads it.
"""

from latentrelay.metrics.catalogue import CATALOGUE, known_series, told_by, unknown_series
from latentrelay.metrics.metric import PREFIX, Label, Metric, MetricType, Teller

__all__ = [
    "CATALOGUE",
    "PREFIX",
    "Label",
    "Metric",
    "MetricType",
    "Teller",
    "known_series",
    "told_by",
    "unknown_series",
]
