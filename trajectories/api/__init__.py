"""The API at /api/v1: thin views over one access function for each kind of object, and OpenAPI with its page."""

from django.conf import settings
from ninja import NinjaAPI

from trajectories.api import charts, connections, documents, errors, health, models, policies, runs
from trajectories.api.auth import SIGNED_IN
from trajectories.api.bodies import StrictParser
from trajectories.api.docs import Page

api = NinjaAPI(
    title="RLM Web",
    version=settings.VERSION,
    description=(
        "Ask questions of documents too long for any model, and read how the answer came about. "
        "Every error is {“error”: {“code”, “message”}}, lists are {“items”, “next”}, times are UTC, money is a decimal text."
    ),
    urls_namespace="api",
    auth=SIGNED_IN,
    parser=StrictParser(),
    docs=Page(),
)
errors.install(api)
for router in (
    documents.router,
    runs.router,
    charts.router,
    connections.router,
    models.router,
    policies.router,
    health.router,
):
    api.add_router("", router)
