"""The only place Celery is configured, for those who send and those who work alike."""

from typing import Any
from urllib.parse import quote

from celery import Celery
from kombu import Queue

from latentrelay.contracts import StageName
from latentrelay.jobs.connection import SOCKET_SECONDS
from latentrelay.jobs.sentinel_url import SCHEME, SentinelUrl, read_sentinel_url
from latentrelay.settings import Settings

VISIBILITY_SECONDS = 3600


def make_app(settings: Settings) -> Celery:
    """The Celery app on the configured Redis."""
    if settings.redis_url is None:
        raise ValueError("LATENTRELAY_REDIS_URL is not set")
    app = Celery("latentrelay", set_as_current=False, amqp="latentrelay.broker:Amqp")
    app.conf.update(configuration(settings.redis_url.get_secret_value()))
    return app


def configuration(redis_url: str) -> dict[str, Any]:
    """Every setting of Celery that we do not leave at its default, with its reason."""
    return {
        **_broker(redis_url),
        # Redis away is no reason to end: wait for it for ever, at the start and later, and when its memory is full
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_channel_error_retry": True,
        # a running stage outlives a dropped connection; the claim turns the redelivered message away
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        # a queue for each stage, named after it; nothing is created by a misspelt name
        "task_queues": [Queue(stage) for stage in StageName],
        "task_create_missing_queues": False,
        # JSON only: a pickle is a program
        "task_serializer": "json",
        "accept_content": ["json"],
        # the job record holds every result; a result backend would cost a subscription for each message
        "task_ignore_result": True,
        "result_backend": None,
        # a message is acknowledged when its work is done, and comes back when the process dies
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "task_acks_on_timeout": False,
        # one pipeline for each process, one job at a time, no message hoarded by a busy worker
        "worker_pool": "prefork",
        "worker_concurrency": 1,
        "worker_prefetch_multiplier": 1,
        "worker_disable_prefetch": True,
        # a replaced process may load its model for minutes; the default kills it after 4 s
        "worker_proc_alive_timeout": 600,
        # a worn process is replaced by the worker, between two messages
        "worker_pool_restarts": True,
        # an idle worker ends at once
        "worker_enable_soft_shutdown_on_idle": False,
        # publishing waits longer than the default's 0.6 s; what is lost all the same, the reaper publishes again
        "task_publish_retry_policy": {
            "max_retries": 10,
            "interval_start": 0.1,
            "interval_step": 0.2,
            "interval_max": 2,
        },
        # standard output is nobody's log
        "worker_redirect_stdouts": False,
    }


def _broker(redis_url: str) -> dict[str, Any]:
    """Where the messages are; ours are the transports that dead-letter one nobody can read instead of ending."""
    if not redis_url.startswith(SCHEME):
        return {
            "broker_url": redis_url,
            # kombu asks for TLS by the name of its own transport alone; how to trust stands in the URL, as for records
            "broker_use_ssl": {"ssl_cert_reqs": "required"} if redis_url.startswith("rediss://") else False,
            "broker_transport": "latentrelay.broker:Transport",
            "broker_transport_options": _transport_options(),
        }
    url = read_sentinel_url(redis_url)
    return {
        "broker_url": _broker_url(url),
        "broker_transport": "latentrelay.broker:SentinelTransport",
        "broker_transport_options": _transport_options()
        | {"master_name": url.name, "sentinels": url.sentinels, "sentinel_kwargs": url.sentinel_login},
    }


def _broker_url(url: SentinelUrl) -> str:
    """One sentinel's address, for kombu's eyes; the transport asks all of them.

    Of alternatives that it is told, kombu takes the next at every failure, and with it a transport that is not ours.
    """
    host, port = url.sentinels[0]
    username, password = (quote(text or "", safe="") for text in (url.username, url.password))
    login = f"{username}:{password}@" if username or password else ""
    return f"{SCHEME}{login}{f'[{host}]' if ':' in host else host}:{port}/{url.db}"


def _transport_options() -> dict[str, Any]:
    return {
        # all of these or none: without them a half-open connection hangs a worker for good, or loses a message
        "socket_timeout": SOCKET_SECONDS,
        "socket_connect_timeout": SOCKET_SECONDS,
        "socket_keepalive": True,
        "retry_on_timeout": True,
        "health_check_interval": SOCKET_SECONDS,
        # the smallest value in a Redis rules every queue: long, and the same in every service; leases recover fast
        "visibility_timeout": VISIBILITY_SECONDS,
        # what a killed worker left is swept every 10 s, and a killed sweeper blocks the others for no longer
        "unacked_restore_interval": 10,
        "unacked_restore_throttle": 1,
        "unacked_mutex_expire": 10,
        # claims decide who goes first: one list for each queue
        "priority_steps": [0],
        "sep": ":",
    }
