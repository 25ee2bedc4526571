"""Settings come from LATENTRELAY_* alone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from latentrelay.settings import Settings


def test_one_server_without_the_other_is_refused() -> None:
    with pytest.raises(ValidationError, match="or neither"):
        Settings(s3_endpoint="http://store:9000")


def test_a_file_dot_env_in_the_working_folder_is_read_and_the_environment_goes_first(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("LATENTRELAY_DEVICE=cpu\nLATENTRELAY_S3_BUCKET=mine\nOTHER=1\n")
    code = "from latentrelay.settings import Settings; s = Settings(); print(s.device, s.s3_bucket)"
    environment = {**os.environ, "LATENTRELAY_S3_BUCKET": "theirs"}
    told = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == "cpu theirs"


def test_secrets_are_shown_nowhere() -> None:
    settings = Settings(redis_url="redis://:SECRET@x/0", s3_endpoint="http://x", s3_secret_key="SECRET")  # type: ignore[arg-type]  # pydantic takes text
    assert "SECRET" not in repr(settings) + settings.model_dump_json()


def test_importing_the_package_loads_the_contracts_alone() -> None:
    heavy = "celery kombu redis minio torch diffusers numpy PIL"
    code = f"import sys, latentrelay; print([name for name in {heavy.split()!r} if name in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ})
    assert told.stdout.strip() == "[]"
