"""How the miniatures are taught: lessons that resume, steps that are orthogonal, conditions as diffusers makes them."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from infra.models.miniature import lesson as lessons
from infra.models.miniature.album import embedded, last_layer
from infra.models.miniature.clip import Clip
from infra.models.miniature.diffusion import noised_embeddings, of_base, spread
from infra.models.miniature.folders import Family, base, unclip
from infra.models.miniature.judge import Judge
from infra.models.miniature.lesson import Course, Lesson, rate_at
from infra.models.miniature.optimizer import orthogonal
from infra.models.miniature.unets import base_unet, kept, noising_scheduler, refiner_unet, unclip_unet
from infra.models.miniature.vae import autoencoder

PROMPT = "two small yellow stars at the top, striped blue background"


@pytest.fixture(scope="module")
def family() -> Family:
    images = np.random.default_rng(1).normal(0.3, 2.0, (50, 96))
    made = base_unet().eval()
    return Family(autoencoder().eval(), Clip().eval(), Judge(), made, refiner_unet(made), unclip_unet(made), images)


def line() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(12, 10), nn.SiLU(), nn.Linear(10, 1))


def taught(folder: Path, steps: int, course: Course) -> nn.Module:
    """`steps` steps of the course, of which more may follow."""
    module = line()
    lesson = Lesson("line", module, course, folder)

    def loss(rng: np.random.Generator) -> Tensor:
        if lesson.step >= steps:
            raise KeyboardInterrupt
        given = torch.from_numpy(rng.normal(size=(16, 12))).float()
        return (module(given) - given.sum(1, keepdim=True)).square().mean()

    return lesson.teach(loss)


def weights(module: nn.Module) -> Tensor:
    return torch.cat([each.flatten() for each in module.state_dict().values()])


def test_a_lesson_that_was_stopped_goes_on_to_the_same_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lessons, "KEPT_EVERY", 0.0)
    course = Course(30, 16, 1e-2)
    for name in ("whole", "parts"):
        (tmp_path / name).mkdir()
    whole = taught(tmp_path / "whole", 30, course)
    with pytest.raises(KeyboardInterrupt):
        taught(tmp_path / "parts", 13, course)
    assert torch.equal(weights(taught(tmp_path / "parts", 30, course)), weights(whole))
    assert (tmp_path / "parts" / "line.jsonl").read_text().count("\n") == 1


def test_a_lesson_that_is_over_is_not_taught_again(tmp_path: Path) -> None:
    course = Course(20, 16, 1e-2)
    done = taught(tmp_path, 20, course)
    assert torch.equal(weights(taught(tmp_path, 0, course)), weights(done))


def test_a_lesson_refuses_the_state_of_another_course(tmp_path: Path) -> None:
    taught(tmp_path, 20, Course(20, 16, 1e-2))
    with pytest.raises(SystemExit, match="another course"):
        taught(tmp_path, 20, Course(25, 16, 1e-2))


def test_the_curve_of_a_resumed_lesson_tells_no_step_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    course = Course(20, 16, 1e-2)
    monkeypatch.setattr(lessons, "TOLD_EVERY", 1)
    with pytest.raises(KeyboardInterrupt):
        taught(tmp_path, 7, course)  # stopped before its state was kept
    taught(tmp_path, 20, course)
    steps = [json.loads(told)["step"] for told in (tmp_path / "line.jsonl").read_text().splitlines()]
    assert steps == list(range(1, 21))


def test_a_lesson_teaches(tmp_path: Path) -> None:
    given = torch.randn(200, 12, generator=torch.Generator().manual_seed(3))
    wanted = given.sum(1, keepdim=True)
    after = taught(tmp_path, 400, Course(400, 16, 1e-2))
    assert (after(given) - wanted).square().mean() < 0.3 * (line()(given) - wanted).square().mean()


def test_the_rate_rises_holds_and_falls_to_nothing() -> None:
    course = Course(1000, 1, 1.0)
    rates = [rate_at(step, course) for step in (0, 100, 250, 650, 1000)]
    assert rates[0] < rates[1] == rates[2] == 1.0
    assert rates[2] > rates[3] > rates[4] == 0.0


def test_a_step_of_muon_is_orthogonal() -> None:
    singular = torch.linalg.svdvals(orthogonal(torch.randn(24, 60, generator=torch.Generator().manual_seed(1))))
    assert 0.5 < singular.min() < singular.max() < 1.4


def test_steps_are_spread_evenly_and_the_base_is_taught_mostly_above_the_refiners() -> None:
    rng = np.random.default_rng(0)
    assert np.array_equal(spread(rng, 10, 200, 300) // 10, np.arange(20, 30))
    assert (of_base(rng, 100) < 200).sum() == 12


def test_numbers_are_told_in_the_order_of_the_pipelines(family: Family) -> None:
    told = base(family)._get_add_time_ids((48, 49), (3, 5), (64, 64), torch.float32, 96)
    assert told.tolist() == [[48, 49, 3, 5, 64, 64]]


def test_prompts_are_embedded_as_the_sdxl_pipeline_embeds_them(family: Family) -> None:
    told, _, pooled, _ = base(family).encode_prompt(PROMPT, device="cpu", do_classifier_free_guidance=False)
    text, pool = embedded(family.clip, [PROMPT])
    assert torch.allclose(told, text, atol=1e-5)
    assert torch.allclose(pooled, pool, atol=1e-5)


def test_prompts_are_embedded_as_the_unclip_pipeline_embeds_them(family: Family) -> None:
    told, _ = unclip(family).encode_prompt(PROMPT, "cpu", 1, do_classifier_free_guidance=False)
    assert torch.allclose(told, last_layer(family.clip, [PROMPT]), atol=1e-5)


def test_embeddings_of_pictures_are_noised_as_the_unclip_pipeline_noises_them(family: Family) -> None:
    pipeline, image = unclip(family), torch.randn(1, 96)
    torch.manual_seed(4)
    own = noised_embeddings(
        image, torch.tensor([300]), pipeline.image_normalizer.mean, pipeline.image_normalizer.std,
        kept(noising_scheduler()),
    )  # fmt: skip
    torch.manual_seed(4)
    told = pipeline.noise_image_embeddings(image, noise_level=300, noise=torch.randn_like(image))
    assert torch.allclose(own, told, atol=1e-5)


def test_the_refiner_begins_with_what_the_base_knows_of_sizes_and_nothing_of_the_score(family: Family) -> None:
    name, pooled, numbers = "add_embedding.linear_1.weight", 96, 4 * 32
    own, known = family.refiner.state_dict()[name], family.base.state_dict()[name]
    assert torch.equal(own[:, : pooled + numbers], known[:, : pooled + numbers])
    assert not own[:, pooled + numbers :].any()


def test_refiner_and_unclip_begin_as_the_base_and_read_its_second_text_tower(family: Family) -> None:
    known = family.base.state_dict()
    for begun in (family.refiner, family.unclip):
        own = begun.state_dict()
        assert torch.equal(own["conv_out.weight"], known["conv_out.weight"])
        reads = "mid_block.attentions.0.transformer_blocks.0.attn2.to_k.weight"
        assert torch.equal(own[reads], known[reads][:, 64:])
