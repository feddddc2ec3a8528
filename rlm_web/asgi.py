"""What answers: Django for HTTP, the consumers for sockets (same origin only, signed in by session)."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rlm_web.settings")

from django.core.asgi import get_asgi_application

django_application = get_asgi_application()

from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402

from rlm_web.origin import SameOrigin  # noqa: E402
from trajectories.routing import websocket_urlpatterns  # noqa: E402

application = ProtocolTypeRouter(
    {
        "http": django_application,
        "websocket": SameOrigin(AuthMiddlewareStack(URLRouter(websocket_urlpatterns))),
    }
)
