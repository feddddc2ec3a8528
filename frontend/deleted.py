"""A page of what was deleted and can still be brought back, the latest deletion first: of runs and of documents."""

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest


def deleted_page(request: HttpRequest, gone: QuerySet[Any], name: str, size: int) -> dict[str, Any]:
    """For a template: the objects as `name`; `last` of the page if there are more; how many were `found` in all.

    The parameter `before` is the last one of the page above. Those deleted together share their moment, so their order
    goes on by id.
    """
    mark = gone.filter(pk=request.GET.get("before", "")).first()
    older = Q(deleted_at__lt=mark.deleted_at) | Q(deleted_at=mark.deleted_at, id__lt=mark.pk) if mark else Q()
    page = list(gone.filter(older).order_by("-deleted_at", "-id")[: size + 1])
    return {name: page[:size], "last": page[size - 1] if len(page) > size else None, "found": gone.count()}
