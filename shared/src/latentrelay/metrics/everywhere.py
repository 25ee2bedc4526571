"""What every process tells."""

from latentrelay.metrics.metric import Label, Metric, MetricType, Teller

BUILD_INFO = Metric(
    "build_info",
    MetricType.GAUGE,
    "1; its label is the release that runs here.",
    (Teller.GATEWAY, Teller.WORKER, Teller.WEBHOOKS),
    (Label("version", meaning="one release"),),
)
