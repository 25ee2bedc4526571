"""All metrics, and whether a query asks for one that there is."""

import re

from latentrelay.metrics.everywhere import BUILD_INFO
from latentrelay.metrics.gateway import GATEWAY
from latentrelay.metrics.metric import PREFIX, Metric, Teller
from latentrelay.metrics.stack import STACK
from latentrelay.metrics.webhooks import WEBHOOKS
from latentrelay.metrics.worker import WORKER

CATALOGUE: tuple[Metric, ...] = (*STACK, *GATEWAY, *WORKER, *WEBHOOKS, BUILD_INFO)

_NO_NAMES = re.compile(
    r"""
    "(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*' | `[^`]*`  # values of labels
    | \#[^\n]*  # comments
""",
    re.VERBOSE,
)
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")


def told_by(*tellers: Teller) -> tuple[Metric, ...]:
    """The metrics that one of `tellers` tells."""
    return tuple(metric for metric in CATALOGUE if any(teller in metric.tellers for teller in tellers))


def known_series() -> frozenset[str]:
    """Every name that a query can ask for: of a histogram its `_bucket`, `_sum` and `_count`."""
    return frozenset(series for metric in CATALOGUE for series in metric.series)


def unknown_series(query: str) -> frozenset[str]:
    """The names in a PromQL `query` that begin as ours do and that nobody tells; recording rules have a colon."""
    names = _NAME.findall(_NO_NAMES.sub(" ", query))
    asked = {name for name in names if name.startswith(PREFIX) and ":" not in name}
    return frozenset(asked - known_series())
