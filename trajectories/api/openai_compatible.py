"""The OpenAI wire format: any OpenAI client can use a policy as a model.

The last user message is the question; what comes before it becomes a document, and so does the last message itself
when it is long or alone. Not part of the NinjaAPI: other addresses, another shape of errors, a wait as long as a run.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import wraps
from typing import Any

import orjson
from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from trajectories import documents, engine, policies, representations, tasks
from trajectories.api import auth, bodies, conversations
from trajectories.api.errors import WORDS, ApiError, as_response
from trajectories.models import Run

KEEP_ALIVE_SECONDS = 10.0
FIRST_LOOK, LAST_LOOK = 0.03, 0.5
"""Seconds between two looks at the run's row: short at first, then longer."""

View = Callable[..., Any]


# ------------------------------------------------------------------------------------------------- views


def openai_errors(view: View) -> View:
    """Errors in OpenAI's shape, which is the contract's with a type beside it."""

    @csrf_exempt
    @wraps(view)
    async def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            await sync_to_async(auth.signed_in)(request)
            return await view(request, *args, **kwargs)
        except Exception as error:  # noqa: BLE001 - the door: every failure becomes an answer
            return _error(as_response(error))

    return answer


def _error(response: HttpResponse) -> HttpResponse:
    told = orjson.loads(response.content)["error"]
    error = error_json(told["code"], told["message"], response.status_code)
    response.content = representations.encode({"error": error})
    return response


def error_json(code: str, message: str, status: int = 422) -> dict[str, Any]:
    kinds = {401: "authentication_error", 403: "permission_error", 404: "not_found_error"}
    kind = "server_error" if status >= 500 else kinds.get(status, "invalid_request_error")
    return {"message": message, "type": kind, "param": None, "code": code}


@openai_errors
async def models(request: HttpRequest, name: str | None = None) -> HttpResponse:
    if request.method != "GET":
        raise ApiError(405, "method_not_allowed", "This address takes GET only.")
    named = await sync_to_async(policies.named)(request.user)
    listed = [_model_json(policy["name"]) for policy in named if policy["error"] is None]
    if name is None:
        return bodies.json_answer({"object": "list", "data": listed})
    found = next((one for one in listed if one["id"] == name), None)
    if found is None:
        raise ApiError(404, "model_not_found", f"There is no policy {name[:60]!r} to use as a model; see /v1/models.")
    return bodies.json_answer(found)


def _model_json(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "rlm-web"}


@openai_errors
async def chat_completions(request: HttpRequest) -> HttpResponseBase:
    if request.method != "POST":
        raise ApiError(405, "method_not_allowed", "This address takes POST only.")
    if not bodies.is_json(request):
        raise ApiError(415, *WORDS[415])
    chat = conversations.read(bodies.read_json(request.body))
    run = await sync_to_async(_start)(request, chat)
    if chat.stream:
        response = StreamingHttpResponse(_events(request, run, chat), content_type="text/event-stream")
        response["Cache-Control"] = "no-cache"
        response["X-Accel-Buffering"] = "no"
        return response
    await _ended(run)
    if failure := _failure(run):
        raise ApiError(422, *failure)
    return bodies.json_answer(await sync_to_async(_completion)(request, run, chat))


def _start(request: HttpRequest, chat: conversations.Chat) -> Run:
    try:
        policy = policies.resolve(request.user, chat.model)
    except engine.PolicyError as error:
        raise ApiError(404, "model_not_found", str(error)) from error
    began = timezone.now()
    kept = [documents.add_text(request.user, name, text) for name, text in chat.texts]
    run = tasks.start_run(request.user, chat.question, kept, policy)
    for document in kept:
        if document.created_at >= began:
            documents.remove(document)  # stays as long as the run does, but not in the list of uploads
    return run


# ------------------------------------------------------------------------------------------------- waiting


async def _ended(run: Run) -> None:
    """Returns when the run has ended. A client that goes away takes its run with it."""
    pause = FIRST_LOOK
    try:
        while run.is_live:
            await asyncio.sleep(pause)
            pause = min(pause * 1.3, LAST_LOOK)
            await run.arefresh_from_db()
    except asyncio.CancelledError:
        await asyncio.shield(sync_to_async(tasks.cancel_run)(run))
        raise


def _failure(run: Run) -> tuple[str, str] | None:
    """(code, sentence) when there is no answer to give. Never a status that makes clients try (and pay) again."""
    if run.status == Run.Status.SUCCEEDED:
        return None
    if run.status == Run.Status.CANCELLED:
        return "cancelled", f"The run was stopped before it had an answer; /runs/{run.id} shows how far it came."
    reason = (run.error or {}).get("message") or "it ended without an answer"
    return "run_failed", f"The run failed: {reason} /runs/{run.id} shows all of it."


# ------------------------------------------------------------------------------------------------- answering


def _completion(request: HttpRequest, run: Run, chat: conversations.Chat) -> dict[str, Any]:
    message = {"role": "assistant", "content": run.answer or "", "refusal": None}
    return {
        **_head(run, chat, "chat.completion"),
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}],
        "usage": _usage(run),
        "rlm": _provenance(request, run),
    }


def _head(run: Run, chat: conversations.Chat, kind: str) -> dict[str, Any]:
    return {"id": f"chatcmpl-{run.id}", "object": kind, "created": int(run.created_at.timestamp()), "model": chat.model}


def _usage(run: Run) -> dict[str, Any]:
    return {
        "prompt_tokens": run.input_tokens,
        "completion_tokens": run.output_tokens,
        "total_tokens": run.input_tokens + run.output_tokens,
        "prompt_tokens_details": {"cached_tokens": run.cache_read_tokens},
        "completion_tokens_details": {"reasoning_tokens": run.reasoning_tokens},
    }


def _provenance(request: HttpRequest, run: Run) -> dict[str, Any]:
    """Beside what OpenAI sends: where the answer comes from."""
    shown = representations.run_json(run, request)
    return {name: shown[name] for name in ("id", "url", "ended_by", "cost", "sources")}


async def _events(request: HttpRequest, run: Run, chat: conversations.Chat) -> AsyncIterator[bytes]:
    """Server-sent events: comments while the run is at work, then the answer in one piece."""
    head = _head(run, chat, "chat.completion.chunk")
    yield _chunk(head, {"role": "assistant", "content": ""})
    waiting = asyncio.ensure_future(_ended(run))
    try:
        while not (await asyncio.wait({waiting}, timeout=KEEP_ALIVE_SECONDS))[0]:
            yield b": at work\n\n"
        await waiting
    finally:
        if not waiting.done():
            waiting.cancel()
            await asyncio.wait({waiting})
    if failure := _failure(run):
        yield _line({"error": error_json(*failure)})
    else:
        yield _chunk(head, {"content": run.answer or ""})
        yield _chunk(head, {}, finish_reason="stop", rlm=await sync_to_async(_provenance)(request, run))
        if chat.include_usage:
            yield _line({**head, "choices": [], "usage": _usage(run)})
    yield b"data: [DONE]\n\n"


def _chunk(head: dict[str, Any], delta: dict[str, Any], finish_reason: str | None = None, **extra: Any) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
    return _line({**head, "choices": [choice], **extra})


def _line(value: dict[str, Any]) -> bytes:
    return b"data: " + representations.encode(value) + b"\n\n"
