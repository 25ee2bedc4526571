"""`make pages`: writes what is generated from the code."""

from functools import partial
from pathlib import Path

from infra.grafana.provisioned import DASHBOARDS, provisioned
from infra.pages.compose import settings_page
from infra.pages.contracts import contracts_page
from infra.pages.env_example import env_example
from infra.pages.metrics import metrics_page
from infra.pages.openapi import openapi_page
from infra.pages.typescript import typescript_page

PAGES = {
    ".env.example": env_example,
    "docs/contracts.md": contracts_page,
    "docs/metrics.md": metrics_page,
    "docs/openapi.json": openapi_page,
    "docs/latentrelay.d.ts": typescript_page,
    "infra/docker/settings.yml": settings_page,
    **{f"infra/grafana/dashboards/{name}.json": partial(provisioned, told) for name, told in DASHBOARDS.items()},
}

if __name__ == "__main__":
    for name, page in PAGES.items():
        Path(name).write_text(page(), encoding="utf-8")
