"""The API at /api/v1: thin views over one access function for each kind of object, and OpenAPI with its page."""

from typing import Any

from django.conf import settings
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema

from trajectories.api import (
    annotations,
    charts,
    compare,
    connections,
    documents,
    errors,
    health,
    models,
    policies,
    prices,
    profiles,
    runs,
    search,
    shapes,
    shares,
)
from trajectories.api.auth import SIGNED_IN
from trajectories.api.bodies import StrictParser


class Api(NinjaAPI):
    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        """Says of every operation once what its errors look like."""
        schema = super().get_openapi_schema(**options)
        content = {"application/json": {"schema": shapes.Failure.model_json_schema()}}
        for operations in schema["paths"].values():
            for operation in operations.values():
                operation["responses"]["4XX"] = {"description": "What to do instead", "content": content}
        return schema


api = Api(
    title="RLM Web",
    version=settings.VERSION,
    description=(
        "Ask questions of documents too long for any model, and read how the answer came about. "
        "Lists are {items, next}, times are UTC, money is a decimal text, unknown is null."
    ),
    urls_namespace="api",
    auth=SIGNED_IN,
    parser=StrictParser(),
)
errors.install(api)
for router in (
    documents.router,
    runs.router,
    annotations.router,
    search.router,
    shares.router,
    charts.router,
    compare.router,
    connections.router,
    models.router,
    prices.router,
    policies.router,
    profiles.router,
    health.router,
):
    api.add_router("", router)
