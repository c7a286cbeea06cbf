"""The Postbox's hands: sorts what waits for one person, and sends a letter once, whatever cuts it off."""

import contextlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from jinja2 import TemplateError
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.directory import Mailboxes
from activities.failures import BROKEN_DATA
from activities.letters import catalogue
from activities.letters.compose import Composer
from activities.letters.render import Rendered, render
from activities.letters.senders import Refused, Senders, is_about_a_sender
from activities.letters.wanted import overtaken
from activities.moment import Moment
from activities.route import COMMON, Route, Routes
from cycle.mail_window import NoOpening, next_opening, open_at
from cycle.policy import Policy
from cycle.postbox import Box, Compose, Wait, Waiting, sort
from cycle.sentences import Sentence
from integrations.clock import Clock
from integrations.database.columns import UnreadableText
from integrations.database.connection import Database
from integrations.database.leaves import is_about_a_held_cycle
from integrations.database.letters import (
    counted_since,
    drop,
    items_of,
    keep_to_minute,
    move_letter,
    note_sent,
    open_actions_of,
    pass_on,
    plan_letter,
    unfinished_letter,
    waiting_items,
)
from integrations.database.needs_a_hand import ask_for_a_hand, mended
from integrations.database.people import reader
from integrations.database.plans import rules_of
from integrations.database.senders import note_that_it_works
from integrations.database.tables import Letter, LetterItem, Person
from integrations.graph.errors import GraphTrouble, NoMailbox, NotAllowed, Transient
from integrations.graph.mail import Mail, NewMessage

log = logging.getLogger(__name__)

READ_AGAIN_FOR = timedelta(minutes=15)
"""How long a letter whose sending was cut off may take to move to Sent Items, before it is sent again."""

SEARCH_FOR = timedelta(days=1)
"""How long a letter that is in no folder is looked for, before HR hears of it."""

A_DAY = timedelta(days=1)
A_FAULT = Sentence("It is a fault of ours: please report it.")
"""How long a part that cannot be written is put off."""

UNWRITABLE = (*BROKEN_DATA, TemplateError)
"""What composing and rendering a part may raise; none of it is the database's or Microsoft's."""

SOFT_STEPS = ("action_ahead", "action_tomorrow")


@dataclass(frozen=True, slots=True)
class Sorted:
    """`letter_id`: to deliver at `at` by `route`. Without one, `at` is when to look again; None for an empty box."""

    letter_id: str | None
    at: datetime | None
    route: Route = COMMON


class Letters:
    """The activities of `Postbox`."""

    def __init__(
        self,
        database: Database,
        mail: Mail,
        mailboxes: Mailboxes,
        composer: Composer,
        senders: Senders,
        clock: Clock,
        help_contact: str,
        trial_mailbox: str | None,
        routes: Routes,
    ) -> None:
        self._database = database
        self._mail = mail
        self._mailboxes = mailboxes
        self._composer = composer
        self._senders = senders
        self._clock = clock
        self._help_contact = help_contact
        self._trial_mailbox = trial_mailbox
        self._routes = routes

    @activity.defn(name="letters.sort")
    async def sort(self, about: Moment) -> Sorted:
        """Drops what was overtaken, and decides what goes to this person now, or when to look again."""
        try:
            return await self._sort(about)
        except NoOpening:
            # Automatic replies without an end: look again tomorrow.
            return Sorted(None, about.now + timedelta(days=1))

    async def _sort(self, about: Moment) -> Sorted:
        async with self._database.transaction() as session:
            begun = await unfinished_letter(session, about.id)
            if begun and (begun.sending_at or await self._still_fits(session, begun, about.now)):
                return self._to_deliver(begun, begun.minute)
            if begun and begun.graph_id:
                # Its draft is put away where its sender is talked to.
                return self._to_deliver(begun, about.now)
            items = await self._wanted(session, await waiting_items(session, about.id), about.now)
        if not items:
            return Sorted(None, None)
        try:
            person = await self._mailboxes.refreshed(about.id, about.now)
        except NoMailbox:
            return Sorted(None, about.now + timedelta(days=1))
        async with self._database.transaction() as session:
            return await self._choose(session, person, about.now)

    async def _still_fits(self, session: AsyncSession, letter: Letter, now: datetime) -> bool:
        """Whether a letter that has not left still says something.

        What an outage held up keeps to the mail window too: then it gets a new minute. What is written is frozen, and
        goes as it is unless all of it was overtaken.
        """
        items = await items_of(session, letter.id)
        wanted = await self._wanted(session, items, now, keep_some=letter.subject is not None)
        if not wanted:
            if letter.graph_id is None:
                letter.state = "dropped"
            return False
        person = await session.get_one(Person, letter.recipient_id)
        policy = await rules_of(session, person.id)
        opening = next_opening(*reader(person, policy.mail, now.date()), now)
        if opening > now:
            await move_letter(session, letter, await self._senders.in_turn(session, now), opening)
        return True

    async def _wanted(
        self, session: AsyncSession, items: Sequence[LetterItem], now: datetime, keep_some: bool = False
    ) -> Sequence[LetterItem]:
        """Drops those that were overtaken and returns the others; with `keep_some`, drops all or none.

        Of which it cannot be told are put off, unless they are written already, and count as wanted.
        """
        reasons = {}
        for item in items:
            try:
                reasons[item.key] = await overtaken(session, item, now)
            except BROKEN_DATA as error:
                reasons[item.key] = None
                if not keep_some:
                    await self._put_off(session, item, error, now)
        if keep_some and not all(reasons.values()):
            return items
        for item in items:
            reason = reasons[item.key]
            if reason:
                drop(session, item, reason, now)
        return [item for item in items if not reasons[item.key]]

    async def _choose(self, session: AsyncSession, person: Person, now: datetime) -> Sorted:
        waiting = await waiting_items(session, person.id)
        items = {item.key: item for item in waiting if not await is_about_a_held_cycle(session, item)}
        policy = await rules_of(session, person.id)
        week, hours, away = reader(person, policy.mail, now.date())
        box = Box(
            week=week,
            hours=hours,
            away=away,
            sent=await counted_since(session, person.id, now - timedelta(days=14)),
            open_actions=await open_actions_of(session, person.id),
            a_day=policy.mail.letters_per_day,
            a_week=policy.mail.letters_per_week,
        )
        match sort([_waiting(item, policy) for item in items.values()], box, now):
            case Compose(keys, counted):
                chosen = [items[key] for key in keys]
                senders = await self._senders.in_turn(session, now)
                letter = await plan_letter(session, person.id, chosen, counted, senders, now)
                return self._to_deliver(letter, letter.minute)
            case Wait(until):
                return Sorted(None, until)
        # What HR holds waits; its release pokes.
        return Sorted(None, now + timedelta(days=1) if waiting else None)

    def _to_deliver(self, letter: Letter, at: datetime) -> Sorted:
        return Sorted(letter.id, at, self._routes.of(letter.sender, letter.recipient_id))

    @activity.defn(name="letters.deliver")
    async def deliver(self, about: Moment) -> None:
        """Sends the letter once.

        1. Its contents are written and frozen. 2. It becomes a draft, and the draft gets its key; one that an earlier
        try may have left, with its key or not yet, is looked up first. 3. `sending_at` is committed. 4. It is sent,
        and that is committed. A letter whose sending was cut off is read again for 15 minutes, since Exchange moves
        it when it can; then it is sent again if it is still a draft. If it is nowhere, its key is searched for; after
        a day HR is told. A letter that says nothing any more is not sent, and its draft is deleted.
        Where its sender refuses us, it goes by another, unless it may have left already.
        Two tries may be at it at once, since one that was given up need not be over: the first to commit a draft or
        its sending has it.
        Raises Transient to be called again.
        """
        # A retried call keeps its argument, so what time it is by now must be asked.
        about = Moment(about.id, await self._clock.now())
        try:
            await self._deliver(about)
        except (NoMailbox, NotAllowed) as refusal:
            if not await self._goes_by_another(about.id, refusal):
                raise

    async def _deliver(self, about: Moment) -> None:
        async with self._database.reading() as session:
            letter = await session.get_one(Letter, about.id)
            says_nothing = letter.sending_at is None and not await items_of(session, letter.id)
            if letter.state in ("sent", "dropped") or (
                not says_nothing and await self._too_late(session, letter, about.now)
            ):
                return
            goes_from_here = letter.subject is not None or await self._senders.sends(session, letter.sender, about.now)
        if says_nothing:
            await self._put_away(letter)
            return
        if not goes_from_here:
            await self._pass_on(about)
            return
        found_begun = letter.subject is not None
        if not found_begun:
            written = await self._write(about)
            if written is None:
                return
            letter = written
        sender = letter.sender
        if letter.graph_id is None:
            letter = await self._draft(letter, found_begun)
        if letter.state in ("sent", "dropped") or letter.sender != sender:
            return
        if letter.sending_at is not None and not await self._may_send_again(letter, about.now):
            return
        if not await self._send(letter):
            return
        await self._note_sent(about)

    async def _pass_on(self, about: Moment) -> None:
        """Gives a letter of which nothing is written to another sender: its own is passed over, or used no more."""
        async with self._database.transaction() as session:
            letter = await session.get_one(Letter, about.id, with_for_update=True)
            if letter.subject is None and letter.state == "planned":
                await pass_on(session, letter, await self._senders.in_turn(session, about.now), about.now)

    async def _put_away(self, letter: Letter) -> None:
        if letter.graph_id:
            await self._mail.delete(letter.sender, letter.graph_id)
        async with self._database.transaction() as session:
            (await session.get_one(Letter, letter.id)).state = "dropped"

    async def _send(self, letter: Letter) -> bool:
        """Commits `sending_at`, in the minute where the letter has its place, and sends it; False when that minute is
        still to come.

        Raises Transient when another try has come first.
        """
        now = await self._clock.now()
        async with self._database.transaction() as session:
            row = await session.get_one(Letter, letter.id, with_for_update=True)
            known = (letter.graph_id, letter.sending_at)
            if (row.graph_id, row.sending_at) != known or row.state in ("sent", "dropped"):
                raise Transient("send a letter", "another try is sending it.", timedelta(minutes=1))
            if not await keep_to_minute(session, row, now):
                return False
            row.sending_at = now
        assert letter.graph_id is not None
        try:
            was_there = await self._mail.send(letter.sender, letter.graph_id)
        except (NoMailbox, NotAllowed):
            # It is certain that it has not left, so all is as it was.
            async with self._database.transaction() as session:
                row = await session.get_one(Letter, letter.id, with_for_update=True)
                if row.sending_at == now:
                    row.sending_at = letter.sending_at
            raise
        if not was_there:
            raise Transient("send a letter", "its draft is gone; looking for it by its key.")
        return True

    async def _goes_by_another(self, letter_id: str, refusal: Refused) -> bool:
        """Passes a letter that its sender refused on; False where it has to wait until somebody mends that."""
        now = await self._clock.now()
        if not is_about_a_sender(refusal):
            return False
        async with self._database.transaction() as session:
            letter = await session.get_one(Letter, letter_id, with_for_update=True)
            if letter.state in ("sent", "dropped") or letter.sender != refusal.mailbox:
                # Another try was faster.
                return True
            draft = letter.graph_id
            if not await self._senders.refused(session, letter, refusal, now):
                return False
        if draft:
            with contextlib.suppress(GraphTrouble):
                await self._mail.delete(refusal.mailbox, draft)
        return True

    async def _too_late(self, session: AsyncSession, letter: Letter, now: datetime) -> bool:
        """Whether the window has closed since this was sorted, an outage ago, or its reader has left the company.

        What may have left is not held.
        """
        person = await session.get_one(Person, letter.recipient_id)
        policy = await rules_of(session, person.id)
        gone = person.left_at is not None
        return letter.sending_at is None and (gone or not open_at(*reader(person, policy.mail, now.date()), now))

    async def _write(self, about: Moment) -> Letter | None:
        """The letter with its contents; None when nothing in it could be written.

        What cannot be written is put off until tomorrow, with a line for HR, and the rest goes without it.
        """
        async with self._database.transaction() as session:
            letter = await session.get_one(Letter, about.id)
            person = await session.get_one(Person, letter.recipient_id)
            parts = []
            for item in await items_of(session, about.id):
                try:
                    part = await self._composer.part(session, item, about.now)
                    self._rendered(person, [part])
                except UNWRITABLE as error:
                    await self._put_off(session, item, error, about.now)
                else:
                    await mended(session, f"unwritten/{item.key}", about.now)
                    parts.append(part)
            if not parts:
                letter.state = "dropped"
                return None
            rendered = self._rendered(person, parts)
            letter.subject, letter.html, letter.text = rendered.subject, rendered.html, rendered.text
        return letter

    def _rendered(self, person: Person, parts: Sequence[catalogue.Part]) -> Rendered:
        url = self._composer.public_url
        locale = self._composer.locale_of(person)
        return render(person.first_name, parts, url, self._help_contact, f"{url}/privacy", locale)

    async def _put_off(self, session: AsyncSession, item: LetterItem, error: Exception, now: datetime) -> None:
        person = await session.get_one(Person, item.recipient_id)
        log.error("%s cannot be written: %s", item.key, type(error).__name__)
        item.state, item.letter_id, item.due_at = "waiting", None, now.replace(second=0, microsecond=0) + A_DAY
        remedy = error.words if isinstance(error, UnreadableText) else A_FAULT
        sentence = Sentence(
            "Something for {name} ({kind}) cannot be written, and is tried again daily. {remedy}",
            name=person.name,
            kind=item.kind,
            remedy=remedy,
        )
        await ask_for_a_hand(session, f"unwritten/{item.key}", sentence, now, person.id)

    async def _draft(self, letter: Letter, found_begun: bool) -> Letter:
        sender = letter.sender
        found = await self._mail.find_by_key(sender, letter.id) if found_begun else None
        graph_id = found.graph_id if found else await self._create_draft(letter, found_begun)
        async with self._database.transaction() as session:
            letter = await session.get_one(Letter, letter.id, with_for_update=True)
            if letter.graph_id is None and letter.state == "planned" and letter.sender == sender:
                letter.graph_id, letter.state = graph_id, "drafted"
        if letter.graph_id != graph_id:
            # A try that was given up was still at work, and came first.
            await self._mail.delete(sender, graph_id)
        return letter

    async def _create_draft(self, letter: Letter, found_begun: bool) -> str:
        async with self._database.reading() as session:
            person = await session.get_one(Person, letter.recipient_id)
            keys = tuple(item.key for item in await items_of(session, letter.id))
        assert letter.subject is not None
        assert letter.html is not None
        assert letter.text is not None
        message = NewMessage(
            key=letter.id,
            item_keys=keys,
            to_mail=self._trial_mailbox or person.mail,
            to_name=person.name,
            subject=letter.subject,
            html=letter.html,
            text=letter.text,
        )
        return await self._mail.create_draft(letter.sender, message, begun=found_begun)

    async def _may_send_again(self, letter: Letter, now: datetime) -> bool:
        """After a cut-off sending: False when it turned out sent; raises Transient to look again later."""
        assert letter.sending_at is not None
        assert letter.graph_id is not None
        try:
            message = await self._mail.get(letter.sender, letter.graph_id) or await self._mail.find_by_key(
                letter.sender, letter.id
            )
        except (NoMailbox, NotAllowed) as refusal:
            if letter.sender in self._senders.pool or not is_about_a_sender(refusal):
                raise
            # Nobody mends a sender that is used no more.
            message = None
        if message is None:
            if now - letter.sending_at < SEARCH_FOR:
                raise Transient("send a letter", "it is in no folder; it is searched for.", timedelta(hours=1))
            await self._give_up(letter, now)
            return False
        if not message.is_draft:
            await self._note_sent(Moment(letter.id, now))
            return False
        if now - letter.sending_at < READ_AGAIN_FOR:
            raise Transient("send a letter", "Exchange may still be moving it.", timedelta(minutes=1))
        return True

    async def _note_sent(self, about: Moment) -> None:
        async with self._database.transaction() as session:
            letter = await session.get_one(Letter, about.id)
            if letter.state != "sent":
                await note_sent(session, letter, about.now)
                await note_that_it_works(session, letter.sender, about.now)

    async def _give_up(self, letter: Letter, now: datetime) -> None:
        async with self._database.transaction() as session:
            row = await session.get_one(Letter, letter.id)
            row.state = "dropped"
            for item in await items_of(session, letter.id):
                drop(session, item, "its message vanished while it was sent", now)
            person = await session.get_one(Person, letter.recipient_id)
            sentence = Sentence(
                "A letter to {name} vanished from {sender} while it was being sent: ask them whether it arrived.",
                name=person.name,
                sender=letter.sender,
            )
            await ask_for_a_hand(session, f"letter/{letter.id}", sentence, now, person.id)


def _waiting(item: LetterItem, policy: Policy) -> Waiting:
    """Which of the owner's mentions wait for the digest: D-7, D-1 and second asks, once much is open."""
    kind = catalogue.KINDS[item.kind]
    second_ask = item.kind == "action_still_open" or (item.kind == "outcome_question" and item.step == "2")
    return Waiting(item.key, kind.travels, item.due_at, soft=second_ask or item.kind in SOFT_STEPS)
