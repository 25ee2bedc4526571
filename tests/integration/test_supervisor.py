"""`up` with real servers and stand-in workers: what happens when something ends, and that nothing is left behind."""

import json
import os
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from latentrelay.errors import StackUnavailable
from latentrelay.settings import Settings
from latentrelay.stack import locate, stack_file
from latentrelay.storage import S3Store
from tests.integration.up_process import WORKS, Starter, Up, is_gone, unconfigured

DEAF = """
import os, signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
open(os.environ["READY"], "w").close()
while True:
    signal.pause()
"""
LAST_LOOK = """
import os, signal, socket, sys, urllib.parse
def last_look(*_):
    for name in ("LATENTRELAY_REDIS_URL", "LATENTRELAY_S3_ENDPOINT"):
        socket.create_connection(("127.0.0.1", urllib.parse.urlsplit(os.environ[name]).port)).close()
    sys.exit("both servers are still there")
signal.signal(signal.SIGTERM, last_look)
open(os.environ["READY"], "w").close()
signal.pause()
"""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """One with servers of its own, for what leaves it running."""
    up = Up(tmp_path_factory.mktemp("stack") / "data", unconfigured(), "sdxl_base", WORKS, 60)
    up.tells("all started")
    yield up
    up.process.terminate()
    up.ends()


def here(up: Up) -> Settings:
    return locate(Settings(redis_url=None, s3_endpoint=None, data_dir=up.folder))


def client(up: Up) -> redis.Redis:
    url = here(up).redis_url
    assert url is not None
    return redis.Redis.from_url(url.get_secret_value(), decode_responses=True)


def test_ctrl_c_ends_workers_while_the_servers_still_answer(alone: Starter) -> None:
    up = alone(worker=LAST_LOOK)
    up.worker_is_ready()
    up.ctrl_c()
    assert up.ends() == 0
    assert (up.folder / "workers" / "sdxl_base-1.log").read_text() == "both servers are still there\n"


def test_it_runs_servers_a_worker_per_stage_and_a_sender_and_ctrl_c_leaves_none_of_them(alone: Starter) -> None:
    up = alone("sdxl_base,sdxl_refiner,unclip_variation")
    up.tells("all started")
    assert client(up).ping()
    S3Store.connect(here(up)).ensure_bucket()
    assert stat.S_IMODE(stack_file(up.folder).stat().st_mode) == 0o600
    children = up.children()
    assert len(children) == 6
    up.ctrl_c()
    assert up.ends() == 0
    assert up.lines[-1] == "stopped"
    assert all(is_gone(pid) for pid in children)
    assert not stack_file(up.folder).exists()
    with pytest.raises(StackUnavailable):
        here(up)


def test_secrets_are_in_the_environment_of_workers_and_on_no_command_line(stack: Up) -> None:
    kept = ("valkey/password", "seaweed/secret", "webhooks/webhook-key")
    secrets = [(stack.folder / name).read_text() for name in kept]
    shown = b"".join(Path(f"/proc/{pid}/cmdline").read_bytes() for pid in [stack.process.pid, *stack.children()])
    given = Path(f"/proc/{stack.pid('sdxl_base-1')}/environ").read_text()
    assert all(secret in given and secret.encode() not in shown for secret in secrets)


def test_a_second_stack_in_the_same_folder_is_refused(stack: Up) -> None:
    second = Up(stack.folder, unconfigured(), "sdxl_base", WORKS, 60)
    assert second.ends() != 0
    assert f"another `latentrelay up` (process {stack.process.pid}) runs in {stack.folder}" in second.lines[-1]
    assert client(stack).ping()


def test_a_dead_server_comes_back_with_its_address_and_data(stack: Up) -> None:
    before, valkey = here(stack), client(stack)
    valkey.set("kept", "yes")
    for name in ("valkey", "seaweed"):
        os.kill(stack.pid(name), signal.SIGKILL)
        stack.tells(f"{name} ended with signal SIGKILL")
        stack.tells(f"{name} runs")
    assert here(stack) == before
    assert valkey.get("kept") == "yes"
    S3Store.connect(before).ensure_bucket()


def test_after_a_kill_of_the_stack_the_next_one_finds_its_data_and_no_leftover(alone: Starter) -> None:
    killed = alone(worker=DEAF)
    killed.tells("all started")
    client(killed).set("kept", "yes")
    children = killed.children()
    killed.process.kill()
    up = alone()
    up.tells("all started")
    assert client(up).get("kept") == "yes"
    assert all(is_gone(pid) for pid in children)


def test_a_worker_that_dies_is_told_with_its_last_words_and_started_again_ever_later(connected: Starter) -> None:
    up = connected(worker="import sys; sys.exit('no more paint')")
    for delay in ("0.5", "1", "2"):
        up.tells(f"sdxl_base-1 ended with exit code 1; starting it again in {delay} s")
        up.tells("    no more paint")
        up.tells("sdxl_base-1 runs")


def test_a_worker_without_a_model_is_not_started_again_and_the_others_stay(connected: Starter) -> None:
    worker = f"import sys; print('no folder /nowhere'); 'refiner' in sys.argv[1] and sys.exit(78); {WORKS}"
    up = connected("sdxl_base,sdxl_refiner", worker)
    up.tells("sdxl_refiner-1 cannot serve (exit code 78); the others go on without it")
    up.tells("    no folder /nowhere")
    os.kill(up.pid("sdxl_base-1"), signal.SIGKILL)
    up.tells("sdxl_base-1 runs")
    up.ctrl_c()
    assert up.ends() == 0
    assert not [line for line in up.lines if "sdxl_refiner-1 runs" in line][1:]


def test_where_no_worker_can_serve_it_says_so_and_ends_with_its_servers(alone: Starter) -> None:
    reason = '{"level": "critical", "message": "model unavailable", "detail": "no folder /nowhere"}'
    up = alone("sdxl_base,sdxl_refiner", f"import sys; print({reason!r}); print('noise'); sys.exit(78)")
    up.tells("all started")
    children = up.children()
    assert up.ends() == 1
    assert len([line for line in up.lines if line == "    model unavailable: no folder /nowhere"]) == 2
    assert "    noise" not in up.lines
    assert len([line for line in up.lines if "cannot serve (exit code 78)" in line]) == 2
    assert len([line for line in up.lines if "the others go on without it" in line]) == 1
    assert "no worker can serve; why is told above" in up.lines[-1]
    assert "stopped" in up.lines
    assert all(is_gone(pid) for pid in children)


def test_a_worker_that_does_not_end_is_killed_after_the_grace(connected: Starter) -> None:
    up = connected(worker=DEAF, grace=0.5)
    up.worker_is_ready()
    up.tells("all started")
    pid = up.pid("sdxl_base-1")
    up.process.terminate()
    assert up.ends() == 0
    assert any("sdxl_base-1 is still at work; ending it" in line for line in up.lines)
    assert is_gone(pid)


def test_a_second_ctrl_c_hurries(connected: Starter) -> None:
    up = connected(worker=DEAF, grace=10_000)
    up.worker_is_ready()
    up.tells("all started")
    pid = up.pid("sdxl_base-1")
    up.ctrl_c()
    up.tells("stopping")
    up.ctrl_c()
    assert up.ends() == 0
    assert any("sdxl_base-1 is still at work; ending it" in line for line in up.lines)
    assert is_gone(pid)


def test_configured_servers_are_used_and_none_is_started(connected: Starter, settings: Settings) -> None:
    worker = "import json, os; print(json.dumps(dict(os.environ)), flush=True); open(os.environ['READY'], 'w').close()"
    up = connected(worker=worker)
    up.worker_is_ready()
    assert settings.s3_bucket in up.tells("all started")
    assert not (up.folder / "valkey").exists()
    assert not stack_file(up.folder).exists()
    up.ctrl_c()
    assert up.ends() == 0
    given = json.loads((up.folder / "workers" / "sdxl_base-1.log").read_text().splitlines()[0])
    assert given["LATENTRELAY_S3_ENDPOINT"] == settings.s3_endpoint


def test_servers_that_do_not_answer_are_told_at_once_without_their_password(
    settings: Settings, connected: Starter
) -> None:
    assert settings.redis_url is not None
    up = connected(LATENTRELAY_REDIS_URL=settings.redis_url.get_secret_value().replace("redis://:", "redis://:wrong"))
    assert up.ends() != 0
    assert "Redis does not answer as it should" in up.lines[-1]
    assert "wrong" not in "\n".join(up.lines)


def test_ctrl_c_while_it_starts_ends_what_was_started(alone: Starter) -> None:
    up = alone()
    up.tells("valkey runs")
    children = up.children()
    up.ctrl_c()
    assert up.ends() == 0
    assert all(is_gone(pid) for pid in [*children, *up.children()])
    assert not any("sdxl_base-1 runs" in line for line in up.lines)
