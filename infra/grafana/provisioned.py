"""dashboards/*.json, as Grafana provisions them."""

import json

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from infra.grafana.gpus import GPUS
from infra.grafana.overview import OVERVIEW
from infra.grafana.panels import Dashboard, built
from infra.grafana.webhooks import WEBHOOKS

DASHBOARDS = {"overview": OVERVIEW, "gpus": GPUS, "webhooks": WEBHOOKS}


def provisioned(told: Dashboard) -> str:
    """The text of a dashboard's file."""
    return json.dumps(built(told).build(), cls=JSONEncoder, sort_keys=True, indent=2) + "\n"
