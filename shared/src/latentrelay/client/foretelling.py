"""The doors to what is not there yet: when a job will be done, and what one would cost that nobody submitted."""

from datetime import UTC, datetime

from latentrelay.client.connected import Connected
from latentrelay.contracts import Artifact, Estimate, Job, JobRequest, Problem, check_submission
from latentrelay.errors import LatentRelayError
from latentrelay.jobs import door
from latentrelay.outlook import estimate, foretold


class Foretelling(Connected):
    """Tells what is to come, by what the stages did lately."""

    @door
    def preview(self, job_id: str) -> bytes | None:
        """A small JPEG of what a job draws, as of the step that its progress names; kept for a minute after its end.

        None where there is none yet, or no longer.

        Raises:
            NotFound: there is no such job.
        """
        return self._jobs.preview(job_id)

    @door
    def estimate(self, request: JobRequest) -> Estimate:
        """What a request would cost, and why it would be refused, if it were submitted now. Nothing is recorded.

        What an image holds is not known before it is submitted: a URL is held against the guard and not fetched.
        """
        inputs: tuple[Artifact, ...] = ()
        refusal: Problem | None = None
        try:
            check_submission(request, datetime.now(UTC))
            self.webhooks.target_of(request)
            inputs = self._sources.find(request)
            self._jobs.check(request, inputs)
        except LatentRelayError as error:
            refusal = Problem.of(error)
        return estimate(request, self._outlooks.now(), refusal, inputs)

    def _foretold(self, job: Job) -> Job:
        """`job`, and when it will be done."""
        return job if job.status.is_terminal else foretold(job, self._outlooks.now())
