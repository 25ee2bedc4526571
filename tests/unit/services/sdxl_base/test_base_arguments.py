import pytest

from latentrelay.contracts import Refine, RefineMode, RelayOutput, TextToImage
from services.sdxl_base.arguments import drawing_arguments, wants_own_image


@pytest.mark.parametrize(("default_size", "expected"), [(128, 128), (1024, 1024), (1536, 1024)])
def test_a_picture_without_a_size_gets_1024_or_the_models_own_smaller_one(default_size: int, expected: int) -> None:
    arguments = drawing_arguments(TextToImage(prompt="a fox", width=96), default_size)
    assert (arguments["width"], arguments["height"]) == (96, expected)


@pytest.mark.parametrize(
    ("mode", "keep_base", "stops", "draws"),
    [
        (RefineMode.NONE, False, False, True),
        (RefineMode.NONE, True, False, True),
        (RefineMode.IMG2IMG, False, False, False),
        (RefineMode.IMG2IMG, True, False, True),
        (RefineMode.ENSEMBLE, False, True, False),
        (RefineMode.ENSEMBLE, True, False, True),
    ],
)
def test_the_base_stops_at_the_switch_point_unless_its_own_image_is_wanted(
    mode: RefineMode, *, keep_base: bool, stops: bool, draws: bool
) -> None:
    request = TextToImage(prompt="a fox", refine=Refine(mode=mode), output=RelayOutput(keep_base=keep_base))
    assert ("denoising_end" in drawing_arguments(request, 128)) == stops
    assert wants_own_image(request) == draws
