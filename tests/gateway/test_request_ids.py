"""Every answer names its request, so that who asks and who reads the log can speak of the same one."""

import logging

import httpx2
import openai
import pytest
from openai import OpenAI

from tests.gateway.asking import ASK

OWN = "order-17_A"


def told(answer: httpx2.Response) -> str:
    return str(answer.headers["X-Request-Id"])


def test_every_answer_brings_an_id_of_its_own(http: httpx2.Client) -> None:
    answers = [
        http.get("/livez"),
        http.get("/docs"),
        http.post("/v1/jobs", json=ASK),
        http.get("/v1/jobs/nobody"),
        http.get("/nowhere"),
        http.put("/v1/jobs"),
        http.post("/v1/jobs", content=b"{"),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 202, 404, 404, 405, 400]
    assert len({told(answer) for answer in answers}) == len(answers)


@pytest.mark.parametrize(
    ("brought", "is_taken"),
    [(OWN, True), ("a" * 64, True), ("a" * 65, False), ("", False), ("a b", False), ("a\tb", False), ("é", False)],
)
def test_a_callers_own_id_is_taken_where_it_can_be_one(http: httpx2.Client, brought: str, *, is_taken: bool) -> None:
    answer = http.get("/livez", headers={"X-Request-Id": brought.encode()})
    assert (told(answer) == brought) is is_taken
    assert told(answer)


def test_a_callers_own_id_is_not_taken_from_two_headers(http: httpx2.Client) -> None:
    answer = http.get("/livez", headers=[("X-Request-Id", "one"), ("X-Request-Id", "two")])
    assert told(answer) not in ("one", "two", "one, two")


def test_the_log_tells_the_id_that_the_answer_told(http: httpx2.Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    answers = [http.get("/livez"), http.get("/nowhere", headers={"X-Request-Id": OWN}), http.get("/v1/jobs")]
    lines = [line for line in caplog.records if line.name == "services.gateway.request_log"]
    assert [line.request_id for line in lines] == [told(answer) for answer in answers]  # type: ignore[attr-defined]  # `extra` puts it there
    assert told(answers[1]) == OWN


def test_openais_client_names_the_request_of_every_error(url: str) -> None:
    with OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0) as ai:
        with pytest.raises(openai.BadRequestError) as bad:
            ai.images.generate(prompt="")
        with pytest.raises(openai.NotFoundError) as unknown:
            ai.models.retrieve("nothing")
        with pytest.raises(openai.NotFoundError) as nowhere:
            ai.files.retrieve("nothing")
    assert bad.value.request_id
    assert unknown.value.request_id
    assert nowhere.value.request_id
