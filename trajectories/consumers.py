"""The socket of a run, `/ws/runs/{id}?after=SEQ`: its events so far, then as they happen, each once and in order."""

from typing import Any
from urllib.parse import parse_qsl

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.http import Http404

from trajectories import access, accounts
from trajectories.feed import Feed

MALFORMED = 4400
NOT_SIGNED_IN = 4401
NOT_FOUND = 4404
MOST_DIGITS = 18


class RunConsumer(AsyncWebsocketConsumer):
    """A watcher of one run."""

    feed: Feed | None = None

    async def connect(self) -> None:
        await self.accept()  # a code can only be told on an open socket
        query = dict(parse_qsl(self.scope["query_string"].decode("latin1"), keep_blank_values=True))
        run_id, after = self.scope["url_route"]["kwargs"]["run_id"], query.get("after", "0")
        refused = await self._refused(run_id, after, query)
        if refused:
            await self.close(refused)
        else:
            self.feed = Feed.join(run_id, self, int(after))

    async def _refused(self, run_id: str, after: str, query: dict[str, str]) -> int | None:
        """The code to close with, if this watcher is not to be let in."""
        if not (after.isascii() and after.isdigit() and len(after) <= MOST_DIGITS):
            return MALFORMED
        if "share" in query:
            return NOT_FOUND
        user = await self._user()
        if user is None:
            return NOT_SIGNED_IN
        return None if await database_sync_to_async(_may_see)(user, run_id) else NOT_FOUND

    async def disconnect(self, code: int) -> None:
        if self.feed:
            self.feed.leave(self)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Nothing that is said here is heard."""

    async def tell(self, text: str) -> None:
        await self.send(text_data=text)

    async def end(self) -> None:
        await self.close(1000)

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
