"""What a producer installs and loads: little, and no model code."""

import resource
import subprocess
import sys
import tomllib
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[3]
MEGABYTES = 80
HEAVY = ("torch", "numpy", "fastapi", "diffusers", "celery", "kombu", "redis", "minio", "pydantic_settings")


def test_producers_install_no_model_code_and_few_megabytes() -> None:
    project = tomllib.loads((ROOT / "shared" / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names: set[str] = set()
    for asked in project["dependencies"]:
        add(Requirement(asked), names)
    assert {"httpx2", "pydantic", "redis", "hiredis", "celery"} <= names
    assert not names & {"torch", "numpy", "fastapi", "diffusers", "transformers"}
    files = [Path(str(file.locate())) for name in names for file in distribution(name).files or ()]
    assert sum(file.stat().st_size for file in files if file.is_file()) < MEGABYTES * 1_000_000


def add(wanted: Requirement, names: set[str]) -> None:
    """Add the distributions that are installed for `wanted` to `names`."""
    name = canonicalize_name(wanted.name)
    if name not in names:
        names.add(name)
        for text in distribution(name).requires or ():
            inner = Requirement(text)
            if inner.marker is None or any(inner.marker.evaluate({"extra": one}) for one in ("", *wanted.extras)):
                add(inner, names)


def test_the_http_clients_load_nothing_of_the_broker_and_the_store() -> None:
    code = f"import sys, latentrelay.http; print([name for name in {HEAVY!r} if name in sys.modules])"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )


def test_importing_costs_little_more_than_what_it_is_made_of() -> None:
    of_others = cheapest("from pydantic import BaseModel, Field; import httpx2")
    assert cheapest("import latentrelay.http") < 3 * of_others


def cheapest(code: str) -> float:
    """CPU seconds of a new interpreter that runs `code`: the least of a few, which no neighbour can lower."""
    return min(_spent(code) for _ in range(3))


def _spent(code: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
