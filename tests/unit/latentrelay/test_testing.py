from hashlib import sha256

import pytest

from latentrelay.contracts import Artifact, ArtifactKind, Phase
from latentrelay.errors import Canceled, InputUndecodable, LatentsMismatch, NotFound
from latentrelay.testing import MemoryReport, MemoryStore


def artifact(kind: ArtifactKind, data: bytes = b"as stored") -> Artifact:
    digest = sha256(data).hexdigest()
    return Artifact(kind=kind, key=f"{kind}/j1/0", sha256=digest, bytes=len(data), media_type="image/png")


def test_a_memory_store_gives_back_what_was_put_and_nothing_else() -> None:
    store, stored = MemoryStore(), artifact(ArtifactKind.IMAGE)
    with pytest.raises(NotFound, match="images/j1/0"):
        store.get(stored)
    store.put(stored, b"as stored")
    assert store.get(stored) == b"as stored"


@pytest.mark.parametrize(
    ("kind", "error"), [(ArtifactKind.LATENTS, LatentsMismatch), (ArtifactKind.INPUT, InputUndecodable)]
)
def test_a_memory_store_refuses_damaged_bytes(kind: ArtifactKind, error: type[Exception]) -> None:
    store, stored = MemoryStore(), artifact(kind)
    store.put(stored, b"damaged")
    with pytest.raises(error):
        store.get(stored)


def test_a_memory_report_remembers_what_it_was_told_until_it_is_canceled() -> None:
    report, made = MemoryReport(cancel_at=2), artifact(ArtifactKind.IMAGE)
    with report.phase(Phase.DECODE):
        report.step(1, 3, lambda: b"picture")
    report.made(made)
    report.check()
    with pytest.raises(Canceled):
        report.step(2, 3)
    with pytest.raises(Canceled):
        report.check()
    assert report.steps == [(1, 3), (2, 3)]
    assert report.previews == {1: b"picture"}
    assert report.artifacts == [made]
    assert report.phases == {Phase.DECODE: 1}
