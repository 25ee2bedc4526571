"""`jobs`, `show` and `cancel`: look at jobs, and stop one."""

from datetime import UTC, datetime

import click
from pydantic import TypeAdapter

from latentrelay.cli.connection import client_of
from latentrelay.cli.following import check_out, follow, hand_over
from latentrelay.cli.naming import format_of
from latentrelay.cli.options import data_option, json_option, show_out_option
from latentrelay.cli.problems import USAGE, Ended
from latentrelay.cli.tables import job_story, jobs_table
from latentrelay.contracts import Job, JobStatus, Kind, StageName


@click.command()
@click.option("--status", type=click.Choice([status.value for status in JobStatus]), help="Only jobs of this status.")
@click.option("--kind", type=click.Choice([kind.value for kind in Kind]), help="Only jobs of this kind.")
@click.option("--stage", type=click.Choice([stage.value for stage in StageName]), help="Only jobs of this stage.")
@click.option("--limit", type=click.IntRange(1, 250), default=20, show_default=True, help="At most so many.")
@click.option("--cursor", help="Go on where the last page ended.")
@json_option
@data_option
def jobs(
    *,
    status: str | None,
    kind: str | None,
    stage: str | None,
    limit: int,
    cursor: str | None,
    as_json: bool,
    data: str | None,
) -> None:
    """List jobs, newest first."""
    from latentrelay.jobs import JobPage  # noqa: PLC0415 -- redis: `--help` does not need it

    with client_of(data) as client:
        page = client.list(
            status=JobStatus(status) if status else None,
            kind=Kind(kind) if kind else None,
            stage=StageName(stage) if stage else None,
            limit=limit,
            cursor=cursor,
        )
    if as_json:
        click.echo(TypeAdapter(JobPage).dump_json(page, indent=2))
        return
    click.echo(jobs_table(page.jobs, datetime.now(UTC)) if page.jobs else "no jobs")
    if page.next_cursor:
        click.echo(f"older ones: --cursor {page.next_cursor}", err=True)


@click.command()
@click.argument("job_id", metavar="ID")
@click.option("--wait", "wait", is_flag=True, help="Wait until it has ended.")
@show_out_option
@json_option
@data_option
def show(*, job_id: str, wait: bool, out: str | None, as_json: bool, data: str | None) -> None:
    """Show a job, and fetch its images.

    Shows what was asked, where the time went, what was made and what went wrong; with -o also writes the images.
    """
    check_out(out)
    with client_of(data) as client:
        job = client.get(job_id)
        format_of(out, job.request.output.format)
        if wait and not job.status.is_terminal:
            job = follow(client, job)
        if out and not job.status.is_terminal:
            raise Ended(f"job {job_id} is {job.status}; --wait waits for its images", USAGE)
        if out:
            hand_over(client, job, out=out, as_json=as_json)
        else:
            click.echo(job.model_dump_json(indent=2) if as_json else job_story(job, datetime.now(UTC)))


@click.command()
@click.argument("job_id", metavar="ID")
@json_option
@data_option
def cancel(*, job_id: str, as_json: bool, data: str | None) -> None:
    """Cancel a job, whether it waits or runs. Canceling it again does no harm."""
    with client_of(data) as client:
        job = client.cancel(job_id)
    click.echo(job.model_dump_json(indent=2) if as_json else what_became(job))


def what_became(job: Job) -> str:
    """What a request to cancel `job` came to."""
    if job.status is JobStatus.CANCELED:
        return f"job {job.id} is canceled"
    return f"job {job.id} {'has ended already: ' + job.status if job.status.is_terminal else 'stops at its next step'}"
