"""The playground as a reader uses it: a browser at the page, in front of echo workers of all stages."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from latentrelay.client import Client
from tests.browser.reading import Reading

METADATA = json.dumps({"steps": "asked", "step_seconds": "0.05", "preview_steps": "1"})


@dataclass(frozen=True)
class Playing(Reading):
    """A browser at the playground, and a client that sees the same jobs."""

    client: Client
    key: str

    def begin(self, *, with_key: bool = True) -> None:
        """The page, anew; with the key that was entered before."""
        self.open("playground", self.key if with_key else None)
        if with_key:
            self.found("#draw:not([aria-disabled])")

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
