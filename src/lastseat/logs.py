"""How a process writes its log: one line an event, as JSON or as text, on stderr.

Whatever logs by the standard library ends here, ours and the libraries'. Lines have the id of the
request they belong to, and no personal data: our messages name none, and of a database's error the
parts that repeat values are left out.
"""

import logging
import re
import sys
from contextvars import ContextVar

import msgspec
import structlog
from structlog.typing import EventDict, Processor

FORMATS = ("text", "json")
LEVELS = ("debug", "info", "warning", "error")

REQUEST: ContextVar[str] = ContextVar("lastseat.request", default="")
"""The id of the request that is being answered."""

FIELDS = "fields"
"""The name of a record's extra that is a dictionary of further members."""

_REPEATING = re.compile(r"^(?:DETAIL|CONTEXT|LINE \d+):.*\n?(?:^ +\^.*\n?)?", re.MULTILINE)
"""What PostgreSQL adds to an error: rows and statements, with whatever stands in them."""


def set_up(form: str = "text", level: str = "warning", *, worker: int | None = None) -> None:
    """Write the log of this process so. Once again: as now said."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter(form, worker))
    root = logging.getLogger()
    for before in list(root.handlers):
        root.removeHandler(before)
    root.addHandler(handler)
    root.setLevel(level.upper())
    # These say at `info` what they do all day; that is for who debugs them.
    for name in ("httpx", "httpcore", "procrastinate", "uvicorn"):
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    logging.getLogger("psycopg.pool").addFilter(_NOT_EACH_TRY)


class _NotEachTry(logging.Filter):
    """Tells why a pool can't connect once in `SECONDS`, not at each of its ten tries a second."""

    SECONDS = 10.0

    def __init__(self) -> None:
        super().__init__()
        self._told: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to write it."""
        text = record.getMessage()
        if not text.startswith("error connecting in "):
            return True
        since = record.created - self.SECONDS
        self._told = {told: at for told, at in self._told.items() if since < at <= record.created}
        return self._told.setdefault(text, record.created) == record.created


_NOT_EACH_TRY = _NotEachTry()


def formatter(form: str, worker: int | None = None) -> logging.Formatter:
    """What makes lines of records: structlog's processors, one after the other."""
    if form not in FORMATS:
        raise ValueError(f"a log is {' or '.join(FORMATS)}, not {form!r}")
    last: Processor = (
        structlog.processors.JSONRenderer(serializer=_json)
        if form == "json"
        else structlog.dev.ConsoleRenderer(
            colors=False,
            timestamp_key="at",
            event_key="message",
            exception_formatter=structlog.dev.plain_traceback,
        )
    )

    def whose(_logger: object, _method: str, event: EventDict) -> EventDict:
        if worker is not None:
            event["worker"] = worker
        if request := REQUEST.get():
            event["request_id"] = request
        event.update(getattr(event["_record"], FIELDS, {}))
        return event

    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        ],
        processors=[
            whose,
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            structlog.processors.EventRenamer("message"),
            _nobody,
            last,
        ],
    )


def _nobody(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Without the values that a database's error repeats, and on one line but for a traceback."""
    event["message"] = without_values(str(event["message"])).replace("\n", " ")
    if "exception" in event:
        event["exception"] = without_values(event["exception"])
    return event


def _json(event: EventDict, **_options: object) -> str:
    return msgspec.json.encode(event, enc_hook=str).decode()


def without_values(text: str) -> str:
    """The text without the parts of a database's error that repeat values."""
    return _REPEATING.sub("", text) if "\n" in text else text
