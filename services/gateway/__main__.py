"""`python -m services.gateway`: serve until told to end."""

from services.gateway.server import main

main()
