"""The refiner stage: latents or an image to a refined image."""
