"""`python -m services.webhooks`: send webhooks until told to end."""

from services.webhooks.process import main

main()
