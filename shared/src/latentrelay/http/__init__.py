"""The producer's door over HTTP, for everybody who is not trusted with Redis and the store: sync and async."""

from latentrelay.http.async_client import AsyncHttpClient
from latentrelay.http.client import HttpClient

__all__ = ["AsyncHttpClient", "HttpClient"]
