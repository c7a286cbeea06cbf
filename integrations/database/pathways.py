"""Pathways as stored: HR's catalogue by revision, who has which role, what interests them, and who is shown it."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import cast

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from cycle.actions import Refused
from cycle.pathways import MOST_LINES, Audience, Catalogue, Holder, Named, audience, changes, counts_shown
from cycle.policy import InterestVisibleTo, Privacy
from cycle.sentences import Sentence
from integrations.database.actions import NotYours
from integrations.database.check_ins import lock_people, newest_booking, next_check_in
from integrations.database.people import partner_of
from integrations.database.plans import rules_of
from integrations.database.reflections import newest_pre_read
from integrations.database.tables import (
    CheckInRow,
    Enrolment,
    InterestRow,
    PathwayLine,
    PathwaysRevision,
    Person,
    Reporting,
    RoleOfPerson,
)


async def pathways_now(session: AsyncSession) -> Catalogue:
    """The catalogue as HR last imported it; an empty one before that."""
    newest = select(PathwaysRevision).order_by(PathwaysRevision.number.desc()).limit(1)
    row = await session.scalar(newest)
    return Catalogue.model_validate(row.document) if row else Catalogue()


# Importing


@dataclass(frozen=True, slots=True)
class PathwaysImport:
    """What an import does, in sentences for HR; `roles` are those it gives, by person."""

    catalogue: Catalogue
    sentences: tuple[str, ...]
    roles: dict[str, str]
    new_revision: bool


async def plan_import(session: AsyncSession, catalogue: Catalogue, holders: Sequence[Holder] | None) -> PathwaysImport:
    """What importing these would change; nothing is changed. People who said their role themselves keep it."""
    before = await pathways_now(session)
    said = list(changes(before, catalogue))
    roles: dict[str, str] = {}
    if holders is not None:
        people = {each.mail.lower(): each.id for each in await session.scalars(select(Person))}
        known = {each.person_id: each for each in await session.scalars(select(RoleOfPerson))}
        here = {people[each.mail]: each.role for each in holders if each.mail in people}
        own = {person_id for person_id in here if person_id in known and known[person_id].source == "own"}
        roles = {
            person_id: role
            for person_id, role in here.items()
            if person_id not in own and (person_id not in known or known[person_id].role != role)
        }
        for count, one, many in (
            (len(roles), "person gets a role.", "people get a role."),
            (
                len(own),
                "person has said their role themselves and keeps it.",
                "people have said their role themselves and keep it.",
            ),
            (
                len(holders) - len(here),
                "person of the file is not here and is left out.",
                "people of the file are not here and are left out.",
            ),
        ):
            if count:
                said.append(f"{count} {one if count == 1 else many}")
    return PathwaysImport(catalogue, tuple(said), roles, catalogue != before)


async def save_import(session: AsyncSession, planned: PathwaysImport, now: datetime) -> None:
    """Makes it the newest revision, and gives the roles."""
    if planned.new_revision:
        number = await session.scalar(select(func.max(PathwaysRevision.number))) or 0
        document = planned.catalogue.model_dump(mode="json")
        session.add(PathwaysRevision(number=number + 1, document=document, made_at=now))
    for person_id, role in planned.roles.items():
        await _give_role(session, person_id, role, "import", now)


async def _give_role(session: AsyncSession, person_id: str, role: str, source: str, now: datetime) -> None:
    row = await session.get(RoleOfPerson, person_id)
    if row is None:
        session.add(RoleOfPerson(person_id=person_id, role=role, source=source, since=now.date()))
    else:
        if row.role != role:
            row.role, row.role_before, row.since = role, row.role, now.date()
        row.source = source


# One's own role


async def role_of(session: AsyncSession, person_id: str, catalogue: Catalogue) -> str | None:
    """The key of somebody's role, as long as the catalogue has it."""
    row = await session.get(RoleOfPerson, person_id)
    return row.role if row and row.role in catalogue.role_by_key else None


async def choose_role(session: AsyncSession, person_id: str, role: str, now: datetime) -> None:
    """Somebody says which role is theirs; with "" none is. Raises NotYours for a role that is not there."""
    await lock_people(session, [person_id])
    if not role:
        row = await session.get(RoleOfPerson, person_id)
        if row:
            await session.delete(row)
        return
    if role not in (await pathways_now(session)).role_by_key:
        raise NotYours
    await _give_role(session, person_id, role, "own", now)


# Interests


@dataclass(frozen=True, slots=True)
class InterestView:
    """`named` is None for what is not offered any more; `audience` is who sees it today."""

    row: InterestRow
    person: Person
    named: Named | None
    audience: frozenset[Audience]


async def visibility_for(session: AsyncSession, person_id: str) -> InterestVisibleTo:
    """Whom this person's policy shows a new interest to."""
    return (await rules_of(session, person_id)).pathways.interest_visible_to


async def interests_of(
    session: AsyncSession, person: Person, catalogue: Catalogue, now: datetime
) -> Sequence[InterestView]:
    """What somebody said interests them, the oldest first."""
    rows = await session.scalars(select(InterestRow).where(InterestRow.person_id == person.id).order_by(InterestRow.id))
    policy, partner_id = await visibility_for(session, person.id), await partner_of(session, person.id, now.date())
    return [
        InterestView(row, person, catalogue.named(row.about), _audience(row, policy, partner_id)) for row in rows.all()
    ]


async def say_interested(session: AsyncSession, person_id: str, about: str, told: str, now: datetime) -> None:
    """Notes that a role or an opening interests somebody, who was told that `told` see it; once is enough.

    Raises NotYours for what is not offered.
    """
    await lock_people(session, [person_id])
    if (await pathways_now(session)).named(about) is None:
        raise NotYours
    rows = await session.scalars(select(InterestRow).where(InterestRow.person_id == person_id))
    if any(row.about == about for row in rows.all()):
        return
    policy = await visibility_for(session, person_id)
    session.add(
        InterestRow(
            person_id=person_id,
            about=about,
            # A page that was open while HR changed the policy promised less or more: then nobody is shown it.
            told=policy if told == policy else "nobody",
            partner_id=await partner_of(session, person_id, now.date()),
            made_at=now,
        )
    )


async def take_interest_back(session: AsyncSession, person_id: str, interest_id: str) -> None:
    """As if it had never been said. Raises NotYours."""
    await session.delete(await _own_interest(session, person_id, interest_id))


async def show_interest(session: AsyncSession, person_id: str, interest_id: str, shared: bool, now: datetime) -> None:
    """Shows it to the conversation partner of today, or no longer. Raises NotYours or Refused."""
    row = await _own_interest(session, person_id, interest_id)
    if shared:
        partner_id = await partner_of(session, person_id, now.date())
        if partner_id is None:
            raise Refused(Sentence("Nobody holds your check-ins just now, so there is nobody to show it to."))
        row.partner_id = partner_id
    row.shared = shared


async def interests_shown_to(
    session: AsyncSession, partner_id: str, catalogue: Catalogue, now: datetime
) -> Sequence[InterestView]:
    """What those whose check-ins somebody holds today show them, by person; nothing that is not offered any more."""
    ids = await session.scalars(
        select(Reporting.person_id).where(Reporting.partner_id == partner_id).distinct().order_by(Reporting.person_id)
    )
    found = []
    for person_id in ids.all():
        person = await session.get_one(Person, person_id)
        if person.left_at is None and await partner_of(session, person_id, now.date()) == partner_id:
            views = await interests_of(session, person, catalogue, now)
            found += [each for each in views if "partner" in each.audience and each.named]
    return found


async def interest_counts(session: AsyncSession, now: datetime) -> dict[str, int]:
    """How many are interested in what, as of the first of the month, for HR: no groups that would name somebody."""
    month = now.date().replace(day=1)
    counts: Counter[str] = Counter()
    smallest = Privacy().smallest_group
    policies: dict[str, InterestVisibleTo] = {}
    rows = await session.scalars(
        select(InterestRow).join(Person, Person.id == InterestRow.person_id).where(Person.left_at.is_(None))
    )
    interests = rows.all()
    # Held, so that the session asks for none of them one by one.
    held = (
        await session.scalars(select(Enrolment).where(Enrolment.person_id.in_({each.person_id for each in interests})))
    ).all()
    for row in interests:
        if row.person_id not in policies:
            rules = await rules_of(session, row.person_id)
            policies[row.person_id] = rules.pathways.interest_visible_to
            smallest = max(smallest, rules.privacy.smallest_group)
        if row.made_at.date() < month and "hr" in _audience(row, policies[row.person_id], None):
            counts[row.about] += 1
    del held
    return counts_shown(counts, smallest)


def _audience(row: InterestRow, policy: InterestVisibleTo, partner_id: str | None) -> frozenset[Audience]:
    seen = audience(cast(InterestVisibleTo, row.told), policy, row.shared)
    # Somebody who holds the check-ins only since is nobody whom they told.
    return seen if partner_id and row.partner_id == partner_id else seen - {"partner"}


async def _own_interest(session: AsyncSession, person_id: str, interest_id: str) -> InterestRow:
    row = await session.get(InterestRow, interest_id, with_for_update=True)
    if row is None or row.person_id != person_id:
        raise NotYours
    return row


# The pre-read


@dataclass(frozen=True, slots=True)
class LinesView:
    """What somebody put into the pre-read of their next check-in; `open` while that can change."""

    check_in_id: str
    partner: Person
    lines: tuple[tuple[PathwayLine, Named], ...]
    open: bool

    @property
    def about(self) -> Collection[str]:
        return {named.about for _, named in self.lines}

    @property
    def has_room(self) -> bool:
        return self.open and len(self.lines) < MOST_LINES


async def next_lines(session: AsyncSession, person_id: str, catalogue: Catalogue, now: datetime) -> LinesView | None:
    """The lines of the next check-in; None while there is none."""
    check_in_id = await next_check_in(session, person_id)
    if check_in_id is None:
        return None
    row = await session.get_one(CheckInRow, check_in_id)
    return LinesView(
        check_in_id=check_in_id,
        partner=await session.get_one(Person, row.partner_id),
        lines=tuple(await lines_of(session, check_in_id, catalogue)),
        open=await _can_change(session, check_in_id, now),
    )


async def lines_of(
    session: AsyncSession, check_in_id: str, catalogue: Catalogue
) -> Sequence[tuple[PathwayLine, Named]]:
    """What was put into this check-in's pre-read and is still offered."""
    rows = await session.scalars(
        select(PathwayLine).where(PathwayLine.check_in_id == check_in_id).order_by(PathwayLine.id)
    )
    return [(row, named) for row in rows.all() if (named := catalogue.named(row.about))]


async def put_line(session: AsyncSession, person_id: str, about: str, now: datetime) -> None:
    """Puts a role or an opening into the pre-read of the next check-in; once is enough. Raises NotYours or Refused."""
    await lock_people(session, [person_id])
    catalogue = await pathways_now(session)
    shown = await next_lines(session, person_id, catalogue, now)
    if catalogue.named(about) is None:
        raise NotYours
    if shown is None:
        raise Refused(Sentence("There is no check-in ahead yet. Come back once the next one is there."))
    if about in shown.about:
        return
    _still_open(shown.open)
    if not shown.has_room:
        raise Refused(Sentence("The page has room for {most} of these: take one out first.", most=MOST_LINES))
    session.add(PathwayLine(check_in_id=shown.check_in_id, about=about, put_at=now))


async def take_line_out(session: AsyncSession, person_id: str, about: str, now: datetime) -> None:
    """Takes it out of the pre-read, until that leaves. Raises Refused."""
    shown = await next_lines(session, person_id, await pathways_now(session), now)
    for row, named in shown.lines if shown else ():
        if named.about == about:
            _still_open(bool(shown and shown.open))
            await session.delete(row)


def _still_open(is_open: bool) -> None:
    if not is_open:
        raise Refused(Sentence("The page for this talk has left already. It stays as it was sent."))


async def _can_change(session: AsyncSession, check_in_id: str, now: datetime) -> bool:
    booking, pre_read = await newest_booking(session, check_in_id), await newest_pre_read(session, check_in_id)
    if booking is None:
        return pre_read is None
    return now < booking.start_at and (pre_read is None or pre_read.booking_no < booking.no)


def openings_for(
    catalogue: Catalogue, role: str | None, interests: Sequence[InterestView], today: date
) -> Sequence[Named]:
    """The openings that are shown to one person alone: on the paths from their role, or of what interests them."""
    found = catalogue.matching(role, {each.row.about for each in interests}, today)
    return [named for each in found if (named := catalogue.named(f"opening/{each.key}"))]
