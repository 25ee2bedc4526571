"""The doors of those who run a stack, over HTTP, for programs with an event loop."""

from abc import ABC, abstractmethod
from typing import TypeVar

from latentrelay.contracts import (
    DeadLetter,
    Job,
    Overview,
    QueueInfo,
    StageInfo,
    StageName,
    Timeline,
    WebhookBacklog,
    WorkerInfo,
)
from latentrelay.http import operating_calls
from latentrelay.http.call import Call

Told = TypeVar("Told")


class AsyncOperatingOverHttp(ABC):
    """Looks after a stack: the methods of the direct client, as far as the gateway has them, awaited."""

    @abstractmethod
    async def _ask(self, call: Call[Told]) -> Told:
        """What `call` is answered with."""

    async def queues(self) -> tuple[QueueInfo, ...]:
        """How much waits for each stage, and how much is worked on."""
        return await self._ask(operating_calls.queues())

    async def workers(self) -> tuple[WorkerInfo, ...]:
        """Who is alive, with what model, and what they do."""
        return await self._ask(operating_calls.workers())

    async def stages(self) -> tuple[StageInfo, ...]:
        """Every stage: whether it takes jobs, what waits, and what it did lately."""
        return await self._ask(operating_calls.stages())

    async def stage(self, stage: StageName) -> StageInfo:
        """One stage."""
        return await self._ask(operating_calls.stage(stage))

    async def pause(self, stage: StageName) -> StageInfo:
        """Give no job to the workers of a stage; what they hold they finish. Jobs are accepted and wait.

        Raises:
            Forbidden: the API key is no admin. As for every call that changes a stage or touches dead letters.
        """
        return await self._ask(operating_calls.stand(stage, "pause"))

    async def drain(self, stage: StageName) -> StageInfo:
        """Refuse jobs that would pass a stage; those that were accepted are worked off."""
        return await self._ask(operating_calls.stand(stage, "drain"))

    async def resume(self, stage: StageName) -> StageInfo:
        """Let a stage take jobs and give them to its workers, at once."""
        return await self._ask(operating_calls.stand(stage, "resume"))

    async def overview(self) -> Overview:
        """The whole stack, of all tenants."""
        return await self._ask(operating_calls.overview())

    async def webhook_backlog(self) -> WebhookBacklog:
        """What waits to be told, of all endpoints of all tenants."""
        return await self._ask(operating_calls.webhook_backlog())

    async def timeline(self, job_id: str) -> Timeline:
        """Where the time of a job went, attempt by attempt.

        Raises:
            NotFound: there is no such job, or it is not yours.
        """
        return await self._ask(operating_calls.timeline(job_id))

    async def dead_letters(self, limit: int = 100) -> tuple[DeadLetter, ...]:
        """Jobs that used up their attempts and messages nobody could read, newest first; at most 250."""
        return await self._ask(operating_calls.dead_letters(limit))

    async def dead_letter(self, letter_id: str) -> DeadLetter:
        """One of them.

        Raises:
            NotFound: there is no such letter.
        """
        return await self._ask(operating_calls.dead_letter(letter_id))

    async def requeue(self, letter_id: str) -> Job:
        """A new job that asks for the same as the one that a dead letter tells of; the letter is dropped.

        Raises:
            NotFound: there is no such letter, or its job or what that reads has been swept.
            Conflict: it tells of a message.
            QueueFull: too many jobs wait already.
        """
        return await self._ask(operating_calls.requeue(letter_id))

    async def drop_dead_letter(self, letter_id: str) -> None:
        """Forget a dead letter; the job that it tells of stays as it is.

        Raises:
            NotFound: there is no such letter.
        """
        await self._ask(operating_calls.drop_dead_letter(letter_id))
