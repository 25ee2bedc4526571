"""What every test of a page asks a browser: what is there, what the console says, who was asked for what."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from selenium.common.exceptions import StaleElementReferenceException, TimeoutException
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from tests.processes import START_SECONDS

Found = TypeVar("Found")
FLAWS, PROMISING = (Path(__file__).with_name(name).read_text("utf-8") for name in ("flaws.js", "promising.js"))


@dataclass(frozen=True)
class Reading:
    """A browser at the pages of the gateway at `url`."""

    browser: Chrome
    url: str

    def open(self, path: str = "", key: str | None = None) -> None:
        """The page at `path`, anew, with the key that was entered before."""
        self.browser.get(f"{self.url}/livez")
        self.browser.execute_script("sessionStorage.clear()")
        if key is not None:
            self.browser.execute_script("sessionStorage.setItem('latentrelay-key', arguments[0])", key)
        self.browser.get_log("browser")  # of what was open before
        self.browser.get(f"{self.url}/{path}")

    def until(self, look: Callable[[], Found], what: str) -> Found:
        """What `look` finds, as soon as it finds anything."""
        wait = WebDriverWait(self.browser, START_SECONDS, 0.05, (StaleElementReferenceException,))
        try:
            found: Found = wait.until(lambda _: look())
        except TimeoutException:
            there = self.browser.execute_script("return document.body.innerText")
            raise AssertionError(f"waited in vain for {what} at {self.browser.current_url}:\n{there}") from None
        return found

    def all(self, css: str) -> list[WebElement]:
        """Every element that is shown."""
        return [one for one in self.browser.find_elements(By.CSS_SELECTOR, css) if one.is_displayed()]

    def found(self, css: str, words: str = "") -> WebElement:
        """The first element with these words in it, as soon as it is shown."""
        return self.until(lambda: next((one for one in self.all(css) if words in one.text), None), f"{css} {words}")

    def press(self, css: str, words: str = "") -> None:
        """Click the button as soon as it is there; a list that moves takes no click away."""
        self.browser.execute_script("arguments[0].click()", self.found(css, words))

    def resize(self, width: int) -> None:
        """Make the window so wide, in pixels."""
        size = {"width": width, "height": 1600, "deviceScaleFactor": 1, "mobile": False}
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def flaws(self) -> list[str]:
        """What a reader with a keyboard, a screen reader, a phone or tired eyes would stumble over."""
        found: list[str] = self.browser.execute_script(FLAWS)
        return found

    def broken(self, promise: str) -> list[str]:
        """What does not hold of a promise, which is checked with parts of the pages, and beside any page."""
        self.browser.get(f"{self.url}/livez")
        check = f"{PROMISING}(async () => {{{promise}}})().then(() => done(flaws), flaw => done([flaw.stack]))"
        found: list[str] = self.browser.execute_async_script(check)
        return found

    def complaints(self) -> list[str]:
        """What the console says is wrong, since it was asked last.

        The browser drops what it loads when a network of this machine comes or goes, of containers say; a page that
        misses a file then loads itself again. What stands behind the gateway may be late on a busy machine: the pages
        ask again.
        """
        said = [line["message"] for line in self.browser.get_log("browser") if line["level"] == "SEVERE"]
        excused = ("/favicon.ico", "ERR_NETWORK_CHANGED", "status of 503")
        return [line for line in said if not any(words in line for words in excused)]

    def expected(self, words: str) -> None:
        """The console says something, and nothing that has not these words in it: the test provoked it."""
        said = WebDriverWait(self.browser, START_SECONDS).until(lambda _: self.complaints())  # it may be late
        assert [line for line in said if words not in line] == []

    def strangers(self) -> list[str]:
        """What was fetched from another host."""
        names = self.browser.execute_script("return performance.getEntriesByType('resource').map(one => one.name)")
        assert names
        return [name for name in names if not name.startswith((self.url, f"blob:{self.url}"))]
