#!/usr/bin/env python
"""The terminal's door: `python manage.py serve`, `ask`, `worker`, `token`, … (`help` lists them)."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rlm_web.settings")
    try:
        from django.conf import settings
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import execute_from_command_line
    except ImportError as error:
        raise SystemExit("Django is not installed here. Run: python -m pip install -e .") from error
    try:
        settings.DATA_DIR  # noqa: B018 (reads the environment, which may be wrong)
    except ImproperlyConfigured as error:
        raise SystemExit(str(error)) from error
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
