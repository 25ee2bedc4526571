"""What one tenant may see and ask for, beside what others have."""

import uuid

import pytest

from latentrelay.client import Client
from latentrelay.contracts import ImageSource, JobImage, JobStatus, TextToImage, Variation
from latentrelay.errors import NotFound, RateLimited
from latentrelay.jobs import Limits
from latentrelay.storage import S3Store

LIMITS = Limits()


@pytest.fixture
def ada(client: Client) -> Client:
    return client.confined_to("ada", LIMITS)


@pytest.fixture
def bob(client: Client) -> Client:
    return client.confined_to("bob", LIMITS)


def test_another_tenants_job_is_not_there_in_any_way(ada: Client, bob: Client, client: Client) -> None:
    job = ada.submit(TextToImage(prompt="x"))
    for touch in (bob.get, bob.cancel, bob.delete, bob.download, lambda wanted: next(bob.events(wanted))):
        with pytest.raises(NotFound):
            touch(job.id)
    assert bob.list().jobs == ()
    assert [found.id for found in ada.list().jobs] == [job.id]
    assert ada.get(job.id) == client.get(job.id)
    assert ada.cancel(job.id).status is JobStatus.CANCELED


def test_a_tenants_jobs_are_listed_by_status_and_page(ada: Client, bob: Client) -> None:
    jobs = [(bob if number % 2 else ada).submit(TextToImage(prompt="x")) for number in range(6)]
    ada.cancel(jobs[2].id)
    assert [job.id for job in ada.list(status=JobStatus.QUEUED).jobs] == [jobs[4].id, jobs[0].id]
    first = ada.list(limit=2)
    rest = ada.list(limit=2, cursor=first.next_cursor)
    assert [job.id for job in (*first.jobs, *rest.jobs)] == [jobs[4].id, jobs[2].id, jobs[0].id]


def test_a_job_that_is_deleted_leaves_its_tenants_list(ada: Client) -> None:
    job = ada.submit(TextToImage(prompt="x"))
    ada.cancel(job.id)
    ada.delete(job.id)
    assert ada.list().jobs == ()


@pytest.mark.usefixtures("store")
def test_another_tenants_upload_and_image_cannot_be_read(ada: Client, bob: Client) -> None:
    upload = ada.upload(b"pixels")
    with pytest.raises(NotFound, match="no upload"):
        bob.submit(Variation(image=ImageSource(upload_id=upload)))
    job = ada.submit(Variation(image=ImageSource(upload_id=upload)))
    with pytest.raises(NotFound, match="no job"):
        bob.submit(Variation(image=ImageSource(job=JobImage(job_id=job.id))))


def test_the_same_idempotency_key_of_two_tenants_stands_for_two_jobs(ada: Client, bob: Client) -> None:
    ask = TextToImage(prompt="x", idempotency_key=uuid.uuid4().hex)
    assert ada.submit(ask).id == ada.submit(ask).id != bob.submit(ask).id


def test_pixels_are_counted_by_tenant_and_day_and_a_refusal_or_a_repetition_counts_none(
    client: Client, store: S3Store
) -> None:
    limits = Limits(max_pixels_per_day=2 * 512 * 512)
    ada, bob = client.confined_to("ada", limits), client.confined_to("bob", limits)
    ask = TextToImage(prompt="x", width=512, height=512, idempotency_key="k")
    ada.submit(ask)
    ada.submit(ask)
    with pytest.raises(RateLimited, match="spent") as told:
        ada.submit(TextToImage(prompt="x", width=512, height=768))
    assert told.value.retry_after is not None
    assert 0 < told.value.retry_after <= 86_400
    ada.submit(TextToImage(prompt="x", width=512, height=512))
    with pytest.raises(RateLimited):
        ada.submit(Variation(image=ImageSource(data_uri="data:image/png;base64,cGl4ZWxz"), width=64, height=64))
    assert list(store.under("inputs/")) == []
    bob.submit(ask)
