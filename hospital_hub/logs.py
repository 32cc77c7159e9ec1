"""Logs as events with named fields: ids, counts and codes. Text of people never goes here."""

import logging
from typing import Literal

import structlog


def configure_logs(form: Literal["text", "json"]) -> None:
    """Once a process, before its first event."""
    last = structlog.processors.JSONRenderer() if form == "json" else structlog.dev.ConsoleRenderer(colors=False)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
