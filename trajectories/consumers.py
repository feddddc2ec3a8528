"""The socket of a run, `/ws/runs/{id}?after=SEQ`: its events so far, then as they happen, each once and in order.

With `share=TOKEN` as viewers of that link see it, whoever asks."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.http import Http404

from trajectories import access, accounts, sharing
from trajectories.feed import Feed
from trajectories.shared import Watched

MALFORMED = 4400
NOT_SIGNED_IN = 4401
NOT_FOUND = 4404
MOST_DIGITS = 18


class Refused(Exception):
    """A watcher is not let in."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class RunConsumer(AsyncWebsocketConsumer):
    """A watcher of one run."""

    feed: Feed | None = None

    async def connect(self) -> None:
        await self.accept()  # a code can only be told on an open socket
        query = dict(parse_qsl(self.scope["query_string"].decode("latin1"), keep_blank_values=True))
        run_id, after = self.scope["url_route"]["kwargs"]["run_id"], query.get("after", "0")
        try:
            view = await self._let_in(run_id, after, query.get("share"))
        except Refused as refused:
            await self.close(refused.code)
        else:
            self.feed = Feed.join(run_id, self, int(after), view)

    async def _let_in(self, run_id: str, after: str, token: str | None) -> Watched | None:
        """How this watcher sees the run; None: as its owner does. Raises `Refused`."""
        if not (after.isascii() and after.isdigit() and len(after) <= MOST_DIGITS):
            raise Refused(MALFORMED)
        if token is not None:
            return await database_sync_to_async(_view)(token, run_id, self.scope.get("cookies", {}))
        user = await self._user()
        if user is None:
            raise Refused(NOT_SIGNED_IN)
        if not await database_sync_to_async(_may_see)(user, run_id):
            raise Refused(NOT_FOUND)
        return None

    async def disconnect(self, code: int) -> None:
        if self.feed:
            self.feed.leave(self)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Nothing that is said here is heard."""

    async def tell(self, text: str) -> None:
        await self.send(text_data=text)

    async def end(self, *, dead: bool = False) -> None:
        await self.close(NOT_FOUND if dead else 1000)

    async def _user(self) -> Any | None:
        """By token, where one is sent, else by session."""
        header = dict(self.scope["headers"]).get(b"authorization", b"").decode("latin1")
        scheme, _, token = header.partition(" ")
        if scheme.lower() == "bearer":
            return await database_sync_to_async(accounts.user_of_token)(token.strip())
        user = self.scope["user"]
        return user if user.is_authenticated and user.is_active else None


def _may_see(user: Any, run_id: str) -> bool:
    try:
        access.get_run(user, run_id)
    except Http404:
        return False
    return True


def _view(token: str, run_id: str, cookies: Mapping[str, str]) -> Watched:
    """What the link with this token lets see of a run. Raises `Refused`."""
    try:
        share = sharing.find(token)
    except sharing.DeadLink:
        raise Refused(NOT_FOUND) from None
    ids = [run.pk for run in sharing.runs_of(share)]
    if run_id not in ids or not sharing.SCOPES[share.scope].lets("socket"):
        raise Refused(NOT_FOUND)
    if not sharing.is_open(share, cookies.get(sharing.cookie_name(share, run_id))):
        raise Refused(NOT_SIGNED_IN)
    return Watched(share, ids.index(run_id))
