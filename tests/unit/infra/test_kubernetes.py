"""The overlays render to what Kubernetes takes, and keep what docs/kubernetes.md promises."""

from functools import cache
from typing import Any

import kubernetes_validate
import pytest

from infra.k8s.rendered import OVERLAYS, NoKubectl, Resource, of_kind, rendered
from infra.prometheus.asked import series
from latentrelay.contracts import StageName
from latentrelay.metrics import known_series
from latentrelay.settings import Settings

VERSIONS = ("1.30", "1.37")
CUSTOM = {"ScaledObject"}  # KEDA's; its schema is in no package

pytestmark = pytest.mark.parametrize("overlay", sorted(folder.name for folder in OVERLAYS.iterdir()))


@cache
def of(overlay: str) -> tuple[Resource, ...]:
    try:
        return rendered(overlay)
    except NoKubectl:
        pytest.skip("kubectl is not installed: apt-get install kubernetes-client")


def pods(overlay: str) -> list[dict[str, Any]]:
    """Of what runs on."""
    return [deployment["spec"]["template"] for deployment in of_kind(of(overlay), "Deployment")]


def all_pods(overlay: str) -> list[dict[str, Any]]:
    """Of what runs once, too."""
    return [*pods(overlay), *(job["spec"]["template"] for job in of_kind(of(overlay), "Job"))]


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


def test_no_stage_scales_on_what_waits_alone(overlay: str) -> None:
    for found in of_kind(of(overlay), "ScaledObject"):
        queries = [trigger["metadata"]["query"] for trigger in found["spec"]["triggers"]]
        asked = set().union(*map(series, queries))
        assert asked <= known_series()
        assert asked >= {"latentrelay_queue_work_seconds", "latentrelay_queue_in_flight"}


def test_a_stage_scales_on_its_own_queue(overlay: str) -> None:
    for found in of_kind(of(overlay), "ScaledObject"):
        stage = found["spec"]["scaleTargetRef"]["name"].removesuffix("-worker").replace("-", "_")
        for trigger in found["spec"]["triggers"]:
            query = trigger["metadata"]["query"]
            assert query.count(f'stage="{stage}"') == len(series(query))


def test_no_pod_is_killed_before_it_has_drained(overlay: str) -> None:
    for pod in pods(overlay):
        grace, environment = pod["spec"]["terminationGracePeriodSeconds"], environment_of(pod)
        assert grace > float(environment.get("LATENTRELAY_DRAIN_SECONDS", 0))


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
