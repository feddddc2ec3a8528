"""Keeping order, by plain forms: titles, tags, pins, thumbs; deleting and bringing back.

Each form goes back to the page it stands on. A script may send it and put only the parts that change into the page.
"""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from frontend.place import own_place
from trajectories import access, annotations, deletion, documents, tags
from trajectories.models import Annotation, Document, Run

MOST_AT_ONCE = 500
LONGEST_TITLE = 200
THUMBS = {"up": Annotation.Thumb.UP, "down": Annotation.Thumb.DOWN, "none": Annotation.Thumb.NONE}


class Refused(ValueError):
    """`str(error)` is one sentence that says what to change."""


# ------------------------------------------------------------------------------------------------ one run


@require_POST
@login_required
def keep(request: HttpRequest, run_id: str) -> HttpResponse:
    """`title`, `add_tag`, `remove_tag`, `pinned` (1 or 0), `thumb` (up, down or none), `comment` (one more).

    Those given are changed."""
    run = access.get_run(request.user, run_id)
    refusal = ""
    try:
        _keep(run, request.POST)
    except (Refused, tags.WrongTag, annotations.WrongAnnotation) as error:
        refusal = str(error)
    if request.headers.get("X-Swap", "").startswith("#run-"):
        typed = request.POST.get("title", request.POST.get("add_tag", ""))
        context = {"run": run, "place": own_place(run), "refusal": refusal, "typed": typed, **_here(request)}
        return render(request, "frontend/_run_kept.html", context, status=422 if refusal else 200)
    if refusal:
        messages.error(request, refusal)
    return redirect(_back(request, reverse("run", args=[run.pk])))


def _keep(run: Run, wanted: QueryDict) -> None:
    if "title" in wanted:
        run.title = _title(wanted["title"])
        run.save(update_fields=["title"])
    if "pinned" in wanted:
        run.pinned_at = (run.pinned_at or timezone.now()) if wanted["pinned"] == "1" else None
        run.save(update_fields=["pinned_at"])
    if "add_tag" in wanted:
        given = [name for name in wanted["add_tag"].split(",") if name.strip()]
        tags.put(run, [*tags.names_of(run), *given])
    if "remove_tag" in wanted:
        tags.put(run, [name for name in tags.names_of(run) if name != wanted["remove_tag"]])
    if wanted.get("thumb") in THUMBS:
        annotations.set_thumb(run, None, THUMBS[wanted["thumb"]])
    if "comment" in wanted:
        annotations.add(run, node=None, span=None, thumb=0, comment=wanted["comment"])


def _title(text: str) -> str:
    title = " ".join(text.replace("\0", "").split())
    if len(title) > LONGEST_TITLE:
        raise Refused(f"A title has at most {LONGEST_TITLE} characters; this one has {len(title)}.")
    return title


# ------------------------------------------------------------------------------------------------ deleting runs


@require_POST
@login_required
def delete_runs(request: HttpRequest) -> HttpResponse:
    """`r` names runs, once or several times."""
    chosen = Run.objects.visible_to(request.user).filter(pk__in=_ids(request, "r"))
    ids = list(chosen.finished().values_list("pk", flat=True))  # type: ignore[attr-defined]
    live = chosen.count() - len(ids)
    deletion.discard(Run.objects.filter(pk__in=ids))
    if ids:
        messages.success(request, _sentence(len(ids), "run", "deleted"), extra_tags=f"runs:{','.join(ids)}")
    if live:
        messages.warning(request, f"{_sentence(live, 'run', 'still at work')} Stop it first, then delete it.")
    if not ids and not live:
        messages.info(request, "No run was chosen. Tick some, then delete them.")
    return redirect(_back(request, reverse("runs")))


@require_POST
@login_required
def restore_runs(request: HttpRequest) -> HttpResponse:
    deleted = Run.objects.deleted_by(request.user).filter(pk__in=_ids(request, "r"))
    _tell_restored(request, deletion.restore(deleted), "run")
    return redirect(_back(request, reverse("runs")))


@require_POST
@login_required
def remove_runs(request: HttpRequest) -> HttpResponse:
    """For good."""
    number = deletion.remove(Run.objects.deleted_by(request.user).filter(pk__in=_ids(request, "r")))
    messages.success(request, _sentence(number, "run", "deleted for good"))
    return redirect(_back(request, reverse("runs")))


# ------------------------------------------------------------------------------------------------ deleting documents


@require_POST
@login_required
def delete_document(request: HttpRequest) -> HttpResponse:
    document = access.get_document(request.user, request.POST.get("document", ""))
    documents.discard(document)
    messages.success(request, f"“{document.name}” was deleted.", extra_tags=f"documents:{document.pk}")
    return redirect(_back(request, reverse("documents")))


@require_POST
@login_required
def restore_documents(request: HttpRequest) -> HttpResponse:
    deleted = Document.objects.deleted_by(request.user).filter(pk__in=_ids(request, "document"))
    for document in deleted:
        documents.restore(document)
    _tell_restored(request, len(deleted), "document")
    return redirect(_back(request, reverse("documents")))


@require_POST
@login_required
def remove_document(request: HttpRequest) -> HttpResponse:
    """For good."""
    document = access.get_deleted_document(request.user, request.POST.get("document", ""))
    documents.remove(document)
    messages.success(request, f"“{document.name}” was deleted for good.")
    return redirect(_back(request, reverse("documents")))


# ------------------------------------------------------------------------------------------------ what all share


def _ids(request: HttpRequest, name: str) -> list[str]:
    return request.POST.getlist(name)[:MOST_AT_ONCE]


def _here(request: HttpRequest) -> dict[str, str]:
    return {"next": request.POST.get("next", "")}


def _back(request: HttpRequest, otherwise: str) -> str:
    """The page the form stands on, when that lies on this site."""
    wanted = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if safe else otherwise


def _tell_restored(request: HttpRequest, number: int, word: str) -> None:
    if number:
        messages.success(request, _sentence(number, word, "restored"))
    else:
        messages.error(request, f"This {word} cannot be restored any more; it is gone for good or was restored before.")


def _sentence(number: int, word: str, done: str) -> str:
    return f"The {word} was {done}." if number == 1 else f"{number:,} {word}s were {done}."
