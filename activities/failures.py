"""Says what a failed activity means: try again (and when), or end here, with a line on HR's list that says why."""

import traceback
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfoNotFoundError

from sqlalchemy.exc import DBAPIError, IntegrityError, NoResultFound, ProgrammingError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from cycle.stuck import LONG_ENOUGH, TRIES_OF_A_FAULT, Kind, permission_for
from integrations.clock import Clock, ClockUnreachable
from integrations.database.columns import UnreadableText
from integrations.database.connection import Database
from integrations.database.stuck import note_stuck
from integrations.graph.errors import BadRequest, GraphTrouble, NoMailbox, NotAllowed, NoToken, Transient
from integrations.graph.subscriptions import USERS

HOUSE = Path(__file__).parents[1]

BROKEN_DATA = (ValueError, LookupError, TypeError, ArithmeticError, AssertionError, UnreadableText, NoResultFound)
"""What one person's broken data raises: a zone that is none, a text that does not open, half a date, a row missing."""

AWAY = (DBAPIError, NoConnectionFree, ClockUnreachable, OSError)
"""The database or the clock does not answer just now. OSError: a server that is not there."""


class Failures(Interceptor):
    """Decides for all activities, once: nothing is tried for ever."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002
        return _Judge(next, self._database, self._clock)


class _Judge(ActivityInboundInterceptor):
    """What a person must mend ends the activity at once, what passes by itself does after a day, a fault of ours
    after three tries. HR's list then has a line for it, and the workflow looks again (`workflows/wake_up.py`).
    """

    def __init__(self, next: ActivityInboundInterceptor, database: Database, clock: Clock) -> None:  # noqa: A002
        super().__init__(next)
        self._database = database
        self._clock = clock

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002
        try:
            return await super().execute_activity(input)
        except ApplicationError:
            raise
        except Transient as trouble:
            if not await self._has_lasted():
                raise _again(trouble, str(trouble), trouble.retry_after) from trouble
            raise await self._ended(trouble, str(trouble), Kind.BUSY, str(trouble)) from trouble
        except GraphTrouble as trouble:
            raise await self._ended(trouble, str(trouble), *_cause(trouble)) from trouble
        except UnreadableText as error:
            raise await self._ended(error, str(error), Kind.UNREADABLE, "") from error
        except Exception as error:  # noqa: BLE001 - outermost layer of all activities
            # What was not expected travels without its text, which can hold people's words.
            raise await self._unexpected(error) from None

    async def _unexpected(self, error: Exception) -> ApplicationError:
        place = f"{type(error).__name__} in {activity.info().activity_type}, {_where(error)}"
        if isinstance(error, AWAY) and not isinstance(error, (IntegrityError, ProgrammingError)):
            if await self._has_lasted():
                return await self._ended(error, place, Kind.FAULT, place, place)
            return _again(error, place)
        activity.logger.error("%s", place)
        if activity.info().attempt < TRIES_OF_A_FAULT:
            return _again(error, place)
        if isinstance(error, ZoneInfoNotFoundError):
            return await self._ended(error, place, Kind.ZONE, str(error.args[0]) if error.args else "")
        return await self._ended(error, place, Kind.FAULT, place, place)

    async def _has_lasted(self) -> bool:
        """Whether this has been tried for long enough."""
        try:
            return await self._clock.now() - activity.info().scheduled_time >= LONG_ENOUGH
        except ClockUnreachable:
            return False

    async def _ended(self, error: Exception, words: str, kind: Kind, about: str, subject: str = "") -> ApplicationError:
        """Tells HR. As long as that cannot be written down, the activity is tried again instead."""
        workflow, _, target = (activity.info().workflow_id or "").partition("/")
        try:
            now = await self._clock.now()
            if _given_up(now):
                return _again(error, words)
            async with self._database.transaction() as session:
                await note_stuck(session, workflow, target, kind, about, subject, now.replace(second=0, microsecond=0))
        except (SQLAlchemyError, OSError, ClockUnreachable):
            return _again(error, words)
        activity.logger.error("%s/%s waits for a hand: %s", workflow, target, words)
        return ApplicationError(words, type=type(error).__name__, non_retryable=True)


def _given_up(now: datetime) -> bool:
    """Whether Temporal has timed this try out: another took its place, and nobody would strike out what it says."""
    info = activity.info()
    return info.start_to_close_timeout is not None and now - info.started_time > info.start_to_close_timeout


def _again(error: Exception, words: str, after: timedelta | None = None) -> ApplicationError:
    return ApplicationError(words, type=type(error).__name__, next_retry_delay=after)


def _cause(trouble: GraphTrouble) -> tuple[Kind, str, str]:
    """Its kind, what exactly, and what it is about."""
    match trouble:
        case NoToken():
            return Kind.NO_TOKEN, trouble.advice, ""
        case NotAllowed():
            where = "the directory" if trouble.mailbox == USERS else trouble.mailbox
            return Kind.NOT_ALLOWED, permission_for(trouble.permission, where), ""
        case NoMailbox():
            return Kind.NO_MAILBOX, trouble.mailbox, trouble.mailbox
        case BadRequest():
            return Kind.FAULT, f"{trouble.what}: {trouble.advice}", f"graph {trouble.what}"
    return Kind.FAULT, f"{type(trouble).__name__} while trying to {trouble.what}", f"graph {trouble.what}"


def _where(error: Exception) -> str:
    """File and line in our code at which it was raised, or was let through."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [each for each in frames if Path(each.filename).is_relative_to(HOUSE) and ".venv" not in each.filename]
    last = ours[-1] if ours else frames[-1]
    name = Path(last.filename)
    return f"{name.relative_to(HOUSE) if name.is_relative_to(HOUSE) else name.name}:{last.lineno}"
