"""Colours of latents by a linear map, fitted to the VAE that will decode them; for pictures that nobody waits for.

Fitted once, at setup: a synthetic picture goes through the VAE, and the colours that come out are told from the latents
in between. No random number is drawn.
"""

import logging
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch.nn.functional import avg_pool2d

from services.diffusion.decoding import scaled, unscaled

log = logging.getLogger(__name__)

SAMPLE_SIDE = 128  # pixels: 256 latents, for the few numbers of the map
LEAST_SPREAD = 1e-3  # of colours from -1 to 1

Table = npt.NDArray[np.float64]


@dataclass(frozen=True)
class LatentsToRgb:
    """The map, on the device of the latents."""

    weights: torch.Tensor
    """(3, channels)."""
    bias: torch.Tensor
    """(3, 1, 1)."""

    def __call__(self, latents: torch.Tensor) -> torch.Tensor:
        """Latents (channels, height, width), scaled as the pipelines hand them over, as colours of -1..1.

        Early ones are mostly noise, many times as strong as a picture: they are brought down to the spread of one.
        """
        calm = latents.float() / latents.float().std().clamp(min=1)
        return torch.einsum("rc,chw->rhw", self.weights, calm) + self.bias


def fit(vae: Any, device: torch.device) -> LatentsToRgb | None:
    """The map that comes nearest to what `vae`, an AutoencoderKL, decodes; None where that shows nothing."""
    solution = solve(*_sample(vae, device))
    if solution is None:
        log.warning("no previews: the VAE shows nothing of a picture")
        return None
    found = torch.from_numpy(solution).to(device, torch.float32)
    return LatentsToRgb(found[:-1].T.contiguous(), found[-1][:, None, None])


def solve(latents: Table, colours: Table) -> Table | None:
    """What `latents` (points, channels) are to be multiplied with to be `colours` (points, 3): (channels + 1, 3).

    The last row is added. None where that shows nothing: the colours are all alike, or no numbers.
    """
    if not (np.isfinite(latents).all() and np.isfinite(colours).all()) or colours.std(axis=0).max() < LEAST_SPREAD:
        return None
    known = np.column_stack([latents, np.ones(len(latents))])
    solution: Table = np.linalg.lstsq(known, colours, rcond=None)[0].astype(np.float64)
    return solution if np.isfinite(solution).all() else None


@torch.no_grad()
def _sample(vae: Any, device: torch.device) -> tuple[Table, Table]:
    """Latents, and the colours that they are decoded to: a row for each place."""
    picture = synthetic(SAMPLE_SIDE).to(device, vae.dtype)
    encoded = scaled(vae.encode(picture[None]).latent_dist.mode(), vae.config)
    latents = encoded.mean() + (encoded - encoded.mean()) / encoded.std()  # spread like those that are drawn
    decoded = vae.decode(unscaled(latents, vae.config), return_dict=False)[0]
    small = avg_pool2d(decoded.float(), decoded.shape[-1] // latents.shape[-1])
    return _rows(latents), _rows(small)


def synthetic(side: int) -> torch.Tensor:
    """A smooth picture (3, side, side) of -1..1, in which light and dark of every colour meet."""
    y, x = torch.meshgrid(torch.linspace(0, 2 * torch.pi, side), torch.linspace(0, 2 * torch.pi, side), indexing="ij")
    return torch.stack([torch.sin(2 * x + y), torch.sin(3 * y - x), torch.sin(2 * x - 2 * y + 1)])


def _rows(maps: torch.Tensor) -> Table:
    """(1, channels, height, width) as a row of channels for each place."""
    rows: Table = maps[0].flatten(1).T.double().cpu().numpy()
    return rows
