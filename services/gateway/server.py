"""The process: settings, the socket, uvicorn."""


def main() -> None:
    """Serve."""
    raise NotImplementedError
