"""The composition of the gateway: routes, middleware, and how errors are told."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from importlib.metadata import version

from anyio import CapacityLimiter
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from fastapi.telemetry import TelemetryConfig
from starlette.exceptions import HTTPException

from latentrelay.errors import InvalidRequest, LatentRelayError, NotFound
from services.gateway.body import BodyLimits
from services.gateway.bounds.places import Places
from services.gateway.bounds.store_threads import StoreThreads
from services.gateway.document import operation_id
from services.gateway.gateway import Gateway
from services.gateway.measuring import Measured
from services.gateway.openai import routes as openai
from services.gateway.private import Private
from services.gateway.problems import invalid, problem_response
from services.gateway.rates import RateHeaders
from services.gateway.request_log import RequestLog
from services.gateway.routes import (
    dead_letters,
    docs,
    events,
    feed,
    files,
    health,
    images,
    jobs,
    operations,
    pages,
    stages,
    uploads,
    webhook_endpoints,
    webhook_messages,
)
from services.gateway.traced import Traced

STORE_THREADS = 8
UNHEARD: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}
"""FastAPI's own telemetry would tell paths, queries and exceptions, hence signed links and prompts."""

ROUTES = (
    jobs,
    events,
    feed,
    images,
    files,
    uploads,
    webhook_endpoints,
    webhook_messages,
    operations,
    stages,
    dead_letters,
    openai,
    health,
    docs,
    pages,
)


def create_app(gateway: Gateway) -> FastAPI:
    """The ASGI application in front of `gateway`."""
    app = FastAPI(
        title="Latent Relay",
        version=version("latentrelay"),
        lifespan=_lifespan,
        openapi_url=None,
        generate_unique_id_function=operation_id,
        telemetry=UNHEARD,
        redirect_slashes=False,  # a redirect would lead to whatever Host the request names
    )
    app.state.gateway = gateway
    app.add_middleware(BodyLimits, settings=gateway.settings)
    app.add_middleware(RequestLog)
    app.add_middleware(Traced, tracer=gateway.tracer)
    app.add_middleware(RateHeaders, most_in_flight=gateway.settings.max_live_jobs_per_tenant)
    app.add_middleware(Private)
    app.add_middleware(Measured, metrics=gateway.metrics)
    app.add_exception_handler(LatentRelayError, _tell)
    app.add_exception_handler(RequestValidationError, _tell_validation)
    app.add_exception_handler(HTTPException, _tell_http)
    for routes in ROUTES:
        app.include_router(routes.router)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    gateway: Gateway = app.state.gateway
    gateway.hub.start()
    app.state.sending = CapacityLimiter(uploads.AT_ONCE)
    app.state.bringing = Places(jobs.AT_ONCE, jobs.OF_ONE_TENANT, jobs.PATIENCE_SECONDS)
    app.state.store_threads = StoreThreads(STORE_THREADS)
    yield
    gateway.close()


async def _tell(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, LatentRelayError)  # noqa: S101 - what it is registered for
    return problem_response(error)


async def _tell_validation(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
    return problem_response(invalid(error))


async def _tell_http(request: Request, error: Exception) -> JSONResponse:
    """Routes that do not exist, methods that are not allowed, forms that cannot be read."""
    assert isinstance(error, HTTPException)  # noqa: S101 - as above
    match status := HTTPStatus(error.status_code):
        case HTTPStatus.NOT_FOUND:
            return problem_response(NotFound("There is nothing at this path."))
        case HTTPStatus.METHOD_NOT_ALLOWED:
            allowed = {"Allow": ", ".join(sorted(_methods(request.url.path)))}
            return problem_response(InvalidRequest("This path does not have that method."), allowed, status)
        case _:
            return problem_response(InvalidRequest(str(error.detail)), error.headers, status)


def _methods(path: str) -> set[str]:
    """What may be asked at a path; Starlette tells those of the first route alone."""
    at = [route for routes in ROUTES for route in routes.router.routes if isinstance(route, APIRoute)]
    return {method for route in at if route.path_regex.match(path) for method in route.methods or ()}
