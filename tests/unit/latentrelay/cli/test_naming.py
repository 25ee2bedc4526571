from datetime import UTC, datetime
from pathlib import Path

import pytest

from latentrelay import InvalidRequest, Job, JobStatus, Kind, Role, StageName, TextToImage
from latentrelay.cli.naming import format_of, has_known_suffix, image_files


def job(**fields):
    return Job(
        id="j1",
        kind=Kind.TEXT_TO_IMAGE,
        status=JobStatus.SUCCEEDED,
        stage=StageName.SDXL_REFINER,
        sequence=9,
        attempt=1,
        created_at=datetime.now(UTC),
        request=TextToImage.model_validate({"prompt": "p", "seed": 1} | fields),
    )


def names(made, out):
    return [str(path) for path in image_files(made, out).values()]


def test_one_image_goes_to_the_file_as_it_is_named(tmp_path):
    assert names(job(), "cat.png") == ["cat.png"]
    assert names(job(), str(tmp_path / "cat")) == [str(tmp_path / "cat")]


def test_several_images_are_numbered_before_the_suffix():
    assert names(job(num_images_per_prompt=3), "out/cat.v2.png") == [
        "out/cat.v2-0.png",
        "out/cat.v2-1.png",
        "out/cat.v2-2.png",
    ]


def test_the_bases_own_image_lies_beside_the_refined_one():
    kept = {"output": {"keep_base": True}}
    assert names(job(**kept), "cat.png") == ["cat.png", "cat-base.png"]
    both = image_files(job(num_images_per_prompt=2, **kept), "cat.png")
    assert both[1, Role.BASE] == Path("cat-1-base.png")
    assert both[1, Role.FINAL] == Path("cat-1.png")


def test_a_folder_takes_all_images_under_the_jobs_name(tmp_path):
    assert names(job(), "made/") == ["made/j1-0.png"]
    assert names(job(output={"format": "jpeg"}), str(tmp_path)) == [str(tmp_path / "j1-0.jpg")]


def test_the_suffix_of_the_file_asks_for_its_format():
    assert format_of("a/cat.JPG", None) == "jpeg"
    assert format_of("cat.webp", None) == "webp"
    assert format_of("cat.tiff", None) is None
    assert format_of("made/", None) is None
    assert format_of(None, "jpeg") == "jpeg"
    assert format_of("cat", "jpeg") == "jpeg"
    assert format_of("cat.jpeg", "jpeg") == "jpeg"


def test_a_folder_names_no_format_whatever_it_is_called():
    assert format_of("made.png/", "webp") == "webp"


def test_an_image_goes_to_a_file_of_a_format_we_write_or_of_no_suffix(tmp_path):
    (tmp_path / "v1.gif").mkdir()
    for path in ("cat.png", "cat.JPG", "cat.jpeg", "cat.webp", "cat", "made.gif/", str(tmp_path / "v1.gif")):
        assert has_known_suffix(path)
    assert not has_known_suffix("cat.gif")


def test_a_suffix_and_a_format_that_differ_are_refused():
    with pytest.raises(InvalidRequest, match=r"output\.format: is webp, but the file cat\.png is named a png"):
        format_of("cat.png", "webp")
