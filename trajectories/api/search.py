"""Finding nodes of a run by words of their texts, by figures, and by what they read."""

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import Field

from trajectories import access, search
from trajectories.api import shapes
from trajectories.api.bodies import Body, json_answer
from trajectories.api.errors import ApiError

router = Router(tags=["Runs"])

BIGGEST = 2**62


class Wanted(Body):
    model_config = Body.model_config | {"strict": False}

    q: str = ""
    cursor: Annotated[int, Field(ge=0, le=BIGGEST)] = 0
    limit: Annotated[int, Field(ge=0, le=search.MOST_HITS)] = 50


@router.get("/runs/{run_id}/search", response=shapes.FoundNodes, summary="Which nodes of a run fit a query, and where")
def in_run(request: HttpRequest, run_id: str, wanted: Query[Wanted]) -> HttpResponse:
    """Words, “quoted phrases” and /regular expressions/ in texts, and words such as `kind:cell`, `status:failed`,
    `model:mini`, `cost:>0.01`, `time:>2s`, `reads:report@1200-4000`, `in:code`; a minus turns one round. All must fit.

    `complete` is false when the time was up first: ask the same again, and it goes on from there. Without `q` nothing
    is found, but the run is ready to be searched afterwards."""
    run = access.get_run(request.user, run_id)
    try:
        found = search.search_run(run, wanted.q, after=wanted.cursor, limit=wanted.limit)
    except search.WrongQuery as error:
        raise ApiError(422, "wrong_query", str(error)) from None
    return json_answer(search.found_json(found))
