"""The addresses of sockets."""

from channels.generic.websocket import AsyncWebsocketConsumer
from django.urls import re_path

from trajectories.consumers import NOT_FOUND, RunConsumer


class NoSuchSocket(AsyncWebsocketConsumer):
    async def connect(self) -> None:
        await self.accept()
        await self.close(NOT_FOUND)


websocket_urlpatterns = [
    re_path(r"^ws/runs/(?P<run_id>[0-9a-z]{1,40})$", RunConsumer.as_asgi()),
    re_path(r"", NoSuchSocket.as_asgi()),
]
