"""`latentrelay` and `python -m latentrelay`."""

from latentrelay.cli import main

__all__ = ["main"]

if __name__ == "__main__":
    main()
