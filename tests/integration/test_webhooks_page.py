"""What docs/webhooks.md tells receivers to do works as it stands there."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from latentrelay.webhooks.signing import draw_secret, headers
from tests.processes import ROOT

PAGE = (ROOT / "docs" / "webhooks.md").read_text("utf-8")
BODY = '{"type": "job.succeeded", "data": {"metadata": {"name": "Zoë"}}}'.encode()

PYTHON = """
import json, sys
told = json.load(sys.stdin)
print(verify(told["secret"], told["headers"], told["body"].encode()))
"""
NODE = """
import { readFileSync } from "node:fs";
const told = JSON.parse(readFileSync(0));
console.log(verify(told.secret, told.headers, Buffer.from(told.body)));
"""


def example(language: str) -> str:
    blocks = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(next(block for block in blocks if "verify(" in block))


def run_python(folder: Path, told: dict[str, object]) -> subprocess.CompletedProcess[str]:
    (folder / "verifier.py").write_text(example("python") + PYTHON)
    return _run([sys.executable, str(folder / "verifier.py")], told)


def run_node(folder: Path, told: dict[str, object]) -> subprocess.CompletedProcess[str]:
    (folder / "verifier.mjs").write_text(example("js") + NODE)
    return _run(["node", str(folder / "verifier.mjs")], told)


def _run(command: list[str], told: dict[str, object]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, input=json.dumps(told), capture_output=True, text=True, check=False)


def sent(*keys: str, age: int = 0) -> dict[str, str]:
    return headers(keys, "msg_1", int(time.time()) - age, BODY)


Run = Callable[[Path, dict[str, object]], subprocess.CompletedProcess[str]]
RUNNERS = pytest.mark.parametrize("run", [run_python, run_node])


@RUNNERS
def test_the_verifier_of_the_page_takes_what_we_sign(run: Run, tmp_path: Path) -> None:
    old, new = draw_secret(), draw_secret()
    for secret in (old, new):
        answer = run(tmp_path, {"secret": secret, "headers": sent(new, old), "body": BODY.decode()})
        assert answer.stdout.strip() == "msg_1", answer.stderr


@RUNNERS
def test_the_verifier_of_the_page_takes_nothing_else(run: Run, tmp_path: Path) -> None:
    secret = draw_secret()
    told = {"secret": secret, "headers": sent(secret), "body": BODY.decode()}
    wrong = {
        "not from Latent Relay": [told | {"secret": draw_secret()}, told | {"body": BODY.decode() + " "}],
        "too old": [told | {"headers": sent(secret, age=400)}],
    }
    for why, cases in wrong.items():
        for case in cases:
            answer = run(tmp_path, case)
            assert answer.returncode != 0
            assert why in answer.stderr


def test_the_verifiers_of_the_page_are_short() -> None:
    for language in ("python", "js"):
        lines = [line for line in example(language).splitlines() if line.strip() and "import" not in line]
        assert len(lines) <= 12
