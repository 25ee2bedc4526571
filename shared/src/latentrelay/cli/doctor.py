"""`doctor`: look at everything a job needs, and say how to mend what is missing."""

import json
import re
import shutil
import sys
from collections.abc import Collection, Generator, Iterator
from contextlib import suppress
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, distribution, requires
from pathlib import Path
from typing import TYPE_CHECKING

import click

from latentrelay.cli.connection import settings_of
from latentrelay.cli.findings import (
    Finding,
    Mark,
    judge_device,
    judge_disk,
    judge_extra,
    judge_model,
    judge_python,
    judge_redis,
    judge_rules,
    judge_state,
    judge_workers,
)
from latentrelay.cli.models import NAMED_BY, folder_of_models, miniatures_here, with_models_of
from latentrelay.cli.options import data_option, json_option, models_option
from latentrelay.cli.problems import FAILED, Ended
from latentrelay.cli.webhook_findings import judge_webhook_key, judge_webhooks
from latentrelay.contracts import Artifact, ArtifactKind, StageName, WorkerInfo, input_key
from latentrelay.errors import LatentRelayError, StackUnavailable
from latentrelay.settings import Settings

if TYPE_CHECKING:
    from latentrelay.client import Client
    from latentrelay.storage import S3Store


@click.command()
@models_option
@json_option
@data_option
def doctor(*, models: str | None, as_json: bool, data: str | None) -> None:
    """Say what is missing and how to mend it.

    Looks at Python, what is installed, the settings, the disk, Redis, the workers, the webhooks, the object store and
    the models. Ends with 1 where something is missing, with 0 otherwise.
    """
    found = []
    for finding in look(data, models):
        found.append(finding)
        if not as_json:
            click.echo(str(finding))
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in found], indent=2))
    if any(finding.mark is Mark.MISSING for finding in found):
        click.get_current_context().exit(FAILED)


def look(data: str | None, models: str | None) -> Iterator[Finding]:
    """Every finding, as it is made."""
    yield judge_python(sys.version_info[:2])
    try:
        settings = settings_of(data)
    except Ended as error:
        yield from (Finding("settings", Mark.MISSING, line) for line in str(error).splitlines())
        return
    given = None if models is None else Path(models)
    settings = with_models_of(settings, folder_of_models(settings, given, miniatures_here()))
    yield judge_extra("embedded", "the embedded stack", _missing("embedded"), needed=not settings.connected)
    yield judge_extra("stages", "the workers", _missing("stages"), needed=False)
    yield judge_device(settings.device)
    folder = _existing(settings.data_dir.expanduser())
    yield judge_disk(folder, shutil.disk_usage(folder).free)
    workers = yield from _servers(settings)
    yield from _models(settings, {worker.stage for worker in workers if worker.state.takes_jobs})


def _missing(extra: str) -> list[str]:
    """What of an extra is not installed."""
    wanted = [line for line in requires("latentrelay") or () if re.search(rf"extra == ['\"]{extra}['\"]", line)]
    return [name for name in (re.split(r"[^\w.-]", line)[0] for line in wanted) if not _installed(name)]


def _installed(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True


def _existing(folder: Path) -> Path:
    """The folder, or the nearest above it that is there."""
    return next(place for place in (folder.absolute(), *folder.absolute().parents) if place.is_dir())


def _models(settings: Settings, served: Collection[StageName]) -> Iterator[Finding]:
    """Of stages that are `served` only what is in the way: their workers need not have the settings of this shell."""
    for stage, setting in NAMED_BY.items():
        model = str(getattr(settings, setting))
        folder = Path(model).expanduser()
        index = folder / "model_index.json"
        text = index.read_text(encoding="utf-8") if index.is_file() else None
        finding = judge_model(stage, model, text, is_folder=folder.is_dir())
        if finding.mark is Mark.MISSING or stage not in served:
            yield finding


def _servers(settings: Settings) -> Generator[Finding, None, tuple[WorkerInfo, ...]]:
    """What is found of the servers and the workers; the workers."""
    from latentrelay.stack import locate  # noqa: PLC0415 -- redis and minio, which `--help` does not need

    try:
        located = locate(settings)
    except StackUnavailable as error:
        yield Finding("stack", Mark.MISSING, error.detail, "or set LATENTRELAY_REDIS_URL and LATENTRELAY_S3_ENDPOINT")
        return ()
    workers = yield from _redis(located)
    yield from _store(located)
    return workers


def _redis(settings: Settings) -> Generator[Finding, None, tuple[WorkerInfo, ...]]:
    from redis.exceptions import RedisError  # noqa: PLC0415 -- as above

    from latentrelay.client import Client  # noqa: PLC0415 -- as above
    from latentrelay.jobs import connect  # noqa: PLC0415 -- as above

    try:
        with connect(settings) as redis:
            yield from judge_redis(redis.info())
        client = Client.connect(settings)
        waiting = {queue.stage: queue.depth for queue in client.queues()}
        workers, states = client.workers(), client.states()
        webhooks = _webhooks(client)
        client.close()
    except (RedisError, ValueError, LatentRelayError) as error:
        yield Finding("Redis", Mark.MISSING, f"does not answer as it should: {error}", "check LATENTRELAY_REDIS_URL")
        return ()
    for stage in StageName:
        of_stage = [worker for worker in workers if worker.stage is stage]
        yield from judge_workers(stage, of_stage, waiting.get(stage, 0))
        yield from judge_state(stage, states[stage])
    yield from webhooks
    return workers


def _webhooks(client: "Client") -> list[Finding]:
    found = judge_webhooks(client.webhooks.list(), client.webhooks.backlog())
    try:
        client.webhooks.tenant_secrets()
    except StackUnavailable as error:  # no key, or one that is too short
        return [judge_webhook_key(error.detail), *found]
    return [judge_webhook_key(None), *found]


def _store(settings: Settings) -> Iterator[Finding]:
    """Write, read and remove a probe: only that tells whether the rights suffice. Its rules are only looked at."""
    from latentrelay.storage import S3Store  # noqa: PLC0415 -- as above

    try:
        store = S3Store.connect(settings)
        store.make_bucket()
        store.put(_PROBE, b"")
        store.get(_PROBE)
        store.delete([_PROBE.key])
    except (LatentRelayError, ValueError) as error:
        mend = "check LATENTRELAY_S3_ENDPOINT, LATENTRELAY_S3_ACCESS_KEY and LATENTRELAY_S3_SECRET_KEY"
        yield Finding("object store", Mark.MISSING, str(error), mend)
        return
    yield Finding("object store", Mark.OK, f"takes objects in bucket {settings.s3_bucket}")
    yield from _owner(settings, store)
    try:
        yield judge_rules(store.lacking_rules())
    except (LatentRelayError, ValueError) as error:
        yield Finding("bucket rules", Mark.NOTE, f"{error}; what no worker sweeps stays")


def _owner(settings: Settings, store: "S3Store") -> Iterator[Finding]:
    """A bucket that is another stack's, and nothing of one that is ours, or nobody's until it is swept."""
    from redis.exceptions import RedisError  # noqa: PLC0415 -- as above

    from latentrelay.jobs import connect  # noqa: PLC0415 -- as above
    from latentrelay.sweeper import FOREIGN, WAY_OUT, Ownership  # noqa: PLC0415 -- as above

    with (
        suppress(RedisError, LatentRelayError),
        connect(settings) as redis,
    ):  # Redis was told of before; the store has just taken a probe
        if Ownership(redis, store).is_foreign():
            yield Finding("bucket", Mark.MISSING, FOREIGN, WAY_OUT)


_PROBE = Artifact(
    kind=ArtifactKind.INPUT,
    key=input_key("doctor"),
    sha256="e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",  # of nothing
    bytes=0,
    media_type="application/octet-stream",
)
