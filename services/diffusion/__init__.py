"""The floor the stage services share: diffusers pipelines loaded, called and decoded in one place."""
