"""Where the running stack is: the configured servers, or those that `latentrelay up` keeps in the data folder."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_settings import SettingsError

from latentrelay.errors import StackUnavailable
from latentrelay.jobs import connect
from latentrelay.settings import Settings, unusable

LOCK_SECONDS = 1.0  # clients hold the lock for an instant, to see whether a stack runs


class Connections(BaseModel):
    """What a client needs to reach an embedded stack and to judge as it does; written for this user alone."""

    redis_url: str
    s3_endpoint: str
    s3_access_key: str
    s3_secret_key: str
    s3_bucket: str
    s3_region: str
    webhook_key: str | None = None
    webhook_allowed_hosts: frozenset[str] = frozenset()
    webhook_allowed_cidrs: frozenset[str] = frozenset()
    webhook_any_url: bool = False


def stack_file(data_dir: Path) -> Path:
    """Where a running `up` tells its connections."""
    return data_dir.expanduser() / "stack.json"


def lock_file(data_dir: Path) -> Path:
    """What a running `up` holds locked."""
    return data_dir.expanduser() / "up.lock"


def connections(settings: Settings) -> Connections:
    """The connections of `settings`, which must be connected."""
    assert settings.redis_url is not None  # noqa: S101 - asked of the caller; for the type checker
    assert settings.s3_endpoint is not None  # noqa: S101 - as above
    return Connections(
        redis_url=settings.redis_url.get_secret_value(),
        s3_endpoint=settings.s3_endpoint,
        s3_access_key=settings.s3_access_key,
        s3_secret_key=settings.s3_secret_key.get_secret_value(),
        s3_bucket=settings.s3_bucket,
        s3_region=settings.s3_region,
        webhook_key=settings.webhook_key.get_secret_value() if settings.webhook_key else None,
        webhook_allowed_hosts=settings.webhook_allowed_hosts,
        webhook_allowed_cidrs=settings.webhook_allowed_cidrs,
        webhook_any_url=settings.webhook_any_url,
    )


def connected(settings: Settings, found: Connections) -> Settings:
    """`settings` with these connections."""
    told = found.model_dump(exclude_none=True)
    secrets = {name: SecretStr(told[name]) for name in ("redis_url", "s3_secret_key", "webhook_key") if name in told}
    return settings.model_copy(update=told | secrets)


def locate(settings: Settings) -> Settings:
    """`settings` as they are where they name servers, else connected to the stack that runs in their data folder.

    Raises:
        StackUnavailable: none runs there, or the address of Redis is none.
    """
    if settings.connected:
        connect(settings).close()
        return settings
    folder = settings.data_dir.expanduser()
    if not _held(lock_file(folder)):  # what a killed stack left behind leads nowhere
        raise StackUnavailable(f"no stack runs in {folder}; start one with `latentrelay up`")
    try:
        found = Connections.model_validate_json(stack_file(folder).read_text(encoding="utf-8"))
    except (OSError, ValidationError) as error:
        raise StackUnavailable(f"the stack in {folder} is not up yet; try again in a few seconds") from error
    return connected(settings, found)


def from_environment(**named: object) -> Settings:
    """The settings of the environment, with those that are `named`, as `locate` connects them.

    Raises:
        StackUnavailable: a variable cannot be read or used, no stack is configured, or none runs here.
    """
    try:
        return locate(Settings(**named))  # type: ignore[arg-type]  # it validates them
    except ValidationError as error:
        raise StackUnavailable("; ".join(unusable(error))) from None
    except SettingsError as error:
        raise StackUnavailable(f"{error}: it must be JSON") from None


@contextmanager
def held_alone(data_dir: Path) -> Iterator[None]:
    """Be the one stack of this folder. The lock is not inherited by children, so it ends with this process.

    Raises:
        StackUnavailable: another stack runs there.
    """
    with open(os.open(lock_file(data_dir), os.O_CREAT | os.O_RDWR, 0o600), "r+", encoding="utf-8") as lock:  # noqa: PTH123 - pathlib sets no mode
        deadline = time.monotonic() + LOCK_SECONDS
        while not _locked(lock.fileno(), fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                raise StackUnavailable(
                    f"another `latentrelay up` (process {lock.read() or 'unknown'}) runs in {data_dir}; "
                    "stop it first, or take another folder with LATENTRELAY_DATA_DIR"
                )
            time.sleep(0.05)
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _held(lock: Path) -> bool:
    try:
        descriptor = os.open(lock, os.O_RDONLY)
    except OSError:
        return False
    try:
        return not _locked(descriptor, fcntl.LOCK_SH)  # shared: any number of clients may look at once
    finally:
        os.close(descriptor)


def _locked(descriptor: int, how: int) -> bool:
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
