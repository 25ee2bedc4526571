"""`latentrelay plan` by given figures: what it says, and what it refuses."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from latentrelay.cli import main

FIGURES = ("--base-seconds", "3s", "--refiner-seconds", "1.5", "--spread", "0.3", "--jobs", "200")


@pytest.fixture
def run(tmp_path: Path):
    def run(*words: str) -> Result:
        nothing = dict.fromkeys(("LATENTRELAY_REDIS_URL", "LATENTRELAY_S3_ENDPOINT"))
        return CliRunner().invoke(main, ["plan", *words], env=nothing | {"LATENTRELAY_DATA_DIR": str(tmp_path)})

    return run


def test_it_tells_the_fleet_the_smaller_ones_and_what_breaks_first(run):
    ended = run("--rate", "60/min", "--p95", "9s", *FIGURES, "--base-price", "2")
    assert ended.exit_code == 0, ended.output
    assert "hold p95 9 s at 60 jobs a minute" in ended.stdout
    assert "COST/1000" in ended.stdout
    assert "one base fewer" in ended.stdout
    assert "What breaks first: the base." in ended.stdout


def test_json_is_the_same_twice_and_tells_whether_smaller_fleets_hold(run):
    first, again = (run("--rate", "1/s", "--p95", "9", *FIGURES, "--json").stdout for _ in range(2))
    assert first == again
    told = json.loads(first)
    assert told["this"]["holds"] is True
    assert told["smaller"]["base"]["holds"] is False
    assert told["jobs_per_minute"] == pytest.approx(60)


def test_a_fleet_is_told_what_load_it_bears(run):
    told = json.loads(run("--base", "4", "--refiner", "2", "--p95", "9s", *FIGURES, "--json").stdout)
    assert told["this"]["holds"]
    assert 40 < told["jobs_per_minute"] < 80
    assert 0.9 < told["limit"]["jobs_per_minute"] / told["jobs_per_minute"] < 1.1


def test_a_fleet_that_does_not_hold_ends_with_1(run):
    ended = run("--base", "3", "--refiner", "2", "--rate", "60/min", "--p95", "9s", *FIGURES)
    assert ended.exit_code == 1
    assert "cannot keep up" in ended.stdout


def test_a_trace_is_read(run, tmp_path: Path):
    trace = tmp_path / "trace.jsonl"
    lines = [{"at": f"2030-01-01T00:{at // 60:02}:{at % 60:02}Z", "tenant": "ada"} for at in range(0, 600, 2)]
    trace.write_text("\n".join(map(json.dumps, lines)))
    told = json.loads(run("--trace", str(trace), "--p95", "9s", *FIGURES, "--json").stdout)
    assert told["jobs_per_minute"] == pytest.approx(30)
    assert told["this"]["jobs"] == 300


def test_the_plot_is_a_picture_with_a_line_for_each_number_of_refiners(run, tmp_path: Path):
    plot = tmp_path / "plan.svg"
    assert run("--rate", "1/s", "--p95", "9s", *FIGURES, "--plot", str(plot)).exit_code == 0
    picture = ElementTree.fromstring(plot.read_text())
    assert len(picture.findall(".//{*}polyline")) == 3
    assert "base GPUs" in plot.read_text()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--rate", "fast", "--p95", "9s"], "'fast' is no rate such as 30/min"),
        (["--rate", "0/min", "--p95", "9s"], "is no rate"),
        (["--rate", "1/s", "--p95", "soon"], "'soon' is no time such as 20s"),
        (["--rate", "1/s", "--p95", "9s", "--mix", "relay=80,cats=20"], "'cats' is none of them"),
        (["--rate", "1/s", "--p95", "9s", "--mix", "relay=-1"], "must be 0 or more"),
        (
            ["--rate", "1/s", "--p95", "9s", "--base-seconds", "3"],
            "--refiner-seconds: say what a relay job takes there",
        ),
        (["--p95", "9s", *FIGURES], "--rate: say how many jobs come"),
        (["--p95", "9s", "--base", "2", *FIGURES], "--refiner: the load passes this stage"),
        (["--p95", "9s", "--trace", "nowhere", *FIGURES], "--trace: nowhere cannot be read"),
        (["--rate", "1/s", "--p95", "9s", "--p95-of", "batch", *FIGURES], "--p95-of: no job of the load is batch"),
        (["--rate", "1/s", *FIGURES], "Missing option '--p95'"),
    ],
)
def test_what_cannot_be_used_is_named(run, words, told):
    ended = run(*words)
    assert ended.exit_code == 2
    assert told in ended.stderr


def test_a_bad_line_of_a_trace_is_named(run, tmp_path: Path):
    trace = tmp_path / "trace.jsonl"
    trace.write_text('{"at": 1}\n{"at": 2, "way": "cat"}\nnonsense\n{"at": 3, "seconds": {"sdxl_base": -1}}\n')
    ended = run("--trace", str(trace), "--p95", "9s", *FIGURES)
    assert ended.exit_code == 2
    assert "--trace: line 2: way:" in ended.stderr
    assert "--trace: line 3: is not JSON" in ended.stderr
    assert "--trace: line 4: seconds.sdxl_base: Input should be greater than 0" in ended.stderr


def test_a_target_below_the_work_itself_ends_with_1_and_says_so(run):
    ended = run("--rate", "1/s", "--p95", "2s", *FIGURES, "--max-gpus", "8")
    assert ended.exit_code == 1
    assert "no fleet of at most 8 GPUs a stage holds p95 2 s" in ended.stderr


def test_without_figures_and_without_a_stack_it_says_how_to_start_one(run):
    assert run("--rate", "1/s", "--p95", "9s").exit_code == 69
