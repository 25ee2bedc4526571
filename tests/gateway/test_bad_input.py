"""Bad input at the door: each is a problem that names what is wrong, nothing breaks, and nothing of it is logged."""

import json
import logging
import socket
from contextlib import suppress
from urllib.parse import urlsplit

import httpx2
import pytest

from latentrelay.client import Client
from latentrelay.errors import ErrorCode
from services.gateway.protocol import MAX_HEAD

MARK = "fnord-7316"
PROMPT = f'"prompt": "{MARK}"'
ASK = f'"kind": "text_to_image", {PROMPT}'
JSON = {"Content-Type": "application/json"}


def problem(answer: httpx2.Response) -> dict[str, object]:
    """The problem that an answer tells, which must be a whole one."""
    told: dict[str, object] = answer.json()
    assert answer.headers["Content-Type"] == "application/problem+json", answer.text
    assert told["status"] == answer.status_code
    assert told["code"] in set(ErrorCode)
    assert {"type", "title", "detail", "retryable", "errors"} <= set(told)
    return told


@pytest.fixture
def told_nothing(caplog: pytest.LogCaptureFixture, client: Client):
    """Whatever came is neither repeated in a log nor became a job."""
    caplog.set_level(logging.DEBUG)
    for chatty in ("httpcore2", "httpx2", "asyncio"):  # the test's own client, which logs what it sends
        logging.getLogger(chatty).setLevel(logging.WARNING)
    yield
    assert MARK not in caplog.text
    assert client.list().jobs == ()


BODIES = {
    "nothing": b"",
    "no JSON": MARK.encode(),
    "half of it": f"{{{ASK}".encode(),
    "a list": b"[]",
    "a text": json.dumps(MARK).encode(),
    "null": b"null",
    "a number": b"1",
    "a list in a list in a list": b"[" * 100_000,
    "an object in an object": b'{"a":' * 100_000,
    "deep where a text is wanted": f'{{{ASK}, "client_reference": {"[" * 40}{"]" * 40}}}'.encode(),
    "NaN": f'{{{ASK}, "guidance_scale": NaN}}'.encode(),
    "Infinity": f'{{{ASK}, "guidance_scale": Infinity}}'.encode(),
    "minus Infinity": f'{{{ASK}, "guidance_scale": -Infinity}}'.encode(),
    "a number too large to be one": f'{{{ASK}, "guidance_scale": 1e999}}'.encode(),
    "an integer without end": f'{{{ASK}, "seed": {"9" * 5000}}}'.encode(),
    "half a surrogate pair": rb'{"kind": "text_to_image", "prompt": "fnord-7316 \ud800"}',
    "half a pair as a key": rb'{"kind": "text_to_image", "prompt": "x", "\udfff": 1}',
    "no UTF-8": b'{"kind": "text_to_image", "prompt": "\xff\xfe"}',
    "UTF-16": f"{{{ASK}}}".encode("utf-16"),
    "a key twice": f'{{{ASK}, "seed": 1, "seed": 2}}'.encode(),
    "no kind": f"{{{PROMPT}}}".encode(),
    "an unknown kind": b'{"kind": "picture"}',
    "a kind that is a list": f'{{"kind": ["text_to_image"], {PROMPT}}}'.encode(),
    "no prompt": b'{"kind": "text_to_image"}',
    "a prompt that is a number": b'{"kind": "text_to_image", "prompt": 7}',
    "a prompt that is too long": json.dumps({"kind": "text_to_image", "prompt": MARK * 1000}).encode(),
    "an unknown field": f'{{{ASK}, "cfg": 7}}'.encode(),
    "true for a number": f'{{{ASK}, "seed": true}}'.encode(),
    "a text for a number": f'{{{ASK}, "width": "512"}}'.encode(),
    "a fraction for an integer": f'{{{ASK}, "num_inference_steps": 20.5}}'.encode(),
    "a seed below": f'{{{ASK}, "seed": -1}}'.encode(),
    "a seed above": f'{{{ASK}, "seed": {2**53}}}'.encode(),
    "a width that is no multiple of 8": f'{{{ASK}, "width": 513}}'.encode(),
    "an object for a list": f'{{{ASK}, "original_size": {{}}}}'.encode(),
    "metadata of a list": f'{{{ASK}, "metadata": ["{MARK}"]}}'.encode(),
    "too much metadata": json.dumps(
        {"kind": "text_to_image", "prompt": "x", "metadata": {str(number): MARK for number in range(17)}}
    ).encode(),
    "a deadline that is no time": f'{{{ASK}, "deadline": "tomorrow"}}'.encode(),
    "an id that leads elsewhere": b'{"kind": "variation", "image": {"upload_id": "../../etc/passwd"}}',
    "no source": b'{"kind": "variation", "image": {}}',
    "two sources": b'{"kind": "variation", "image": {"upload_id": "a", "url": "https://example.com/a.png"}}',
}


@pytest.mark.usefixtures("told_nothing")
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_a_body_that_is_no_request_is_a_problem_and_no_job(http: httpx2.Client, body: bytes) -> None:
    answer = http.post("/v1/jobs", content=body, headers=JSON)
    assert answer.status_code in (400, 422), answer.text
    assert problem(answer)["code"] == "invalid_request"
    assert MARK not in answer.text


CONTRADICTIONS = {
    "too many pixels": {"width": 2048, "height": 2048},
    "a strength that nothing reads": {"refine": {"mode": "none", "strength": 0.5}},
    "a switch point that nothing reads": {"refine": {"mode": "img2img", "switch_at": 0.5}},
    "a strength that runs no step": {"refine": {"mode": "img2img", "strength": 0.01, "num_inference_steps": 1}},
    "a deadline that has passed": {"deadline": "2020-01-01T00:00:00Z"},
    "a webhook to nowhere": {"webhook": {}},
    "a single step for base and refiner": {"num_inference_steps": 1},
}


@pytest.mark.usefixtures("told_nothing")
@pytest.mark.parametrize("fields", CONTRADICTIONS.values(), ids=CONTRADICTIONS.keys())
def test_fields_that_are_right_alone_and_wrong_together_are_told_as_such(
    http: httpx2.Client, fields: dict[str, object]
) -> None:
    answer = http.post("/v1/jobs", json={"kind": "text_to_image", "prompt": MARK, **fields})
    assert answer.status_code == 422
    errors = problem(answer)["errors"]
    assert isinstance(errors, list)
    assert errors[0]["pointer"].startswith("/" + next(iter(fields)))


URLS = {
    "loopback": "https://127.0.0.1/a.png",
    "loopback without its zeros": "https://127.1/a.png",
    "loopback in hexadecimal": "https://0x7f000001/a.png",
    "loopback as one number": "https://2130706433/a.png",
    "loopback in octal": "https://0177.0.0.1/a.png",
    "loopback by name": "https://localhost/a.png",
    "any address": "https://0.0.0.0/a.png",
    "version 6 loopback": "https://[::1]/a.png",
    "version 4 in version 6": "https://[::ffff:127.0.0.1]/a.png",
    "NAT64 of the metadata service": "https://[64:ff9b::a9fe:a9fe]/a.png",
    "6to4 of loopback": "https://[2002:7f00:1::]/a.png",
    "the metadata service": "https://169.254.169.254/latest/meta-data",
    "a cloud's own address": "https://168.63.129.16/a.png",
    "a private network": "https://10.0.0.1/a.png",
    "another": "https://192.168.1.1/a.png",
    "a shared network": "https://100.64.0.1/a.png",
    "multicast": "https://224.0.0.1/a.png",
    "a unique local address": "https://[fd00::1]/a.png",
    "a link-local address": "https://[fe80::1]/a.png",
    "a zone": "https://[fe80::1%25eth0]/a.png",
    "no TLS": "http://93.184.216.34/a.png",
    "a file": "file:///etc/passwd",
    "another protocol": "gopher://93.184.216.34:6379/_FLUSHALL",
    "a name and a password": f"https://ada:{MARK}@93.184.216.34/a.png",
    "a port that is no web server's": "https://93.184.216.34:6379/a.png",
    "a port that is none": "https://93.184.216.34:99999/a.png",
    "a line break": "https://93.184.216.34/\r\nX-Evil: 1",
    "a backslash": "https://93.184.216.34\\@127.0.0.1/",
    "no host": "https:///a.png",
}


@pytest.mark.usefixtures("told_nothing")
@pytest.mark.parametrize("inside", URLS.values(), ids=URLS.keys())
def test_an_image_url_that_leads_inside_is_refused_before_anything_is_asked(http: httpx2.Client, inside: str) -> None:
    answer = http.post("/v1/jobs", json={"kind": "variation", "image": {"url": inside}})
    assert (answer.status_code, problem(answer)["code"]) == (422, "unsafe_url")
    assert [told["pointer"] for told in answer.json()["errors"]] == ["/image/url"]
    assert MARK not in answer.text


SOURCES = {
    "an upload": ({"image": {"upload_id": "nowhere"}}, "/image/upload_id"),
    "a job": ({"image": {"job": {"job_id": "nowhere"}}}, "/image/job"),
    "latents": ({"kind": "refinement", "latents": {"job_id": "nowhere"}}, "/latents"),
}


@pytest.mark.parametrize(("fields", "pointer"), SOURCES.values(), ids=SOURCES.keys())
@pytest.mark.parametrize("path", ["/v1/jobs", "/v1/jobs?dry_run=true"])
def test_a_source_that_is_not_there_is_told_of_the_field_that_names_it(
    http: httpx2.Client, fields: dict[str, object], pointer: str, path: str
) -> None:
    answer = http.post(path, json={"kind": "variation", "prompt": "x", **fields}).json()
    told = answer.get("refusal", answer)
    assert (told["code"], [one["pointer"] for one in told["errors"]]) == ("not_found", [pointer])


DATA_URIS = {
    "no data": ("data:image/png;base64,", 400),
    "no base64": ("data:image/png;base64,!!!!", 422),
    "another type": ("data:text/html;base64,cGl4ZWxz", 422),
    "no type": ("data:;base64,cGl4ZWxz", 422),
    "a URL": ("https://example.com/a.png", 422),
    "bare base64": ("cGl4ZWxz", 422),
}


@pytest.mark.usefixtures("told_nothing")
@pytest.mark.parametrize(("uri", "status"), DATA_URIS.values(), ids=DATA_URIS.keys())
def test_a_data_uri_that_holds_no_image_is_a_problem(http: httpx2.Client, uri: str, status: int) -> None:
    answer = http.post("/v1/jobs", json={"kind": "variation", "image": {"data_uri": uri}})
    assert answer.status_code == status
    problem(answer)


def test_a_body_that_is_too_large_is_refused_by_what_it_says_and_by_what_it_is(http: httpx2.Client) -> None:
    def pieces():
        for _ in range(20 * 1024):
            yield b" " * 1024

    said = http.post("/v1/jobs", content=b" " * 20_000_000, headers=JSON)
    was = http.post("/v1/jobs", content=pieces(), headers=JSON)
    for answer in (said, was):
        assert (answer.status_code, problem(answer)["code"]) == (413, "input_too_large")


@pytest.mark.usefixtures("told_nothing")
@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "*/*", MARK]
)
def test_a_body_of_another_type_is_no_request(http: httpx2.Client, kind: str) -> None:
    answer = http.post("/v1/jobs", content=f"{{{ASK}}}".encode(), headers={"Content-Type": kind})
    assert answer.status_code == 400
    assert "application/json" in str(problem(answer)["detail"])


PATHS = {
    "up and away": "/v1/jobs/..%2f..%2fetc%2fpasswd",
    "dots": "/v1/jobs/%2e%2e",
    "NUL": "/v1/jobs/a%00b",
    "a line break": "/v1/jobs/a%0d%0aX-Evil:%201",
    "a slash": "/v1/jobs/a%2fb",
    "a backslash": "/v1/jobs/a%5cb",
    "a star": "/v1/jobs/*",
    "a colon": "/v1/jobs/a:b",
    "beyond ASCII": "/v1/jobs/%C3%A4",
    "half a character": "/v1/jobs/%ff",
    "very long": "/v1/jobs/" + "a" * 5000,
    "an image below": "/v1/jobs/a/images/-1",
    "an image above": "/v1/jobs/a/images/99999999999999999999",
    "an image by name": "/v1/jobs/a/images/first",
    "an image of another role": f"/v1/jobs/a/images/0?role={MARK}",
    "a limit of nothing": "/v1/jobs?limit=0",
    "a limit beyond": "/v1/jobs?limit=251",
    "a limit that is none": f"/v1/jobs?limit={MARK}",
    "a cursor of somebody else": f"/v1/jobs?cursor={MARK}",
    "a status that is none": f"/v1/jobs?status={MARK}",
    "a route that is none": f"/v1/{MARK}",
}


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS.keys())
@pytest.mark.usefixtures("told_nothing")
def test_a_path_that_leads_nowhere_is_a_problem(http: httpx2.Client, path: str) -> None:
    answer = http.get(path)
    assert answer.status_code in (400, 404), answer.text
    problem(answer)
    assert "X-Evil" not in answer.headers
    assert MARK not in answer.text


def test_a_method_that_is_not_allowed_names_those_that_are(http: httpx2.Client) -> None:
    answer = http.put("/v1/jobs", json={})
    assert answer.status_code == 405
    problem(answer)
    assert {"GET", "POST"} <= {method.strip() for method in answer.headers["Allow"].split(",")}


def test_an_event_id_of_somebody_else_is_a_problem(http: httpx2.Client) -> None:
    job = http.post("/v1/jobs", json={"kind": "text_to_image", "prompt": "x"}).json()
    answer = http.get(f"{job['href']}/events", headers={"Last-Event-ID": MARK})
    assert answer.status_code == 400
    problem(answer)


@pytest.mark.parametrize("key", ["", "k" * 256])
@pytest.mark.usefixtures("told_nothing")
def test_an_idempotency_key_that_is_none_is_a_problem(http: httpx2.Client, key: str) -> None:
    answer = http.post("/v1/jobs", json={"kind": "text_to_image", "prompt": MARK}, headers={"Idempotency-Key": key})
    assert answer.status_code == 400
    problem(answer)


RAW = {
    "no HTTP": f"{MARK}\r\n\r\n",
    "a line break in a header": f"GET /v1/jobs HTTP/1.1\r\nHost: localhost\r\nX: a\rb{MARK}\r\n\r\n",
    "two lengths": f"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\n{MARK}",
    "a length and pieces": "POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    f"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /{MARK} HTTP/1.1\r\n\r\n",
    "a length below": "POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
    "a header without end": "GET /v1/jobs HTTP/1.1\r\nHost: localhost\r\nX: " + "a" * 200_000 + "\r\n\r\n",
}


def answer_to(raw: str, connection: socket.socket) -> bytes:
    """All that is answered before the connection ends."""
    answer = b""
    with suppress(OSError):
        connection.sendall(raw.encode("latin-1"))
        connection.shutdown(socket.SHUT_WR)
        while piece := connection.recv(4096):
            answer += piece
    return answer


@pytest.mark.usefixtures("told_nothing")
@pytest.mark.parametrize("raw", RAW.values(), ids=RAW.keys())
def test_what_is_no_http_ends_the_connection_and_harms_nobody(url: str, http: httpx2.Client, raw: str) -> None:
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=30) as connection:
        answer = answer_to(raw, connection)
    if len(raw) > MAX_HEAD and not answer:
        return  # cut off before all was sent: the answer may be lost with the connection
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 4")
    assert b"Content-Type: application/problem+json" in head
    assert b"X-Request-Id: " in head
    assert json.loads(body)["code"] == "invalid_request"
    assert http.get("/v1/jobs").status_code == 200
