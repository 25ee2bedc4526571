"""The objects of jobs that have ended. Records forget first: a death half-way leaves orphans, no dangling names."""

from collections.abc import Collection

from latentrelay.contracts import ArtifactKind, JobStatus
from latentrelay.errors import Conflict
from latentrelay.jobs import Jobs, RedisClient
from latentrelay.storage import S3Store
from latentrelay.sweeper.owners import look
from latentrelay.uploads import Uploads

MADE = (ArtifactKind.LATENTS, ArtifactKind.IMAGE)
_UNWANTED = (JobStatus.CANCELED, JobStatus.EXPIRED)


class Ended:
    """Removes what ended jobs made and brought. All of it may be repeated, and done by two at once."""

    def __init__(self, redis: RedisClient, store: S3Store, uploads: Uploads) -> None:
        self._redis = redis
        self._store = store
        self._uploads = uploads
        self._jobs = Jobs(redis)

    def tidy(self, job_id: str, kinds: Collection[ArtifactKind] = MADE) -> int:
        """Remove what lies in the job's folders and its record does not name: how many objects.

        Raises:
            Conflict: a job that lives reads what this one made.
            StorageUnavailable: the store does not answer as it should.
        """
        there = [found.key for kind in kinds for found in self._store.under(f"{kind}/{job_id}/")]
        owner = look(self._redis, [job_id])[job_id]
        if owner.lives or owner.is_read:
            raise Conflict
        unnamed = [key for key in there if not owner.keeps(key)]
        self._store.delete(unnamed)
        return len(unnamed)

    def strip(self, job_id: str, kinds: Collection[ArtifactKind] = MADE) -> int:
        """Let the job forget what it made of these kinds, then remove the objects: how many.

        Raises:
            NotFound: there is no such job.
            Conflict: it has not ended, or a job that lives reads what it made.
            StorageUnavailable: the store does not answer as it should.
        """
        self._jobs.strip(job_id, kinds)
        return self.tidy(job_id, kinds)

    def leftovers(self, job_id: str) -> int:
        """Remove what lost attempts left; of a job that nobody waits for any more, everything. How many objects.

        Raises:
            NotFound, Conflict, StorageUnavailable: as for `strip`.
        """
        owner = look(self._redis, [job_id])[job_id]
        if owner.status not in _UNWANTED:
            return self.tidy(job_id)
        removed = self.strip(job_id)
        if owner.upload is None:
            return removed
        self._remove_upload(job_id)
        return removed + 1

    def purge(self, job_id: str) -> None:
        """Forget the job, and remove all that it made and brought.

        Raises:
            NotFound, Conflict, StorageUnavailable: as for `strip`; it may be repeated.
        """
        self._jobs.strip(job_id)
        self._remove_upload(job_id)
        for kind in ArtifactKind:  # before the record, so that a purge that failed is repeated
            self._store.delete_prefix(f"{kind}/{job_id}/")
        self._jobs.delete(job_id)

    def _remove_upload(self, job_id: str) -> None:
        if not self._uploads.remove(job_id):
            raise Conflict("A job that has not ended reads what this one brought.")
