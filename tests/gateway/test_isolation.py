"""What is one key's is not there for another tenant's; an admin key sees all."""

from latentrelay.client import Client
from latentrelay.contracts import JobStatus, Scope, StageName
from tests.gateway.asking import ASK, Enter, assert_not_there
from tests.processes import Start


def test_another_keys_job_is_not_there_in_any_way_and_admin_sees_it(enter: Enter, client: Client, start: Start) -> None:
    start(StageName.SDXL_BASE)
    ada, bob, rules = enter("ada"), enter("bob"), enter("ops", Scope.ADMIN)
    job = ada.post("/v1/jobs", json=ASK | {"metadata": {"preview_steps": "1"}}).json()
    assert client.wait(job["id"], timeout=60).status is JobStatus.SUCCEEDED
    for look in ("", "/events", "/preview", "/images/0", "/images/0?download=inline"):
        path = f"{job['href']}{look}"
        assert [who.get(path).status_code in (200, 302) for who in (ada, rules)] == [True, True], path
        assert_not_there(bob, "GET", path, job["id"])
    assert_not_there(bob, "POST", f"{job['href']}/cancel", job["id"])
    assert_not_there(bob, "DELETE", job["href"], job["id"])
    assert bob.get("/v1/jobs").json()["data"] == []
    assert [listed["id"] for listed in rules.get("/v1/jobs").json()["data"]] == [job["id"]]
    assert rules.delete(job["href"]).status_code == 204
    assert ada.get(job["href"]).status_code == 404


def test_another_keys_job_and_upload_cannot_be_read_by_a_job_and_admin_may(enter: Enter) -> None:
    ada, bob, rules = enter("ada"), enter("bob"), enter("ops", Scope.ADMIN)
    upload = ada.post("/v1/uploads", content=b"pixels", headers={"Content-Type": "image/png"}).json()["upload_id"]
    ask = {"kind": "variation", "image": {"upload_id": upload}}
    assert bob.post("/v1/jobs", json=ask).json()["code"] == "not_found"
    made = ada.post("/v1/jobs", json=ask).json()
    again = {"kind": "variation", "image": {"job": {"job_id": made["id"]}}}
    assert bob.post("/v1/jobs", json=again).json()["code"] == "not_found"
    assert rules.post("/v1/jobs", json=ask).status_code == 202


def test_an_admin_key_submits_as_its_own_tenant_and_within_its_quotas(enter: Enter) -> None:
    rules, beside, ada = enter("ops", Scope.ADMIN, in_flight=1), enter("ops"), enter("ada")
    job = rules.post("/v1/jobs", json=ASK).json()
    assert rules.post("/v1/jobs", json=ASK).status_code == 429
    assert beside.get(job["href"]).status_code == 200
    assert ada.get(job["href"]).status_code == 404


def test_the_same_idempotency_key_of_two_tenants_stands_for_two_jobs(enter: Enter) -> None:
    ids = [
        enter(tenant).post("/v1/jobs", json=ASK, headers={"Idempotency-Key": "k"}).json()["id"]
        for tenant in ("ada", "ada", "bob")
    ]
    assert ids[0] == ids[1] != ids[2]
