"""Watching jobs, one of them or all: what happens, and what is drawn."""

from base64 import b64decode
from collections.abc import Iterator

from latentrelay.contracts import StageAttempt
from latentrelay.errors import NotFound
from latentrelay.events import JobEvent
from latentrelay.jobs import keys
from latentrelay.jobs.feed import News, news
from latentrelay.jobs.happenings import Happened, followed, happened, moves
from latentrelay.jobs.reading import Reading, known
from latentrelay.jobs.record import to_attempt


class Watching(Reading):
    """Watches jobs."""

    def events(self, job_id: str, after: str = "0") -> Iterator[JobEvent | None]:
        """What happened and happens to a job, to its end; None now and then while nothing does.

        Raises:
            NotFound: there is no such job.
            InvalidRequest: `after` is no event's id.
        """
        return followed(self._redis, job_id, after, lambda: self.get(job_id).status.is_terminal)

    def happened(self, job_id: str, after: str = "0") -> Happened:
        """What happened to a job after the entry `after`, at most the next hundred events. Does not wait.

        Raises:
            NotFound: there is no such job.
            InvalidRequest: `after` is no event's id.
        """
        tenant, found = happened(self._redis, known(job_id), after)
        if found is None or not self._sees({"tenant": tenant or ""}):
            raise NotFound(f"There is no job {job_id}.")
        return found

    def moves(self, job_id: str) -> tuple[JobEvent, ...]:
        """What is kept of a job's moves, without the progress in between.

        Raises:
            NotFound: there is no such job.
        """
        return moves(self._redis, self.own(job_id))

    def held(self, job_id: str) -> StageAttempt | None:
        """The attempt that a worker makes of a job now; None where none does.

        Raises:
            NotFound: there is no such job, or it is another tenant's.
        """
        names = ("owner", "stage", "attempt", "worker", "claimed_at")
        told = self._redis.hmget(keys.job(self.own(job_id)), *names)
        return to_attempt({name: value for name, value in zip(names, told, strict=True) if value})

    @property
    def feed(self) -> str:
        """The stream that tells what happens to all jobs that this tenant may see."""
        return keys.feed_of(self._tenant) if self._confined else keys.FEED

    def news(self, after: str | None = None) -> News:
        """What happened to all jobs after the entry `after`, at most the next hundred news. Does not wait.

        Raises:
            InvalidRequest: `after` is no event's id.
        """
        return news(self._redis, self.feed, after)

    def preview(self, job_id: str) -> bytes | None:
        """A small JPEG of what the job draws; None where there is none yet, or no longer.

        Raises:
            NotFound: there is no such job.
        """
        told = self._redis.get(keys.preview(self.own(job_id)))
        if told is None:
            self.get(job_id)
        return None if told is None else b64decode(told)
