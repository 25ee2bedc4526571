"""Each service as its own user of the store, with the policy that infra/minio gives it: its work, and no more.

Held against SeaweedFS, as infra/seaweedfs starts it. MinIO reads the same policies.
"""

import os
import subprocess
from collections.abc import Callable, Iterator
from hashlib import sha256

import pytest
from minio.error import S3Error
from pydantic import SecretStr

from latentrelay.contracts import Artifact, ArtifactKind
from latentrelay.embedded.seaweed import Seaweed
from latentrelay.errors import StorageRefuses, StorageUnavailable
from latentrelay.lifecycle import lengthened
from latentrelay.retention import Retention
from latentrelay.s3 import connect
from latentrelay.settings import Settings
from latentrelay.storage import S3Store
from tests.conftest import ROOT

DATA = b"what lies there"
As = Callable[[str], Settings]
"""The settings of a user."""


class WithUsers(Seaweed):
    """A server with the users of the containers."""

    def _identities(self) -> str:
        secrets = {name: f"of-{name}" for name in ("S3_GATEWAY_SECRET", "S3_WORKER_SECRET")}
        return subprocess.run(
            ["sh", ROOT / "infra/seaweedfs/identities.sh"],
            env=os.environ | secrets | {"MINIO_ROOT_PASSWORD": self.secret_key},
            capture_output=True,
            text=True,
            check=True,
        ).stdout


@pytest.fixture(scope="module")
def as_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[As]:
    """Users of one server; the bucket is there, as `latentrelay init` leaves it."""
    server = WithUsers(tmp_path_factory.mktemp("users"))
    server.access_key = "root"
    server.start()
    common = Settings(redis_url=SecretStr("redis://nowhere"), s3_endpoint=server.endpoint)

    def settings(user: str) -> Settings:
        secret = server.secret_key if user == "root" else f"of-S3_{user.upper()}_SECRET"
        return common.model_copy(update={"s3_access_key": user, "s3_secret_key": SecretStr(secret)})

    S3Store.connect(settings("root")).ensure_bucket()
    yield settings
    server.stop()


def artifact(key: str) -> Artifact:
    kind = ArtifactKind.LATENTS if key.startswith("latents/") else ArtifactKind.IMAGE
    return Artifact(kind=kind, key=key, sha256=sha256(DATA).hexdigest(), bytes=len(DATA), media_type="image/png")


MAY = {
    ("gateway", "put"): ("inputs/",),
    ("gateway", "get"): ("inputs/", "images/"),
    ("gateway", "delete"): ("inputs/", "latents/", "images/"),
    ("worker", "put"): ("latents/", "images/", "latentrelay-stack"),
    ("worker", "get"): ("inputs/", "latents/", "images/", "latentrelay-stack"),
    ("worker", "delete"): ("inputs/", "latents/", "images/"),
}


@pytest.mark.parametrize(("user", "act"), MAY)
def test_a_service_reaches_the_objects_that_are_its_business_and_no_others(user: str, act: str, as_user: As) -> None:
    root, own = S3Store.connect(as_user("root")), S3Store.connect(as_user(user))
    calls = {
        "put": lambda key: own.put(artifact(key), DATA),
        "get": lambda key: own.get(artifact(key)),
        "delete": lambda key: own.delete([key]),
    }
    for key in ("inputs/a/0", "latents/a/base/1/0.safetensors", "images/a/base/1/0.png", "latentrelay-stack", "else"):
        root.put(artifact(key), DATA)
        if key.startswith(MAY[user, act]):
            calls[act](key)
        else:
            with pytest.raises((StorageRefuses, StorageUnavailable)):
                calls[act](key)


@pytest.mark.parametrize("user", ["gateway", "worker"])
def test_a_service_finds_its_bucket_and_may_not_change_its_rules(user: str, as_user: As) -> None:
    S3Store.connect(as_user(user)).make_bucket()  # there already
    S3Store.connect(as_user(user)).page("images/")
    client = connect(as_user(user))
    with pytest.raises(S3Error, match="AccessDenied"):
        client.set_bucket_lifecycle(bucket_name="latentrelay", config=lengthened(None, Retention.of(Settings())))


def test_a_worker_finds_the_rules_as_they_were_made_and_says_nothing(
    as_user: As, caplog: pytest.LogCaptureFixture
) -> None:
    S3Store.connect(as_user("worker")).ensure_bucket()
    assert caplog.text == ""
