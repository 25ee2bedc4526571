"""Wait for a job and hand over what it made."""

import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from latentrelay.cli.naming import has_known_suffix, image_files, names_folder
from latentrelay.cli.problems import FAILED, INTERRUPTED, USAGE, Ended
from latentrelay.cli.progress import ProgressLine
from latentrelay.contracts import Job, JobStatus, StageName, WorkerInfo, WorkerState
from latentrelay.errors import StackUnavailable
from latentrelay.events import EventType, JobEvent
from latentrelay.flow import route

if TYPE_CHECKING:
    from latentrelay.client import Client


def follow(client: "Client", job: Job) -> Job:
    """The job when it has ended; progress goes to stderr.

    Raises:
        Ended: Ctrl-C; it says that the job goes on.
    """
    line = ProgressLine(route(job.request), sys.stderr, redraw=sys.stderr.isatty())
    try:
        return client.wait(job.id, on_event=Teller(client, line))
    except KeyboardInterrupt:
        raise Ended(goes_on(job.id), INTERRUPTED) from None
    finally:
        line.clear()


_WAITS = (EventType.QUEUED, EventType.STAGE_FINISHED, EventType.RETRIED)


class Teller:
    """Tells each event, and once of each stage that the job waits where nobody works."""

    def __init__(self, client: "Client", line: ProgressLine) -> None:
        self._client, self._line = client, line
        self._warned: set[StageName] = set()

    def __call__(self, event: JobEvent) -> None:
        """Tell `event`; Redis away leaves it at that."""
        self._line(event)
        if event.type in _WAITS:
            with suppress(StackUnavailable):  # the client waits for it, and nothing is known of the workers
                self._warn(self._client.get(event.job_id), event)

    def _warn(self, job: Job, event: JobEvent) -> None:
        is_the_latest = job.sequence == event.sequence  # who waits again for an old job is told its story first
        if is_the_latest and job.stage not in self._warned | served(self._client.workers()):
            self._warned.add(job.stage)
            self._line.note(f"no worker of {job.stage} runs; see `latentrelay doctor`")


def served(workers: Iterable[WorkerInfo]) -> set[StageName]:
    """The stages that have a worker, ready or about to be."""
    return {worker.stage for worker in workers if worker.state is not WorkerState.FAILED}


def goes_on(job_id: str) -> str:
    """What Ctrl-C leaves behind."""
    return (
        f"job {job_id} goes on\n"
        f"wait for it again: latentrelay show --wait {job_id}\n"
        f"cancel it:         latentrelay cancel {job_id}"
    )


def check_out(out: str | None) -> None:
    """Refuse a place that nothing can be written to before anything is drawn; make the folder that `out` names.

    Raises:
        Ended: there is no such folder, or the suffix is of no format we write.
    """
    if out is None:
        return
    if not has_known_suffix(out):
        raise Ended(f"--out: {out}: must end in .png, .jpg, .jpeg or .webp", USAGE)
    try:
        if names_folder(out):
            Path(out).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Ended(f"--out: {out}: {error.strerror}", USAGE) from None
    if not Path(out).parent.is_dir():
        raise Ended(f"--out: there is no folder {Path(out).parent}", USAGE)


def hand_over(client: "Client", job: Job, *, out: str | None, as_json: bool) -> None:
    """Write the images of a job that has ended, or print it as JSON.

    Without `out` the images go into the current folder, with `as_json` alone they are not fetched. The path of every
    image is printed, or the job.

    Raises:
        Ended: it ended badly.
    """
    if job.status is JobStatus.SUCCEEDED and (out or not as_json):
        paths = write_images(client, job, out or "./")
        if not as_json:
            click.echo("\n".join(map(str, paths)))
    if as_json:
        click.echo(job.model_dump_json(indent=2))
    if job.status is not JobStatus.SUCCEEDED:
        raise Ended(bad_end(job), FAILED)


def write_images(client: "Client", job: Job, out: str) -> list[Path]:
    """Fetch every image of `job` into its file."""
    files = image_files(job, out)
    for (index, role), path in files.items():
        path.write_bytes(client.download(job.id, index, role))
    return list(files.values())


def bad_end(job: Job) -> str:
    """How a job ended that made no image: `job 4f… failed: the device ran out of memory (out_of_memory)`."""
    why = f": {job.error.detail} ({job.error.code})" if job.error else ""
    return f"job {job.id} {job.status}{why}"
