"""Debian's chromium, without a window."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from selenium.webdriver import Chrome, ChromeOptions, ChromeService

from tests.programs import program


@contextmanager
def opened(folder: Path) -> Iterator[Chrome]:
    """A browser that keeps what it knows in `folder`."""
    driver = program("chromedriver", "apt-get install chromium-driver")
    options = ChromeOptions()
    options.binary_location = program("chromium", "apt-get install chromium")
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}"):
        options.add_argument(argument)
    options.add_argument("--window-size=1280,1600")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = Chrome(options, ChromeService(driver))
    browser.set_script_timeout(60)
    yield browser
    browser.quit()
