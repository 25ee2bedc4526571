"""The variation stage: an image to images like it."""
