"""Leases: who polls which queue. They run in real time, and lapse when their holder does not renew them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from cycle.shards import Division, divide
from integrations.database.columns import new_id
from integrations.database.connection import Database
from integrations.database.locks import Lock, one_at_a_time
from integrations.database.tables import Lease

LASTS = timedelta(seconds=30)
"""How long a lease is. A process that dies is missed for so long, and no longer."""

LASTS_IN_VIRTUAL_TIME = timedelta(seconds=3)
"""Where a quarter takes a minute, whoever kills a worker does not want to wait."""

RENEWALS = 3
"""How often a lease is renewed while it lasts: two renewals may fail."""

WORKER = "worker/"
"""Before the name of the lease by which the others know that a process is alive."""


@dataclass(frozen=True, slots=True)
class Round:
    """What came of one round: until when our leases last, and when the first of the others' would lapse."""

    division: Division
    until: datetime
    next_lapse: datetime | None


class Leases:
    """One worker process's view of who polls the queues `names`."""

    def __init__(self, database: Database, names: Sequence[str], lasts: timedelta = LASTS) -> None:
        self._database = database
        self.names = tuple(names)
        self.holder = new_id()
        self.lasts = lasts

    @property
    def others_may_reach_it(self) -> bool:
        """Whether a database that does not answer us may answer others. An SQLite file that is locked is so for all."""
        return self._database.engine.dialect.name != "sqlite"

    async def renew(self, now: datetime) -> Round:
        """Renews ours, the surplus too until it is given back, and takes what is free. One process at a time."""
        async with self._database.transaction() as session:
            await one_at_a_time(session, Lock.LEASES)
            rows = {row.name: row for row in await session.scalars(select(Lease))}
            # What lapsed and was taken by nobody is still ours.
            held = {name: row.holder for name, row in rows.items() if row.until > now or row.holder == self.holder}
            alive = {holder for name, holder in held.items() if name.startswith(WORKER)} | {self.holder}
            shards = {name: holder for name, holder in held.items() if not name.startswith(WORKER)}
            division = divide(self.names, shards, self.holder, len(alive))
            until = now + self.lasts
            for name in (WORKER + self.holder, *division.kept, *division.taken, *division.surplus):
                row = rows.get(name)
                if row is None:
                    session.add(Lease(name=name, holder=self.holder, until=until))
                else:
                    row.holder, row.until = self.holder, until
            dead = [name for name, row in rows.items() if name.startswith(WORKER) and row.until <= now]
            await session.execute(delete(Lease).where(Lease.name.in_(dead), Lease.holder != self.holder))
        lapses = [row.until for row in rows.values() if row.holder != self.holder and row.name in self.names]
        return Round(division, until, min(lapses, default=None))

    async def prolong(self, now: datetime) -> None:
        """Renews what is ours and takes nothing."""
        async with self._database.transaction() as session:
            await one_at_a_time(session, Lock.LEASES)
            await session.execute(update(Lease).where(Lease.holder == self.holder).values(until=now + self.lasts))

    async def give_back(self, names: Collection[str]) -> None:
        """For whoever looks next."""
        async with self._database.transaction() as session:
            await session.execute(delete(Lease).where(Lease.name.in_(names), Lease.holder == self.holder))

    async def give_back_all(self) -> None:
        async with self._database.transaction() as session:
            await session.execute(delete(Lease).where(Lease.holder == self.holder))
