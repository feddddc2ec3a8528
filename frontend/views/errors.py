"""Pages that say what went wrong and what to do. Callers of the API get the same sentence as JSON."""

from http import HTTPStatus

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

API_PATHS = ("/api/", "/v1/")
TITLES = {
    400: "This request cannot be answered",
    403: "This is not allowed",
    404: "Nothing is here",
    500: "Something broke on our side",
}


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _error(
        request, 400, "bad_request", "The address or a field has a form that is not understood. Go back and try again."
    )


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _error(request, 403, "forbidden", "You may not do this with the account you are signed in with.")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _error(
        request, 403, "csrf", "The page was open for too long or was opened from elsewhere. Reload it and try again."
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    said = str(exception.args[0]) if exception.args and isinstance(exception.args[0], str) else ""
    known = isinstance(exception, Http404) and said.endswith(".")
    return _error(request, 404, "not_found", said if known else "There is no page at this address. Check the link.")


def broken(request: HttpRequest) -> HttpResponse:
    return _error(request, 500, "internal", "The error is in the server's log. Try again; if it comes back, report it.")


def _error(request: HttpRequest, status: int, code: str, message: str) -> HttpResponse:
    if request.path.startswith(API_PATHS):
        return JsonResponse({"error": {"code": code, "message": message}}, status=status)
    context = {
        "status": status,
        "title": TITLES.get(status, HTTPStatus(status).phrase),
        "text": message,
        "user": getattr(request, "user", None),
    }
    return render(request, "frontend/error.html", context, status=status)
