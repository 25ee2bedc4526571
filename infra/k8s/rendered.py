"""What `kubectl kustomize` makes of an overlay."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

OVERLAYS = Path(__file__).parent / "overlays"

Resource = dict[str, Any]


def rendered(kubectl: str, overlay: str) -> tuple[Resource, ...]:
    """The resources of one overlay.

    Args:
        kubectl: where it is; it renders by itself.
        overlay: its name.

    Raises:
        subprocess.CalledProcessError: it cannot be rendered.
    """
    ran = subprocess.run([kubectl, "kustomize", OVERLAYS / overlay], capture_output=True, text=True, check=True)
    return tuple(yaml.safe_load_all(ran.stdout))


def of_kind(resources: tuple[Resource, ...], kind: str) -> Iterator[Resource]:
    """Those of one kind."""
    return (resource for resource in resources if resource["kind"] == kind)
