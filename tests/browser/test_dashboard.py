"""The dashboard, in a real browser, before echo workers of the base and the refiner."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis
from selenium.webdriver.common.keys import Keys

from infra.faults.proxy import Proxy
from latentrelay import JobStatus, StageName
from latentrelay.client import Client
from latentrelay.embedded.seaweed import Seaweed
from latentrelay.embedded.valkey import Valkey
from latentrelay.storage import S3Store
from tests.browser.opened import opened
from tests.browser.operating import IDLE, PROBLEM, Cast, Operating
from tests.conftest import connected
from tests.gateway.serving import served
from tests.processes import WorkerProcesses, until

MARKUP = '<img src="nowhere" onerror="window.owned = true"> & <b>bold</b>'
COPIED = """
Object.defineProperty(navigator, "clipboard", {value: undefined});  // as over plain http
document.addEventListener("copy", () => (window.copied = document.activeElement.value));
"""
PROMISES = sorted(Path(__file__).with_name("promises").glob("*.js"))
RECORDING = Path(__file__).with_name("recording.js").read_text("utf-8")


@pytest.fixture(scope="module")
def stack(valkey: Valkey, seaweed: Seaweed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operating]:
    """A gateway that wants a key, behind a proxy; workers of the base and the refiner; a browser."""
    with redis.Redis.from_url(valkey.url) as server:
        server.flushall()
    settings = connected(valkey, seaweed)
    S3Store.connect(settings).ensure_bucket()
    with ExitStack() as held:
        processes = WorkerProcesses(settings, tmp_path_factory.mktemp("workers"))
        held.callback(processes.kill)
        for stage in (StageName.SDXL_BASE, StageName.SDXL_REFINER):
            processes.start("tests.echo.worker", stage, ECHO_STAGE=stage, ECHO_PICTURES="1")
        client = held.enter_context(closing(Client.connect(settings)))
        proxy = held.enter_context(Proxy(urlsplit(held.enter_context(served(settings))).port or 0))
        browser = held.enter_context(opened(tmp_path_factory.mktemp("browser")))
        until(lambda: len(client.workers()) == 2, "both work")
        yield Operating(browser, f"http://127.0.0.1:{proxy.port}", settings, client, proxy, Cast.of(settings))


@pytest.fixture
def page(stack: Operating) -> Iterator[Operating]:
    """The overview as an admin sees it; in the end no other host was asked, and the console is quiet."""
    stack.open(key=stack.keys.admin)
    yield stack
    assert stack.complaints() == []
    assert stack.strangers() == []


def test_a_job_is_seen_live_on_its_way_through_both_stages_and_its_words_stay_words(page: Operating) -> None:
    page.found(".jobs-list, .jobs .empty:not([hidden])")
    page.browser.execute_script(RECORDING, MARKUP)
    job = page.drawing(MARKUP)
    assert MARKUP in page.row(job, "succeeded")
    assert page.browser.execute_script("return told") == ["Base", "Refiner", "succeeded"]
    painted = "return document.querySelector('.jobs-list canvas').getContext('2d').getImageData(48, 48, 1, 1).data[3]"
    page.until(lambda: page.browser.execute_script(painted) == 255, "its picture is there")
    assert [row.text.split()[0] for row in page.all(".workers tbody tr")] == ["Base", "Refiner"]
    page.until(lambda: int(page.found(".summary div:nth-child(3) dd").text) > 0, "it is counted")
    assert page.browser.execute_script("return window.owned === undefined && !document.querySelector('.jobs-list img')")


def test_the_page_of_a_job_compares_base_and_refined_and_tells_where_its_time_went(page: Operating) -> None:
    job = page.client.wait(page.drawing(MARKUP, steps=2, seconds=0.1).id)
    page.browser.execute_script("window.left = document.querySelector('.plot')")
    page.press(f"a[href='#/jobs/{job.id}']")
    page.found("compare-slider").send_keys(Keys.ARROW_LEFT, Keys.ARROW_LEFT)
    assert page.browser.execute_script("return document.querySelector('compare-slider').value") == 46
    names = [row.text.split()[0] for row in page.all(".timeline tbody tr th")]
    assert [name for name in names if name != "Upload"] == ["Queued", "Base", "Handoff", "Refiner"]
    assert [row.text.split()[:3] for row in page.all(".job-attempts tbody tr")] == [
        ["Base", "1", "done"],
        ["Refiner", "1", "done"],
    ]
    page.until(lambda: page.browser.execute_script("return !left.plot"), "the charts that are left are let go of")
    page.browser.execute_script(COPIED)
    page.found(".job-parameters button").click()
    page.found(".job-parameters button", "Copied")
    asked = json.loads(page.browser.execute_script("return copied"))
    assert page.client.submit(type(job.request).model_validate(asked)).request.prompt == MARKUP


def test_the_image_that_is_looked_at_is_refined_again_on_the_latents_of_its_base(page: Operating) -> None:
    job = page.client.wait(page.drawing("a lighthouse", steps=1, seconds=0, count=2).id)
    page.browser.get(f"{page.url}/#/jobs/{job.id}")
    page.press(".choice button", "2")
    page.press(".job-head button", "Refine again")
    page.found("dialog textarea").send_keys(", sharp")
    page.press("dialog button.primary")
    page.until(lambda: job.id not in page.browser.current_url, "the new job is shown")
    made = page.client.get(page.browser.current_url.rpartition("/")[2])
    assert (made.kind, made.request.prompt) == ("refinement", "a lighthouse, sharp")
    assert json.loads(made.request.model_dump_json())["latents"] == {"job_id": job.id, "index": 1}


def test_a_job_is_canceled_after_a_question(page: Operating) -> None:
    job = page.waiting()
    page.browser.get(f"{page.url}/#/jobs/{job.id}")
    page.press(".job-head button", "Cancel the job")
    page.press("dialog button", "Leave it")
    assert page.client.get(job.id).status is JobStatus.QUEUED
    page.press(".job-head button", "Cancel the job")
    page.press("dialog button", "Cancel the job")
    page.found(".job-head .state", "canceled")
    assert page.client.get(job.id).status is JobStatus.CANCELED


def test_a_dead_letter_is_dropped_and_another_queued_again(page: Operating) -> None:
    dropped, lost = page.buried("dropped"), page.buried("lost")
    page.found(".letters-list li", lost.id[:8])
    page.press(f".letters-list li:has([href='#/jobs/{dropped.id}']) button", "Drop")
    page.press("dialog button", "Drop")
    page.until(lambda: len(page.all(".letters-list li")) == 1, "the letter is gone")
    assert PROBLEM.detail in page.found(".letters-list li", lost.id[:8]).text
    page.press(".letters-list button", "Requeue")
    page.found(".letters .empty", "There are none.")
    again = next(one for one in page.client.list(status=JobStatus.QUEUED).jobs if one.request.prompt == "lost")
    page.row(again, "queued")
    page.client.cancel(again.id)


@pytest.mark.parametrize(("verb", "into"), [("Pause", "paused"), ("Drain", "draining")])
def test_a_stage_is_stopped_and_resumed_by_who_has_the_scope(page: Operating, verb: str, into: str) -> None:
    card = f"[data-stage={IDLE}]"
    page.press(f"{card} button", verb)
    page.press("dialog button", verb)
    page.found(f"{card} .state", into.capitalize())
    assert page.client.stage(IDLE).state == into
    page.press(f"{card} button", "Resume")
    page.found(f"{card} .state", "Open")
    assert page.client.stage(IDLE).state == "open"


def test_who_has_not_the_scope_is_told_so_and_changes_nothing(page: Operating) -> None:
    page.open(key=page.keys.reader)
    page.press(f"[data-stage={IDLE}] button[aria-disabled]", "Pause")
    assert "has not the scope admin" in page.found(".notice").text
    assert page.client.stage(IDLE).state == "open"


def test_who_has_no_key_is_asked_for_one_and_a_wrong_one_is_not_taken(page: Operating) -> None:
    page.open()
    page.found("dialog input").send_keys("lr_wrong_key", Keys.ENTER)
    page.found("dialog [role=alert]")
    field = page.found("dialog input")
    field.clear()
    field.send_keys(page.keys.stranger, Keys.ENTER)
    assert "curl" in page.found(".jobs .empty").text
    assert page.browser.execute_script("return sessionStorage.length") == 1
    page.expected("status of 401")


def test_nothing_that_a_key_was_told_is_left_when_there_is_another(page: Operating) -> None:
    job = page.client.cancel(page.waiting().id)
    page.row(job, "canceled")
    page.press("page-tools button", "API key")
    field = page.found("dialog input")
    field.clear()
    field.send_keys(page.keys.stranger, Keys.ENTER)
    assert page.found(".jobs .empty")
    assert page.all(".jobs-list tbody tr, .letters-list li") == []
    page.browser.get(f"{page.url}/#/jobs/{job.id}")
    page.found(".job-error", "another tenant's")
    page.expected("status of 404")


def test_of_5000_jobs_only_a_page_is_there_and_older_ones_follow(page: Operating) -> None:
    page.many(5000)
    page.open(key=page.keys.admin)
    seen: list[str] = []
    for number in (1, 2, 3):
        page.found(".pager p", f"Page {number},")
        rows = page.browser.execute_script(
            "return [...document.querySelectorAll('.jobs-list tbody a')].map(one => one.hash)"
        )
        assert len(rows) == 50
        seen += rows
        page.press(".pager button", "Older")
    assert len(set(seen)) == 150
    page.browser.execute_script(
        "const s = document.querySelector('[name=limit]'); s.value = 100; s.dispatchEvent(new Event('change'))"
    )
    page.found(".pager p", "Page 1, 100 jobs")
    newest = page.waiting()
    page.row(newest, "queued")
    page.client.cancel(newest.id)
    page.row(newest, "canceled")
    assert page.browser.execute_script("return document.querySelectorAll('.jobs-list tbody tr').length") == 100


def test_a_gateway_that_goes_away_is_told_of_and_found_again(page: Operating) -> None:
    page.found("#connection", "Live")
    page.proxy.refuse()
    page.found("#connection", "Stale")
    page.proxy.mend()
    page.found("#connection", "Live")
    job = page.waiting()
    page.row(job, "queued")
    page.client.cancel(job.id)
    page.expected("ERR_")


def test_a_page_that_did_not_come_whole_is_loaded_again(page: Operating) -> None:
    page.browser.execute_cdp_cmd("Network.enable", {})
    page.browser.execute_cdp_cmd("Network.setBlockedURLs", {"urls": ["*/dashboard/pager.js"]})
    page.browser.refresh()
    assert not page.all(".jobs")
    page.browser.execute_cdp_cmd("Network.setBlockedURLs", {"urls": []})
    page.found(".pager")
    assert [line for line in page.complaints() if "pager.js" not in line] == []


def test_a_page_that_never_comes_whole_says_so_and_is_loaded_no_more(page: Operating) -> None:
    page.browser.execute_script("sessionStorage.setItem('latentrelay-tried', 5)")
    page.browser.execute_cdp_cmd("Network.setBlockedURLs", {"urls": ["*/uPlot.iife.min.js"]})
    page.browser.refresh()
    assert "did not come whole" in page.found("main", "did not come whole").text
    assert page.browser.execute_script("return sessionStorage.getItem('latentrelay-tried')") == "5"
    page.browser.execute_cdp_cmd("Network.setBlockedURLs", {"urls": []})
    page.expected("uPlot")


@pytest.mark.parametrize(("theme", "width"), [("dark", 360), ("light", 1440), ("dark", 3840)])
def test_nobody_stumbles_by_day_or_night_on_a_phone_or_a_very_large_screen(
    page: Operating, theme: str, width: int
) -> None:
    page.found(".stage .plot canvas")
    page.resize(width)
    page.browser.execute_script("document.documentElement.dataset.theme = arguments[0]", theme)
    job = page.client.wait(page.drawing("a" * 300, steps=1, seconds=0).id)
    page.row(job, "succeeded")
    assert page.flaws() == []
    page.browser.get(f"{page.url}/#/jobs/{job.id}")
    page.found("compare-slider")
    assert page.flaws() == []
    page.resize(1280)


@pytest.mark.parametrize("promise", PROMISES, ids=lambda path: path.stem)
def test_parts_keep_their_promises_whatever_the_network_does(stack: Operating, promise: Path) -> None:
    assert stack.broken(promise.read_text("utf-8")) == []
