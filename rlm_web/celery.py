"""The Celery application. Its one kind of message is “look at run X”; what is to be done, the run's row decides."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rlm_web.settings")

from django.conf import settings  # noqa: E402

QUEUE = "runs"

app = Celery("rlm_web", broker=settings.REDIS_URL or "memory://localhost/", set_as_current=True)
app.conf.update(
    imports=["trajectories.tasks"],
    task_default_queue=QUEUE,
    task_ignore_result=True,
    result_backend=None,
    accept_content=["json"],
    broker_transport_options={"polling_interval": 0.05} if settings.EMBEDDED else {"visibility_timeout": 24 * 3600},
    broker_connection_retry_on_startup=True,
    task_publish_retry_policy={"max_retries": 1, "interval_start": 0.1},
    task_acks_late=False,  # a message lost with its worker is made up for by the sweeper of another
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_redirect_stdouts=False,
    worker_enable_remote_control=False,
    worker_send_task_events=False,
    worker_cancel_long_running_tasks_on_connection_loss=False,
)
