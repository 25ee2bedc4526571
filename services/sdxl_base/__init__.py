"""The base stage: text to latents, and to an image where no refiner follows."""
