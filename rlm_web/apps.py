"""Names the composition for Django, so that its commands (`serve`, `worker`) are found."""

from django.apps import AppConfig


class RlmWebConfig(AppConfig):
    name = "rlm_web"
    label = "rlm_web"

    def ready(self) -> None:
        from rlm_web import celery  # noqa: F401 (makes it the application that tasks are sent through)
