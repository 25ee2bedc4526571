"""The doors of those who run a stack: who works, what waits, what died, what is stored."""

from contextlib import suppress

from latentrelay.client.connected import Connected
from latentrelay.contracts import DeadLetter, Job, QueueInfo, WorkerInfo
from latentrelay.errors import NotFound
from latentrelay.flow import route
from latentrelay.jobs import Tally, Workers, door, tally
from latentrelay.sweeper import Audit, Swept
from latentrelay.sweeper.ownership import MARK


class Operating(Connected):
    """Looks after a stack."""

    def check_store(self) -> None:
        """Ask the store for something.

        Raises:
            StorageUnavailable, StorageRefuses: it does not answer, or not as it should.
        """
        self._store.exists(MARK)

    @door
    def workers(self) -> tuple[WorkerInfo, ...]:
        """Who is alive, with what model, and what they do."""
        workers = Workers(self._redis).list()
        seen = self._jobs.visible(worker.job_id for worker in workers if worker.job_id is not None)
        return tuple(
            worker if worker.job_id in seen else worker.model_copy(update={"job_id": None}) for worker in workers
        )

    @door
    def queues(self) -> tuple[QueueInfo, ...]:
        """How much waits for each stage, how much is worked on, and how long a job that comes now would wait."""
        return self._stages.queues(self._outlooks.now())

    @door
    def tally(self) -> Tally:
        """How jobs have ended since the stack began, and what died, of all tenants."""
        return tally(self._redis)

    @door
    def dead_letters(self, limit: int = 100) -> tuple[DeadLetter, ...]:
        """Jobs that used up their attempts and messages nobody could read, newest first."""
        return self._dead.list(limit)

    @door
    def dead_letter(self, letter_id: str) -> DeadLetter:
        """One of them.

        Raises:
            NotFound: there is no such letter.
        """
        return self._dead.get(letter_id)

    @door
    def requeue(self, letter_id: str) -> Job:
        """A new job that asks for the same as the one that a dead letter tells of; the letter is dropped.

        Raises:
            NotFound: there is no such letter, or its job or what that reads has been swept.
            Conflict: it tells of a message.
            QueueFull: too many jobs wait already.
        """
        with self._submitting() as span:
            job = self._dead.requeue(letter_id, span.context)
            span.tell(job_id=job.id, kind=job.kind)
            self._hints.nudge(route(job.request)[0], job.id, span.context)
        with suppress(NotFound):  # somebody else dropped it
            self._dead.drop(letter_id)
        return job

    @door
    def drop_dead_letter(self, letter_id: str) -> None:
        """Forget a dead letter; the job that it tells of stays as it is.

        Raises:
            NotFound: there is no such letter.
        """
        self._dead.drop(letter_id)

    @door
    def sweep(self) -> Swept:
        """Remove all that has had its time, as the workers do by and by.

        Raises:
            StorageUnavailable: the store does not answer as it should.
        """
        return self._sweeper.sweep_all()

    @door
    def audit(self) -> Audit:
        """Hold the whole store against the records. Removes nothing.

        Raises:
            StorageUnavailable: the store does not answer as it should.
        """
        return self._sweeper.audit()
