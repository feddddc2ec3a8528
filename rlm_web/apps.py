"""Names the composition for Django, so that its commands (`serve`, `worker`) are found."""

from django.apps import AppConfig


class RlmWebConfig(AppConfig):
    name = "rlm_web"
    label = "rlm_web"
