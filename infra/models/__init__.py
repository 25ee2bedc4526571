"""The recipe for small but real SDXL base, refiner and Stable unCLIP folders: `python -m infra.models OUT`.

True classes and architecture features, random seeded weights, a few MB: for tests, demos and machines without a GPU.
"""
