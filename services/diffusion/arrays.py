"""The arrays that pass between stages and pipelines. No torch."""

from typing import Any

import numpy as np
import numpy.typing as npt

LatentArray = npt.NDArray[np.floating[Any]]
"""(images, 4, height / 8, width / 8), float16 or float32, scaled as diffusers gives and takes them."""
PixelArray = npt.NDArray[np.uint8]
"""(images, height, width, 3), RGB."""
GeneratorState = npt.NDArray[np.uint8]
"""What `torch.Generator.get_state()` gave: 5,056 bytes."""
