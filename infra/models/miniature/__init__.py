"""The recipe of the miniatures: real SDXL and Stable unCLIP in small, trained on drawings that code makes.

`make train-models` runs it, `trained/` holds what came of it; docs/models.md tells what they know and how well.
ADR 29 says why.
"""
