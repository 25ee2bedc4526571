"""prometheus_client's objects, made from the catalogue, and told over HTTP. The one place that makes them."""

import errno
import os
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from itertools import product

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    start_http_server,
)
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily

from latentrelay.metrics.everywhere import BUILD_INFO
from latentrelay.metrics.metric import Metric, MetricType

Family = CounterMetricFamily | GaugeMetricFamily
Row = tuple[Sequence[str], float]
"""The values of the labels, in their order, and the value of the metric."""

disable_created_metrics()  # type: ignore[no-untyped-call]  # the package types half of itself


class Instruments:
    """The metrics of one process: what every process tells, and what it makes here.

    Args:
        only: labels of which this process knows one value, and that value.
    """

    def __init__(self, **only: str) -> None:
        self.registry = CollectorRegistry()
        self._only = only
        ProcessCollector(registry=self.registry)
        self.gauge(BUILD_INFO).labels(version("latentrelay")).set(1)

    def counter(self, metric: Metric) -> Counter:
        """A counter that is told from now on, at 0 for all that its labels can be."""
        made = Counter(metric.name, metric.help, metric.label_names, registry=self.registry)
        self._begin(made, metric)
        return made

    def gauge(self, metric: Metric) -> Gauge:
        """The same for a gauge."""
        made = Gauge(metric.name, metric.help, metric.label_names, registry=self.registry)
        self._begin(made, metric)
        return made

    def histogram(self, metric: Metric) -> Histogram:
        """The same for a histogram."""
        made = Histogram(metric.name, metric.help, metric.label_names, buckets=metric.buckets, registry=self.registry)
        self._begin(made, metric)
        return made

    def _begin(self, made: MetricWrapperBase, metric: Metric) -> None:
        """Make every series; without labels there is one, which is there already."""
        sets = [(self._only[label.name],) if label.name in self._only else label.values for label in metric.labels]
        for values in product(*sets) if sets else ():
            made.labels(*values)


def family(metric: Metric, rows: Iterable[Row] = ()) -> Family:
    """A counter or a gauge as it stands at a scrape, for collectors that look somewhere else then."""
    made_by = CounterMetricFamily if metric.type is MetricType.COUNTER else GaugeMetricFamily
    made: Family = made_by(metric.name, metric.help, labels=metric.label_names)
    for values, value in rows:
        made.add_metric(values, value)
    return made


def serve(registry: CollectorRegistry, host: str, ports: Iterable[int]) -> int:
    """Tell them at `http://host:port/metrics`, in threads of their own, at the first of `ports` that is free.

    Returns:
        The port.

    Raises:
        OSError: nothing can be listened at there.
    """
    for port in ports:
        try:
            start_http_server(port, host, registry)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:  # another port would not help
                raise
        else:
            return port
    raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
