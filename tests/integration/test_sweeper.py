"""Retention on the real servers, with this test in the place of the workers: what goes, and what must never go."""

import base64
import hashlib
import random
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import redis

from latentrelay import ImageSource, Job, JobImage, JobStatus, Refinement, StageName, TextToImage, Variation
from latentrelay.client import Client
from latentrelay.contracts import Artifact, ArtifactKind, Problem, Role, image_key, input_key, latents_key
from latentrelay.errors import ErrorCode, NotFound, StorageUnavailable
from latentrelay.flow import advance
from latentrelay.jobs import Answer, Claim, Claims, Jobs, connect
from latentrelay.objects import StoredObject
from latentrelay.settings import Settings
from latentrelay.storage import S3Store
from latentrelay.sweeper import Audit, Sweeper, Swept
from tests.processes import until

PIXELS = b"what a PNG would hold"
DATA_URI = "data:image/png;base64," + base64.b64encode(PIXELS).decode()
BROKEN = Problem(code=ErrorCode.INTERNAL, detail="It broke.")
AT_ONCE: dict[str, float] = {f"{what}_seconds": 0 for what in ("latents", "inputs", "images", "records", "orphan")} | {
    "sweep_seconds": 0.001
}
ORPHANS: dict[str, float] = {"orphan_seconds": 0}
NEVER: dict[str, float] = dict.fromkeys(AT_ONCE, 3600) | {"sweep_seconds": 0.001}


class Stage:
    """Does by hand what workers do, attempt by attempt."""

    def __init__(self, settings: Settings, store: S3Store) -> None:
        self.claims = Claims(connect(settings), lease_seconds=30, max_attempts=3)
        self.store = store

    def claim(self, stage: StageName) -> Claim:
        claim = self.claims.claim(stage, f"w{random.random()}")
        assert claim is not None
        return claim

    def make(self, claim: Claim) -> Artifact:
        """Store what this attempt makes, telling nobody."""
        made = made_by(claim.job)
        self.store.put(made, PIXELS)
        return made

    def lose(self, claim: Claim) -> Artifact:
        """Store something, and then lose the attempt."""
        made = self.make(claim)
        assert self.claims.retry(claim, 0, BROKEN) is Answer.QUEUED
        return made

    def finish(self, stage: StageName) -> Artifact:
        claim = self.claim(stage)
        made = self.make(claim)
        self.claims.commit(claim, (*claim.job.artifacts, made), ())
        return made


def made_by(job: Job) -> Artifact:
    last = advance(job) is None
    place = (job.id, job.stage, job.attempt, 0)
    return Artifact(
        kind=ArtifactKind.IMAGE if last else ArtifactKind.LATENTS,
        key=image_key(*place, "png") if last else latents_key(*place),
        sha256=hashlib.sha256(PIXELS).hexdigest(),
        bytes=len(PIXELS),
        media_type="image/png",
        stage=job.stage,
        attempt=job.attempt,
        role=Role.FINAL if last else None,
    )


@pytest.fixture
def stage(settings: Settings, store: S3Store) -> Stage:
    return Stage(settings, store)


@pytest.fixture
def sweeper(settings: Settings, store: S3Store) -> Callable[..., Sweeper]:
    """A sweeper for which everything has had its time, but for what is told otherwise."""

    def make(**seconds: float) -> Sweeper:
        return Sweeper.of(connect(settings), store, settings.model_copy(update=AT_ONCE | seconds))

    return make


def relay(client: Client, stage: Stage) -> tuple[Job, Artifact, Artifact]:
    """A text-to-image job that has succeeded, its latents and its image."""
    job = client.submit(TextToImage(prompt="x"))
    latents, image = stage.finish(StageName.SDXL_BASE), stage.finish(StageName.SDXL_REFINER)
    return client.get(job.id), latents, image


def all_keys(store: S3Store) -> set[str]:
    return {found.key for kind in ArtifactKind for found in store.under(f"{kind}/")}


def missing(audit: Audit) -> list[str]:
    return [key for holding in audit.holdings for key in holding.missing]


def orphaned(audit: Audit) -> list[str]:
    return [key for holding in audit.holdings for key in holding.orphaned]


Make = Callable[..., Sweeper]


# What goes


def test_a_job_that_was_canceled_while_it_ran_leaves_no_object(
    client: Client, stage: Stage, store: S3Store, sweeper: Make
) -> None:
    job = client.submit(TextToImage(prompt="x"))
    stage.lose(stage.claim(StageName.SDXL_BASE))
    stage.finish(StageName.SDXL_BASE)
    claim = stage.claim(StageName.SDXL_REFINER)
    stage.make(claim)
    client.cancel(job.id)
    stage.claims.cancel(claim)
    assert len(all_keys(store)) == 3
    assert sweeper(**NEVER).take_turn("s").leftovers == 3
    assert all_keys(store) == set()
    assert client.get(job.id).artifacts == ()


def test_a_job_that_was_canceled_while_it_waited_leaves_no_input(client: Client, store: S3Store, sweeper: Make) -> None:
    job = client.submit(Variation(image=ImageSource(data_uri=DATA_URI)))
    client.cancel(job.id)
    sweeper(**NEVER).take_turn("s")
    assert all_keys(store) == set()


def test_uploads_of_their_own_outlive_a_canceled_job(client: Client, store: S3Store, sweeper: Make) -> None:
    upload = client.upload(PIXELS)
    job = client.submit(Variation(image=ImageSource(upload_id=upload)))
    client.cancel(job.id)
    sweeper(**NEVER).take_turn("s")
    assert all_keys(store) == {input_key(upload)}


def test_what_lost_attempts_left_is_removed_and_what_counts_stays(
    client: Client, stage: Stage, store: S3Store, sweeper: Make
) -> None:
    client.submit(TextToImage(prompt="x"))
    stage.lose(stage.claim(StageName.SDXL_BASE))
    counts = {stage.finish(StageName.SDXL_BASE).key}
    stage.lose(stage.claim(StageName.SDXL_REFINER))
    counts |= {stage.finish(StageName.SDXL_REFINER).key}
    assert sweeper(**NEVER).take_turn("s") == Swept(leftovers=2)
    assert all_keys(store) == counts


@pytest.mark.parametrize("class_", ["latents", "images"])
def test_latents_and_images_go_by_their_own_settings_and_the_record_names_them_no_more(
    client: Client, stage: Stage, store: S3Store, sweeper: Make, class_: str
) -> None:
    job, latents, image = relay(client, stage)
    swept = sweeper(**NEVER | {f"{class_}_seconds": 0}).take_turn("s")
    assert swept == Swept(**{class_: 1})
    stays = {latents.key, image.key} - {key for key in (latents.key, image.key) if key.startswith(class_)}
    assert all_keys(store) == stays
    assert {made.key for made in client.get(job.id).artifacts} == stays
    assert client.get(job.id).status is JobStatus.SUCCEEDED


def test_uploads_go_by_their_own_setting(client: Client, stage: Stage, store: S3Store, sweeper: Make) -> None:
    relay(client, stage)
    upload = client.upload(PIXELS)
    assert sweeper(**NEVER | {"inputs_seconds": 0}).take_turn("s") == Swept(inputs=1)
    assert len(all_keys(store)) == 2
    with pytest.raises(NotFound):
        client.submit(Variation(image=ImageSource(upload_id=upload)))


def test_a_record_goes_by_its_own_setting_with_all_that_is_left_of_the_job(
    client: Client, stage: Stage, store: S3Store, settings: Settings, sweeper: Make
) -> None:
    job = client.submit(Variation(image=ImageSource(data_uri=DATA_URI)))
    stage.finish(StageName.UNCLIP_VARIATION)
    assert sweeper(**NEVER | {"records_seconds": 0}).take_turn("s") == Swept(records=1)
    assert all_keys(store) == set()
    assert [key for key in connect(settings).scan_iter() if job.id in key] == []
    with pytest.raises(NotFound):
        client.get(job.id)


def test_what_is_kept_longer_is_left_alone(client: Client, stage: Stage, store: S3Store, sweeper: Make) -> None:
    relay(client, stage)
    client.upload(PIXELS)
    before = all_keys(store)
    assert not sweeper(**NEVER).take_turn("s")
    assert all_keys(store) == before


def test_an_orphan_is_found_and_young_ones_are_left(store: S3Store, sweeper: Make) -> None:
    keys = [latents_key("gone", StageName.SDXL_BASE, 1, 0), image_key("gone", StageName.SDXL_BASE, 1, 0, "png")]
    for key in (*keys, input_key("lost")):
        store.put(Artifact(kind=ArtifactKind.INPUT, key=key, sha256="0" * 64, bytes=1, media_type="x"), b"x")
    assert sweeper(orphan_seconds=3600).take_turn("s") == Swept()
    assert sweeper().sweep_all() == Swept(orphans=3)
    assert all_keys(store) == set()


class Narrow(S3Store):
    """A real store that lists little at once."""

    page_size = 2


def test_a_bucket_that_is_larger_than_a_turn_is_gone_round_in_several(
    client: Client, settings: Settings, stage: Stage, store: S3Store
) -> None:
    _, latents, image = relay(client, stage)
    for number in range(60):
        key = input_key(f"lost-{number:02}")
        store.put(image.model_copy(update={"key": key}), PIXELS)
    sweep = Sweeper.of(connect(settings), Narrow.connect(settings), settings.model_copy(update=NEVER | ORPHANS))
    turns = [sweep.take_turn("s").orphans for _ in range(8) if not time.sleep(0.002)]
    assert max(turns) < 60 == sum(turns)
    assert all_keys(store) == {latents.key, image.key}


# What must never go


def test_nothing_of_a_live_job_goes_in_any_state_though_nothing_is_kept(
    client: Client, stage: Stage, store: S3Store, sweeper: Make
) -> None:
    client.submit(TextToImage(prompt="between stages"))
    stage.lose(stage.claim(StageName.SDXL_BASE))
    stage.finish(StageName.SDXL_BASE)
    client.submit(TextToImage(prompt="running"))
    stage.make(stage.claim(StageName.SDXL_BASE))
    client.submit(Variation(image=ImageSource(data_uri=DATA_URI)))
    client.submit(Variation(image=ImageSource(upload_id=client.upload(PIXELS))))
    before = all_keys(store)
    assert len(before) == 5
    assert not sweeper().sweep_all()
    assert all_keys(store) == before


def test_what_a_live_job_reads_stays_until_it_has_ended(
    client: Client, stage: Stage, store: S3Store, sweeper: Make
) -> None:
    job, latents, image = relay(client, stage)
    upload = client.upload(PIXELS)
    readers = [
        client.submit(Refinement(prompt="y", latents=JobImage(job_id=job.id))),
        client.submit(Variation(image=ImageSource(job=JobImage(job_id=job.id)))),
        client.submit(Variation(image=ImageSource(upload_id=upload))),
    ]
    sweep = sweeper()
    sweep.sweep_all()
    assert {latents.key, image.key, input_key(upload)} <= all_keys(store)
    for reader in readers:
        assert all(store.get(made) == PIXELS for made in reader.inputs)
        client.cancel(reader.id)
    sweeper().sweep_all()
    swept_again(sweep, lambda: all_keys(store) == set())


def test_what_a_live_job_reads_stays_though_redis_has_lost_the_index_of_uploads(
    client: Client, settings: Settings, store: S3Store, sweeper: Make
) -> None:
    read, kept = client.upload(PIXELS), client.upload(PIXELS)
    client.submit(Variation(image=ImageSource(upload_id=read)))
    connect(settings).delete("latentrelay:uploads", f"latentrelay:upload:{read}")
    sweeper().sweep_all()
    assert all_keys(store) == {input_key(read), input_key(kept)}


def swept_again(sweep: Sweeper, done: Callable[[], bool]) -> None:
    """What was put off comes again within some turns."""
    for _ in range(1000):
        sweep.sweep_all()
        if done():
            return
    raise AssertionError("put off for ever")


def test_no_job_lives_longer_than_what_it_reads_is_kept_for_it(
    client: Client, settings: Settings, stage: Stage
) -> None:
    brief = Client.connect(settings.model_copy(update={"max_job_seconds": 0.001}))
    job = brief.submit(TextToImage(prompt="x", deadline=datetime.now(UTC) + timedelta(days=365)))
    until(lambda: stage.claims.reap() == () and client.get(job.id).status is JobStatus.EXPIRED, "it has expired")
    brief.close()


def test_an_upload_that_is_past_its_time_is_read_by_no_new_job(client: Client, store: S3Store, sweeper: Make) -> None:
    upload = client.upload(PIXELS)
    client.submit(Variation(image=ImageSource(upload_id=upload)))
    sweeper().sweep_all()
    assert input_key(upload) in all_keys(store)
    with pytest.raises(NotFound):
        client.submit(Variation(image=ImageSource(upload_id=upload)))


def test_what_is_past_its_time_is_read_by_no_new_job_though_no_sweeper_came(
    client: Client, settings: Settings, stage: Stage
) -> None:
    job, _, _ = relay(client, stage)
    strict = Client.connect(settings.model_copy(update={"images_seconds": 0, "latents_seconds": 0}))
    with pytest.raises(NotFound, match="no longer kept"):
        strict.submit(Variation(image=ImageSource(job=JobImage(job_id=job.id))))
    with pytest.raises(NotFound, match="no longer kept"):
        strict.submit(Refinement(prompt="y", latents=JobImage(job_id=job.id)))
    strict.close()


def test_something_that_is_read_does_not_hold_up_what_comes_after_it(
    client: Client, store: S3Store, sweeper: Make
) -> None:
    first = client.upload(PIXELS)
    client.submit(Variation(image=ImageSource(upload_id=first)))
    client.upload(PIXELS)
    assert sweeper().sweep_all().inputs == 1
    assert all_keys(store) == {input_key(first)}


def test_a_job_that_would_read_what_was_just_swept_is_refused(
    client: Client, settings: Settings, stage: Stage, sweeper: Make
) -> None:
    job, latents, image = relay(client, stage)
    brought = client.submit(Variation(image=ImageSource(data_uri=DATA_URI)))
    drawn = stage.finish(StageName.UNCLIP_VARIATION)
    sweeper(records_seconds=3600, inputs_seconds=3600).sweep_all()
    request = Variation(image=ImageSource(job=JobImage(job_id=job.id)), seed=1)
    for stale in (latents, image, drawn):  # the last lay beside an upload that is still there
        with pytest.raises(NotFound):
            Jobs(connect(settings)).submit("new", request, request, [stale])
    assert [job.id for job in client.list(status=JobStatus.QUEUED).jobs] == []
    with pytest.raises(NotFound):
        client.submit(request)
    assert client.get(brought.id).inputs


def test_a_job_that_refers_to_what_is_being_swept_is_refused_or_finds_it(
    client: Client, stage: Stage, store: S3Store, sweeper: Make
) -> None:
    for _ in range(8):
        job, _, _ = relay(client, stage)
        together, sweep = threading.Barrier(2), sweeper()

        def refer(job_id: str = job.id, together: threading.Barrier = together) -> Job | None:
            together.wait()
            try:
                return client.submit(Variation(image=ImageSource(job=JobImage(job_id=job_id))))
            except NotFound:
                return None

        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(refer)
            together.wait()
            sweep.sweep_all()
            accepted = asked.result()
        if accepted is not None:
            assert store.get(accepted.inputs[0]) == PIXELS
            client.cancel(accepted.id)


# What happens to the sweeper itself


class Killed(BaseException):
    """As SIGKILL would."""


class Life:
    """A sweeper's life: so many steps."""

    def __init__(self, steps: int) -> None:
        self.steps = steps

    def step(self) -> None:
        self.steps -= 1
        if self.steps < 0:
            raise Killed


class MortalRedis(redis.Redis):
    """A real client that is killed before one of its commands."""

    life = Life(0)

    def execute_command(self, *args: Any, **options: Any) -> Any:
        self.life.step()
        return super().execute_command(*args, **options)


class MortalStore(S3Store):
    """A real store whose process is killed before one of its deletes, or between two objects of one."""

    life = Life(0)

    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            self.life.step()
            super().delete([key])


def mortal(settings: Settings, steps: int) -> Sweeper:
    assert settings.redis_url
    client = MortalRedis.from_url(settings.redis_url.get_secret_value(), decode_responses=True)
    store = MortalStore.connect(settings)
    client.life = store.life = Life(steps)  # type: ignore[attr-defined]  # redis-py types no subclass
    return Sweeper.of(client, store, settings.model_copy(update=AT_ONCE | {"orphan_seconds": 3600}))


def test_a_sweeper_killed_at_any_point_leaves_nothing_dangling_and_its_successors_end_its_work(
    client: Client, settings: Settings, stage: Stage, store: S3Store, sweeper: Make
) -> None:
    relay(client, stage)
    canceled = client.submit(Variation(image=ImageSource(data_uri=DATA_URI)))
    stage.lose(stage.claim(StageName.UNCLIP_VARIATION))
    client.cancel(canceled.id)
    client.upload(PIXELS)
    live = client.submit(Variation(image=ImageSource(upload_id=client.upload(PIXELS))))
    stays = live.inputs[0].key
    deaths, survived = 0, False
    while not survived:
        try:
            mortal(settings, deaths).sweep_all()
            survived = True
        except Killed:
            deaths += 1
        assert missing(sweeper().audit()) == [], f"dangling after {deaths} steps"
        assert store.exists(stays)
    assert deaths > 20
    swept_again(sweeper(), lambda: all_keys(store) == {stays})
    assert sweeper().audit().is_sound
    assert [job.id for job in client.list().jobs] == [live.id]


class Stubborn(S3Store):
    """A real store that refuses to delete some objects."""

    refused = ""

    def delete(self, keys: Iterable[str]) -> None:
        wanted = list(keys)
        if any(self.refused in key for key in wanted):
            raise StorageUnavailable("no")
        super().delete(wanted)


def test_an_object_that_cannot_be_deleted_is_tried_again_later_and_holds_nothing_up(
    client: Client, settings: Settings, stage: Stage, store: S3Store
) -> None:
    stuck, _, stuck_image = relay(client, stage)
    relay(client, stage)
    stubborn = Stubborn.connect(settings)
    stubborn.refused = stuck.id
    patient = settings.model_copy(update=NEVER | {"images_seconds": 0})
    sweep = Sweeper.of(connect(settings), stubborn, patient)
    swept = sweep.sweep_all()
    assert (swept.images, swept.failed) == (1, 1)
    assert stuck_image.key in all_keys(store)
    stubborn.refused = "nothing of the kind"
    swept_again(sweep, lambda: stuck_image.key not in all_keys(store))


def test_two_sweepers_at_once_do_no_harm(client: Client, stage: Stage, store: S3Store, sweeper: Make) -> None:
    for _ in range(8):
        relay(client, stage)
    live = client.submit(Variation(image=ImageSource(upload_id=client.upload(PIXELS))))
    with ThreadPoolExecutor(3) as pool:
        for swept in [pool.submit(sweeper().sweep_all) for _ in range(3)]:
            assert swept.result().failed == 0
    swept_again(sweeper(), lambda: all_keys(store) == {live.inputs[0].key})
    assert sweeper().audit().is_sound


def test_one_of_many_takes_the_turn(client: Client, sweeper: Make) -> None:
    client.upload(PIXELS)
    slow = {"sweep_seconds": 60}
    assert sweeper(**slow).take_turn("first").inputs == 1
    client.upload(PIXELS)
    assert not sweeper(**slow).take_turn("second")


# The proof


def test_the_audit_counts_what_is_there(client: Client, stage: Stage, sweeper: Make) -> None:
    relay(client, stage)
    client.upload(PIXELS)
    audit = sweeper().audit()
    assert audit.is_sound
    assert [(held.kind, held.objects, held.bytes, held.young) for held in audit.holdings] == [
        (kind, 1, len(PIXELS), 0) for kind in ArtifactKind
    ]


class BusyStore(S3Store):
    """A real store in which a sweeper is at work while its objects are being listed."""

    sweep: Callable[[], object]

    def page(self, prefix: str, after: str) -> tuple[StoredObject, ...]:
        found = super().page(prefix, after)
        self.sweep()
        return found


def test_what_is_swept_while_the_audit_looks_is_no_orphan(
    client: Client, settings: Settings, stage: Stage, sweeper: Make
) -> None:
    relay(client, stage)
    store = BusyStore.connect(settings)
    store.sweep = sweeper(**NEVER | {"latents_seconds": 0}).sweep_all  # type: ignore[attr-defined]  # connect names the base
    assert Sweeper.of(connect(settings), store, settings.model_copy(update=AT_ONCE)).audit().is_sound


def test_the_audit_tells_orphans_young_objects_and_what_is_missing_and_removes_nothing(
    client: Client, stage: Stage, store: S3Store, sweeper: Make
) -> None:
    job, latents, image = relay(client, stage)
    store.delete([latents.key])
    stray = image_key(job.id, StageName.SDXL_REFINER, 7, 0, "png")
    store.put(image.model_copy(update={"key": stray}), PIXELS)
    upload = client.upload(PIXELS)
    store.delete([input_key(upload)])
    before = all_keys(store)
    audit = sweeper().audit()
    assert not audit.is_sound
    assert (orphaned(audit), sorted(missing(audit))) == ([stray], sorted([latents.key, input_key(upload)]))
    patient = sweeper(orphan_seconds=3600).audit()
    assert orphaned(patient) == []
    assert sum(held.young for held in patient.holdings) == 1
    assert all_keys(store) == before


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_happens_in_whatever_order_nothing_that_counts_is_missing_and_all_goes_in_the_end(
    client: Client, stage: Stage, store: S3Store, sweeper: Make, seed: int
) -> None:
    chance = random.Random(seed)

    def some_job(*statuses: JobStatus) -> Job | None:
        found = [job for status in statuses for job in client.list(status=status).jobs]
        return chance.choice(found) if found else None

    def ask() -> None:
        earlier = some_job(JobStatus.SUCCEEDED)
        sources = [ImageSource(data_uri=DATA_URI), ImageSource(upload_id=client.upload(PIXELS))]
        if earlier is not None and earlier.image() is not None:
            sources.append(ImageSource(job=JobImage(job_id=earlier.id)))
        client.submit(chance.choice([TextToImage(prompt="x"), *(Variation(image=source) for source in sources)]))

    def work() -> None:
        claim = stage.claims.claim(chance.choice(list(StageName)), f"w{chance.random()}")
        if claim is None:
            return
        assert all(store.get(made) == PIXELS for made in (*claim.job.inputs, *claim.job.artifacts))
        made = stage.make(claim)
        stages = stage.claims
        chance.choice(
            [
                lambda: stages.commit(claim, (*claim.job.artifacts, made), ()),
                lambda: stages.commit(claim, (*claim.job.artifacts, made), ()),
                lambda: stages.retry(claim, 0, BROKEN),
                lambda: stages.fail(claim, BROKEN),
            ]
        )()

    def cancel() -> None:
        if job := some_job(JobStatus.QUEUED, JobStatus.RUNNING):
            client.cancel(job.id)

    def sweep() -> None:
        what = chance.sample(["latents", "inputs", "images", "records", "orphan"], chance.randrange(1, 5))
        sweeper(**NEVER | {f"{class_}_seconds": 0 for class_ in what}).sweep_all()

    for _ in range(60):
        chance.choices([ask, work, cancel, sweep], [4, 6, 1, 2])[0]()
        assert missing(sweeper().audit()) == []
    for job in client.list(limit=250).jobs:
        client.cancel(job.id)
    swept_again(sweeper(), lambda: all_keys(store) == set())
    assert client.list().jobs == ()
