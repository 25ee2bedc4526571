"""Those who do: they claim, tell, and have a last word, in time or too late."""

from collections.abc import Iterable

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from latentrelay.contracts import (
    Artifact,
    ArtifactKind,
    Problem,
    Progress,
    Role,
    StageName,
    StageState,
    image_key,
    latents_key,
)
from latentrelay.errors import ErrorCode
from latentrelay.events import EventType
from latentrelay.flow import advance, earlier
from latentrelay.jobs import Answer, Claim, keys
from tests.stateful.model import MAX_WAITING, Model
from tests.stateful.snapshot import Record, Snapshot, after

PROBLEM = Problem(code=ErrorCode.INTERNAL, detail="broke", retryable=True)
WORKERS = st.sampled_from(["w1", "w2", "w3"])
SCRIPTS = {"commit": "commit", "fail": "end", "cancel": "end", "retry": "retry", "delay": "retry"} | {
    "release": "release",
    "rewind": "rewind",
}
WORDS = st.sampled_from(sorted(SCRIPTS))
ANSWERS = {
    "commit": {Answer.ADVANCED, Answer.SUCCEEDED},
    "fail": {Answer.FAILED},
    "cancel": {Answer.CANCELED},
    "retry": {Answer.QUEUED, Answer.FAILED},
    "delay": {Answer.QUEUED, Answer.FAILED},
    "release": {Answer.QUEUED},
    "rewind": {Answer.QUEUED, Answer.REFUSED},
}


class Workers(Model):
    """Some workers of every stage; which of them holds a claim is the model's to know."""

    @rule(data=st.data(), worker=WORKERS)
    def claim(self, data: st.DataObject, worker: str) -> None:
        before = self.now
        wanted = sorted({record["stage"] for record in before.waiting.values()}) or list(StageName)
        stage = StageName(data.draw(st.sampled_from(wanted)))
        claim = self.claims.claim(stage, f"{worker}/{len(self.made)}", worker)
        if claim is None:
            if self.in_order:
                assert self._claimable(before, stage, worker) == []
            return
        self._check_claim(before, claim, worker)
        self.made.append(claim)
        self.held[claim.job.id] = claim

    def _check_claim(self, before: Snapshot, claim: Claim, worker: str) -> None:
        assert self.states[claim.job.stage] is not StageState.PAUSED
        job_id, record = claim.job.id, before.records[claim.job.id]
        assert job_id in before.waiting
        assert job_id not in self.late
        assert not self._is_full(before, record)
        if self.in_order:
            place = (record["tenant"], record["priority"], after(record))
            mine = [
                other
                for other in self._claimable(before, claim.job.stage, worker)
                if (before.live[other]["tenant"], before.live[other]["priority"], after(before.live[other])) == place
            ]
            assert mine[0] == job_id

    def _claimable(self, before: Snapshot, stage: StageName, worker: str) -> list[str]:
        """The jobs that this worker may take, those that have waited longest first."""
        if self.states[stage] is StageState.PAUSED:
            return []
        free = [
            job_id
            for job_id, record in before.waiting.items()
            if record["stage"] == stage
            and job_id not in self.late
            and record.get("avoid") != worker
            and not self._is_full(before, record)
        ]
        return sorted(free, key=lambda job_id: int(before.live[job_id]["waits_since"]))

    def _is_full(self, before: Snapshot, record: Record) -> bool:
        return after(record) != "" and len(before.one(f"handed:{after(record)}")) >= MAX_WAITING

    @precondition(lambda self: self.held and self.in_order)
    @rule(data=st.data())
    def claim_again(self, data: st.DataObject) -> None:
        claim = self._any_held(data)
        self._changes_nothing(lambda: self.claims.claim(claim.job.stage, claim.owner, claim.owner.split("/")[0]))
        self.lapsed.discard(claim.job.id)
        other = next(stage for stage in StageName if stage is not claim.job.stage)
        assert self._changes_nothing(lambda: self.claims.claim(other, claim.owner)) is None

    @precondition(lambda self: self.held)
    @rule(data=st.data(), told=st.booleans(), made=st.booleans())
    def renew(self, data: st.DataObject, *, told: bool, made: bool) -> None:
        claim = self._any_held(data)
        progress = Progress(stage=claim.job.stage, step=1, steps=4) if told else None
        artifacts = (*claim.job.artifacts, _artifact(claim)) if made else None
        answer = self.claims.renew(
            claim,
            progress=progress,
            artifacts=artifacts,
            event=EventType.IMAGE_READY if made else None,
            preview=b"a picture" if told else None,
        )
        self.lapsed.discard(claim.job.id)
        expected = Answer.LATE if claim.job.id in self.late else Answer.OK
        assert answer is (Answer.CANCELED if claim.job.id in self.canceled else expected)

    @precondition(lambda self: self.held)
    @rule(data=st.data(), word=WORDS)
    def end_an_attempt(self, data: st.DataObject, word: str) -> None:
        self.say(data, word)

    def say(self, data: st.DataObject, word: str, among: Iterable[str] = ()) -> None:
        """A worker's last word on a job that it holds."""
        claim = self._any_held(data, among)
        answer = self._say(claim, word)
        if claim.job.id in self.canceled:
            assert answer is Answer.CANCELED
        assert answer in ANSWERS[word] | ({Answer.CANCELED} if claim.job.id in self.canceled else set())
        self.said[claim.owner, SCRIPTS[word]] = answer
        if answer is not Answer.REFUSED:
            self._forget(claim.job.id)

    @rule(data=st.data(), worker=WORKERS)
    def work(self, data: st.DataObject, worker: str) -> None:
        """Most stages end well."""
        self.claim(data, worker)
        if self.held:
            self.say(data, "commit")

    @precondition(lambda self: any(claim.job.stage is StageName.SDXL_REFINER for claim in self.held.values()))
    @rule(data=st.data())
    def lose_latents(self, data: st.DataObject) -> None:
        """The store has lost what the refiner is to read."""
        held = {job_id for job_id, claim in self.held.items() if claim.job.stage is StageName.SDXL_REFINER}
        self.say(data, "rewind", held)

    @precondition(lambda self: self.made)
    @rule(data=st.data(), word=WORDS)
    def say_too_late(self, data: st.DataObject, word: str) -> None:
        """A word on a claim that was lost, or a repeated one: whatever it is, it changes nothing."""
        claim = data.draw(st.sampled_from(self.made))
        if self.held.get(claim.job.id) is claim:
            return
        answer = self._changes_nothing(lambda: self._say(claim, word))
        assert answer in {Answer.LOST, self.said.get((claim.owner, SCRIPTS[word]))}
        assert self._changes_nothing(lambda: self.claims.renew(claim)) is Answer.LOST

    @precondition(lambda self: self.said)
    @rule()
    def repeat_last(self) -> None:
        """The answer to the last word was lost."""
        (owner, word), answer = list(self.said.items())[-1]
        claim = next(made for made in self.made if made.owner == owner)
        if self.held.get(claim.job.id) is not claim and self.redis.exists(keys.job(claim.job.id)):
            assert self._changes_nothing(lambda: self._say(claim, {"end": "fail"}.get(word, word))) is answer

    def _say(self, claim: Claim, word: str) -> Answer:
        artifacts = (*claim.job.artifacts, _artifact(claim))
        match word:
            case "commit":
                return self.claims.commit(claim, artifacts, ())
            case "fail":
                return self.claims.fail(claim, PROBLEM)
            case "cancel":
                return self.claims.cancel(claim)
            case "release":
                return self.claims.release(claim)
            case "rewind":
                return self.claims.rewind(claim, earlier(claim.job) or StageName.SDXL_BASE, (), PROBLEM)
            case _:
                return self.claims.retry(claim, 600 if word == "delay" else 0, PROBLEM)


def _artifact(claim: Claim) -> Artifact:
    job = claim.job
    last = advance(job) is None
    name = (job.id, job.stage, job.attempt, 0)
    return Artifact(
        kind=ArtifactKind.IMAGE if last else ArtifactKind.LATENTS,
        key=image_key(*name, "png") if last else latents_key(*name),
        sha256="0" * 64,
        bytes=1,
        media_type="image/png",
        stage=job.stage,
        attempt=job.attempt,
        role=Role.FINAL if last else None,
    )
