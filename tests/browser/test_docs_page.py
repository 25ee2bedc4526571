"""The interactive page at /docs, in a real browser."""

import json

from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from latentrelay.client import Client

PATIENCE = 60
SUBMIT = "#operations-jobs-jobs_submit"


def found(browser: Chrome, css: str) -> WebElement:
    """The first element, as soon as it is there."""
    return WebDriverWait(browser, PATIENCE).until(lambda page: page.find_element(By.CSS_SELECTOR, css))


def test_the_docs_page_submits_its_example_from_a_browser_and_needs_nothing_from_elsewhere(
    browser: Chrome, url: str, client: Client
) -> None:
    browser.get(f"{url}/docs")
    found(browser, f"{SUBMIT} .opblock-summary-control").click()
    example = json.loads(found(browser, f"{SUBMIT} textarea.body-param__text").text)
    found(browser, f"{SUBMIT} button.execute").click()
    assert found(browser, f"{SUBMIT} .live-responses-table tbody .response-col_status").text.startswith("202")
    assert [job.request.prompt for job in client.list().jobs] == [example["prompt"]]
    fetched = browser.execute_script("return performance.getEntriesByType('resource').map(entry => entry.name)")
    assert fetched
    assert [name for name in fetched if not name.startswith((url, "data:"))] == []
    assert [line["message"] for line in browser.get_log("browser") if line["level"] == "SEVERE"] == []
