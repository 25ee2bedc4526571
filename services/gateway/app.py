"""The composition of the gateway: routes, middleware, and how errors are told."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from latentrelay.errors import FieldProblem, InvalidRequest, LatentRelayError
from services.gateway.body import BodyLimits
from services.gateway.gateway import Gateway
from services.gateway.openai import routes as openai
from services.gateway.problems import problem_response
from services.gateway.routes import events, health, images, jobs, operations, pages, uploads

ROUTES = (jobs, events, images, uploads, operations, openai, health, pages)

log = logging.getLogger(__name__)


def create_app(gateway: Gateway) -> FastAPI:
    """The ASGI application in front of `gateway`."""
    app = FastAPI(
        title="Latent Relay", version=version("latentrelay"), lifespan=_lifespan, docs_url=None, redoc_url=None
    )
    app.state.gateway = gateway
    app.add_middleware(BodyLimits, max_file=gateway.settings.max_input_bytes)
    app.add_exception_handler(LatentRelayError, _tell)
    app.add_exception_handler(RequestValidationError, _tell_validation)
    app.add_exception_handler(HTTPException, _tell_http)
    app.add_exception_handler(Exception, _tell_unknown)
    for routes in ROUTES:
        app.include_router(routes.router)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    gateway: Gateway = app.state.gateway
    gateway.hub.start()
    yield
    gateway.close()


async def _tell(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, LatentRelayError)  # noqa: S101 - what it is registered for
    return problem_response(error)


async def _tell_validation(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
    problems = [FieldProblem("/" + "/".join(map(str, one["loc"][1:])), one["msg"]) for one in error.errors()]
    return problem_response(InvalidRequest(problems))


async def _tell_http(_: Request, error: Exception) -> JSONResponse:
    """Routes that do not exist, and methods that are not allowed."""
    assert isinstance(error, HTTPException)  # noqa: S101 - as above
    raise NotImplementedError


async def _tell_unknown(request: Request, error: Exception) -> JSONResponse:
    """A defect of ours: its message may quote the request, so its type and place alone are logged."""
    log.error("request broke", extra={"path": request.url.path, "error": type(error).__name__})
    return problem_response(LatentRelayError("Something broke here; it is logged."))
