"""Pages that are generated from the code, so that they cannot lag behind it; a test keeps them current."""
