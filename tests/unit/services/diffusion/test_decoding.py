import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL
from diffusers.image_processor import VaeImageProcessor

from latentrelay.errors import PermanentError
from services.diffusion.decoding import decode, to_pixels
from services.diffusion.tensors import to_array

CPU = torch.device("cpu")


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_pixels_are_rounded_as_diffusers_rounds_them(dtype: torch.dtype) -> None:
    images = torch.linspace(-1.3, 1.3, 3 * 64 * 64).reshape(1, 3, 64, 64).to(dtype)
    expected = VaeImageProcessor().postprocess(images, output_type="pil")[0]
    assert np.array_equal(to_pixels(images)[0], np.asarray(expected))


def test_a_vae_with_means_and_deviations_decodes_as_the_pipeline_does() -> None:
    torch.manual_seed(0)
    vae = AutoencoderKL(
        block_out_channels=(4,),
        norm_num_groups=2,
        scaling_factor=0.5,
        latents_mean=[0.1, 0.2, 0.3, 0.4],
        latents_std=[1.0, 2.0, 3.0, 4.0],
    )
    latents = torch.randn(1, 4, 8, 8)
    mean, std = (torch.tensor(vae.config[name]).view(1, 4, 1, 1) for name in ("latents_mean", "latents_std"))
    with torch.no_grad():
        image = vae.decode(latents * std / 0.5 + mean).sample
    assert np.array_equal(decode(vae, latents.numpy(), CPU), to_pixels(image))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_picture_that_overflowed_is_an_error_and_no_black_picture(value: float) -> None:
    broken = torch.zeros(1, 3, 8, 8)
    broken[0, 0, 0, 0] = value
    with pytest.raises(PermanentError, match="overflowed in torch"):
        to_pixels(broken)


def test_bfloat16_latents_become_float32_and_lose_nothing() -> None:
    latents = torch.randn(1, 4, 8, 8, dtype=torch.bfloat16)
    array = to_array(latents)
    assert array.dtype == np.float32
    assert torch.equal(torch.from_numpy(array).to(torch.bfloat16), latents)
