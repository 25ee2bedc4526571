"""Jobs as those see them who may: one of them, or a page of them."""

from collections.abc import Iterable, Iterator

from latentrelay.contracts import Job, JobStatus, Kind, StageName
from latentrelay.errors import InvalidRequest, NotFound
from latentrelay.jobs import keys
from latentrelay.jobs.connection import RedisClient
from latentrelay.jobs.pages import JobPage, cursor_after, newest_first
from latentrelay.jobs.record import Fields, readable
from latentrelay.jobs.scripts import Scripts

MOST_LOOKED_AT = 1000  # jobs that one page of a listing looks through for those that are wanted


class Reading:
    """Reads jobs.

    Args:
        redis: the client.
        tenant: on whose behalf.
        replicas: how many replicas must have a durable write before it is answered.
        confined: whether it sees no other tenant's jobs; who is trusted with Redis sees them all.
    """

    def __init__(self, redis: RedisClient, tenant: str, *, replicas: int = 0, confined: bool = False) -> None:
        self._redis = redis
        self._tenant = tenant
        self._scripts = Scripts(redis, replicas)
        self._confined = confined

    def get(self, job_id: str) -> Job:
        """One job as it stands.

        Raises:
            NotFound: there is no such job.
        """
        found = self._read([known(job_id)])
        if not found:
            raise NotFound(f"There is no job {job_id}.")
        return found[0]

    def list(
        self,
        *,
        status: JobStatus | None = None,
        kind: Kind | None = None,
        stage: StageName | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> JobPage:
        """Jobs, newest first. Where few of very many are wanted, a page may hold less than `limit` and not be the last.

        Raises:
            InvalidRequest: the cursor is not one of ours, or the limit is not from 1 to 250.
        """
        if not 1 <= limit <= 250:  # noqa: PLR2004  # the contract's own limit
            raise InvalidRequest.at("limit", f"must be an integer from 1 to 250, got {limit}")
        found: list[Job] = []
        for looked_at, job in enumerate(self._newest_first(status, cursor), start=1):
            if status in (None, job.status) and kind in (None, job.kind) and stage in (None, job.stage):
                if len(found) == limit:
                    return JobPage(tuple(found), cursor_after(found[-1]))
                found.append(job)
            if looked_at == MOST_LOOKED_AT:
                return JobPage(tuple(found), cursor_after(job))
        return JobPage(tuple(found), None)

    def visible(self, job_ids: Iterable[str]) -> frozenset[str]:
        """Those of `job_ids` that this tenant may see."""
        wanted = tuple(job_ids)
        if not self._confined:
            return frozenset(wanted)
        with self._redis.pipeline(transaction=False) as pipe:
            for job_id in wanted:
                pipe.hget(keys.job(job_id), "tenant")
            tenants = pipe.execute()
        return frozenset(job_id for job_id, tenant in zip(wanted, tenants, strict=True) if tenant == self._tenant)

    def own(self, job_id: str) -> str:
        """`job_id`, where this tenant may touch it.

        Raises:
            NotFound: there is no such job, or it is another tenant's.
        """
        if self._confined and self._redis.hget(keys.job(known(job_id)), "tenant") != self._tenant:
            raise NotFound(f"There is no job {job_id}.")
        return known(job_id)

    def _read(self, job_ids: Iterable[str]) -> tuple[Job, ...]:
        ids = [*job_ids]
        if not ids:
            return ()

        def ask(pipe: RedisClient) -> None:
            for job_id in ids:
                pipe.hgetall(keys.job(job_id))

        *records, positions = self._scripts.run_after(ask, "position", *ids)
        seen = ((fields, place) for fields, place in zip(records, positions, strict=True) if self._sees(fields))
        jobs = (readable(fields, place if place >= 0 else None) for fields, place in seen)
        return tuple(job for job in jobs if job is not None)

    def _sees(self, fields: Fields) -> bool:
        return bool(fields) and (not self._confined or fields.get("tenant") == self._tenant)

    def _newest_first(self, status: JobStatus | None, cursor: str | None) -> Iterator[Job]:
        index = keys.listed(self._tenant) if self._confined else keys.index(status)
        for ids in newest_first(self._redis, index, cursor):
            yield from self._read(ids)


def known(job_id: str) -> str:
    """`job_id`, where it can be one at all.

    Raises:
        NotFound: it cannot.
    """
    if not keys.is_id(job_id):
        raise NotFound("There is no such job: an id is of letters, digits, _ and -.")
    return job_id
