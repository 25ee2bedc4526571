"""Which requests have a span."""

from fastapi.routing import APIRoute

from services.gateway.app import ROUTES
from services.gateway.traced import MAKING, template_of


def test_every_path_that_is_traced_is_there_to_be_posted_to() -> None:
    routes = [route for module in ROUTES for route in module.router.routes if isinstance(route, APIRoute)]
    posts = {route.path for route in routes if "POST" in route.methods}
    assert posts >= MAKING


def test_a_letter_that_is_queued_again_makes_a_job_and_names_no_span() -> None:
    assert template_of("/v1/dead-letters/17-0/requeue") in MAKING
    assert template_of("/v1/dead-letters/17-0") not in MAKING
