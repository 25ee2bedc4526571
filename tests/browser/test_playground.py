"""The playground, in a real browser, before echo workers of all stages."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import PIPE, STDOUT
from typing import Any

import numpy as np
import pytest
import redis
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from latentrelay import JobStatus, Refinement, StageName, TextToImage, parse_request
from latentrelay.access import Keys as ApiKeys
from latentrelay.client import Client
from latentrelay.contracts import Job, Scope, WorkerState
from latentrelay.embedded.seaweed import Seaweed
from latentrelay.embedded.valkey import Valkey
from latentrelay.storage import S3Store
from tests.acceptance.stack import png
from tests.browser.opened import opened
from tests.browser.playing import METADATA, Playing
from tests.conftest import connected
from tests.gateway.serving import served
from tests.processes import WorkerProcesses, until

BROUGHT = """
const [gesture, name, type] = arguments, brought = new DataTransfer();
brought.items.add(new File(["any"], name, {type}));
dispatchEvent(gesture === "drop" ? new DragEvent("drop", {dataTransfer: brought, cancelable: true})
                                 : new ClipboardEvent("paste", {clipboardData: brought}));
"""
DECODED = "arguments[0].decode().then(() => arguments[1](true), () => arguments[1](false))"
WORDS = 'it\'s a "cat" for $5, `no` \\n UPLOAD_ID\n— 猫 🐈 True'  # for each language to trip over
STEPS = 2
OF_ONE_JOB = {"image", "idempotency_key"}
REQUESTS: list[dict[str, Any]] = [
    {
        "kind": "text_to_image",
        "prompt": WORDS,
        "seed": 5,
        "num_inference_steps": STEPS,
        "num_images_per_prompt": 2,
        "width": 512,
        "height": 256,
        "refine": {"mode": "none"},
    },
    {"kind": "variation", "prompt": WORDS, "seed": 5, "num_inference_steps": STEPS, "noise_level": 20},
    {
        "kind": "refinement",
        "prompt": WORDS,
        "seed": 5,
        "refine": {"num_inference_steps": STEPS, "strength": 0.5},
        "output": {"format": "webp"},
    },
]


@pytest.fixture(scope="module")
def stack(valkey: Valkey, seaweed: Seaweed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Playing]:
    """A browser at a gateway that wants a key, and a worker of each stage."""
    with redis.Redis.from_url(valkey.url) as server:
        server.flushall()
    settings = connected(valkey, seaweed)
    S3Store.connect(settings).ensure_bucket()
    _, key = ApiKeys.of(settings).create("reader", scopes=(Scope.SUBMIT, Scope.READ), tenant=settings.tenant)
    processes = WorkerProcesses(settings, tmp_path_factory.mktemp("workers"))
    client = Client.connect(settings)
    try:
        for stage in StageName:
            processes.start("tests.echo.worker", stage, ECHO_STAGE=stage, ECHO_PICTURES="1", ECHO_METADATA=METADATA)
        with served(settings) as url, opened(tmp_path_factory.mktemp("browser")) as browser:
            until(lambda: {one.state for one in client.workers()} == {WorkerState.READY}, "all workers are ready")
            yield Playing(browser, url, client, key)
    finally:
        client.close()
        processes.kill()


@pytest.fixture
def page(stack: Playing) -> Iterator[Playing]:
    """The page as it is when it was just opened; in the end it has asked no other host, and the console is quiet."""
    stack.begin()
    yield stack
    assert stack.complaints() == []
    assert stack.strangers() == []


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A picture of the reader's, by a name that needs care."""
    file = tmp_path / "it's a cat.png"
    file.write_bytes(png(np.full((64, 64, 3), 130, np.uint8)))
    return file


def test_a_prompt_becomes_a_picture_that_is_compared_with_the_base(page: Playing) -> None:
    page.say("a lighthouse")
    page.dial("num_inference_steps", "3")
    page.draw()
    pictures = page.found("compare-slider").find_elements(By.TAG_NAME, "img")
    for picture in pictures:
        assert page.browser.execute_async_script(DECODED, picture)
    job = page.client.list(limit=1).jobs[0]
    assert isinstance(job.request, TextToImage)
    assert (job.request.prompt, job.request.num_inference_steps) == ("a lighthouse", 3)
    assert job.request.output.keep_base
    assert page.found("#hero .actions a").get_attribute("download") == f"{job.id}-0.png"
    assert page.flaws() == []


def test_the_slider_goes_by_keyboard_and_tells_where_it_is(page: Playing) -> None:
    page.say("a lighthouse")
    page.dial("num_inference_steps", "2")
    page.browser.switch_to.active_element.send_keys(Keys.CONTROL, Keys.ENTER)
    line = page.found("compare-slider").shadow_root.find_element(By.CSS_SELECTOR, "[role=slider]")
    told = []
    for key in (Keys.ARROW_RIGHT, Keys.PAGE_DOWN, Keys.HOME, Keys.ARROW_LEFT, Keys.END):
        line.send_keys(key)
        told.append(line.get_attribute("aria-valuenow"))
    assert told == ["52", "42", "0", "0", "100"]
    assert line.get_attribute("aria-label") == "base on the left, refined on the right"


def test_a_file_becomes_variations_in_a_grid_and_one_of_them_is_refined(page: Playing, picture: Path) -> None:
    page.bring(picture)  # which is no prompt: the mode follows
    page.dial("num_inference_steps", "2")
    page.dial("num_images_per_prompt", "3")
    page.draw()
    page.found(".grid figure")
    names = [one.text for one in page.browser.find_elements(By.CSS_SELECTOR, ".grid figcaption")]
    assert names == ["Yours", "Variation 1", "Variation 2", "Variation 3"]
    page.browser.find_elements(By.CSS_SELECTOR, ".grid button")[2].click()
    varied = page.client.list(limit=1).jobs[0]
    assert page.found("#hero .actions a").get_attribute("download") == f"{varied.id}-2.png"
    page.press(".actions button", "Refine this")
    page.say("a cat")
    page.dial("refine-strength", "0.5")
    page.draw()
    assert page.found("compare-slider").get_attribute("before") == "yours"
    refined = page.client.list(limit=1).jobs[0].request
    assert isinstance(refined, Refinement)
    assert refined.image is not None
    assert refined.image.job is not None
    assert (refined.image.job.job_id, refined.image.job.index, refined.refine.strength) == (varied.id, 2, 0.5)


def test_one_picture_is_refined_and_varied_side_by_side_with_a_line_that_explains(page: Playing, picture: Path) -> None:
    page.choose("both")
    page.bring(picture)
    page.say("a cat")
    page.draw()
    assert "keeps the outline" in page.found(".results .line").text
    names = [one.text for one in page.browser.find_elements(By.CSS_SELECTOR, ".grid figcaption")]
    assert names == ["Yours", "Refinement keeps the outline", "Variation keeps the content"]
    jobs = page.client.list(limit=2).jobs
    assert {job.kind for job in jobs} == {"refinement", "variation"}
    assert len({job.request.seed for job in jobs}) == 1


def test_steps_and_previews_arrive_while_it_is_drawn_and_it_is_canceled_meanwhile(page: Playing) -> None:
    page.choose("base")
    page.say("a lighthouse")
    page.dial("num_inference_steps", "150")
    page.dial("num_images_per_prompt", "8")
    page.draw()
    page.found(".tile.preview img[src^='blob:']")
    assert re.fullmatch("step [0-9]+ of 1200", page.found("[data-stage=sdxl_base] [data-state=running] + span").text)
    page.found("#cancel").click()
    page.press(".actions button", "Same settings")
    assert page.found("#dial-num_images_per_prompt").get_attribute("value") == "8"
    assert page.browser.find_element(By.ID, "status").get_attribute("textContent") == "Canceled"
    assert page.client.list(limit=1).jobs[0].status is JobStatus.CANCELED


def test_what_is_wrong_is_told_next_to_its_field_and_unsaid_when_that_is_changed(page: Playing) -> None:
    page.say("a lighthouse")
    page.dial("num_inference_steps", "999")
    page.found("#more summary").click()
    page.dial("width", "100")
    page.draw()
    wrong = page.found("#dial-num_inference_steps-wrong")
    assert "150" in wrong.text
    assert "multiple of 8" in page.found("#dial-width-wrong").text
    steps = page.browser.switch_to.active_element
    assert (steps.get_attribute("id"), steps.get_attribute("aria-invalid")) == ("dial-num_inference_steps", "true")
    page.dial("num_inference_steps", "2")
    assert not wrong.is_displayed()
    assert page.found("#invitation")  # nothing was asked for
    assert page.browser.find_elements(By.CSS_SELECTOR, "#history button") == []
    page.expected("status of 400")


def test_a_picture_that_is_missing_is_asked_for_where_it_goes(page: Playing) -> None:
    page.choose("variations")
    page.draw()
    assert "required" in page.found("#well .wrong").text
    page.expected("status of 400")


@pytest.mark.parametrize("gesture", ["drop", "paste"])
def test_a_picture_is_dropped_or_pasted_and_anything_else_refused(page: Playing, gesture: str) -> None:
    page.browser.execute_script(BROUGHT, gesture, "cat.png", "image/png")
    assert "cat.png" in page.found("#well label").text
    page.browser.execute_script(BROUGHT, gesture, "song.mp3", "audio/mpeg")
    assert "PNG, JPEG or WebP" in page.found("#well .wrong").text
    assert "cat.png" in page.found("#well label").text


def test_what_was_drawn_stays_at_hand_with_the_seed_that_draws_it_again(page: Playing) -> None:
    page.say("a lighthouse")
    page.dial("num_inference_steps", "2")
    page.draw()
    page.found("compare-slider")
    first = page.client.list(limit=1).jobs[0]
    page.choose("base")
    page.dial("num_inference_steps", "3")
    page.draw()
    page.found(".main > img")
    page.browser.find_elements(By.CSS_SELECTOR, "#history button")[1].click()
    page.found("compare-slider")
    page.press(".actions button", "Same settings")
    page.draw()
    until(lambda: said(page.client.list(limit=1).jobs[0]) == said(first), "the same is asked for again")


def test_only_modes_whose_stages_have_workers_are_offered_and_why_is_told_of_others(page: Playing) -> None:
    stages = [{"stage": stage, "workers": int(stage is not StageName.SDXL_REFINER)} for stage in StageName]
    told = page.imported("playground/modes.js", "whatLacks", stages)
    assert told == "No worker of sdxl_refiner is ready: not offered now are Relay, Refinement, Side by side."


@pytest.mark.parametrize(("theme", "width"), [("dark", 360), ("light", 1440), ("dark", 3840)])
def test_nobody_stumbles_by_day_or_night_on_a_phone_or_a_very_large_screen(
    page: Playing, theme: str, width: int
) -> None:
    page.resize(width)
    page.browser.execute_script("document.documentElement.dataset.theme = arguments[0]", theme)
    page.browser.execute_script("for (const folded of document.querySelectorAll('details')) folded.open = true")
    assert page.flaws() == []
    page.resize(1280)


def test_a_key_is_asked_for_and_enough(stack: Playing) -> None:
    stack.begin(with_key=False)
    stack.found("#api-key").send_keys(stack.key, Keys.ENTER)
    assert stack.found("#draw:not([aria-disabled])")


@pytest.mark.parametrize("request_", REQUESTS, ids=[str(request["kind"]) for request in REQUESTS])
def test_code_that_is_shown_runs_and_asks_for_the_same(stack: Playing, picture: Path, request_: dict[str, Any]) -> None:
    stack.begin()
    its_image = {} if request_["kind"] == "text_to_image" else {"image": {"file": picture.name}}
    told = stack.snippets({**request_, **its_image})
    before = {job.id for job in stack.client.list().jobs}
    run({**os.environ, "LATENTRELAY_API_KEY": stack.key}, picture.parent, told)
    made = [job for job in stack.client.list().jobs if job.id not in before]
    want = parse_request({**request_, "image": {"upload_id": "any"}} if its_image else request_)
    assert [(job.status, said(job)) for job in made] == 3 * [(JobStatus.SUCCEEDED, want.model_dump(exclude=OF_ONE_JOB))]
    count = int(request_.get("num_images_per_prompt", 1))
    assert len([file for file in picture.parent.iterdir() if file != picture]) == 2 * count


def test_where_openais_api_cannot_say_it_that_is_said(stack: Playing) -> None:
    stack.begin()
    of_job = {"kind": "variation", "image": {"job": {"job_id": "a1", "index": 1}}}
    told = stack.snippets(of_job)
    assert "cannot name one that is here already" in told["openai"]["why"]
    assert "image=ImageSource(job=JobImage(" in told["python"]
    compared = {"kind": "text_to_image", "prompt": "a", "output": {"keep_base": True}}
    assert "the base's own" in stack.snippets(compared)["openai"]["note"]


def test_the_code_on_the_page_follows_the_dials_and_its_language_is_chosen_by_arrows(page: Playing) -> None:
    page.found("#as-code summary").click()
    page.say("a lighthouse")
    assert '"prompt": "a lighthouse"' in page.found("#code").text
    page.found("#tab-curl").send_keys(Keys.ARROW_RIGHT)
    page.dial("seed", "17")
    assert "seed=17" in page.found("#code").text
    assert page.browser.switch_to.active_element.get_attribute("id") == "dial-seed"
    assert page.found("[role=tab][aria-selected=true]").text == "Python"


def run(environment: dict[str, str], folder: Path, told: dict[str, Any]) -> None:
    """Run the code in all languages at once, each as who pastes it does."""
    commands = (
        ["bash", "-euo", "pipefail", "-c", told["curl"]],
        [sys.executable, "-c", told["python"]],
        [sys.executable, "-c", told["openai"]["code"]],
    )
    running = [
        subprocess.Popen(command, cwd=folder, env=environment, stdout=PIPE, stderr=STDOUT, text=True)
        for command in commands
    ]
    answers = [one.communicate(timeout=120)[0] for one in running]
    assert [one.returncode for one in running] == [0, 0, 0], answers


def said(job: Job) -> dict[str, Any]:
    """What a job asks for, whoever asks for it."""
    return job.request.model_dump(exclude=OF_ONE_JOB)
