"""The doors of those who watch a whole stack and hold its stages: their state, what they did lately, what happens."""

import logging
from collections.abc import Mapping

from latentrelay.client.connected import Connected
from latentrelay.contracts import Overview, StageInfo, StageName, StageState, Timeline, WebhookBacklog
from latentrelay.hints import top_up
from latentrelay.jobs import Backlog, News, counts, door
from latentrelay.timeline import timeline

MOST_MESSAGES = 250  # of a job, in its timeline

log = logging.getLogger(__name__)


class Overseeing(Connected):
    """Watches over a stack."""

    @door
    def stages(self) -> tuple[StageInfo, ...]:
        """Every stage: whether it takes jobs, what waits, and what it did lately."""
        return self._stages.list(self._outlooks.now())

    @door
    def stage(self, stage: StageName) -> StageInfo:
        """One stage."""
        return self._stages.list(self._outlooks.now(), [stage])[0]

    @door
    def states(self) -> Mapping[StageName, StageState]:
        """Whether each stage takes jobs."""
        return {stage: standing.state for stage, standing in self._stages.standings().items()}

    def pause(self, stage: StageName) -> StageInfo:
        """Give no job to the workers of a stage; what they hold they finish. Jobs are accepted and wait."""
        return self._stand(stage, StageState.PAUSED)

    def drain(self, stage: StageName) -> StageInfo:
        """Refuse jobs that would pass a stage; those that were accepted are worked off."""
        return self._stand(stage, StageState.DRAINING)

    def resume(self, stage: StageName) -> StageInfo:
        """Let a stage take jobs and give them to its workers, at once."""
        return self._stand(stage, StageState.OPEN)

    @door
    def _stand(self, stage: StageName, state: StageState) -> StageInfo:
        before = self._stages.stand(stage, state)
        if before is not state:
            log.info("stage stands otherwise", extra={"stage": stage, "before": before, "now": state})
        if state is not StageState.PAUSED:  # whoever took a hint meanwhile found nothing
            top_up(self._hints, Backlog(self._redis), stage, self._settings.max_waiting_for_refiner)
        return self.stage(stage)

    @door
    def overview(self) -> Overview:
        """The whole stack, of all tenants."""
        told = counts(self._redis)
        return Overview(
            at=told.at,
            stages=self.stages(),
            jobs=told.live,
            finished=told.ended,
            failures=told.failures,
            webhooks=self.webhook_backlog(),
            dead_letters=told.dead_letters,
        )

    def webhook_backlog(self) -> WebhookBacklog:
        """What waits to be told, of all endpoints of all tenants."""
        return self.webhooks.backlog()

    @door
    def timeline(self, job_id: str) -> Timeline:
        """Where the time of a job went, attempt by attempt.

        Raises:
            NotFound: there is no such job.
        """
        moves = self._jobs.moves(job_id)
        messages = self.webhooks.messages(job_id=job_id, limit=MOST_MESSAGES).data
        return timeline(self._jobs.get(job_id), moves, messages, self._jobs.held(job_id))

    @property
    def feed(self) -> str:
        """The stream in Redis that `news` reads: it grows whenever there are some."""
        return self._jobs.feed

    @door
    def news(self, after: str | None = None) -> News:
        """What happened to all jobs that may be seen, after the news `after`, at most the next hundred. Does not wait.

        Raises:
            InvalidRequest: `after` is no news' id.
        """
        return self._jobs.news(after)
