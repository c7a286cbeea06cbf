"""How the processes log: a line an event to stderr, text or JSON. Lines carry ids, never anybody's words."""

import json
import logging
import sys
import time
from datetime import UTC, datetime
from typing import Literal

# Libraries that log every request or every task at INFO.
NOISY = (
    "httpx",
    "httpcore",
    "msal",
    "urllib3",
    "temporalio",
    "aiosqlite",
    "asyncio",
    "alembic",
    "uvicorn.access",
)


class JsonLines(logging.Formatter):
    """A record as one JSON object: at, level, logger, message and, when there is one, error (a traceback)."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def configure_logging(log_format: Literal["text", "json"] = "text", level: str = "info") -> None:
    """Send everything from `level` ("debug" to "error") up to stderr; noisy libraries from WARNING up."""
    handler = logging.StreamHandler(sys.stderr)
    text = logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%SZ")
    text.converter = time.gmtime
    handler.setFormatter(JsonLines() if log_format == "json" else text)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in NOISY:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
