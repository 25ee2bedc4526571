"""The main job on this machine: prompt, base, refiner, variations, one contact sheet."""
