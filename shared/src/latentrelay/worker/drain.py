"""Ending in order: the worker and its pool process share how urgent it is."""

import mmap

from latentrelay.errors import HandedBack

_BEGUN, _HURRIED = 1, 2


class Drain:
    """One byte shared by the worker and its pool process, across the fork."""

    def __init__(self) -> None:
        self._byte = mmap.mmap(-1, 1)

    def begin(self) -> None:
        """Take no new job."""
        self._byte[0] = max(self._byte[0], _BEGUN)

    def hurry(self) -> None:
        """Hand the running job back at its next step."""
        self._byte[0] = _HURRIED

    @property
    def begun(self) -> bool:
        """Whether no new job may be taken."""
        return self._byte[0] >= _BEGUN

    @property
    def hurried(self) -> bool:
        """Whether the running job is to be handed back."""
        return self._byte[0] == _HURRIED

    def check(self) -> None:
        """Raise where the running job is to be handed back.

        Raises:
            HandedBack: it is.
        """
        if self.hurried:
            raise HandedBack
