"""Looks at every job as it ends, before what it made is swept."""

import threading
from hashlib import sha256

from infra.soak.ledger import Ledger
from infra.soak.palette import RELAY
from latentrelay import Job, JobStatus, Role
from latentrelay.client import Client
from latentrelay.contracts import ArtifactKind
from latentrelay.errors import LatentRelayError, RetryableError

LOOK_SECONDS = 0.5

Files = list[tuple[str, str]]
"""Role and number of each image of a job, and the SHA-256 of its file."""


def files(client: Client, job: Job) -> Files:
    """The files that a job made, as they lie in the store.

    Raises:
        NotFound: one is not there.
        StackUnavailable, StorageUnavailable: a server is away.
    """
    made = job.made(ArtifactKind.IMAGE)
    named = [
        (f"{image.role}/{image.index}", client.download(job.id, image.index, image.role or Role.FINAL))
        for image in made
    ]
    return sorted((place, sha256(data).hexdigest()) for place, data in named)


class Witness:
    """Follows the jobs of a ledger, in a thread of its own.

    Args:
        client: disturbed by no proxy.
        ledger: where accepted jobs are found and what was seen is noted.
        relay_id: a job that drew the picture which others begin with.
    """

    def __init__(self, client: Client, ledger: Ledger, relay_id: str) -> None:
        self.relay_id = relay_id
        self._client = client
        self._ledger = ledger
        self._open: dict[str, str] = {}
        self._over = threading.Event()
        threading.Thread(target=self._run, name="witness", daemon=True).start()

    def follow(self, job_id: str, picture: str) -> None:
        """Look at this job when it ends."""
        self._open[job_id] = picture

    @property
    def waits_for(self) -> int:
        """How many jobs have not ended."""
        return len(self._open)

    def stop(self) -> None:
        """Look no longer."""
        self._over.set()

    def _run(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            for job_id, picture in tuple(self._open.items()):
                try:
                    self._look(job_id, picture)
                except RetryableError:
                    break
                except LatentRelayError as error:
                    self._ledger.note("unseen", job_id=job_id, detail=error.detail)
                    del self._open[job_id]

    def _look(self, job_id: str, picture: str) -> None:
        job = self._client.get(job_id)
        if not job.status.is_terminal:
            return
        if job.status is JobStatus.SUCCEEDED:
            self._ledger.note("seen", job_id=job_id, files=files(self._client, job))
            self.relay_id = job_id if picture == RELAY else self.relay_id
        del self._open[job_id]
