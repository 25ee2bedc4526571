"""When a pool process is replaced by a fresh one: after so many jobs, or when it has grown by so much."""

from dataclasses import dataclass

from latentrelay.memory import resident_bytes

MIB = 1024 * 1024


@dataclass(frozen=True)
class Allowance:
    """What a process may do before it is replaced; 0 for without limit."""

    jobs: int = 0
    growth_mb: int = 0

    def is_spent(self, jobs: int, growth: int) -> bool:
        """Whether `jobs` done and `growth` bytes are enough."""
        return 0 < self.jobs <= jobs or 0 < self.growth_mb * MIB <= growth


class Wear:
    """What this process has done since its model was loaded.

    Args:
        allowance: what it may do.
    """

    def __init__(self, allowance: Allowance) -> None:
        self._allowance = allowance
        self._jobs = 0
        self._loaded = resident_bytes()
        self._is_spent = False

    def count_job(self) -> bool:
        """A job is done; whether the process is to be replaced from now on, told once."""
        self._jobs += 1
        before, growth = self._is_spent, resident_bytes() - self._loaded
        self._is_spent = before or self._allowance.is_spent(self._jobs, growth)
        return self._is_spent and not before
