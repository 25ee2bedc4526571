"""From torch's tensors to numpy's arrays, losing nothing and letting nothing broken pass."""

import torch

from latentrelay.errors import PermanentError
from services.diffusion.arrays import LatentArray


def to_array(latents: torch.Tensor) -> LatentArray:
    """The latents as numpy has them: bfloat16, which it lacks, becomes float32.

    Raises:
        PermanentError: they hold values that are no numbers.
    """
    refuse_overflow(latents)
    held = latents.float() if latents.dtype is torch.bfloat16 else latents
    array: LatentArray = held.cpu().numpy()
    return array


def refuse_overflow(tensor: torch.Tensor) -> None:
    """Refuse what would become a black picture.

    Raises:
        PermanentError: a value is infinite or no number.
    """
    if not torch.isfinite(tensor).all():
        raise PermanentError(f"The model overflowed in {tensor.dtype}; serve it with LATENTRELAY_DTYPE=float32.")
