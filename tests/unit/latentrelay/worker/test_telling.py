from latentrelay.contracts import Progress, StageName
from latentrelay.worker.telling import Telling, Told


def step(number: int, preview: int | None = None) -> Progress:
    return Progress(stage=StageName.SDXL_BASE, step=number, steps=9, preview=preview)


def test_the_newest_step_is_taken_once() -> None:
    telling = Telling()
    telling.add(step(1), None)
    telling.add(step(2), None)
    assert telling.take() == Told(step(2))
    assert telling.take() == Told()


def test_a_picture_is_taken_once_and_later_steps_name_its_step() -> None:
    telling = Telling()
    telling.add(step(2), lambda: b"two")
    telling.add(step(3), None)
    assert telling.take() == Told(step(3, preview=2), b"two")
    telling.add(step(4), None)
    assert telling.take() == Told(step(4, preview=2))


def test_only_the_newest_preview_is_drawn() -> None:
    telling, drawn = Telling(), list[int]()
    for number in (1, 2):
        telling.add(step(number), lambda number=number: drawn.append(number) or b"picture")
    assert telling.take() == Told(step(2, preview=2), b"picture")
    assert drawn == [2]


def test_a_preview_that_is_not_there_yet_is_asked_for_again() -> None:
    telling, there = Telling(), iter([None, b"late"])
    telling.add(step(1), lambda: next(there))
    assert telling.take() == Told(step(1))
    telling.add(step(2), None)
    assert telling.take() == Told(step(2, preview=1), b"late")


def test_a_preview_that_fails_costs_nothing_but_itself() -> None:
    def fail() -> bytes:
        raise RuntimeError("what the device said")

    telling = Telling()
    telling.add(step(1), fail)
    assert telling.take() == Told(step(1))
    assert telling.take() == Told()


def test_what_could_not_be_told_is_new_again_unless_there_is_a_newer_step() -> None:
    telling = Telling()
    telling.add(step(1), None)
    untold = telling.take()
    telling.give_back(untold)
    assert telling.take() == untold
    telling.add(step(2), None)
    telling.give_back(untold)
    assert telling.take() == Told(step(2))
