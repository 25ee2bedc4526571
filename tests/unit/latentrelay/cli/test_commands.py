"""The commands where no stack runs: what they refuse, and how they end."""

import pytest
from click.testing import CliRunner

from latentrelay.cli import main


@pytest.fixture
def run(tmp_path):
    def run(*words, **environment):
        nothing = dict.fromkeys(("LATENTRELAY_REDIS_URL", "LATENTRELAY_S3_ENDPOINT"))
        return CliRunner().invoke(main, words, env=nothing | {"LATENTRELAY_DATA_DIR": str(tmp_path)} | environment)

    return run


@pytest.mark.parametrize(
    "words",
    [
        ["generate", "a cat"],
        ["vary", "job:a"],
        ["refine", "--latents", "a", "--prompt", "p"],
        ["jobs"],
        ["show", "a"],
        ["cancel", "a"],
    ],
)
def test_without_a_stack_a_command_says_how_to_start_one_and_ends_with_69(run, words):
    ended = run(*words)
    assert ended.exit_code == 69
    assert "start one with `latentrelay up`" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    assert ended.stdout == ""


def test_a_wrong_request_ends_with_2_before_a_stack_is_asked_for(run):
    ended = run("generate", "a cat", "--seed", "x", "--num-inference-steps", "0")
    assert ended.exit_code == 2
    assert ended.stderr.splitlines() == [
        "latentrelay: --seed: must be an integer from 0 to 9007199254740991, got 'x'",
        "latentrelay: --num-inference-steps: must be an integer from 1 to 150, got 0",
    ]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["vary", "no such file.png"], "IMAGE: no such file.png: No such file or directory"),
        (["generate", "p", "-o", "no/such/cat.png"], "--out: there is no folder no/such"),
        (["generate", "p", "-o", "cat.png", "--no-wait"], "--no-wait"),
        (["generate", "p", "-o", "cat.png", "--output-format", "jpeg"], "--output-format: is jpeg"),
        (["refine", "job:a", "--latents", "b", "--prompt", "p"], "IMAGE: needs exactly one of image, latents"),
        (["refine", "--prompt", "p"], "IMAGE: needs exactly one of image, latents"),
        (["jobs", "--status", "lost"], "--status"),
        (["jobs", "--limit", "251"], "--limit"),
    ],
)
def test_what_cannot_be_is_refused_with_2(run, words, told):
    ended = run(*words)
    assert ended.exit_code == 2
    assert told in ended.stderr


def test_a_setting_that_cannot_be_read_is_named(run):
    ended = run("jobs", LATENTRELAY_MAX_ATTEMPTS="0")
    assert ended.exit_code == 2
    assert "LATENTRELAY_MAX_ATTEMPTS" in ended.stderr
    assert "allowed_hosts" in run("jobs", LATENTRELAY_ALLOWED_HOSTS="not json").stderr


def test_one_server_without_the_other_is_refused(run):
    ended = run("jobs", LATENTRELAY_REDIS_URL="redis://localhost")
    assert ended.exit_code == 2
    assert "set both LATENTRELAY_REDIS_URL and LATENTRELAY_S3_ENDPOINT, or neither" in ended.stderr


def test_the_data_folder_can_be_named_by_an_option(run, tmp_path):
    assert str(tmp_path / "elsewhere") in run("jobs", "--data", str(tmp_path / "elsewhere")).stderr


def test_a_folder_for_the_images_is_made_before_anything_is_asked(run, tmp_path):
    run("generate", "p", "-o", f"{tmp_path}/made/")
    assert (tmp_path / "made").is_dir()


def test_the_prompt_may_come_from_standard_input(tmp_path):
    ended = CliRunner().invoke(main, ["generate", "-", "--data", str(tmp_path)], input=" \n")
    assert ended.exit_code == 2
    assert "PROMPT: must be text from 1 to 2000 characters" in ended.stderr


def test_help_lists_every_command(run):
    told = run("--help").stdout
    for name in ("generate", "vary", "refine", "jobs", "show", "cancel", "up", "doctor"):
        assert f"\n  {name}" in told
