"""What every door of a shared link has in common: who is let in, what is said to those who are not, and headers that
keep what is seen out of caches, indexes and other sites' logs.

A link that does not work looks the same whatever the reason, and so does everything that its scope does not name.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template import Context, Engine
from django.views.decorators.csrf import csrf_exempt

from frontend.place import Place, shared_place
from trajectories import sharing
from trajectories.api.errors import error_response
from trajectories.models import Share

HEADERS = {
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
LOCKED = "This link asks for a password. Open its page, enter the password, then try again."

View = Callable[..., Any]


class Locked(Exception):
    """The link works, for those who know its password."""

    def __init__(self, share: Share) -> None:
        super().__init__()
        self.share = share


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A link that lets this viewer in, at one of its runs."""

    token: str
    share: Share
    position: int
    place: Place
    is_one_of_many: bool
    """Of a comparison."""

    def see(self, seconds: float = 4.0) -> sharing.Seen:
        return sharing.see(self.share, self.position, seconds=seconds)


def open_share(request: HttpRequest, token: str) -> Share:
    """Raises `DeadLink` or `Locked`."""
    share = sharing.find(token)
    if not sharing.is_open(share, request.COOKIES.get(sharing.cookie_name(share))):
        raise Locked(share)
    return share


def open_run(request: HttpRequest, token: str, position: int | None, part: str) -> Opened:
    """`position` of the run in a comparison, None in a share of one run; `part`: what of it is asked for.

    Raises `DeadLink` or `Locked`."""
    share = open_share(request, token)
    runs, scope = sharing.runs_of(share), sharing.SCOPES[share.scope]
    is_one = len(runs) == 1
    if is_one is (position is not None) or not scope.lets(part):
        raise sharing.DeadLink
    index = position or 0
    if not runs or index >= len(runs):
        raise sharing.DeadLink
    place = shared_place(token, runs[index], scope.parts, position)
    return Opened(token=token, share=share, position=index, place=place, is_one_of_many=not is_one)


# ------------------------------------------------------------------------------------------------ answers


def page_door(view: View) -> View:
    """For a view that answers with a page; `POST` reaches it, too."""

    @wraps(view)
    def door(request: HttpRequest, token: str, **parts: Any) -> HttpResponse:
        try:
            return _sealed(view(request, token, **parts))
        except sharing.DeadLink:
            return dead_page(request)

    return csrf_exempt(door)  # a page without referrers cannot prove where its form came from


def data_door(view: View) -> View:
    """For a view that answers with data, or with a file."""
    if iscoroutinefunction(view):

        @wraps(view)
        async def async_door(request: HttpRequest, token: str, **parts: Any) -> HttpResponseBase:
            if (refusal := _not_safe(request)) is not None:
                return refusal
            try:
                return _sealed(await view(request, token, **parts))
            except (sharing.DeadLink, Locked) as error:
                return _refused(error)

        return csrf_exempt(async_door)

    @wraps(view)
    def door(request: HttpRequest, token: str, **parts: Any) -> HttpResponseBase:
        if (refusal := _not_safe(request)) is not None:
            return refusal
        try:
            return _sealed(view(request, token, **parts))
        except (sharing.DeadLink, Locked) as error:
            return _refused(error)

    return csrf_exempt(door)


def _not_safe(request: HttpRequest) -> HttpResponse | None:
    """Nothing is changed through a link, whether it works or not."""
    if request.method in ("GET", "HEAD"):
        return None
    return _sealed(error_response(405, "method_not_allowed", "What a link shows can only be read; use GET."))


def _refused(error: sharing.DeadLink | Locked) -> HttpResponse:
    if isinstance(error, Locked):
        return _sealed(error_response(401, "locked", LOCKED))
    return _sealed(error_response(404, "not_found", sharing.DEAD))


def dead_page(request: HttpRequest) -> HttpResponse:
    return shared_page(request, "frontend/link_dead.html", {}, status=404)


def shared_page(request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """Rendered without what Django adds for who is signed in: nobody is, here."""
    told = Context({"request": request, "through_link": True, **context})
    told.request = request  # `{% querystring %}` looks for it there
    page = Engine.get_default().get_template(template).render(told)
    return _sealed(HttpResponse(page, status=status))


def _sealed(response: Any) -> Any:
    for name, value in HEADERS.items():
        response[name] = value
    return response
