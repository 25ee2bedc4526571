"""The door for everybody who is not a Python service beside Redis: HTTP. No torch in this process."""
