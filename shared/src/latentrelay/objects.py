"""What lies in the store: an object as it is listed, and its bytes a piece at a time, their hash checked."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from urllib3.response import BaseHTTPResponse

from latentrelay.contracts import Artifact, ArtifactKind
from latentrelay.errors import InputUndecodable, LatentsMismatch
from latentrelay.s3 import told

PIECE = 64 * 1024  # bytes


@dataclass(frozen=True)
class StoredObject:
    """An object as the store lists it; `changed_at` is by the store's clock."""

    key: str
    bytes: int
    changed_at: datetime


def checked(response: BaseHTTPResponse, artifact: Artifact) -> Iterator[bytes]:
    """The pieces of `response`, which brings `artifact`. The last one comes only if all were right.

    Raises:
        LatentsMismatch, InputUndecodable: these are not the bytes that were stored.
        StorageUnavailable: the store broke off.
    """
    digest, held = sha256(), b""
    try:
        with told():
            for piece in response.stream(PIECE):
                digest.update(piece)
                if held:
                    yield held
                held = piece
    finally:
        response.close()
        response.release_conn()
    check(digest.hexdigest(), artifact)
    yield held


def check(found: str, artifact: Artifact) -> None:
    """Hold the SHA-256 of what was read against that of what was stored.

    Raises:
        LatentsMismatch, InputUndecodable: they differ.
    """
    if found != artifact.sha256:
        mismatch = LatentsMismatch if artifact.kind is ArtifactKind.LATENTS else InputUndecodable
        raise mismatch(f"the stored bytes of {artifact.key} are not those that were written")
