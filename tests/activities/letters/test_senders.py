"""A sender of the pool breaks or is taken out of it: its letters go by others, once, and HR reads one line."""

import contextlib
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import unquote

import pytest

from integrations.database.columns import new_id
from integrations.database.letters import LETTERS_A_MINUTE, plan_letter
from integrations.database.senders import LINE, PASSED_OVER_FOR, in_use, let_go_of_former
from integrations.database.stuck import try_again
from integrations.database.tables import ActionRow, Letter, LetterItem
from integrations.graph.errors import NoMailbox, NotAllowed, NoToken, Transient
from integrations.graph.mail import Mail

MONDAY = datetime(2030, 3, 4, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DRAFTS, SEND = "/messages$", "/send$"


@pytest.fixture
async def pool(pooled: Any, tenant: Any) -> AsyncIterator[Any]:
    """A household whose letters go by three senders."""
    async with pooled(*tenant.senders) as home:
        yield home


@pytest.fixture
def unlicensed(tenant: Any) -> Iterator[Any]:
    """Takes senders' mailboxes away; afterwards they have them again."""
    taken: list[str] = []

    def take(sender: str) -> None:
        taken.append(sender)
        tenant.act(sender, "license", licensed=False)

    yield take
    for sender in taken:
        tenant.act(sender, "license", licensed=True)


def refuse(tenant: Any, sender: str, path: str = "/messages") -> None:
    """The app may not do in this mailbox what goes by this path."""
    tenant.fault("consent", None, f"/{sender.partition('@')[0]}(@|%40).*{path}", rate=1)


async def a_letter(home: Any, sender: str) -> str:
    action_id = await home.an_action(date(2030, 3, 2), title=f"Errand {new_id()}")
    key = f"action/{action_id}/2030-03-02/2"
    await home.an_item(key, "action_passed", action_id=action_id, step="2")
    letter_id: str = await home.a_planned_letter("ann", key, sender=sender)
    return letter_id


async def deliver(home: Any, letter_id: str, now: datetime = MONDAY) -> Letter:
    """Calls as the workflow does, in the letter's minute, until it has left; at most once a sender."""
    for _ in home.tenant.senders:
        letter: Letter = await home.get(Letter, letter_id)
        if letter.state == "sent":
            break
        now = max(now, letter.minute)
        await home.do("deliver", letter_id, now)
    return await home.get(Letter, letter_id)  # type: ignore[no-any-return]


async def assert_left_once(home: Any, letter_id: str, sender: str) -> None:
    """From this sender. Nothing of it waits or has left anywhere else."""
    letter, (item,) = await home.get(Letter, letter_id), await home.all(LetterItem, letter_id=letter_id)
    assert (letter.state, letter.sender, item.state) == ("sent", sender, "sent")
    title = (await home.get(ActionRow, item.action_id)).title
    for each in home.tenant.senders:
        folders = home.tenant.mailbox(each)["folders"]
        found = [name for name, messages in folders.items() for message in messages if title in message["body"]]
        assert [name for name in found if name != "deleteditems"] == (["sentitems"] if each == sender else []), each
    assert len(home.tenant.inbox(home.tenant.person("Ann")["mail"], containing=title)) == 1


async def hrs_line(home: Any, sender: str) -> str:
    """The one line on HR's list, which is about this sender."""
    (line,) = (await home.needs_a_hand()).items()
    assert line[0] == f"{LINE}{sender}"
    return str(line[1])


def mailboxes_asked(tenant: Any, since: int) -> set[str]:
    """By requests from that number on."""
    return {unquote(request).split("/")[3] for request in tenant.asked()[since:]}


async def places(home: Any, count: int, now: datetime = MONDAY) -> list[str]:
    """By whom so many more letters would go that fall due now."""
    async with home.database.transaction() as session:
        senders = await in_use(session, home.tenant.senders, now)
        return [(await plan_letter(session, "ann", [], False, senders, now)).sender for _ in range(count)]


# A sender breaks


async def test_a_letter_whose_sender_is_not_there_goes_by_the_next_one(pool: Any, unlicensed: Any) -> None:
    one, two, _ = pool.tenant.senders
    unlicensed(one)
    letter_id = await a_letter(pool, one)
    letter = await deliver(pool, letter_id)
    await assert_left_once(pool, letter_id, two)
    assert letter.sent_at == MONDAY, "it has a minute of the other's"
    assert "make it again, or take it out of PERENNIAL_SENDER_MAILBOXES" in await hrs_line(pool, one)


@pytest.mark.parametrize(("path", "permission"), [(DRAFTS, "Mail.ReadWrite"), (SEND, "Mail.Send")])
async def test_a_letter_that_its_sender_may_not_write_or_send_goes_by_the_next_one(
    pool: Any, path: str, permission: str
) -> None:
    _, two, three = pool.tenant.senders
    refuse(pool.tenant, three, path)
    letter_id = await a_letter(pool, three)
    await deliver(pool, letter_id)
    await assert_left_once(pool, letter_id, pool.tenant.service)
    line = await hrs_line(pool, three)
    assert f"grants {permission} for it" in line
    assert two not in line


async def test_letters_pass_over_a_sender_that_refused_until_one_finds_out_that_it_works_again(pool: Any) -> None:
    one, two, three = pool.tenant.senders
    refuse(pool.tenant, three)
    asked = [await a_letter(pool, three) for _ in range(2)]
    await deliver(pool, asked[0])
    calls = len(pool.tenant.asked())
    await deliver(pool, asked[1])
    assert three not in mailboxes_asked(pool.tenant, calls)
    for letter_id in asked:
        await assert_left_once(pool, letter_id, one)
    assert set(await places(pool, 2 * LETTERS_A_MINUTE)) == {one, two}
    # An hour later one letter asks, and for another hour no other does.
    later = MONDAY + PASSED_OVER_FOR
    assert (await places(pool, 1, later)) == [three]
    still = await a_letter(pool, three)
    await pool.change(Letter, still, minute=later)
    await deliver(pool, still, later)
    await assert_left_once(pool, still, one)
    assert (await places(pool, 1, later)) == [one]
    await hrs_line(pool, three)
    # It may again, and somebody says so.
    pool.tenant.clear_faults()
    async with pool.database.transaction() as session:
        await try_again(session, later)
    mended = await a_letter(pool, three)
    await pool.change(Letter, mended, minute=later + MINUTE)
    await deliver(pool, mended, later + MINUTE)
    await assert_left_once(pool, mended, three)
    assert await pool.needs_a_hand() == {}


async def test_where_every_sender_refuses_a_letter_waits_and_no_line_says_that_letters_go_by_others(pool: Any) -> None:
    one, *_ = pool.tenant.senders
    for each in pool.tenant.senders:
        refuse(pool.tenant, each)
    letter_id = await a_letter(pool, one)
    with pytest.raises(NotAllowed):
        await deliver(pool, letter_id)
    assert await pool.needs_a_hand() == {}, "what waits says itself that it does"
    with pytest.raises(NotAllowed):
        await pool.do("deliver", letter_id, MONDAY + 10 * MINUTE)
    pool.tenant.clear_faults()
    await deliver(pool, letter_id, MONDAY + 20 * MINUTE)
    await assert_left_once(pool, letter_id, (await pool.get(Letter, letter_id)).sender)


async def test_without_a_token_no_sender_is_to_blame(pool: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    one, *_ = pool.tenant.senders

    async def shut_out(_mail: Mail, sender: str, *_: Any, **__: Any) -> Any:
        trouble = NoToken("draft a letter", "the secret has expired.")
        trouble.mailbox = sender
        raise trouble

    monkeypatch.setattr(Mail, "create_draft", shut_out)
    letter_id = await a_letter(pool, one)
    with pytest.raises(NoToken):
        await pool.do("deliver", letter_id)
    assert (await pool.get(Letter, letter_id)).sender == one
    assert await pool.needs_a_hand() == {}


async def test_the_only_senders_refusal_is_waited_for_and_what_it_refused_counts_as_not_begun(home: Any) -> None:
    refuse(home.tenant, home.tenant.service, SEND)
    letter_id = await a_letter(home, home.tenant.service)
    with pytest.raises(NotAllowed):
        await home.do("deliver", letter_id)
    letter = await home.get(Letter, letter_id)
    assert (letter.state, letter.sending_at) == ("drafted", None)
    home.tenant.clear_faults()
    await home.do("deliver", letter_id, MONDAY + MINUTE)
    await assert_left_once(home, letter_id, home.tenant.service)


async def test_a_letter_that_may_have_left_waits_for_its_sender(pool: Any, unlicensed: Any) -> None:
    """Whether it left stands in that mailbox alone."""
    _, two, _ = pool.tenant.senders
    letter_id = await a_letter(pool, two)
    pool.tenant.fault("reset", "POST", SEND, when="after", count=1)
    with pytest.raises(Transient):
        await pool.do("deliver", letter_id)
    unlicensed(two)
    for hours in (1, 30):
        with pytest.raises(NoMailbox):
            await pool.do("deliver", letter_id, MONDAY + timedelta(hours=hours))
    pool.tenant.act(two, "license", licensed=True)
    await pool.do("deliver", letter_id, MONDAY + timedelta(hours=31))
    await assert_left_once(pool, letter_id, two)


@pytest.mark.parametrize("step", ["find_by_key", "create_draft", "send"])
async def test_a_try_that_was_given_up_sends_nothing_that_has_been_passed_on(
    pool: Any, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    one, two, _ = pool.tenant.senders
    letter_id = await a_letter(pool, one)
    if step == "find_by_key":
        # Only a letter that was begun is looked up.
        pool.tenant.fault("status", "POST", DRAFTS, status=503, count=1)
        with pytest.raises(Transient):
            await pool.do("deliver", letter_id)
    take = getattr(Mail, step)
    held: list[str] = []

    async def held_up(mail: Mail, sender: str, *args: Any, **options: Any) -> Any:
        if held or sender != one:
            return await take(mail, sender, *args, **options)
        held.append(step)
        refuse(pool.tenant, one)
        with contextlib.suppress(Transient, NotAllowed):
            await pool.do("deliver", letter_id)
        pool.tenant.clear_faults()
        return await take(mail, sender, *args, **options)

    monkeypatch.setattr(Mail, step, held_up)
    with contextlib.suppress(Transient):
        await pool.do("deliver", letter_id)
    await deliver(pool, letter_id, MONDAY + 20 * MINUTE)
    await assert_left_once(pool, letter_id, two if step != "send" else one)


async def test_a_draft_that_has_been_passed_on_is_not_sent_by_whoever_made_it(
    pool: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two, _ = pool.tenant.senders
    letter_id = await a_letter(pool, one)
    tell, told = pool.clock.now, []

    async def held_up() -> datetime:
        """Who asks the second time is about to send."""
        told.append(MONDAY)
        if len(told) == 2:
            refuse(pool.tenant, one, SEND)
            await pool.do("deliver", letter_id)
            pool.tenant.clear_faults()
            assert (await pool.get(Letter, letter_id)).sender == two
        return await tell()  # type: ignore[no-any-return]

    monkeypatch.setattr(pool.clock, "now", held_up)
    with pytest.raises(Transient):
        await pool.do("deliver", letter_id)
    await deliver(pool, letter_id, MONDAY + MINUTE)
    await assert_left_once(pool, letter_id, two)


# A sender is taken out of the pool


async def test_a_letter_of_which_nothing_is_written_leaves_a_sender_that_is_used_no_more(
    pooled: Any, tenant: Any
) -> None:
    one, two, three = tenant.senders
    async with pooled(one, two, three) as before:
        letter_id = await a_letter(before, three)
    async with pooled(one, two) as home:
        calls = len(tenant.asked())
        await deliver(home, letter_id)
        await assert_left_once(home, letter_id, one)
        assert three not in mailboxes_asked(tenant, calls)
        assert await home.needs_a_hand() == {}


async def test_a_draft_leaves_from_a_sender_that_is_used_no_more_and_elsewhere_once_that_is_gone(
    pooled: Any, tenant: Any, unlicensed: Any
) -> None:
    one, two, three = tenant.senders
    async with pooled(one, two, three) as before:
        drafted = [await a_letter(before, three) for _ in range(2)]
        for letter_id in drafted:
            tenant.fault("status", "POST", SEND, status=503, count=1)
            with pytest.raises(Transient):
                await before.do("deliver", letter_id)
            await before.change(Letter, letter_id, sending_at=None)
    async with pooled(one, two) as home:
        await deliver(home, drafted[0], MONDAY + MINUTE)
        await assert_left_once(home, drafted[0], three)
        unlicensed(three)
        await deliver(home, drafted[1], MONDAY + MINUTE)
        letter = await home.get(Letter, drafted[1])
        assert (letter.state, letter.sender) == ("sent", one)
        assert await home.needs_a_hand() == {}, "nobody is to mend what is used no more"


async def test_a_letter_that_may_have_left_from_a_mailbox_that_is_gone_and_used_no_more_is_given_up_after_a_day(
    pooled: Any, tenant: Any, unlicensed: Any
) -> None:
    one, two, _ = tenant.senders
    async with pooled(one, two) as before:
        letter_id = await a_letter(before, two)
        tenant.fault("reset", "POST", SEND, when="after", count=1)
        with pytest.raises(Transient):
            await before.do("deliver", letter_id)
    unlicensed(two)
    async with pooled(one) as home:
        with pytest.raises(Transient):
            await home.do("deliver", letter_id, MONDAY + timedelta(hours=23))
        assert await home.needs_a_hand() == {}
        await home.do("deliver", letter_id, MONDAY + timedelta(hours=25))
        assert (await home.get(Letter, letter_id)).state == "dropped"
        (line,) = (await home.needs_a_hand()).values()
        assert f"vanished from {two} while it was being sent: ask them whether it arrived" in str(line)
        assert not tenant.letters(letter_id, one), "what may have left is not sent again"


async def test_a_sender_that_is_used_no_more_is_let_go_of_once_no_letter_is_at_it(pooled: Any, tenant: Any) -> None:
    one, two, three = tenant.senders
    async with pooled(one, two, three) as before:
        refuse(tenant, three)
        await deliver(before, await a_letter(before, three))
        await hrs_line(before, three)
        await a_letter(before, two)
    async with pooled(one) as home:

        async def former(now: datetime) -> list[str]:
            async with home.database.transaction() as session:
                return sorted(await let_go_of_former(session, [one], now))

        assert await former(MONDAY) == [two]
        assert await home.needs_a_hand() == {}
        (letter,) = await home.all(Letter, sender=two)
        await home.change(Letter, letter.id, state="dropped")
        assert await former(MONDAY + timedelta(days=1)) == [two], "something may still be tried again about it"
        assert await former(MONDAY + timedelta(days=3)) == []
