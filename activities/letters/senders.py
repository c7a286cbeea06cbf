"""Who sends a letter: it goes by another sender of the pool where its own refuses us, as long as it has not left."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from cycle.sentences import Sentence
from integrations.database.letters import pass_on
from integrations.database.needs_a_hand import ask_for_a_hand, mended
from integrations.database.senders import LINE, in_use, note_refusal
from integrations.database.tables import Letter
from integrations.graph.errors import NoMailbox, NotAllowed, NoToken

Refused = NoMailbox | NotAllowed
"""What a sender answers that is not there, or in which we may not do something: for certain, nothing was done."""


def is_about_a_sender(trouble: Refused) -> bool:
    """Without a token nothing is let in anywhere."""
    return not isinstance(trouble, NoToken)


class Senders:
    """The `pool`, of addresses as the settings have them: the first is asked as long as it has room."""

    def __init__(self, pool: Sequence[str]) -> None:
        self.pool = tuple(pool)

    async def in_turn(self, session: AsyncSession, now: datetime) -> Sequence[str]:
        """Those that a letter may be given to; where each of them refuses us, all."""
        return await in_use(session, self.pool, now) or self.pool

    async def sends(self, session: AsyncSession, sender: str, now: datetime) -> bool:
        return sender in await self.in_turn(session, now)

    async def refused(self, session: AsyncSession, letter: Letter, trouble: Refused, now: datetime) -> bool:
        """Gives a letter whose sender refused us another, and tells HR. False if it has to wait where it is: it may
        have left already, or there is no other.
        """
        if letter.sending_at is not None:
            return False
        refusing = letter.sender
        if refusing in self.pool:
            await note_refusal(session, refusing, now)
        others = await in_use(session, self.pool, now)
        if not others:
            # What waits says so itself, and for all of them.
            for each in self.pool:
                await mended(session, f"{LINE}{each}", now)
            return False
        if refusing in self.pool:
            await ask_for_a_hand(session, f"{LINE}{refusing}", _sentence(refusing, trouble), now)
        await pass_on(session, letter, others, now)
        return True


def _sentence(sender: str, trouble: Refused) -> Sentence:
    if isinstance(trouble, NoMailbox):
        return Sentence(
            "The mailbox {sender} is not there, and letters go by the other senders: make it again, or take it out of "
            "PERENNIAL_SENDER_MAILBOXES.",
            sender=sender,
        )
    return Sentence(
        "Microsoft 365 does not let Perennial send from {sender}, and letters go by the other senders: an "
        "administrator grants {permission} for it, or takes it out of PERENNIAL_SENDER_MAILBOXES. Exchange may "
        "remember a refusal for up to two hours.",
        sender=sender,
        permission=trouble.permission,
    )
