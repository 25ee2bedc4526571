"""A model is fetched from a hub by its id: what is needed and no pickle. The hub here is a real server on loopback."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

COMMIT = "0123456789abcdef0123456789abcdef01234567"
ID = "somebody/sdxl"
RESOLVE = (
    "import json, sys\n"
    "from latentrelay.errors import ModelUnavailable\n"
    "from services.diffusion.folder import BASE, resolve_model\n"
    "model, variant = json.loads(sys.argv[1])\n"
    "try: made = resolve_model(model, revision=None, variant=variant, pipeline_class=BASE)\n"
    "except ModelUnavailable as error: print(json.dumps({'detail': error.detail}))\n"
    "else: print(json.dumps({'path': str(made.path), 'revision': made.revision, 'model': made.model}))\n"
)


@dataclass
class Hub:
    """Serves one folder as the model `ID`, as huggingface.co does."""

    folder: Path
    cache: Path
    sent: list[str] = field(default_factory=list)
    url: str = ""

    def files(self) -> dict[str, bytes]:
        return {
            str(file.relative_to(self.folder)): file.read_bytes() for file in self.folder.rglob("*") if file.is_file()
        }

    def answer(self, path: str) -> tuple[bytes, dict[str, str]] | None:
        files = self.files()
        if path.startswith(f"/api/models/{ID}/revision/"):
            about = {"id": ID, "sha": COMMIT, "siblings": [{"rfilename": name} for name in files]}
            return json.dumps(about).encode(), {}
        if path.startswith(f"/api/models/{ID}/tree/"):
            tree = [{"type": "file", "path": name, "size": len(data), "oid": "0" * 40} for name, data in files.items()]
            return json.dumps(tree).encode(), {}
        name = path.removeprefix(f"/{ID}/resolve/{COMMIT}/")
        if name not in files:
            return None
        self.sent.append(name)
        etag = hashlib.sha1(files[name], usedforsecurity=False).hexdigest()
        return files[name], {"ETag": f'"{etag}"', "X-Repo-Commit": COMMIT}

    def resolve(self, model: str = ID, variant: str | None = None) -> dict[str, str]:
        """What a process that knows this hub only makes of `model`."""
        env = os.environ | {"HF_ENDPOINT": self.url, "HF_HOME": str(self.cache), "HF_HUB_DISABLE_XET": "1"}
        env |= {
            "HF_HUB_OFFLINE": "0",
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
        }
        command = [sys.executable, "-c", RESOLVE, json.dumps([model, variant])]
        done = subprocess.run(command, env=env, check=True, capture_output=True, text=True, timeout=120)
        told: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
        return told


def handler(hub: Hub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = hub.answer(self.path.partition("?")[0])
            body, headers = found or (b"{}", {"X-Error-Code": "RepoNotFound"})
            self.send_response(200 if found else 404)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815  # the name that http.server looks for

        def log_message(self, *_: object) -> None:
            """The test's own output is enough."""

    return Handler


@pytest.fixture
def hub(small_models: Path, tmp_path: Path) -> Iterator[Hub]:
    small, folder = small_models / "sdxl_base", tmp_path / "hub"
    for file in (file for file in small.rglob("*") if file.is_file()):
        copy = folder / file.relative_to(small)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(file.read_bytes())
    for name in ("sdxl.safetensors", "unet/diffusion_pytorch_model.bin", "vae_1_0/model.safetensors", "README.md"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"not wanted")
    for file in list(folder.glob("unet/*.safetensors")):
        file.with_suffix(".fp16.safetensors").write_bytes(file.read_bytes())
    hub = Hub(folder, tmp_path / "cache")
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(hub))
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield hub
    server.shutdown()
    server.server_close()
    thread.join()


def weights(hub: Hub) -> set[str]:
    return {name for name in hub.sent if Path(name).suffix != ".json"}


PLAIN = {
    "text_encoder/model.safetensors",
    "text_encoder_2/model.safetensors",
    "unet/diffusion_pytorch_model.safetensors",
    "vae/diffusion_pytorch_model.safetensors",
}


def test_a_hub_model_is_fetched_without_pickles_and_checkpoints_and_then_served_without_the_hub(hub: Hub) -> None:
    told = hub.resolve()
    assert (told["model"], told["revision"]) == (ID, COMMIT)
    assert weights(hub) == PLAIN
    hub.url = "http://127.0.0.1:9"  # nobody answers there
    assert hub.resolve() == told


def test_of_a_variant_only_what_lacks_it_is_fetched_plain(hub: Hub) -> None:
    told = hub.resolve(variant="fp16")
    assert told["revision"] == COMMIT
    assert weights(hub) == {
        name.replace("unet/diffusion_pytorch_model", "unet/diffusion_pytorch_model.fp16") for name in PLAIN
    }


def test_a_fetched_model_is_checked(hub: Hub) -> None:
    (hub.folder / "unet" / "diffusion_pytorch_model.safetensors").unlink()
    assert "unet/diffusion_pytorch_model.safetensors is missing" in hub.resolve()["detail"]
    assert weights(hub) == PLAIN - {"unet/diffusion_pytorch_model.safetensors"}


def test_an_unknown_model_and_a_silent_hub_are_one_clear_sentence(hub: Hub) -> None:
    unknown = hub.resolve("somebody/else")["detail"]
    assert unknown.startswith("somebody/else cannot be served as an SDXL base: there is no such folder, and the hub")
    hub.url = "http://127.0.0.1:9"
    assert "give a folder" in hub.resolve()["detail"]
