"""The overlays render to what Kubernetes takes, and keep what docs/kubernetes.md promises."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from infra.k8s.rendered import OVERLAYS, Resource, of_kind, rendered
from infra.prometheus.asked import series
from latentrelay.contracts import StageName
from latentrelay.egress.target import PORTS
from latentrelay.metrics import known_series
from latentrelay.settings import Settings
from tests.programs import program, promtool

VERSIONS = ("1.30", "1.37")
CUSTOM = {"ScaledObject"}  # KEDA's; its schema is in no package

pytestmark = pytest.mark.parametrize("overlay", sorted(folder.name for folder in OVERLAYS.iterdir()))


@cache
def of(overlay: str) -> tuple[Resource, ...]:
    return rendered(program("kubectl", "1.27 or later, https://kubernetes.io/docs/tasks/tools"), overlay)


def pods(overlay: str) -> list[dict[str, Any]]:
    """Of what runs on."""
    return [deployment["spec"]["template"] for deployment in of_kind(of(overlay), "Deployment")]


def all_pods(overlay: str) -> list[dict[str, Any]]:
    """Of what runs once, and of what runs when it is asked to, too."""
    asked = (found["spec"]["jobTemplate"] for found in of_kind(of(overlay), "CronJob"))
    return [*pods(overlay), *(job["spec"]["template"] for job in (*of_kind(of(overlay), "Job"), *asked))]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_resource_is_what_kubernetes_takes(overlay: str, version: str) -> None:
    for resource in of(overlay):
        if resource["kind"] not in CUSTOM:
            kubernetes_validate.validate(resource, version, strict=True)


def test_every_stage_has_workers_that_scale(overlay: str) -> None:
    deployments = {found["metadata"]["name"]: found for found in of_kind(of(overlay), "Deployment")}
    scaled = {found["spec"]["scaleTargetRef"]["name"] for found in of_kind(of(overlay), "ScaledObject")}
    assert {deployments[name]["spec"]["template"]["metadata"]["labels"]["latentrelay/stage"] for name in scaled} == {
        *StageName
    }
    assert all("replicas" not in deployments[name]["spec"] for name in scaled), "its autoscaler's alone"


def test_a_stage_or_a_role_is_rolled_out_by_its_label(overlay: str) -> None:
    for found in (*of_kind(of(overlay), "Deployment"), *of_kind(of(overlay), "ScaledObject")):
        labels, name = found["metadata"]["labels"], found["metadata"]["name"].removesuffix("-worker")
        assert name.replace("-", "_") in (labels.get("latentrelay/stage"), labels.get("latentrelay/role"))


def test_no_stage_scales_on_what_waits_alone(overlay: str) -> None:
    for found in of_kind(of(overlay), "ScaledObject"):
        queries = [trigger["metadata"]["query"] for trigger in found["spec"]["triggers"]]
        asked = set().union(*map(series, queries))
        assert asked <= known_series()
        assert asked >= {"latentrelay_queue_work_seconds", "latentrelay_queue_in_flight"}


def test_no_stage_grows_or_shrinks_for_want_of_an_answer(overlay: str) -> None:
    for found in of_kind(of(overlay), "ScaledObject"):
        assert "fallback" not in found["spec"]
        busy = next(trigger for trigger in found["spec"]["triggers"] if trigger["name"] == "busy")
        assert busy["metadata"]["ignoreNullValues"] == "false", "or nobody's telling would be nobody's working"


def test_jobs_are_counted_by_number_until_there_is_a_pace(overlay: str, tmp_path: Path) -> None:
    for found in of_kind(of(overlay), "ScaledObject"):
        triggers = {trigger["name"]: trigger["metadata"]["query"] for trigger in found["spec"]["triggers"]}
        stage = found["spec"]["scaleTargetRef"]["name"].removesuffix("-worker").replace("-", "_")
        told = {"queue_depth": "7x9", "queue_in_flight": "2x9", "queue_work_seconds": "_x4 90x4"}
        samples = [
            {"series": f'latentrelay_{name}{{stage="{stage}", instance="{instance}"}}', "values": values}
            for name, values in told.items()
            for instance in ("a", "b")
        ]
        asked = [
            {"expr": triggers["jobs"], "eval_time": "1m", "exp_samples": [{"labels": "{}", "value": 9}]},
            {"expr": triggers["jobs"], "eval_time": "6m", "exp_samples": []},
            {"expr": triggers["work"], "eval_time": "6m", "exp_samples": [{"labels": "{}", "value": 90}]},
        ]
        test = {"interval": "1m", "input_series": samples, "promql_expr_test": asked}
        (tmp_path / f"{stage}.yml").write_text(yaml.safe_dump({"tests": [test]}), encoding="utf-8")
    promtool(tmp_path, "test", "rules", *(file.name for file in tmp_path.iterdir()))


def test_a_stage_scales_on_its_own_queue(overlay: str) -> None:
    for found in of_kind(of(overlay), "ScaledObject"):
        stage = found["spec"]["scaleTargetRef"]["name"].removesuffix("-worker").replace("-", "_")
        for trigger in found["spec"]["triggers"]:
            query = trigger["metadata"]["query"]
            assert query.count(f'stage="{stage}"') == len(series(query))


def test_no_pod_is_killed_before_it_has_drained(overlay: str) -> None:
    default = Settings.model_fields["drain_seconds"].default
    workers = [pod for pod in pods(overlay) if pod["metadata"]["labels"]["latentrelay/role"] == "worker"]
    assert len(workers) == len(StageName)
    for pod in workers:
        drain = float(environment_of(pod).get("LATENTRELAY_DRAIN_SECONDS", default))
        assert pod["spec"]["terminationGracePeriodSeconds"] > drain + 10


def test_every_pod_runs_as_nobody_on_a_file_system_that_it_cannot_write(overlay: str) -> None:
    for pod in all_pods(overlay):
        spec = pod["spec"]
        assert spec["securityContext"]["runAsNonRoot"] and not spec["automountServiceAccountToken"]
        for container in spec["containers"]:
            held = container["securityContext"]
            assert held["readOnlyRootFilesystem"] and not held["allowPrivilegeEscalation"]
            assert held["capabilities"] == {"drop": ["ALL"]}


def test_every_container_has_a_probe_and_a_bound_on_its_memory(overlay: str) -> None:
    for pod in pods(overlay):
        for container in pod["spec"]["containers"]:
            assert "livenessProbe" in container and container["resources"]["limits"]["memory"]


def test_no_probe_asks_redis_or_the_store_and_none_ends_a_worker_that_loads_again(overlay: str) -> None:
    for pod in pods(overlay):
        for container in pod["spec"]["containers"]:
            probes = {name: found for name, found in container.items() if name.endswith("Probe")}
            assert all(found["httpGet"]["path"] != "/readyz" for found in probes.values() if "httpGet" in found)
            if container["name"] == "worker":
                assert probes["livenessProbe"]["exec"]["command"] == ["health", "alive"]
                starting = probes["startupProbe"]["periodSeconds"] * probes["startupProbe"]["failureThreshold"]
                deployment = next(
                    found for found in of_kind(of(overlay), "Deployment") if found["spec"]["template"] is pod
                )
                assert deployment["spec"]["progressDeadlineSeconds"] > starting


REDIS, STORE, INTERNET = {6379, 26379}, {9000, 443}, {443, 8443}
EVERYBODY = {53, 4318} | REDIS
REACHED = {
    "gateway": EVERYBODY | STORE | INTERNET,
    "worker": EVERYBODY | STORE,
    "init": EVERYBODY | STORE,
    "operator": EVERYBODY | STORE,
    "webhooks": EVERYBODY | INTERNET,
}


def test_every_role_reaches_the_servers_that_it_needs_and_no_others(overlay: str) -> None:
    roles = {pod["metadata"]["labels"]["latentrelay/role"]: pod for pod in all_pods(overlay)}
    assert {role: set(ports_reached(overlay, pod)) for role, pod in roles.items()} == REACHED
    everywhere = ports_reached(overlay, roles["webhooks"], anywhere=True)
    assert set(everywhere) == REDIS, "a receiver of webhooks is never in the cluster"
    assert INTERNET == PORTS, "what the guard on URLs takes"


def test_every_variable_is_a_setting(overlay: str) -> None:
    told = set().union(*(environment_of(pod) for pod in pods(overlay)))
    told |= set().union(*(config["data"] for config in of_kind(of(overlay), "ConfigMap")))
    ours = {name for name in told if name.startswith("LATENTRELAY_")}
    assert {name.removeprefix("LATENTRELAY_").lower() for name in ours} <= set(Settings.model_fields)


def test_every_disruption_budget_holds_the_pods_of_one_deployment(overlay: str) -> None:
    budgets = [found["spec"]["selector"]["matchLabels"] for found in of_kind(of(overlay), "PodDisruptionBudget")]
    for pod in pods(overlay):
        labels = pod["metadata"]["labels"].items()
        assert sum(budget.items() <= labels for budget in budgets) == 1
    assert len(budgets) == len(pods(overlay))


def test_every_priority_is_one_that_is_made(overlay: str) -> None:
    made = {found["metadata"]["name"] for found in of_kind(of(overlay), "PriorityClass")}
    assert {pod["spec"]["priorityClassName"] for pod in pods(overlay)} == made


def environment_of(pod: dict[str, Any]) -> dict[str, str]:
    return {
        variable["name"]: variable["value"]
        for container in pod["spec"]["containers"]
        for variable in container.get("env", ())
    }


def ports_reached(overlay: str, pod: dict[str, Any], *, anywhere: bool = False) -> Iterator[int]:
    """By the NetworkPolicies; those alone that are reached wherever they are, where asked for."""
    for policy in of_kind(of(overlay), "NetworkPolicy"):
        if selects(policy["spec"]["podSelector"], pod["metadata"]["labels"]):
            for rule in policy["spec"].get("egress", ()):
                yield from (port["port"] for port in rule["ports"] if not (anywhere and "to" in rule))


def selects(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    """As Kubernetes does, of what is used here."""
    return selector.get("matchLabels", {}).items() <= labels.items() and all(
        labels.get(told["key"]) in told["values"] for told in selector.get("matchExpressions", ())
    )
