"""Every query that a dashboard, a recorded rule or an alert asks, and the series that it names."""

import json
from collections.abc import Iterator
from pathlib import Path

import promql_parser
import yaml

INFRA = Path(__file__).parents[1]
RULES = INFRA / "prometheus" / "rules"
DASHBOARDS = INFRA / "grafana" / "dashboards"


def rules() -> Iterator[dict[str, str]]:
    """Each rule as its file has it."""
    for file in sorted(RULES.glob("*.yml")):
        for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]:
            yield from group["rules"]


def drawn() -> Iterator[tuple[str, str, str]]:
    """Each query of a provisioned dashboard: the dashboard, the panel, PromQL."""
    for file in sorted(DASHBOARDS.glob("*.json")):
        for panel in json.loads(file.read_text(encoding="utf-8"))["panels"]:
            for target in panel.get("targets", ()):
                yield file.stem, panel["title"], target["expr"]


def series(query: str) -> set[str]:
    """The series that a query names.

    Raises:
        ValueError: it is no PromQL.
    """
    named: set[str] = set()

    def look(node: object) -> bool:
        if isinstance(node, promql_parser.VectorSelector):
            named.add(node.name)
        if isinstance(node, promql_parser.MatrixSelector):
            named.add(node.vector_selector.name)
        return True

    promql_parser.walk(promql_parser.parse(query), look)
    return named
