"""The measures of the miniatures: each moves the way it says, on drawings whose truth is known."""

from pathlib import Path

import numpy as np
import pytest

from infra.models.miniature import tabling
from infra.models.miniature.captions import full_caption
from infra.models.miniature.drawing import Picture, degraded, draw
from infra.models.miniature.figures import Row, gain, mean, share, wilson, wins
from infra.models.miniature.looks import degradation, difference, middle, sharpness
from infra.models.miniature.obedience import both, obeyed, one_by_one, right
from infra.models.miniature.questions import colourless, questions, simple, unplaced
from infra.models.miniature.scene import CHOICES, Scene, changed

SCENE = Scene("circle", "red", "one", "large", "centre", "blue", "plain", "flat")
SCENES = [question.scene for question in questions(40)]


def drawn(scene: Scene, seed: int = 0) -> Picture:
    return draw(scene, np.random.default_rng(seed))


def spoiled(picture: Picture, severity: float) -> Picture:
    return degraded(picture, severity, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("right_ones", "count", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),  # this and the next three: Newcombe (1998), table I
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (20, 20, 0.8389, 1.0),
        (0, 0, 0.0, 1.0),
    ],
)
def test_wilsons_interval_is_the_published_one(right_ones: int, count: int, low: float, high: float) -> None:
    assert wilson(right_ones, count) == pytest.approx((low, high), abs=1e-4)


def test_a_share_a_mean_and_a_gain_carry_their_intervals() -> None:
    assert share("s", [True, True, False, True]).value == 0.75
    assert mean("m", [1.0, 3.0]) == Row("m", 2.0, pytest.approx(2 - 1.96, abs=1e-3), pytest.approx(3.96, abs=1e-3), 2)
    assert gain("g", [True, True, True], [False, True, False]).value == pytest.approx(2 / 3)
    assert wins("w", [2.0, 1.0], [1.0, 1.0]).value == 0.5


def test_one_value_alone_is_its_own_interval() -> None:
    assert mean("m", [0.5]) == Row("m", 0.5, 0.5, 0.5, 1)


@pytest.mark.parametrize(
    ("value", "low", "goal", "reached"),
    [
        (0.9, 0.8, 0.9, True),
        (0.89, 0.8, 0.9, False),
        (0.2, 0.1, 0.0, True),
        (0.2, -0.1, 0.0, False),
        (1, 1, None, None),
    ],
)
def test_a_goal_is_reached_by_the_value_and_a_direction_by_the_whole_interval(
    value: float, low: float, goal: float | None, *, reached: bool | None
) -> None:
    assert Row("r", value, low, 1.0, 10, goal).reached is reached


@pytest.mark.parametrize("severity", [0.3, 0.6, 1.0])
def test_degraded_drawings_are_less_sharp_and_more_degraded(severity: float) -> None:
    for scene in SCENES[:20]:
        clean, worse = drawn(scene), spoiled(drawn(scene), severity)
        assert sharpness(worse) < sharpness(clean)
        assert degradation(worse) > degradation(clean)


def test_degradation_grows_with_the_noise() -> None:
    for scene in SCENES[:10]:
        grown = [degradation(spoiled(drawn(scene), severity)) for severity in (0.0, 0.25, 0.5, 1.0)]
        assert grown == sorted(grown)


@pytest.mark.parametrize("texture", CHOICES["texture"])
def test_a_clean_drawing_has_next_to_no_degradation(texture: str) -> None:
    assert degradation(drawn(changed(SCENE, texture=texture))) < 1.5


def test_the_middle_of_a_thing_follows_its_place() -> None:
    left, centre, right_ = (
        middle(drawn(changed(SCENE, place=at)), "red", "blue") for at in ("left", "centre", "right")
    )
    assert left + 5 < centre < right_ - 5


def test_a_picture_without_the_thing_has_its_middle_in_the_middle() -> None:
    assert middle(np.full((64, 64, 3), (42, 84, 214), np.uint8), "red", "blue") == 32


def test_the_difference_of_black_and_white_is_one() -> None:
    assert difference(np.zeros((4, 4, 3), np.uint8), np.full((4, 4, 3), 255, np.uint8)) == 1


def test_questions_are_held_out_and_the_same_whatever_their_count() -> None:
    asked = questions(30)
    assert asked[:5] == questions(5)
    assert all(question.scene.held_out for question in asked)
    assert len({question.scene for question in asked}) == 30
    assert np.array_equal(asked[0].picture, questions(1)[0].picture)


def test_questions_name_the_fields_whose_words_stand_in_the_prompt() -> None:
    for question in questions(60):
        assert question.prompt == full_caption(question.scene)
        silent = {field for field in CHOICES if getattr(question.scene, field) not in _spoken(question.prompt)}
        assert question.named == set(CHOICES) - silent


def _spoken(prompt: str) -> set[str]:
    words = prompt.replace("crosses", "cross").split()
    return {*words, *(word.removesuffix("s") for word in words), *({"one"} if words[0] in {"a", "an"} else set())}


def test_the_other_colour_is_neither_the_things_nor_the_grounds() -> None:
    for question in questions(60):
        assert question.other_colour not in {question.scene.colour, question.scene.ground}


def test_a_simple_scene_stays_held_out_and_its_prompt_does_not_say_where() -> None:
    for question in questions(60):
        scene = simple(question)
        assert scene.held_out
        assert unplaced(scene) == full_caption(scene).replace(" in the centre", "")


def test_a_colourless_prompt_names_no_colour_but_that_of_a_ground_that_is_not_red() -> None:
    for question in questions(60):
        words = colourless(question).split()
        assert len([word for word in words if word in CHOICES["colour"]]) == 1
        assert "red" not in words


def test_obedience_is_told_of_colour_and_shape_of_all_named_and_of_each_field() -> None:
    asked = questions(4)
    read = [changed(question.scene, place="nowhere") if question.number else question.scene for question in asked]
    assert right(asked, read) == [True] * 4
    assert obeyed(asked, read) == [True, False, False, False]
    assert [row.value for row in both("b", asked, read)] == [1.0, 0.25]
    rows = {row.name: row for row in one_by_one("b", asked, read)}
    assert rows["b: place"].value == 0.25
    assert rows["b: shape"].value == 1.0


def test_what_a_prompt_does_not_name_is_not_asked() -> None:
    asked = [question for question in questions(60) if "style" not in question.named]
    assert all(obeyed(asked, [changed(question.scene, style="outlined") for question in asked]))


def test_the_table_replaces_what_lies_between_its_marks_and_nothing_else(tmp_path: Path) -> None:
    page = tmp_path / "models.md"
    page.write_text(f"# Before\n{tabling.BEGIN}\nold\n{tabling.END}\n## After\n")
    rows = [
        Row("right", 0.96, 0.9, 0.99, 100, 0.95),
        Row("more", 0.1, -0.1, 0.3, 9, 0.0),
        Row("free", 0.5, 0.4, 0.6, 8),
    ]
    for _ in range(2):
        tabling.write(rows, page)
    assert page.read_text() == (
        f"# Before\n{tabling.BEGIN}\n{tabling.HEAD}"
        "| right | 0.960 | 0.900 to 0.990 | 100 | 0.95 | yes |\n"
        "| more | 0.100 | -0.100 to 0.300 | 9 | > 0 | no |\n"
        "| free | 0.500 | 0.400 to 0.600 | 8 |  |  |\n"
        f"{tabling.END}\n## After\n"
    )


def test_a_page_without_marks_is_left_as_it_is(tmp_path: Path) -> None:
    page = tmp_path / "models.md"
    page.write_text(f"{tabling.END} {tabling.BEGIN}")
    with pytest.raises(ValueError, match="no place for the table"):
        tabling.write([], page)
    assert page.read_text() == f"{tabling.END} {tabling.BEGIN}"
