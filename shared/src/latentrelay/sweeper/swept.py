"""What a turn of the sweeper came to."""

from dataclasses import astuple, dataclass


@dataclass(frozen=True)
class Swept:
    """Counts: objects, but for inputs (uploads), records (jobs) and failed (jobs and uploads put off by an error)."""

    leftovers: int = 0
    latents: int = 0
    images: int = 0
    inputs: int = 0
    records: int = 0
    orphans: int = 0
    failed: int = 0

    def __add__(self, other: "Swept") -> "Swept":
        """Both together."""
        return Swept(*(mine + its for mine, its in zip(astuple(self), astuple(other), strict=True)))

    def __bool__(self) -> bool:
        """Whether there was anything."""
        return any(astuple(self))
