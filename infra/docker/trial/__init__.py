"""`make compose-test`: the containers really started, worked, broken and mended, on a Docker daemon of its own."""
