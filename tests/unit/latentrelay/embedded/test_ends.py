"""What follows when a child has ended."""

import pytest

from latentrelay.embedded.ends import Ended, Part, delay_after, described, judge, last_words
from latentrelay.errors import DeviceBroken, ModelUnavailable


def end(part: Part = Part.WORKER, code: int = 1, lived: float = 1.0, failures: int = 0) -> Ended:
    return Ended("sdxl_base-1", part, code, lived, failures)


@pytest.mark.parametrize("code", [0, 1, 2, 137, -9, -15])
@pytest.mark.parametrize("part", list(Part))
def test_whoever_ends_is_started_again(part: Part, code: int) -> None:
    assert judge(end(part, code)).restart_in is not None


def test_a_worker_without_a_model_is_not_started_again() -> None:
    assert judge(end(code=ModelUnavailable.exit_code)).restart_in is None


def test_the_others_are_told_to_go_on_only_where_there_are_some() -> None:
    code = ModelUnavailable.exit_code
    assert judge(Ended("a-1", Part.WORKER, code, 1, 0)).sentence == "a-1 cannot serve (exit code 78)"
    left = judge(Ended("a-1", Part.WORKER, code, 1, 0, others=True)).sentence
    assert left == "a-1 cannot serve (exit code 78); the others go on without it"


def test_a_server_with_the_same_code_is_started_again() -> None:
    assert judge(end(Part.SERVER, ModelUnavailable.exit_code)).restart_in is not None


def test_every_failure_in_a_row_doubles_the_delay_up_to_half_a_minute() -> None:
    assert [delay_after(failures) for failures in range(1, 9)] == [0.5, 1, 2, 4, 8, 16, 30, 30]
    assert delay_after(100_000) == 30


def test_failures_in_a_row_are_counted() -> None:
    assert [judge(end(failures=failures)).failures for failures in (0, 1, 7)] == [1, 2, 8]


def test_who_lived_long_begins_anew() -> None:
    verdict = judge(end(lived=60.0, failures=7))
    assert (verdict.failures, verdict.restart_in) == (1, 0.5)


def test_a_worker_that_is_not_fit_is_started_again_ever_later_though_loading_its_model_took_long() -> None:
    verdict = judge(end(code=DeviceBroken.exit_code, lived=600.0, failures=3))
    assert (verdict.failures, verdict.restart_in) == (4, 4.0)
    assert judge(end(code=DeviceBroken.exit_code, lived=7200.0, failures=3)).failures == 1


def test_the_sentence_names_child_end_and_delay() -> None:
    assert judge(end(code=-11)).sentence == "sdxl_base-1 ended with signal SIGSEGV; starting it again in 0.5 s"


@pytest.mark.parametrize(
    ("code", "words"), [(0, "exit code 0"), (3, "exit code 3"), (-9, "signal SIGKILL"), (-63, "signal 63")]
)
def test_an_end_is_described_in_words(code: int, words: str) -> None:
    assert described(code) == words


def test_last_words_are_the_lines_that_say_anything() -> None:
    assert last_words(["first", "", "  ", "second", "third"], 2) == ["second", "third"]


def test_a_json_line_is_told_as_its_message_and_detail() -> None:
    lines = ['{"time": "now", "message": "model unavailable", "detail": "no folder"}', '{"message": "bye"}']
    assert last_words(lines, 5) == ["model unavailable: no folder", "bye"]


def test_where_there_are_errors_only_they_are_told() -> None:
    lines = [
        "a banner",
        '{"level": "critical", "message": "model unavailable", "detail": "no folder"}',
        '{"level": "info", "message": "bye"}',
        '{"level": "error", "message": "lost"}',
        "a warning",
    ]
    assert last_words(lines, 5) == ["model unavailable: no folder", "lost"]


@pytest.mark.parametrize("line", ["plain {words}", "{}", "[1, 2]", "3", "null", '"text"', "{broken"])
def test_any_other_line_is_told_as_it_is(line: str) -> None:
    assert last_words([line], 5) == [line]
