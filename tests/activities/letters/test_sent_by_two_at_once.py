"""A try that was given up is still at work while the next one is: the letter leaves once, whoever overtakes whom."""

import contextlib
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from integrations.database.columns import new_id
from integrations.database.tables import Letter, LetterItem
from integrations.graph.errors import Transient
from integrations.graph.mail import Mail

HELD_UP = [(step, when) for step in ("find_by_key", "create_draft", "send") for when in ("before", "after")]


async def a_letter(home: Any) -> tuple[str, str]:
    title = f"Errand {new_id()}"
    action_id = await home.an_action(date(2030, 3, 2), title=title)
    key = f"action/{action_id}/2030-03-02/2"
    await home.an_item(key, "action_passed", action_id=action_id, step="2")
    return await home.a_planned_letter("ann", key), title


def hold_up(monkeypatch: pytest.MonkeyPatch, step: str, when: str, meanwhile: Callable[[], Any]) -> None:
    """Before or after its next `step`, whoever takes it waits until `meanwhile` is over; nobody else does."""
    take = getattr(Mail, step)
    held: list[str] = []

    async def taken(mail: Mail, *args: Any, **options: Any) -> Any:
        first = not held
        held.append(step)
        if first and when == "before":
            await meanwhile()
        found = await take(mail, *args, **options)
        if first and when == "after":
            await meanwhile()
        return found

    monkeypatch.setattr(Mail, step, taken)


@pytest.mark.parametrize(("step", "when"), HELD_UP)
async def test_a_letter_that_two_tries_are_at_leaves_once(
    home: Any, monkeypatch: pytest.MonkeyPatch, step: str, when: str
) -> None:
    letter_id, title = await a_letter(home)
    if step == "find_by_key":
        # Only a letter that was begun is looked up.
        with monkeypatch.context() as broken:
            hold_up(broken, "create_draft", "before", broken_off)
            with pytest.raises(Transient):
                await home.do("deliver", letter_id)

    async def another_try() -> None:
        with contextlib.suppress(Transient):
            await home.do("deliver", letter_id)

    hold_up(monkeypatch, step, when, another_try)
    try:
        await home.do("deliver", letter_id)
    except Transient:
        await another_try()
    folders = [folder for folder, _ in home.tenant.letters(letter_id)]
    assert [each for each in folders if each != "deleteditems"] == ["sentitems"]
    assert len(home.tenant.inbox(home.tenant.person("Ann")["mail"], containing=title)) == 1
    letter = await home.get(Letter, letter_id)
    (item,) = await home.all(LetterItem, letter_id=letter_id)
    assert (letter.state, item.state) == ("sent", "sent")
    drafts = home.tenant.mailbox(home.tenant.service)["folders"]["drafts"]
    assert not [each for each in drafts if title in each["body"]], "what nobody sends lies about no longer"


async def broken_off() -> None:
    raise Transient("draft a letter", "it was cut off.")
