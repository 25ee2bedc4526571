"""The dashboard as those who run the stack use it."""

from contextlib import closing
from dataclasses import dataclass
from typing import Self

from infra.faults.proxy import Proxy
from latentrelay import ImageSource, StageName, TextToImage, Variation
from latentrelay.access import Keys as ApiKeys
from latentrelay.client import Client
from latentrelay.contracts import Job, Problem, Scope
from latentrelay.errors import ErrorCode
from latentrelay.jobs import Claims, connect, keys
from latentrelay.settings import Settings
from tests.browser.reading import Reading

PROBLEM = Problem(code=ErrorCode.OUT_OF_MEMORY, detail="too <i>large</i>", retryable=True)
IDLE = StageName.UNCLIP_VARIATION
"""The stage that has no worker: what waits for it stays as a test wants it."""


@dataclass(frozen=True)
class Cast:
    """The keys of those who look."""

    admin: str
    reader: str
    stranger: str
    """Of a tenant that has no jobs."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """New ones."""
        with closing(ApiKeys.of(settings)) as keys:
            admin, reader = (
                keys.create(scope, scopes=(scope,), tenant=settings.tenant)[1] for scope in (Scope.ADMIN, Scope.READ)
            )
            return cls(admin, reader, keys.create("stranger", scopes=(Scope.READ,))[1])


@dataclass(frozen=True)
class Operating(Reading):
    """A browser in front of a gateway that wants a key, behind a proxy that can fail; the base and the refiner work."""

    settings: Settings
    client: Client
    proxy: Proxy
    keys: Cast

    def waiting(self, prompt: str = "a lighthouse") -> Job:
        """A job that waits for the stage without a worker."""
        image = self.client.upload(b"\x89PNG\r\n\x1a\n")
        return self.client.submit(Variation(image=ImageSource(upload_id=image), prompt=prompt))

    def buried(self, prompt: str) -> Job:
        """A job that used up its attempts."""
        self.waiting(prompt)
        with connect(self.settings) as redis:
            claims = Claims(redis, lease_seconds=30, max_attempts=1)
            claim = claims.claim(IDLE, "somebody")
            assert claim is not None
            claims.retry(claim, 0, PROBLEM)
        return self.client.get(claim.job.id)

    def drawing(self, prompt: str, steps: int = 4, seconds: float = 0.4, count: int = 1) -> Job:
        """A job on its way through both stages."""
        wish = {"steps": str(steps), "step_seconds": str(seconds), "preview_steps": "2"}
        asked = {"prompt": prompt, "num_images_per_prompt": count, "metadata": wish, "output": {"keep_base": True}}
        return self.client.submit(TextToImage.model_validate(asked))

    def many(self, count: int) -> None:
        """As many jobs that have ended, written at once: to submit them would take longer than all other tests."""
        one = self.client.cancel(self.waiting().id)
        made = one.created_at.timestamp() * 1000
        with connect(self.settings) as redis, redis.pipeline(transaction=False) as pipeline:
            for number in range(count):
                its, at = f"{number:032x}", made - 1000 * number
                pipeline.copy(keys.job(one.id), keys.job(its))
                pipeline.hset(keys.job(its), mapping={"id": its, "created_at": int(at)})
                for index in (keys.index(), keys.index(one.status), keys.listed(self.settings.tenant)):
                    pipeline.zadd(index, {its: at})
            pipeline.execute()

    def row(self, job: Job, words: str = "") -> str:
        """What the list tells of a job, as soon as it says these words."""

        return self.found(f".jobs-list tr:has([href='#/jobs/{job.id}'])", words).text
