"""Who is asking: an API token in the header (no CSRF token needed), or the browser's session (then with one)."""

from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest
from ninja.security import APIKeyCookie, HttpBearer
from ninja.utils import check_csrf

from trajectories import accounts
from trajectories.api.errors import SIGN_IN, ApiError

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


class Bearer(HttpBearer):
    """`Authorization: Bearer TOKEN`. A wrong token ends the request; a session beside it is not looked at."""

    def authenticate(self, request: HttpRequest, token: str) -> User:
        user = accounts.user_of_token(token.strip())
        if user is None:
            raise ApiError(401, "wrong_token", "This token is not valid; make a new one in the settings.")
        request.user = user
        return user


class Session(APIKeyCookie):
    """The browser's session."""

    param_name = "sessionid"

    def __call__(self, request: HttpRequest) -> Any:
        return self.authenticate(request, None)

    def authenticate(self, request: HttpRequest, key: str | None) -> User | None:
        if isinstance(request.user, AnonymousUser):
            return None
        if request.method not in SAFE_METHODS and check_csrf(request) is not None:
            raise ApiError(
                403, "csrf", "Send the header X-CSRFToken with the value of the cookie csrftoken, or reload the page."
            )
        return request.user


SIGNED_IN = [Bearer(), Session()]


def signed_in(request: HttpRequest) -> User:
    """The same check for views outside the NinjaAPI. Raises `ApiError`."""
    for door in SIGNED_IN:
        if user := door(request):
            return user
    raise ApiError(401, "not_signed_in", SIGN_IN)
