"""What the Dockerfile and docker-compose.yml are made with, and `make compose-test`, which really starts them."""
