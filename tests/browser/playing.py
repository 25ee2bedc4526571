"""The playground as a reader uses it: a browser at the page, in front of echo workers of all stages."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from latentrelay.client import Client
from tests.processes import START_SECONDS

METADATA = json.dumps({"steps": "asked", "step_seconds": "0.05", "preview_steps": "1"})


@dataclass(frozen=True)
class Playing:
    """A browser at the playground of the gateway at `url`, and a client that sees the same jobs."""

    browser: Chrome
    url: str
    client: Client
    key: str

    def open(self, *, with_key: bool = True) -> None:
        """The page, anew; with the key that was entered before."""
        self.browser.get(f"{self.url}/livez")
        self.browser.execute_script("sessionStorage.clear()")
        if with_key:
            self.browser.execute_script("sessionStorage.setItem('latentrelay-key', arguments[0])", self.key)
        self.browser.get(f"{self.url}/playground")
        if with_key:
            self.found("#draw:not([aria-disabled])")
        self.browser.get_log("browser")

    def found(self, css: str) -> WebElement:
        """The first element, as soon as it is there and shown."""

        def shown(browser: Chrome) -> WebElement | None:
            return next((one for one in browser.find_elements(By.CSS_SELECTOR, css) if one.is_displayed()), None)

        element: WebElement = WebDriverWait(self.browser, START_SECONDS, 0.05).until(shown, css)
        return element

    def choose(self, mode: str) -> None:
        """Another mode."""
        self.browser.execute_script("arguments[0].click()", self.browser.find_element(By.ID, f"mode-{mode}"))

    def say(self, words: str) -> None:
        """What to see."""
        self.found("#words textarea").send_keys(words)

    def dial(self, name: str, value: str) -> None:
        """Set the dial of a pointer like num_inference_steps or refine-strength by its number."""
        control = self.found(f"#dial-{name}")
        control.send_keys(Keys.CONTROL, "a")
        control.send_keys(value)

    def bring(self, file: Path) -> None:
        """A picture to begin with."""
        self.browser.find_element(By.ID, "file").send_keys(str(file))

    def draw(self) -> None:
        """Press the button."""
        self.browser.execute_script("arguments[0].click()", self.found("#draw:not([aria-disabled])"))

    def press(self, words: str) -> None:
        """The button with these words below the picture."""
        self.found(".results")
        buttons = self.browser.find_elements(By.CSS_SELECTOR, ".actions button")
        next(button for button in buttons if button.text == words).click()

    def snippets(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """A request as code."""
        has_key = True
        told: dict[str, Any] = self.imported("kit/snippets.js", "snippets", request, self.url, has_key)
        return told

    def imported(self, module: str, function: str, *arguments: object) -> Any:
        """What a function of a module of the page returns."""
        return self.browser.execute_async_script(
            "const done = arguments[arguments.length - 1], given = [...arguments].slice(2, -1);"
            "import(new URL(arguments[0], document.baseURI)).then(module => done(module[arguments[1]](...given)));",
            module,
            function,
            *arguments,
        )

    def complaints(self) -> list[str]:
        """What the console says is wrong, beside refusals of the gateway, which the page shows itself."""
        lines = self.browser.get_log("browser")
        return [line["message"] for line in lines if line["level"] == "SEVERE" and line["source"] != "network"]

    def strangers(self) -> list[str]:
        """What was fetched from another host."""
        names = self.browser.execute_script("return performance.getEntriesByType('resource').map(one => one.name)")
        assert names
        return [name for name in names if not name.startswith((self.url, f"blob:{self.url}"))]
