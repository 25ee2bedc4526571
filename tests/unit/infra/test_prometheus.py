"""Dashboards and alerts ask for what there is; alerts fire for what they are meant for, and lead to a page."""

import json
import re
from pathlib import Path

import pytest
import yaml

from infra.prometheus.asked import INFRA, drawn, rules, series
from latentrelay.metrics import known_series
from tests.programs import promtool

ROOT, PROMETHEUS = INFRA.parent, INFRA / "prometheus"
RECORDED = {rule["record"] for rule in rules() if "record" in rule}
ALERTS = {rule["alert"]: rule for rule in rules() if "alert" in rule}


@pytest.mark.parametrize("query", [rule["expr"] for rule in rules()])
def test_a_rule_asks_only_for_series_that_are_told_or_recorded(query: str) -> None:
    assert series(query) <= known_series() | RECORDED


@pytest.mark.parametrize(("dashboard", "panel", "query"), drawn())
def test_a_panel_asks_only_for_series_that_are_told_or_recorded(dashboard: str, panel: str, query: str) -> None:
    assert series(query) <= known_series() | RECORDED, (dashboard, panel)


def test_every_rule_that_is_recorded_is_asked_for() -> None:
    asked = [series(query) for query in ([rule["expr"] for rule in rules()] + [query for *_, query in drawn()])]
    assert set().union(*asked) >= RECORDED


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_leads_to_its_page_of_the_runbook(alert: str) -> None:
    page, anchor = ALERTS[alert]["annotations"]["runbook_url"].split("#")
    headings = re.findall(r"^#+ (.+)$", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)
    assert anchor == alert.lower() and alert in headings


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_has_a_test_in_which_it_fires(alert: str) -> None:
    told = (PROMETHEUS / "tests" / "alerts.yml").read_text(encoding="utf-8")
    assert re.search(rf"alertname: {alert}\n\s+exp_alerts:", told)


def test_the_alerts_pass_their_own_tests() -> None:
    promtool(PROMETHEUS, "test", "rules", "tests/alerts.yml")


@pytest.mark.parametrize("config", ["prometheus.yml", "up.yml"])
def test_prometheus_takes_what_it_is_given(config: str) -> None:
    promtool(PROMETHEUS, "check", "config", config)


def test_pods_bear_the_jobs_that_the_compose_file_has(tmp_path: Path) -> None:
    """By labels that Kubernetes would tell: Debian's Prometheus asks no Kubernetes, so the pods are named here."""
    config = yaml.safe_load((PROMETHEUS / "kubernetes.yml").read_text(encoding="utf-8"))
    scraped = config["scrape_configs"][0]
    told = {"gateway": "http", "webhooks": "metrics", "worker": "metrics", "init": "none"}
    meta = "__meta_kubernetes_pod_"
    del scraped["kubernetes_sd_configs"], config["rule_files"]
    scraped["static_configs"] = [
        {"targets": [role], "labels": {f"{meta}label_latentrelay_role": role, f"{meta}container_port_name": port}}
        for role, port in told.items()
    ]
    (tmp_path / "config.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    asked = ("check", "service-discovery", "--timeout=1s", "config.yml", scraped["job_name"])
    jobs = {found["labels"].get("job") for found in json.loads(promtool(tmp_path, *asked))}
    compose = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text(encoding="utf-8"))
    assert jobs - {None} == {scrape["job_name"] for scrape in compose["scrape_configs"]}
