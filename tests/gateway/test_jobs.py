"""Jobs over HTTP."""

import httpx2

from latentrelay.client import Client


def test_a_job_is_submitted_shown_listed_and_canceled(http: httpx2.Client, client: Client) -> None:
    made = http.post("/v1/jobs", json={"kind": "text_to_image", "prompt": "a lighthouse"})
    assert made.status_code == 202
    job = made.json()
    assert made.headers["Location"] == job["href"] == f"/v1/jobs/{job['id']}"
    assert http.get(job["href"]).json()["status"] == "queued"
    assert [listed["id"] for listed in http.get("/v1/jobs").json()["data"]] == [job["id"]]
    assert http.post(f"{job['href']}/cancel").json()["status"] == "canceled"
    assert http.delete(job["href"]).status_code == 204
    assert http.get(job["href"]).status_code == 404
    assert client.list().jobs == ()
