"""What nobody could finish: listed, inspected, asked for again or let go."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from latentrelay import ImageSource, JobStatus, NotFound, Refine, RefineMode, StageName, TextToImage, Variation
from latentrelay.cli import main
from latentrelay.client import Client
from latentrelay.contracts import DeadKind, DeadLetter, Job, JobRequest, Problem
from latentrelay.errors import Conflict, ErrorCode
from latentrelay.jobs import Answer, Claims, bury_message, connect
from latentrelay.settings import Settings
from tests.processes import address

PROBLEM = Problem(code=ErrorCode.OUT_OF_MEMORY, detail="too large", retryable=True)
ASK = TextToImage(prompt="a lighthouse", idempotency_key="mine", refine=Refine(mode=RefineMode.NONE))


@pytest.fixture
def claims(settings: Settings) -> Claims:
    return Claims(connect(settings), lease_seconds=30, max_attempts=1)


def buried(client: Client, claims: Claims, request: JobRequest = ASK) -> Job:
    """A job that used up its attempts."""
    job = client.submit(request)
    claim = claims.claim(job.stage, "w1")
    assert claim is not None
    assert claims.retry(claim, 0, PROBLEM) is Answer.FAILED
    return client.get(job.id)


def only(client: Client) -> DeadLetter:
    (letter,) = client.dead_letters()
    return letter


def test_a_job_that_used_up_its_attempts_leaves_a_letter_with_its_stage_attempt_and_reason(
    client: Client, claims: Claims
) -> None:
    job = buried(client, claims)
    letter = only(client)
    assert (letter.what, letter.job_id, letter.stage, letter.attempt) == (DeadKind.JOB, job.id, job.stage, 1)
    assert letter.problem == job.error == PROBLEM
    assert job.created_at <= letter.at
    assert client.dead_letter(letter.id) == letter


def test_letters_are_listed_newest_first(client: Client, claims: Claims) -> None:
    ids = [buried(client, claims, ASK.model_copy(update={"idempotency_key": key})).id for key in "abc"]
    assert [letter.job_id for letter in client.dead_letters(2)] == [ids[2], ids[1]]


def test_a_requeued_letter_is_a_new_job_that_asks_for_the_same_and_the_failed_one_stays(
    client: Client, claims: Claims
) -> None:
    failed = buried(client, claims)
    job = client.requeue(only(client).id)
    assert job.id != failed.id
    assert job.status is JobStatus.QUEUED
    assert (job.request.seed, job.stage) == (failed.request.seed, failed.stage)
    asked = {"idempotency_key"}
    assert job.request.model_dump(exclude=asked) == failed.request.model_dump(exclude=asked)
    assert client.get(failed.id).status is JobStatus.FAILED
    assert client.dead_letters() == ()
    claim = claims.claim(StageName.SDXL_BASE, "w2")
    assert claim is not None
    assert claim.job.id == job.id


def test_requeuing_that_was_cut_off_and_is_repeated_gives_one_job(
    client: Client, claims: Claims, settings: Settings
) -> None:
    buried(client, claims)
    letter_id, letter = connect(settings).xrange("latentrelay:dead")[0]
    job = client.requeue(letter_id)
    connect(settings).delete("latentrelay:dead")
    connect(settings).xadd("latentrelay:dead", letter, id=letter_id)  # as if it had died before the letter was dropped
    assert client.requeue(letter_id).id == job.id
    assert client.dead_letters() == ()


def test_a_requeued_job_has_no_deadline_of_the_first_time(client: Client, claims: Claims) -> None:
    buried(client, claims, ASK.model_copy(update={"deadline": datetime.now(UTC) + timedelta(hours=1)}))
    assert client.requeue(only(client).id).request.deadline is None


def test_a_requeued_job_belongs_to_the_tenant_of_the_failed_one(
    settings: Settings, client: Client, claims: Claims
) -> None:
    ada = Client.connect(settings.model_copy(update={"tenant": "ada"}))
    buried(ada, claims)
    job = client.requeue(only(client).id)
    assert connect(settings).smembers("latentrelay:live:ada") == {job.id}


def test_a_requeued_job_reads_the_same_inputs(client: Client, claims: Claims) -> None:
    failed = buried(client, claims, Variation(image=ImageSource(upload_id=client.upload(b"pixels"))))
    assert client.requeue(only(client).id).inputs == failed.inputs


def test_a_job_whose_input_was_swept_is_not_requeued_and_its_letter_stays(
    client: Client, claims: Claims, settings: Settings
) -> None:
    upload_id = client.upload(b"pixels")
    buried(client, claims, Variation(image=ImageSource(upload_id=upload_id)))
    connect(settings).delete(f"latentrelay:upload:{upload_id}")
    with pytest.raises(NotFound, match="no object"):
        client.requeue(only(client).id)
    assert only(client)


def test_a_job_that_was_deleted_is_not_requeued(client: Client, claims: Claims) -> None:
    client.delete(buried(client, claims).id)
    with pytest.raises(NotFound, match="no job"):
        client.requeue(only(client).id)


def test_a_message_is_told_by_its_queue_reason_and_beginning_and_can_only_be_dropped(
    client: Client, settings: Settings
) -> None:
    bury_message(connect(settings), "sdxl_base", "the message is not JSON", "x" * 5000)
    letter = only(client)
    assert (letter.what, letter.queue, letter.reason) == (DeadKind.MESSAGE, "sdxl_base", "the message is not JSON")
    assert letter.excerpt == "x" * 2000
    with pytest.raises(Conflict, match="only be dropped"):
        client.requeue(letter.id)
    client.drop_dead_letter(letter.id)
    assert client.dead_letters() == ()


@pytest.mark.parametrize("letter_id", ["1-1", "nonsense", "-", "+", "99999999999999999999-0"])
def test_letters_that_there_are_not_are_not_found(client: Client, claims: Claims, letter_id: str) -> None:
    buried(client, claims)
    for call in (client.dead_letter, client.requeue, client.drop_dead_letter):
        with pytest.raises(NotFound):
            call(letter_id)
    assert only(client)


def run(settings: Settings, *words: str) -> str:
    ended = CliRunner().invoke(main, ["dead", *words], env=address(settings), catch_exceptions=False)
    assert ended.exit_code == 0, ended.output
    return ended.stdout


def test_the_command_line_lists_shows_requeues_and_drops(client: Client, claims: Claims, settings: Settings) -> None:
    assert run(settings, "list") == "no dead letters\n"
    job = buried(client, claims)
    bury_message(connect(settings), "sdxl_base", "the message is not JSON", "\x1b[2J")
    message, letter = client.dead_letters()
    listed = run(settings, "list")
    assert all(told in listed for told in (letter.id, job.id, "out_of_memory", message.id, "the message is not JSON"))
    assert json.loads(run(settings, "show", letter.id, "--json"))["job_id"] == job.id
    assert "too large" in run(settings, "show", letter.id)
    assert "\x1b" not in run(settings, "show", message.id)
    told = run(settings, "requeue", "--all")
    assert told == f"{letter.id} is job {client.list().jobs[0].id} now\n"
    assert run(settings, "drop", message.id) == f"{message.id} is dropped\n"
    assert client.dead_letters() == ()


@pytest.mark.parametrize("is_json", [False, True])
def test_the_command_line_requeues_all_that_can_be_and_tells_what_cannot(
    client: Client, claims: Claims, settings: Settings, *, is_json: bool
) -> None:
    for key in "abc":
        buried(client, claims, ASK.model_copy(update={"idempotency_key": key}))
    newest, swept, oldest = client.dead_letters()
    assert swept.job_id
    client.delete(swept.job_id)
    words = ["dead", "requeue", "--all", *["--json"][:is_json]]
    ended = CliRunner().invoke(main, words, env=address(settings))
    assert ended.exit_code == 1
    assert client.dead_letters() == (swept,)
    assert ended.stderr == f"latentrelay: {swept.id}: There is no job {swept.job_id}.\n"
    jobs = client.list(status=JobStatus.QUEUED).jobs
    if is_json:
        assert {told["id"] for told in json.loads(ended.stdout)} == {job.id for job in jobs}
    else:
        assert [line.split(" is job ")[0] for line in ended.stdout.splitlines()] == [newest.id, oldest.id]


def test_the_command_line_requeues_either_what_is_named_or_all() -> None:
    for words in (["requeue"], ["requeue", "1-1", "--all"]):
        ended = CliRunner().invoke(main, ["dead", *words])
        assert ended.exit_code == 2
        assert "--all" in ended.stderr
