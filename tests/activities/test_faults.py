"""Microsoft 365 fails at every call of a booking and of a letter; nothing happens twice, and Temporal hears when to
try again."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput

from activities.failures import SLOWLY, Failures
from activities.moment import Moment
from integrations.database.columns import new_id
from integrations.database.tables import Letter
from integrations.graph.errors import Transient

MONDAY = datetime(2030, 3, 4, 9, 0, tzinfo=UTC)
START = datetime(2030, 3, 20, 9, 0, tzinfo=UTC)
BEFORE = {"fault": "status", "status": 503}
AFTER = {"fault": "status", "status": 504, "when": "after"}
RESET = {"fault": "reset"}
RESET_AFTER = {"fault": "reset", "when": "after"}
THROTTLED = {"fault": "status", "status": 429, "retry_after": 17}
FAULTS = pytest.mark.parametrize(
    "fault", [BEFORE, AFTER, RESET, RESET_AFTER, THROTTLED], ids=["503", "504-after", "reset", "reset-after", "429"]
)


class _Called(ActivityInboundInterceptor):
    """The innermost: calls the activity itself."""

    def __init__(self) -> None:
        pass

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002
        return await input.fn(*input.args)


async def as_temporal_hears_it(activity: Callable[[Moment], Any], about: str) -> ApplicationError:
    """The failure of a call, as `Failures` puts it."""
    called = Failures().intercept_activity(_Called())
    order = ExecuteActivityInput(fn=activity, args=[Moment(about, MONDAY)], executor=None, headers={})
    with pytest.raises(ApplicationError) as failure:
        await ActivityEnvironment().run(called.execute_activity, order)
    return failure.value


async def an_intended(home: Any) -> str:
    check_in_id: str = await home.a_check_in(date(2030, 3, 18))
    await home.an_intended_booking(check_in_id, START)
    return check_in_id


async def a_letter(home: Any) -> str:
    action_id = await home.an_action(date(2030, 3, 2), title=f"Errand {new_id()}")
    await home.an_item(f"action/{action_id}/2030-03-02/2", "action_passed", action_id=action_id, step="2")
    letter_id: str = await home.a_planned_letter("ann", f"action/{action_id}/2030-03-02/2")
    return letter_id


async def until_it_works(home: Any, activity: str, about: str) -> list[Transient]:
    """Calls again and again with the clock moved on; the troubles on the way."""
    troubles: list[Transient] = []
    now = MONDAY
    while True:
        home.clock.at = now
        try:
            await home.activities[activity](Moment(about, MONDAY))
        except Transient as trouble:
            troubles.append(trouble)
            now += trouble.retry_after or timedelta(seconds=10)
            assert len(troubles) < 40
        else:
            return troubles


@FAULTS
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_booking_through_a_fault_is_one_event(home: Any, method: str, fault: dict[str, Any]) -> None:
    check_in_id = await an_intended(home)
    home.tenant.fault(method=method, path="/events$", **fault)
    assert len(await until_it_works(home, "book", check_in_id)) == 1
    (event,) = home.tenant.events(f"booking/{check_in_id}/1")
    assert not event["isCancelled"]
    assert len(home.tenant.invited(home.tenant.person("Ann")["mail"], event)) == 1
    assert (await home.booking(check_in_id)).state == "booked"


@FAULTS
@pytest.mark.parametrize("path", ["/messages$", "/send$"])
async def test_a_letter_through_a_fault_is_one_message(home: Any, path: str, fault: dict[str, Any]) -> None:
    letter_id = await a_letter(home)
    home.tenant.fault(method="POST", path=path, **fault)
    assert await until_it_works(home, "deliver", letter_id)
    letter = await home.get(Letter, letter_id)
    ((folder, message),) = home.tenant.letters(letter_id)
    assert (folder, message["body"], letter.state) == ("sentitems", letter.html, "sent")
    assert len([each for each in home.tenant.inbox(message["to"][0]) if each["body"] == letter.html]) == 1


async def test_a_letter_whose_sending_was_refused_waits_before_it_is_sent_again(home: Any) -> None:
    letter_id = await a_letter(home)
    home.tenant.fault(method="POST", path="/send$", **BEFORE)
    await until_it_works(home, "deliver", letter_id)
    assert (await home.get(Letter, letter_id)).sent_at >= MONDAY + timedelta(minutes=15)


async def test_a_letter_whose_answer_was_lost_is_found_sent_and_not_sent_again(home: Any) -> None:
    letter_id = await a_letter(home)
    home.tenant.fault(method="POST", path="/send$", **AFTER)
    before = len(home.tenant.asked())
    await until_it_works(home, "deliver", letter_id)
    sent = [each for each in home.tenant.asked()[before:] if each.endswith("/send")]
    assert len(sent) == 1


@pytest.mark.parametrize("activity", ["book", "deliver"])
async def test_temporal_is_told_how_long_microsoft_wants_to_be_left_alone(home: Any, activity: str) -> None:
    about = await (an_intended if activity == "book" else a_letter)(home)
    home.tenant.fault(method="POST", path="/(events|messages)$", **THROTTLED)
    failure = await as_temporal_hears_it(home.activities[activity], about)
    assert failure.next_retry_delay == timedelta(seconds=17)
    assert (failure.type, failure.non_retryable) == ("Transient", False)
    assert "ApplicationThrottled" in failure.message


async def test_without_a_word_from_microsoft_temporals_own_pace_holds(home: Any) -> None:
    about = await an_intended(home)
    home.tenant.fault(method="POST", path="/events$", **BEFORE)
    assert (await as_temporal_hears_it(home.activities["book"], about)).next_retry_delay is None


async def test_a_missing_permission_is_tried_again_slowly_and_says_which_it_is(home: Any) -> None:
    about = await an_intended(home)
    home.tenant.fault(method="POST", path="/events$", fault="status", status=403, code="ErrorAccessDenied")
    failure = await as_temporal_hears_it(home.activities["book"], about)
    assert (failure.type, failure.next_retry_delay, failure.non_retryable) == ("NotAllowed", SLOWLY, False)
    assert "Calendars.ReadWrite" in failure.message
    assert home.tenant.events(f"booking/{about}/1") == []
    assert (await home.booking(about)).state == "intended"


async def test_a_letter_that_vanished_while_it_was_sent_is_searched_for_a_day_and_then_told_to_hr(home: Any) -> None:
    letter_id = await a_letter(home)
    await home.change(Letter, letter_id, graph_id="AAkALgGone", sending_at=MONDAY, subject="s", html="h", text="t")
    with pytest.raises(Transient) as trouble:
        await home.do("deliver", letter_id, MONDAY + timedelta(hours=23))
    assert trouble.value.retry_after == timedelta(hours=1)
    assert await home.needs_a_hand() == {}
    await home.do("deliver", letter_id, MONDAY + timedelta(hours=24))
    assert (await home.get(Letter, letter_id)).state == "dropped"
    (sentence,) = (await home.needs_a_hand()).values()
    assert "Ann Zimi" in sentence
    assert home.tenant.letters(letter_id) == [], "and nothing was sent after all"


async def test_in_trial_mode_a_letter_reaches_the_trial_mailbox_and_nobody_else(home: Any) -> None:
    letter_id = await a_letter(home)
    letters: Any = home.activities["deliver"].__self__
    letters._trial_mailbox = home.tenant.person("Hale")["mail"]
    ann = home.tenant.person("Ann")["mail"]
    before = len(home.tenant.inbox(ann))
    await home.do("deliver", letter_id)
    ((_, message),) = home.tenant.letters(letter_id)
    assert message["to"] == [home.tenant.person("Hale")["mail"]]
    assert len(home.tenant.inbox(ann)) == before
