"""What a workflow itself says of being stuck: that it went on, or that nobody answered for a day."""

from temporalio import activity

from activities.moment import Moment
from cycle.stuck import Kind
from integrations.database.connection import Database
from integrations.database.stuck import note_stuck, note_unstuck


class Stuck:
    """The activities of every workflow that was stuck; `id` is the workflow's own, "CheckIn/<check-in>"."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @activity.defn(name="stuck.unanswered")
    async def unanswered(self, about: Moment) -> None:
        """Tells HR that an activity timed out, whose end nobody could judge (`activities/failures.py`)."""
        workflow, _, target = about.id.partition("/")
        async with self._database.transaction() as session:
            await note_stuck(session, workflow, target, Kind.UNANSWERED, "", "", about.now)

    @activity.defn(name="stuck.went_on")
    async def went_on(self, about: Moment) -> None:
        """Strikes out what HR was told, unless others still wait for the same."""
        workflow, _, target = about.id.partition("/")
        async with self._database.transaction() as session:
            await note_unstuck(session, workflow, target, about.now)
