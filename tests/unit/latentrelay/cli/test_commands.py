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
        ["sweep"],
        ["dead", "list"],
        ["keys", "create", "x"],
        ["keys", "list"],
        ["keys", "revoke", "a"],
        ["webhooks", "create", "https://example.com/"],
        ["webhooks", "list"],
        ["webhooks", "show", "a"],
        ["webhooks", "change", "a", "--description", "x"],
        ["webhooks", "rotate", "a"],
        ["webhooks", "test", "a"],
        ["webhooks", "enable", "a", "b"],
        ["webhooks", "disable", "a"],
        ["webhooks", "remove", "a"],
        ["webhooks", "recover", "a", "--since", "2h"],
        ["webhooks", "drop", "a"],
        ["webhooks", "messages"],
        ["webhooks", "attempts", "a"],
        ["webhooks", "resend", "a"],
        ["webhooks", "drop-message", "a"],
        ["webhooks", "status"],
        ["webhooks", "secret"],
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
        (["refine", "job:a", "--latents", "b", "--prompt", "p"], "IMAGE: needs exactly one of IMAGE, --latents"),
        (["refine"], "IMAGE: needs exactly one of IMAGE, --latents"),
        (["refine", "no such file.png", "--latents", "b"], "IMAGE: needs exactly one of IMAGE, --latents"),
        (["generate", "p", "-o", "cat.gif"], "--out: cat.gif: must end in .png, .jpg, .jpeg or .webp"),
        (["show", "a", "-o", "cat.gif"], "--out: cat.gif: must end in .png, .jpg, .jpeg or .webp"),
        (["generate", "p", "--refine-strength", "0.3"], "--refine-strength: has no effect with mode ensemble"),
        (["generate", " \t"], "PROMPT: is nothing but white space"),
        (["refine", "job:a", "--prompt", "  "], "--prompt: is nothing but white space"),
        (["up", "--models", "nowhere"], "--models: there is no folder nowhere"),
        (["jobs", "--status", "lost"], "--status"),
        (["jobs", "--limit", "251"], "--limit"),
        (["keys", "create", "x", "--per-minute", "0"], "--per-minute"),
        (["keys", "create", "x", "--scope", "all"], "--scope"),
        (["webhooks", "change", "a"], "needs something to change"),
        (["webhooks", "enable"], "ID..."),
        (["webhooks", "recover", "a"], "--since"),
        (["webhooks", "recover", "a", "--since", "1h", "--until", "soon"], "--until"),
        (["webhooks", "messages", "--status", "lost"], "--status"),
        (["webhooks", "test", "a", "--wait", "-1"], "--wait"),
        (["listen"], "--port"),
        (["listen", "--port", "0", "--answer", "100"], "--answer"),
        (["listen", "--port", "0", "--secret", "whsec_x"], "--secret: a secret is whsec_ and base64"),
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
    told = "set both LATENTRELAY_REDIS_URL and LATENTRELAY_S3_ENDPOINT, or neither"
    assert ended.stderr == f"latentrelay: {told}\n"
    doctor = run("doctor", LATENTRELAY_REDIS_URL="redis://localhost")
    assert doctor.exit_code == 1
    assert f"missing  settings: {told}\n" in doctor.stdout


@pytest.mark.parametrize(
    "url", ["localhost:6379", "redis://:sec#ret@localhost:6379/0", "sentinel://:sec#ret@localhost/name"]
)
@pytest.mark.parametrize("words", [["jobs"], ["up"]])
def test_an_address_of_redis_that_is_none_is_refused_without_repeating_it(run, words, url):
    ended = run(*words, LATENTRELAY_REDIS_URL=url, LATENTRELAY_S3_ENDPOINT="http://localhost:1")
    assert ended.exit_code == 2
    assert ended.stderr.startswith("latentrelay: LATENTRELAY_REDIS_URL is no URL of ")
    assert "sec" not in ended.stderr


def test_doctor_finds_that_no_stack_runs_and_what_is_no_device(run):
    ended = run("doctor", LATENTRELAY_DEVICE="gpu")
    assert ended.exit_code == 1
    assert "missing  stack: no stack runs" in ended.stdout
    assert "start one with `latentrelay up`" in ended.stdout
    assert "missing  device: there is no kind of device gpu" in ended.stdout


@pytest.mark.parametrize("command", ["vary", "refine"])
def test_a_file_that_is_no_image_is_refused_before_a_stack_is_asked_for(run, tmp_path, command):
    (tmp_path / "README.md").write_text("# Words")
    ended = run(command, str(tmp_path / "README.md"), *(["--prompt", "p"] if command == "refine" else []))
    assert ended.exit_code == 2
    assert ended.stderr == "latentrelay: IMAGE: is no PNG, JPEG or WebP file\n"


def test_what_comes_from_standard_input_is_looked_at_too(tmp_path):
    ended = CliRunner().invoke(main, ["vary", "-", "--data", str(tmp_path)], input=b"GIF89a")
    assert (ended.exit_code, ended.stderr) == (2, "latentrelay: IMAGE: is no PNG, JPEG or WebP file\n")


def test_models_that_lack_one_that_is_needed_are_refused_before_anything_starts(run, tmp_path):
    (tmp_path / "models" / "sdxl_base").mkdir(parents=True)
    ended = run("up", "--models", str(tmp_path / "models"))
    assert ended.exit_code == 2
    assert f"--models: there is no folder {tmp_path / 'models' / 'sdxl_refiner'}" in ended.stderr
    assert ended.stdout == ""


def test_the_data_folder_can_be_named_by_an_option(run, tmp_path):
    assert str(tmp_path / "elsewhere") in run("jobs", "--data", str(tmp_path / "elsewhere")).stderr


def test_a_folder_for_the_images_is_made_before_anything_is_asked(run, tmp_path):
    run("generate", "p", "-o", f"{tmp_path}/made/")
    assert (tmp_path / "made").is_dir()


def test_the_prompt_may_come_from_standard_input(tmp_path):
    ended = CliRunner().invoke(main, ["generate", "-", "--data", str(tmp_path)], input=" \n")
    assert ended.exit_code == 2
    assert "PROMPT: must be text from 1 to 2000 characters" in ended.stderr


def test_help_tells_where_data_and_images_go_and_no_empty_default(run):
    told = " ".join(run("vary", "--help").stdout.split())
    assert "[default: LATENTRELAY_DATA_DIR, else ~/.local/share/latentrelay]" in told
    assert "ID-0.png and so on in the current folder" in told
    assert "default: ]" not in told


def test_help_marks_what_is_required(run):
    told = " ".join(run("refine", "--help").stdout.split())
    assert "What the picture shows. Required. [text" in told
    assert told.count("Required.") == 1


def test_help_lists_every_command(run):
    told = run("--help").stdout
    for name in ("generate", "vary", "refine", "jobs", "show", "cancel", "up", "keys", "webhooks", "listen", "doctor"):
        assert f"\n  {name}" in told
