"""docs/metrics.md, from the catalogue."""

from latentrelay.metrics import CATALOGUE, Label, Metric, MetricType, Teller

INTRODUCTION = """# Metrics

Generated from the code by `make pages`: every metric, by the process that knows it and tells it. Labels are closed
sets, and never hold what a request brings. Series are there at 0 before anything happened; what Redis would tell is
absent while it does not answer. Times are in seconds, moments in seconds since 1970. Histograms are asked for by their
parts: `_bucket`, `_sum` and `_count`. Beside these, every process tells what it needs itself, as
`process_resident_memory_bytes`, `process_cpu_seconds_total` and others of `process_`.

They are told without a key, and without a word about anybody's jobs:

| process | where |
| --- | --- |
| gateway | `/metrics` |
| worker | at `LATENTRELAY_WORKER_METRICS_HOST`, the first free port from `LATENTRELAY_WORKER_METRICS_PORT` on |
| sender of webhooks | at `LATENTRELAY_WEBHOOK_METRICS_HOST` and `LATENTRELAY_WEBHOOK_METRICS_PORT` |

Prometheus finds the workers by itself: `/metrics/targets` of a gateway lists those that are alive
(`http_sd_configs`), each with `__meta_latentrelay_stage` and `__meta_latentrelay_worker`. What is under `/metrics` is
for those who run the stack: a proxy must not pass it on to others.
"""

SECTIONS = {
    Teller.STACK: "The stack, told by every gateway",
    Teller.GATEWAY: "A gateway, of itself",
    Teller.WORKER: "A worker, of itself and its one stage",
    Teller.WEBHOOKS: "A sender of webhooks, of itself",
}

SAME = """What Redis knows is told alike by all gateways of a stack: a query takes the `max without (instance)` of them,
of a counter that of its `rate`, and never a sum.
"""


def metrics_page() -> str:
    """The text of docs/metrics.md."""
    return "\n".join([INTRODUCTION, *(_section(teller) for teller in SECTIONS), _labels(), _buckets()])


def _section(teller: Teller) -> str:
    rows = [_row(metric) for metric in CATALOGUE if teller in metric.tellers]
    said = [SAME] if teller is Teller.STACK else []
    table = ["| metric | type | labels | |", "| --- | --- | --- | --- |", *rows]
    return "\n".join([f"## {SECTIONS[teller]}", "", *said, *table, ""])


def _row(metric: Metric) -> str:
    labels = ", ".join(f"`{name}`" for name in metric.label_names)
    return f"| `{metric.name}` | {metric.type} | {labels} | {metric.help} |"


def _labels() -> str:
    labels = dict.fromkeys(label for metric in CATALOGUE for label in metric.labels)
    return "\n".join(["## Labels", "", "| label | values |", "| --- | --- |", *map(_label, labels), ""])


def _label(label: Label) -> str:
    of = [metric.short_name for metric in CATALOGUE if label in metric.labels]
    is_of_one = any(label.name == other.name for metric in CATALOGUE for other in metric.labels if other != label)
    where = f" of `{of[0]}`" if is_of_one else ""
    return f"| `{label.name}`{where} | {label.meaning or ', '.join(label.values)} |"


def _buckets() -> str:
    histograms = [metric for metric in CATALOGUE if metric.type is MetricType.HISTOGRAM]
    rows = [f"* `{one.short_name}`: {', '.join(f'{bound:g}' for bound in one.buckets)}" for one in histograms]
    return "\n".join(["## Buckets", "", *rows, ""])
