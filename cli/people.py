"""`perennial people`: who takes part. Nothing is saved unless every row of a file can be used."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from cli.files import text_of
from cli.history import read_history_yaml
from cli.installation import Installation, open_installation
from cli.refusal import Refused
from config.settings import Settings, load_settings
from cycle.people import PersonRecord, read_people_csv
from integrations.database.directory_watches import holder_of, set_aside, wake_directory_watch
from integrations.database.history import HistorySaved, save_history
from integrations.database.leavers import end_enrolment, is_the_same
from integrations.database.leaves import note_leave
from integrations.database.people import NewPerson, save_people
from integrations.database.policies import Enrolled, UnknownName, enrol, person_named
from integrations.database.roster import Listed, roster
from integrations.database.tables import Person
from integrations.entra.tokens import MsalTokens
from integrations.graph.client import open_graph
from integrations.graph.directory import Directory
from integrations.graph.errors import NoMailbox

# Different mailboxes, so Graph's limit of four requests at a time in one mailbox is far away.
LOOK_UPS_AT_A_TIME = 8

app = typer.Typer(no_args_is_help=True, help="Import, enrol and list the people who take part, and end their part.")


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did. `elsewhere` are sentences about people whose mailbox is set to another zone."""

    people: int
    without_manager: tuple[str, ...]
    elsewhere: tuple[str, ...]


@asynccontextmanager
async def open_directory(settings: Settings) -> AsyncIterator[Directory]:
    tokens = MsalTokens(settings)
    try:
        async with open_graph(settings, tokens) as graph:
            yield Directory(graph)
    finally:
        tokens.close()


async def import_people(installation: Installation, directory: Directory, text: str) -> Imported:
    """Saves the people of a CSV text.

    Raises PeopleFileError, Refused (somebody is unknown in the tenant or has no mailbox) and GraphTrouble.
    """
    now = await installation.now()
    async with installation.database.reading() as session:
        known = {each.mail.lower(): each.manager for each in await roster(session, now.date())}
    rows = read_people_csv(text, known).rows
    gate = asyncio.Semaphore(LOOK_UPS_AT_A_TIME)
    looked_up = await asyncio.gather(*(_look_up(directory, row, gate) for row in rows))
    problems = [each for each in looked_up if isinstance(each, str)]
    async with installation.database.reading() as session:
        for person in (each[0] for each in looked_up if not isinstance(each, str)):
            holder = await holder_of(session, person.mail)
            if holder and holder.left_at and holder.oid != person.oid:
                problems.append(
                    f"{holder.mail} was {holder.name}'s, who has left: say first whether it is the same person, with "
                    f"perennial people returned {holder.mail}, or with --somebody-else."
                )
    if problems:
        raise Refused(*problems)
    found = [each for each in looked_up if not isinstance(each, str)]
    async with installation.database.transaction() as session:
        await save_people(session, [person for person, _ in found], now)
        await _note_leave(session, rows, now)
    return Imported(
        people=len(found),
        without_manager=tuple(person.mail for person, _ in found if person.manager_mail is None),
        elsewhere=tuple(note for _, note in found if note),
    )


async def _note_leave(session: AsyncSession, rows: Sequence[PersonRecord], now: datetime) -> None:
    """What the file says about leave; a file without its columns says nothing, an empty cell that there is none."""
    for row in rows:
        if row.leave is not None:
            person = await person_named(session, row.mail)
            await note_leave(session, person, "file", [row.leave] if row.leave else [], now)


async def send_on_leave(
    installation: Installation, mail: str, first: date | None, last: date | None
) -> tuple[Person, bool]:
    """Notes somebody's leave, both days away; without days, takes back what was noted here. Raises UnknownName."""
    now = await installation.now()
    async with installation.database.transaction() as session:
        person = await person_named(session, mail)
        found = [(first, last)] if first and last else []
        return person, await note_leave(session, person, "command", found, now)


async def _look_up(
    directory: Directory, row: PersonRecord, gate: asyncio.Semaphore
) -> tuple[NewPerson, str | None] | str:
    """The person as tenant and file describe them, and a note if they differ; or what is wrong, as a sentence."""
    async with gate:
        user = await directory.user(row.mail)
        if user is None:
            return f"{row.mail} ({row.name}) is unknown in the tenant; correct the address or leave the row out."
        if not user.enabled:
            return f"{row.mail} ({row.name}) may not sign in any more; enable the account or leave the row out."
        try:
            mailbox = await directory.mailbox(user.oid)
        except NoMailbox:
            return f"{row.mail} ({row.name}) has no mailbox; give them an Exchange licence or leave the row out."
    person = NewPerson(
        oid=user.oid,
        mail=row.mail,
        name=row.name,
        zone=row.zone,
        country=user.country,
        hired_on=row.start_date,
        weekdays=mailbox.weekdays,
        opens=mailbox.opens,
        closes=mailbox.closes,
        away=mailbox.away,
        manager_mail=row.manager,
        manager_oid=user.manager_oid or "",
        subdivision=user.subdivision,
        language=mailbox.language,
    )
    note = None
    if mailbox.zone and mailbox.zone != row.zone:
        note = f"{row.mail}: the mailbox is set to {mailbox.zone}, the file says {row.zone}; the file was taken."
    return person, note


async def import_history(installation: Installation, text: str) -> HistorySaved:
    """Saves last quarter's history. Raises HistoryFileError and UnknownName."""
    now = await installation.now()
    history = read_history_yaml(text, now.date())
    async with installation.database.transaction() as session:
        return await save_history(session, history, now)


async def enrol_people(installation: Installation, policy: str, mails: Sequence[str]) -> Enrolled:
    """Puts people under a policy and wakes their cycles. Raises UnknownName."""
    now = await installation.now()
    async with installation.database.transaction() as session:
        return await enrol(session, policy, mails, now)


@app.command("import")
def import_command(
    file: Annotated[
        Path, typer.Argument(help="CSV: name, mail, manager, zone, start_date; perhaps leave_from, leave_until.")
    ],
) -> None:
    """Add or update people from a CSV file."""
    asyncio.run(_import(load_settings(), file))


async def _import(settings: Settings, file: Path) -> None:
    text = text_of(file)
    async with open_installation(settings) as installation, open_directory(settings) as directory:
        done = await import_people(installation, directory, text)
    typer.echo(f"{_people(done.people)} imported.")
    for sentence in done.elsewhere:
        typer.echo(sentence)
    for mail in done.without_manager:
        typer.echo(f"{mail} has no manager, and so no check-ins; add one to the file if that is wrong.")


@app.command("import-history")
def import_history_command(
    file: Annotated[Path, typer.Argument(help="YAML: held check-ins, plans, goals and actions, by person.")],
) -> None:
    """Take over what happened before Perennial."""
    asyncio.run(_import_history(load_settings(), file))


async def _import_history(settings: Settings, file: Path) -> None:
    text = text_of(file)
    async with open_installation(settings, with_temporal=True) as installation:
        saved = await import_history(installation, text)
    typer.echo(f"Taken over: held check-ins {saved.check_ins}, actions {saved.actions}.")


@app.command("enrol")
def enrol_command(
    policy: Annotated[str, typer.Option(help="The policy's name.")],
    reports_of: Annotated[list[str] | None, typer.Option(help="A manager's mail address; repeatable.")] = None,
    person: Annotated[list[str] | None, typer.Option(help="One person's mail address; repeatable.")] = None,
    everybody: Annotated[bool, typer.Option(help="Everybody who was imported.")] = False,
) -> None:
    """Put people under a policy: their check-ins begin."""
    if [bool(reports_of), bool(person), everybody].count(True) != 1:
        raise Refused(
            "Say whom to enrol: either --everybody, or --reports-of MAIL once for each manager, or --person MAIL once "
            "for each person."
        )
    asyncio.run(_enrol(load_settings(), policy, reports_of, person))


async def _enrol(
    settings: Settings, policy: str, managers: Sequence[str] | None, by_name: Sequence[str] | None
) -> None:
    async with open_installation(settings, with_temporal=True) as installation:
        now = await installation.now()
        async with installation.database.reading() as session:
            people = await roster(session, now.date())
        done = await enrol_people(installation, policy, by_name or chosen(people, managers))
    typer.echo(f"{_people(len(done.enrolled))} enrolled under {policy}.")
    for mail in done.without_manager:
        typer.echo(f"{mail} was not enrolled: nobody holds their check-ins. Import them with a manager.")


def chosen(people: Sequence[Listed], managers: Sequence[str] | None) -> list[str]:
    """The addresses of everybody (None), or of the direct reports of `managers`. Raises UnknownName."""
    if managers is None:
        return [each.mail for each in people]
    here = {each.mail.lower() for each in people}
    wanted = [manager.lower() for manager in managers]
    for manager in wanted:
        if manager not in here:
            raise UnknownName(f"Nobody with the address {manager} is here: import them with perennial people import.")
    return [each.mail for each in people if each.manager and each.manager.lower() in wanted]


@dataclass(frozen=True, slots=True)
class Ended:
    """Who takes no part any more, and how many check-ins to come were called off for it."""

    name: str
    called_off: int


async def end_enrolments(installation: Installation, mails: Sequence[str]) -> list[Ended]:
    """Ends the enrolment of these people, or of nobody. Raises Refused: somebody is unknown or not enrolled."""
    now = await installation.now()
    problems, ended = [], []
    async with installation.database.transaction() as session:
        for mail in dict.fromkeys(each.lower() for each in mails):
            person = await holder_of(session, mail)
            called_off = await end_enrolment(session, person, now) if person else None
            if person is None:
                problems.append(f"Nobody with the address {mail} is here: correct it, as perennial people list has it.")
            elif called_off is None:
                problems.append(
                    f"{person.name} <{person.mail}> is not enrolled: leave it out; perennial people list shows who is."
                )
            else:
                ended.append(Ended(person.name, called_off))
        if problems:
            raise Refused(*problems)
    return ended


@app.command("end")
def end_command(
    mails: Annotated[list[str], typer.Argument(metavar="MAIL", help="Whose enrolment ends; one or more addresses.")],
) -> None:
    """End people's enrolment: check-ins to come are called off, kindly, and nothing is deleted.

    They stay here, with what was written and held, and go on holding the check-ins of others. Their plans rest until
    they take them up again. To go on with the next period: perennial people enrol --policy NAME --person MAIL.
    """
    asyncio.run(_end(load_settings(), mails))


async def _end(settings: Settings, mails: Sequence[str]) -> None:
    async with open_installation(settings, with_temporal=True) as installation:
        ended = await end_enrolments(installation, mails)
    for each in ended:
        typer.echo(f"{each.name} takes no part any more; check-ins called off: {each.called_off}.")
    typer.echo("Plans rest until their people take them up again; nothing is deleted.")
    typer.echo("To have somebody take part again: perennial people enrol --policy NAME --person MAIL.")


async def take_back(installation: Installation, directory: Directory, mail: str, *, same: bool) -> str:
    """Decides who has the address of somebody who left: they themselves, or somebody else. Returns whose it was.

    Raises Refused.
    """
    now, user = await installation.now(), await directory.user(mail)
    async with installation.database.transaction() as session:
        person = await holder_of(session, mail)
        if person is None or person.left_at is None:
            raise Refused(f"Nobody who has left had the address {mail}: see perennial people list.")
        if user is None or not user.enabled:
            raise Refused(f"Nobody in the tenant has the address {mail} now; there is nothing to decide.")
        if same:
            await is_the_same(session, person, user.oid, user.manager_oid or "", now)
        else:
            set_aside(person)
            await wake_directory_watch(session, "an address is free again", now)
        return person.name


@app.command("returned")
def returned_command(
    mail: Annotated[str, typer.Argument(help="The address that somebody who left had, and somebody has again.")],
    somebody_else: Annotated[bool, typer.Option(help="It is another person, who sees nothing of theirs.")] = False,
) -> None:
    """Say whether a new account is somebody who had left: if so, they go on where they were."""
    asyncio.run(_returned(load_settings(), mail, same=not somebody_else))


async def _returned(settings: Settings, mail: str, *, same: bool) -> None:
    async with open_installation(settings, with_temporal=True) as installation, open_directory(settings) as directory:
        name = await take_back(installation, directory, mail, same=same)
    typer.echo(f"{name} is back." if same else f"What {name} left stays closed; {mail} is somebody else's now.")


@app.command("leave")
def leave_command(
    mail: Annotated[str, typer.Argument(help="Whose leave it is.")],
    first: Annotated[str | None, typer.Option("--from", help="The first day away, YYYY-MM-DD.")] = None,
    last: Annotated[str | None, typer.Option("--until", help="The last day away, YYYY-MM-DD.")] = None,
    back: Annotated[bool, typer.Option("--back", help="Back already, or not going: take it back.")] = False,
) -> None:
    """Note somebody's leave: their cycle rests, and dates move with it."""
    if back == bool(first or last) or bool(first) != bool(last):
        raise Refused("Say either both days, --from and --until, or --back.")
    days = [_day(each) for each in (first, last) if each]
    if days and days[1] < days[0]:
        raise Refused(f"--until {last} lies before --from {first}.")
    asyncio.run(_leave(load_settings(), mail, *(days or (None, None))))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refused(f"{text!r} is not a date; write it YYYY-MM-DD, like 2030-02-04.") from None


async def _leave(settings: Settings, mail: str, first: date | None, last: date | None) -> None:
    async with open_installation(settings, with_temporal=True) as installation:
        person, changed = await send_on_leave(installation, mail, first, last)
    if not changed:
        typer.echo(f"Nothing to change for {person.name}.")
    elif first:
        typer.echo(f"{person.name} is on leave from {first} until {last}.")
    else:
        typer.echo(f"{person.name} is not on leave any more.")


@app.command("list")
def list_command() -> None:
    """List everybody: who holds their check-ins, and under which policy."""
    asyncio.run(_list(load_settings()))


async def _list(settings: Settings) -> None:
    async with open_installation(settings) as installation:
        now = await installation.now()
        async with installation.database.reading() as session:
            people = await roster(session, now.date())
    for each in people:
        held = f"with {each.manager}" if each.manager else "no manager"
        typer.echo(f"{each.name} <{each.mail}>, {each.zone}, {held}, {each.policy or 'not enrolled'}")
    if not people:
        typer.echo("Nobody is here yet: perennial people import FILE.csv.")


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count} people"
