"""Both servers, fresh, with an empty bucket."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from latentrelay.embedded.seaweed import Seaweed
from latentrelay.embedded.valkey import Valkey
from latentrelay.settings import Settings
from latentrelay.storage import S3Store


@contextmanager
def servers(folder: Path, **changed: Any) -> Iterator[Settings]:
    """Settings, `changed` among them, that lead to servers which keep all in `folder` and end with the block."""
    valkey, seaweed = Valkey(folder / "valkey"), Seaweed(folder / "seaweed")
    with ExitStack() as ends:
        for server in (valkey, seaweed):
            ends.callback(server.stop)
            server.start()
        settings = Settings(
            redis_url=SecretStr(valkey.url),
            s3_endpoint=seaweed.endpoint,
            s3_access_key=seaweed.access_key,
            s3_secret_key=SecretStr(seaweed.secret_key),
            data_dir=folder,
            **changed,
        )
        S3Store.connect(settings).ensure_bucket()
        yield settings
