"""Those who ask, and those who forget."""

from datetime import UTC, datetime

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from latentrelay import ImageSource, Priority, Refine, TextToImage, Variation
from latentrelay.contracts import Artifact, ArtifactKind, JobRequest, RefineMode, StageState, input_key
from latentrelay.errors import Conflict, IdempotencyMismatch, NotFound, QueueFull, RateLimited
from latentrelay.flow import route
from latentrelay.jobs import Jobs, Scripts, keys
from tests.stateful.model import LIMITS, TENANTS, Model

REFINES = st.sampled_from([Refine(), Refine(), Refine(mode=RefineMode.NONE)])


class Producers(Model):
    """Submit jobs of several tenants, with and without inputs, deadlines and keys; forget what has ended."""

    @initialize()
    def begin(self) -> None:
        self.submit("ada", Priority.STANDARD, Refine(), None, far=False)

    @rule(
        tenant=TENANTS,
        priority=st.sampled_from(Priority),
        refine=REFINES,
        key=st.sampled_from([None, None, "k"]),
        far=st.booleans(),
    )
    def submit(self, tenant: str, priority: Priority, refine: Refine, key: str | None, *, far: bool) -> None:
        deadline = datetime(2100, 1, 1, tzinfo=UTC) if far else None
        request = TextToImage(prompt="x", priority=priority, refine=refine, idempotency_key=key, deadline=deadline)
        self._submit(tenant, request, ())

    @rule(tenant=TENANTS, data=st.data())
    def submit_with_input(self, tenant: str, data: st.DataObject) -> None:
        """What is read was uploaded, now or earlier, or made by a job that has ended; it may be forgotten."""
        name = f"u{next(self.numbers)}"
        self.redis.set(keys.upload(name), _upload(name).model_dump_json())
        self.uploads.append(name)
        self.now = self._look()
        inputs = [*map(_upload, self.uploads), *self._outputs()]
        brought = data.draw(st.sampled_from(inputs))
        self._submit(tenant, Variation(image=ImageSource(upload_id="told")), (brought,))

    def _submit(self, tenant: str, request: JobRequest, inputs: tuple[Artifact, ...]) -> None:
        before = self.now
        job_id = f"j{next(self.numbers)}"
        try:
            job = Jobs(self.redis, tenant=tenant, limits=LIMITS).submit(job_id, request, request.with_seed(), inputs)
        except (QueueFull, RateLimited, IdempotencyMismatch, NotFound):
            assert self._look() == before
            return
        if job.id == job_id:
            self.known.append(job_id)
            assert job.stage is route(request)[0]
            assert StageState.DRAINING not in {self.states[stage] for stage in route(request)}
            if self.in_order:
                assert len(before.live) < LIMITS.max_live_jobs
        else:
            assert self._look() == before

    def _outputs(self) -> list[Artifact]:
        jobs = Jobs(self.redis)
        return [made for job_id in self.ended for made in jobs.get(job_id).artifacts]

    @precondition(lambda self: self.ended and self.in_order)
    @rule(data=st.data(), whole=st.booleans())
    def forget(self, data: st.DataObject, *, whole: bool) -> None:
        job_id = data.draw(st.sampled_from(sorted(self.ended)))
        referenced = self.redis.exists(keys.refs(job_id))
        jobs = Jobs(self.redis)
        try:
            (jobs.delete if whole else jobs.strip)(job_id)
        except Conflict:
            assert referenced
            return
        assert not referenced
        if whole:
            self.known.remove(job_id)
            del self.ended[job_id]

    @precondition(lambda self: self.uploads and self.in_order)
    @rule(data=st.data())
    def forget_upload(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(self.uploads))
        referenced = self.redis.exists(keys.refs(name))
        assert Scripts(self.redis).run("forget_upload", name) == ("referenced" if referenced else "forgotten")


def _upload(name: str) -> Artifact:
    return Artifact(kind=ArtifactKind.INPUT, key=input_key(name), sha256="0" * 64, bytes=1, media_type="image/png")
