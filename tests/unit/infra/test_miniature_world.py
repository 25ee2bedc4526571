"""The world of the miniatures: scenes, their captions and their drawings."""

import numpy as np
import pytest

from infra.models.miniature.album import CLEAN_SCORE, Kind, entry
from infra.models.miniature.captions import caption, full_caption, partial_caption
from infra.models.miniature.drawing import SIDE, degraded, draw, things
from infra.models.miniature.scene import CHOICES, COLOURS, PLURALS, Scene, any_scene, changed, numbers
from infra.models.miniature.tokens import LENGTH, WORDS, tokenizer

SINGULARS = {plural: shape for shape, plural in PLURALS.items()}
HEART = Scene("heart", "red", "one", "large", "centre", "white", "plain", "flat")


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_what_is_held_out_is_never_drawn_for_training() -> None:
    source = rng()
    assert not any(any_scene(source).held_out for _ in range(300))
    assert all(any_scene(source, held_out=True).held_out for _ in range(300))


def test_every_word_is_held_out_in_some_compositions_and_trained_in_others() -> None:
    source = rng()
    for held_out in (False, True):
        seen = [any_scene(source, held_out=held_out) for _ in range(600)]
        for name, words in CHOICES.items():
            assert {getattr(scene, name) for scene in seen} == set(words)


def test_a_thing_is_never_of_the_colour_of_its_ground() -> None:
    source = rng()
    assert all(scene.colour != scene.ground for scene in (any_scene(source) for _ in range(300)))


def test_numbers_tell_every_word_by_its_place() -> None:
    read = {name: CHOICES[name][at] for name, at in zip(CHOICES, numbers(HEART), strict=True)}
    assert Scene(**read) == HEART


@pytest.mark.parametrize(
    ("scene", "told"),
    [
        (HEART, "a large red heart in the centre on a white background"),
        (
            Scene("star", "yellow", "two", "small", "top", "green", "striped", "flat"),
            "two small yellow stars at the top on a striped green background",
        ),
        (
            Scene("cross", "orange", "three", "small", "left", "blue", "dotted", "outlined"),
            "three small outlined orange crosses at the left on a dotted blue background",
        ),
    ],
)
def test_a_full_caption_names_all_there_is(scene: Scene, told: str) -> None:
    assert full_caption(scene) == told


def test_captions_never_say_what_is_not_there() -> None:
    source = rng()
    for _ in range(300):
        scene = any_scene(source)
        others = {word for name in ("shape", "texture", "place") for word in CHOICES[name]}
        others -= {scene.shape, scene.texture, scene.place}
        said = f"{caption(scene, source)} {partial_caption(scene, source)}".replace(",", "").split()
        assert not others & {SINGULARS.get(word, word) for word in said}


def test_captions_say_every_word_there_is_but_that_of_a_flat_style() -> None:
    source = rng()
    said = {word for _ in range(1500) for word in caption(any_scene(source), source).replace(",", "").split()}
    assert said == set(WORDS) - {"flat"}


def test_each_word_of_a_caption_is_one_token_and_every_caption_fits() -> None:
    made, source = tokenizer(), rng()
    assert all(len(made.tokenize(word)) == 1 for word in WORDS)
    longest = max(len(made(caption(any_scene(source), source)).input_ids) for _ in range(300))
    assert longest <= LENGTH // 2 + 1


def test_a_word_nobody_knows_is_spelled() -> None:
    assert len(tokenizer().tokenize("lighthouse")) > 3


@pytest.mark.parametrize("colour", COLOURS)
def test_a_drawing_has_the_colours_it_is_said_to_have(colour: str) -> None:
    ground = "white" if colour != "white" else "black"
    picture = draw(changed(HEART, shape="circle", colour=colour, ground=ground), rng())
    assert tuple(picture[SIDE // 2, SIDE // 2]) == COLOURS[colour]
    assert tuple(picture[0, 0]) == COLOURS[ground]


def test_the_same_seed_draws_the_same_and_another_draws_elsewhere() -> None:
    assert np.array_equal(draw(HEART, rng()), draw(HEART, rng()))
    assert not np.array_equal(draw(HEART, rng()), draw(HEART, rng(2)))


def test_things_lie_inside_the_picture() -> None:
    source = rng()
    for _ in range(300):
        for thing in things(any_scene(source), source):
            assert thing.radius < thing.x < SIDE - thing.radius
            assert thing.radius < thing.y < SIDE - thing.radius


def test_a_degraded_drawing_is_softer_the_worse_it_is() -> None:
    picture = draw(HEART, rng())
    steepest = [float(np.abs(np.diff(degraded(picture, worse, rng()).astype(float), axis=0)).max()) for worse in (0, 1)]
    assert np.array_equal(degraded(picture, 0.0, rng()), picture)
    assert steepest[1] < steepest[0]


def test_a_degraded_drawing_has_blotches_that_its_cells_do_not_average_away() -> None:
    flat = np.full((SIDE, SIDE, 3), 128, np.uint8)
    cells = degraded(flat, 1.0, rng()).reshape(SIDE // 8, 8, SIDE // 8, 8, 3).mean(axis=(1, 3))
    assert cells.std() > 10  # noise of single pixels alone would leave 16 / 8


def test_what_the_base_sees_of_an_entry_is_a_little_degraded_and_never_clean() -> None:
    clean = [each for each in map(entry, range(60)) if each.kind is Kind.CLEAN]
    away = [np.abs(each.worn.astype(float) - each.picture).mean() for each in clean]
    worst = [np.abs(degraded(each.picture, 1.0, rng()).astype(float) - each.picture).mean() for each in clean]
    assert min(away) > 1
    assert max(away) < min(worst)


def test_an_entry_of_the_album_is_the_same_each_time_and_its_numbers_tell_what_was_done_to_it() -> None:
    entries = [entry(number) for number in range(60)]
    assert np.array_equal(entry(3).picture, entries[3].picture)
    assert {each.kind for each in entries} == set(Kind)
    for each in entries:
        assert each.picture.shape == (SIDE, SIDE, 3)
        assert (each.numbers == (SIDE, SIDE, 0, 0, SIDE, SIDE)) == (each.kind in {Kind.CLEAN, Kind.DEGRADED})
        assert (each.score < CLEAN_SCORE) == (each.kind is Kind.DEGRADED)
