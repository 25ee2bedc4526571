"""Each service as its own user of Redis, with the rights that infra/redis gives it: it can do its work, and no more."""

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
import redis
from pydantic import SecretStr
from redis.exceptions import NoPermissionError

from latentrelay import TextToImage
from latentrelay.access import Keys
from latentrelay.client import Client
from latentrelay.contracts import JobStatus, Scope, StageName
from latentrelay.embedded.valkey import Valkey
from latentrelay.errors import NotFound
from latentrelay.jobs import connect
from latentrelay.settings import Settings
from latentrelay.storage import S3Store
from tests.acceptance.stack import png
from tests.acceptance.webhooks import on_this_machine, registered
from tests.conftest import ROOT
from tests.processes import WorkerProcesses, until
from tests.receivers import receiving
from tests.senders import Senders

PNG = png(np.zeros((8, 8, 3), np.uint8))
USERS = ("gateway", "worker", "webhooks", "operator")
RIGHTS = ROOT / "infra/redis/users"
As = Callable[[str], Settings]
"""The settings of a user."""


@pytest.fixture
def as_user(valkey: Valkey, settings: Settings) -> Iterator[As]:
    """The users on the server of all tests, while this one runs."""
    passwords = {f"REDIS_{user.upper()}_PASSWORD": f"of-{user}" for user in USERS}
    written = subprocess.run(
        ["sh", ROOT / "infra/redis/users.sh"], env=os.environ | passwords, capture_output=True, text=True, check=True
    )
    users = [line.split()[1:] for line in written.stdout.splitlines() if line != "user default off"]
    with redis.Redis.from_url(valkey.url) as server:
        for name, *rights in users:
            server.execute_command("ACL", "SETUSER", name, "reset", *rights)
        server.acl_log_reset()
        yield lambda user: on_this_machine(settings).model_copy(update={"redis_url": _url(valkey, user)})
        for name, *_ in users:
            server.execute_command("ACL", "DELUSER", name)


def _url(valkey: Valkey, user: str) -> SecretStr:
    return SecretStr(f"redis://{user}:of-{user}@127.0.0.1:{urlsplit(valkey.url).port}/0")


def refused(valkey: Valkey) -> set[tuple[str, str, str]]:
    """Whom the server refused what."""
    with redis.Redis.from_url(valkey.url, decode_responses=True) as server:
        return {(entry["username"], entry["reason"], entry["object"]) for entry in server.acl_log()}


def test_a_relay_and_its_webhook_pass_with_each_service_as_its_own_user(
    as_user: As, valkey: Valkey, tmp_path: Path
) -> None:
    S3Store.connect(as_user("operator")).ensure_bucket()
    keys, client = Keys.of(as_user("operator")), Client(as_user("gateway"))
    processes, senders = WorkerProcesses(as_user("worker"), tmp_path), Senders(as_user("webhooks"), tmp_path)
    _, text = keys.create("shop", scopes=[Scope.SUBMIT])
    try:
        with receiving() as receiver:
            registered(client, receiver.url, events=["succeeded", "canceled"])
            senders.start()
            for stage in (StageName.SDXL_BASE, StageName.SDXL_REFINER):
                processes.start("tests.echo.worker", stage, ECHO_STAGE=stage)
            Keys.of(as_user("gateway")).admit(text)
            job = client.wait(client.submit(TextToImage(prompt="a cat")).id, timeout=120)
            assert job.status is JobStatus.SUCCEEDED, job.error
            canceled = client.submit(TextToImage(prompt="a cat", metadata={"step_seconds": "0.1", "steps": "600"}))
            client.cancel(canceled.id)
            until(lambda: len(receiver.ids) == 2, "both ends were told")
            look_and_tidy_up(client, as_user("operator"), job.id)
    finally:
        senders.kill()
        processes.kill()
    assert refused(valkey) == set()


def look_and_tidy_up(client: Client, operator: Settings, job_id: str) -> None:
    """What is asked after jobs were done."""
    assert {found.stage for found in client.workers()} == {StageName.SDXL_BASE, StageName.SDXL_REFINER}
    assert client.download(job_id)
    assert client.webhooks.backlog().pending == 0
    client.delete(job_id)
    with closing(Client(operator)) as hands:
        hands.sweep()
        hands.audit()


@pytest.mark.parametrize("user", ["gateway", "operator"])
def test_whatever_the_gateway_and_the_command_line_offer_is_among_their_rights(
    user: str, as_user: As, valkey: Valkey
) -> None:
    S3Store.connect(as_user(user)).ensure_bucket()
    with closing(Client(as_user(user))) as client:
        request = TextToImage(prompt="a cat", idempotency_key="once")
        job = client.submit(request)
        assert client.submit(request).id == job.id
        client.estimate(request)
        client.preview(job.id)
        client.happened(job.id)
        client.queues()
        client.list(status=JobStatus.QUEUED)
        client.forget_upload(client.upload(PNG))
        letters(client)
        webhooks(client)
        client.cancel(job.id)
        client.delete(job.id)
    if user == "operator":
        api_keys(as_user(user))
    assert refused(valkey) == set()


def letters(client: Client) -> None:
    for act in (client.dead_letter, client.requeue, client.drop_dead_letter):
        with pytest.raises(NotFound):
            act("1-1")
    assert client.dead_letters() == ()


def webhooks(client: Client) -> None:
    endpoint = registered(client, "http://localhost:9/", events=["canceled"])
    endpoint_id = endpoint.id
    assert [found.id for found in client.webhooks.list()] == [endpoint_id]
    client.webhooks.rotate(endpoint_id)
    message = client.webhooks.test(endpoint_id)
    client.webhooks.attempts(message.id)
    client.webhooks.disable(endpoint_id)
    client.webhooks.enable(endpoint_id)
    client.webhooks.recover(endpoint_id, since=datetime.now(UTC))
    client.webhooks.drop(message.id)
    client.webhooks.resend(message.id)
    client.webhooks.drop_all(endpoint_id)
    client.webhooks.messages(endpoint_id=endpoint_id)
    client.webhooks.backlog()
    client.webhooks.remove(endpoint_id)


def api_keys(settings: Settings) -> None:
    with closing(Keys.of(settings)) as keys:
        made, _ = keys.create("shop", scopes=[Scope.SUBMIT])
        assert [key.id for key in keys.list()] == [made.id]
        keys.revoke(made.id)
    with connect(settings) as redis:
        assert redis.info()  # as `doctor` asks


@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize(
    "command",
    [
        "FLUSHALL",
        "FLUSHDB",
        "CONFIG GET requirepass",
        "CONFIG SET appendonly no",
        "KEYS *",
        "ACL LIST",
        "MONITOR",
        "SHUTDOWN NOSAVE",
        "SAVE",
        "REPLICAOF NO ONE",
        "CLIENT KILL TYPE normal",
        "SCRIPT FLUSH",
        "FUNCTION LIST",
        "GET somebody:elses",
        "SET somebody:elses 1",
    ],
)
def test_no_service_may_touch_the_server_or_what_is_not_ours(user: str, command: str, as_user: As) -> None:
    with connect(as_user(user)) as asked, pytest.raises(NoPermissionError):
        asked.execute_command(*command.split())


@pytest.mark.parametrize(
    ("user", "command"),
    [
        ("gateway", "HSET latentrelay:key:a digest forged"),
        ("gateway", "ZADD latentrelay:keys 1 a"),
        ("gateway", "BRPOP sdxl_base 1"),
        ("worker", "HGETALL latentrelay:key:a"),
        ("worker", "HGET latentrelay:endpoint:a secrets"),
        ("worker", "GET latentrelay:link-secret"),
        ("webhooks", "HGETALL latentrelay:job:a"),
        ("webhooks", "HGETALL latentrelay:key:a"),
        ("webhooks", "LPUSH sdxl_base {}"),
    ],
)
def test_a_service_may_not_do_what_is_anothers(user: str, command: str, as_user: As) -> None:
    with connect(as_user(user)) as asked, pytest.raises(NoPermissionError):
        asked.execute_command(*command.split())


def test_what_the_health_check_uses_may_do_nothing_but_ping(as_user: As, valkey: Valkey) -> None:
    as_user("gateway")
    with redis.Redis(port=int(urlsplit(valkey.url).port or 0), username="health", password="none") as asked:
        assert asked.execute_command("PING")
        with pytest.raises(NoPermissionError):
            asked.execute_command("GET", "latentrelay:mark")


def test_each_key_that_is_named_in_the_code_is_among_somebodys_rights() -> None:
    """A new key needs a line in infra/redis/users; without one the services are refused it."""
    named = set()
    for path in (ROOT / "shared/src/latentrelay").glob("**/*"):
        if path.name == "keys.py" or path.suffix == ".lua":
            named |= set(re.findall(r"""(?:ROOT (?:\+|\.\.) ["']|\{ROOT\})([a-z_-]+:?)""", path.read_text()))
    services = [path.read_text() for path in RIGHTS.glob("*.acl") if path.name != "operator.acl"]
    granted = re.findall(r"(?:%R)?~latentrelay:(\S+)", "\n".join(services))
    assert named
    assert [
        name for name in sorted(named) if not any(fnmatchcase(name + "x" * name.endswith(":"), one) for one in granted)
    ] == []
