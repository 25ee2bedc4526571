"""The pages for people: what is served of them, and under which policy."""

import re
from pathlib import Path

import httpx2
import pytest

from services.gateway.routes.pages import FILES

STRICT = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
}
OURS = [path for path in FILES.values() if "vendor" not in path.parts]
MARKUP = re.compile(r"innerHTML|outerHTML\s*=|insertAdjacentHTML|document\.write|DOMParser|eval\(|new Function|srcdoc")


@pytest.mark.parametrize("path", ["/", "/playground"])
def test_a_page_runs_nothing_but_files_of_this_gateway(http: httpx2.Client, path: str) -> None:
    page = http.get(path)
    assert page.headers["Content-Type"].startswith("text/html")
    assert set(page.headers["Content-Security-Policy"].split("; ")) == STRICT
    assert page.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    asked = re.findall(r'(?:src|href)="([^"#]+)"', page.text)
    assert [name for name in asked if ":" in name or name.startswith("/")] == []
    assert [http.get(f"/{name}").status_code for name in asked] == [200] * len(asked)
    assert re.search(r"<script(?![^>]*src=)|\son\w+=|\sstyle=|<style", page.text) is None


def test_every_file_is_told_as_what_it_is_and_no_other_is_served(http: httpx2.Client) -> None:
    kinds = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
    for name, path in FILES.items():
        assert http.get(f"/{name}").headers["Content-Type"].partition(";")[0] == kinds[path.suffix], name
    for nothing in ("/kit/", "/kit/nothing.js", "/dashboard/index.html", "/kit/..%2Fapp.py", "/kit/../app.py"):
        assert http.get(nothing).status_code == 404


def test_a_browser_that_has_a_file_is_not_sent_it_again(http: httpx2.Client) -> None:
    first = http.get("/kit/style.css")
    again = http.get("/kit/style.css", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert http.get("/kit/style.css", headers={"If-None-Match": '"other"'}).content == first.content


@pytest.mark.parametrize("path", OURS, ids=lambda path: "/".join(path.parts[-2:]))
def test_no_script_of_ours_makes_markup_of_text(path: Path) -> None:
    assert MARKUP.search(path.read_text("utf-8")) is None
