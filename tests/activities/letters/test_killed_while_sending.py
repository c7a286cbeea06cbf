"""The process is killed between each pair of steps of a letter; it leaves once, as it was frozen."""

from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from urllib.parse import unquote

from integrations.database.columns import new_id
from integrations.database.tables import ActionRow, Letter, LetterItem

MONDAY = datetime(2030, 3, 4, 9, 0, tzinfo=UTC)
FREEZING = ["before commit", "after commit"]
DRAFTING = ["before POST messages", "after POST messages", "before PATCH one", "after PATCH one"]
DRAFTED = ["before commit", "after commit"]
SENDING = ["before commit", "after commit", "before POST send", "after POST send", "before commit", "after commit"]


async def a_letter(home: Any, sender: str = "") -> tuple[str, str]:
    """A letter to Ann about an action of hers; its id and the action's, whose title is in no other letter."""
    title = f"Errand {new_id()}"
    action_id = await home.an_action(date(2030, 3, 2), title=title)
    await home.an_item(f"action/{action_id}/2030-03-02/2", "action_passed", action_id=action_id, step="2")
    return await home.a_planned_letter("ann", f"action/{action_id}/2030-03-02/2", sender=sender), action_id


async def it_left_once(home: Any, letter_id: str, action_id: str) -> None:
    """One message in Sent Items and one in Ann's inbox, as they were frozen; our rows and wake-ups say so."""
    letter = await home.get(Letter, letter_id)
    ((folder, message),) = home.tenant.letters(letter_id, letter.sender)
    assert (folder, message["isDraft"]) == ("sentitems", False)
    assert (message["subject"], message["body"]) == (letter.subject, letter.html)
    ann = home.tenant.person("Ann")["mail"]
    assert (message["to"], message["cc"], message["bcc"]) == ([ann], [], [])
    title = (await home.get(ActionRow, action_id)).title
    for sender in home.tenant.senders:
        assert not [each for each in home.tenant.mailbox(sender)["folders"]["drafts"] if title in each["body"]]
        assert sender == letter.sender or not home.tenant.letters(letter_id, sender)
    (received,) = home.tenant.inbox(ann, containing=title)
    assert (received["subject"], received["body"]) == (letter.subject, letter.html)
    assert (message["text"].strip(), received["text"].strip()) == (letter.text.strip(), letter.text.strip())
    assert home.item_keys(message) == {f"action/{action_id}/2030-03-02/2"}
    item = await home.get(LetterItem, f"action/{action_id}/2030-03-02/2")
    assert (letter.state, item.state) == ("sent", "sent")
    assert letter.sent_at == item.sent_at
    assert f"ActionChase/{action_id}" in await home.owed()


async def test_a_letter_killed_at_any_step_leaves_once(home: Any, mortal: Any) -> None:
    for die_at in count():
        letter_id, action_id = await a_letter(home)
        life = mortal.live(home, "deliver", letter_id, die_at=die_at)
        mortal.live_on(home, "deliver", letter_id)
        await it_left_once(home, letter_id, action_id)
        if not life.killed:
            assert list(life.steps) == [*FREEZING, *DRAFTING, *DRAFTED, *SENDING]
            return


async def test_a_letter_of_another_sender_is_found_again_in_its_own_mailbox(home: Any, mortal: Any) -> None:
    second = home.tenant.senders[1]
    steps = [*FREEZING, *DRAFTING, *DRAFTED, *SENDING]
    for death in ("after POST messages", "after PATCH one", "before POST send", "after POST send"):
        letter_id, action_id = await a_letter(home, second)
        assert mortal.live(home, "deliver", letter_id, die_at=steps.index(death)).killed
        asked = len(home.tenant.asked())
        mortal.live_on(home, "deliver", letter_id)
        await it_left_once(home, letter_id, action_id)
        assert (await home.get(Letter, letter_id)).sender == second
        assert {unquote(request).split("/")[3] for request in home.tenant.asked()[asked:]} == {second}


async def test_a_letter_killed_twice_leaves_once(home: Any, mortal: Any) -> None:
    everything = len([*FREEZING, *DRAFTING, *DRAFTED, *SENDING])
    deaths = [(first, second) for first in range(2, everything) for second in range((first + 1) % 2, 8, 2)]
    for number, (first, second) in enumerate(deaths):
        letter_id, action_id = await a_letter(home)
        assert mortal.live(home, "deliver", letter_id, die_at=first).killed
        # Each time a sending that was cut off has had its quarter of an hour; a minute is not for them all.
        later = MONDAY + timedelta(minutes=20 + number)
        mortal.live(home, "deliver", letter_id, later, die_at=second)
        mortal.live_on(home, "deliver", letter_id, later + timedelta(minutes=20))
        await it_left_once(home, letter_id, action_id)


async def test_what_was_frozen_before_the_death_is_what_leaves(home: Any, mortal: Any) -> None:
    letter_id, action_id = await a_letter(home)
    assert mortal.live(home, "deliver", letter_id, die_at=1).killed
    frozen = await home.get(Letter, letter_id)
    title = (await home.get(ActionRow, action_id)).title
    await home.change(ActionRow, action_id, title="Something else entirely")
    mortal.live_on(home, "deliver", letter_id)
    ((_, message),) = home.tenant.letters(letter_id)
    assert message["body"] == frozen.html
    assert title in message["body"]
    assert "Something else entirely" not in message["body"]


async def test_a_sending_that_was_cut_off_is_read_again_for_a_quarter_of_an_hour(home: Any, mortal: Any) -> None:
    letter_id, action_id = await a_letter(home)
    cut_off = [*FREEZING, *DRAFTING, *DRAFTED, *SENDING].index("before POST send")
    assert mortal.live(home, "deliver", letter_id, die_at=cut_off).killed
    for minutes in (1, 14):
        life = mortal.live(home, "deliver", letter_id, MONDAY + timedelta(minutes=minutes))
        assert life.again_after == timedelta(minutes=1)
        assert not [step for step in life.steps if "POST" in step]
        ((folder, _),) = home.tenant.letters(letter_id)
        assert folder == "drafts"
    assert mortal.live_on(home, "deliver", letter_id, MONDAY + timedelta(minutes=14)) == MONDAY + timedelta(minutes=15)
    await it_left_once(home, letter_id, action_id)


async def test_a_letter_that_left_is_not_looked_at_again(home: Any, mortal: Any) -> None:
    letter_id, _ = await a_letter(home)
    mortal.live_on(home, "deliver", letter_id)
    assert mortal.live(home, "deliver", letter_id).steps == ()
