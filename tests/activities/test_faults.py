"""Microsoft 365 fails at every call of a booking and of a letter; nothing happens twice, and Temporal hears when to
try again."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from traceback import format_exception
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.exc import OperationalError
from temporalio.api.failure.v1 import Failure
from temporalio.converter import DataConverter
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput

from activities import failures
from activities.failures import Failures
from activities.moment import Moment
from cycle.stuck import LONG_ENOUGH
from integrations.database.columns import UnreadableText, new_id
from integrations.database.tables import Letter, Person
from integrations.graph.errors import Transient
from workflows.patience import MICROSOFT, OUR_TABLES

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


async def as_temporal_hears_it(
    home: Any,
    activity: str,
    about: str,
    *,
    workflow: str = "CheckIn",
    attempt: int = 1,
    took: timedelta = timedelta(0),
) -> ApplicationError:
    """The failure at the clock's time of a call that `took` so long, as `Failures` puts it. It was first asked for on
    Monday.
    """
    called = Failures(home.database, home.clock).intercept_activity(_Called())
    order = ExecuteActivityInput(fn=home.activities[activity], args=[Moment(about, MONDAY)], executor=None, headers={})
    temporal = ActivityEnvironment()
    temporal.info = replace(
        temporal.info,
        workflow_id=f"{workflow}/{about}",
        activity_type=activity,
        attempt=attempt,
        scheduled_time=MONDAY,
        started_time=home.clock.at - took,
        start_to_close_timeout=timedelta(minutes=5),
    )
    with pytest.raises(ApplicationError) as failure:
        await temporal.run(called.execute_activity, order)
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
    failure = await as_temporal_hears_it(home, activity, about)
    assert failure.next_retry_delay == timedelta(seconds=17)
    assert (failure.type, failure.non_retryable) == ("Transient", False)
    assert "ApplicationThrottled" in failure.message


async def test_without_a_word_from_microsoft_temporals_own_pace_holds(home: Any) -> None:
    about = await an_intended(home)
    home.tenant.fault(method="POST", path="/events$", **BEFORE)
    assert (await as_temporal_hears_it(home, "book", about)).next_retry_delay is None


async def test_a_missing_permission_ends_the_try_and_tells_hr_which_it_is(home: Any) -> None:
    about = await an_intended(home)
    home.tenant.fault(method="POST", path="/events$", fault="status", status=403, code="ErrorAccessDenied")
    failure = await as_temporal_hears_it(home, "book", about)
    assert (failure.type, failure.non_retryable) == ("NotAllowed", True)
    assert "Calendars.ReadWrite" in failure.message
    ((key, sentence),) = (await home.needs_a_hand()).items()
    assert key == "stuck/not-allowed"
    assert f"grants Calendars.ReadWrite for {home.tenant.service}" in sentence
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


# Nothing is tried for ever


async def test_what_passes_by_itself_is_tried_for_a_day_and_then_ends_with_a_line(home: Any) -> None:
    about = await an_intended(home)
    home.tenant.fault(method="POST", path="/events$", **BEFORE, count=2)
    home.clock.at = MONDAY + timedelta(hours=24)
    assert not (await as_temporal_hears_it(home, "book", about)).non_retryable
    assert await home.needs_a_hand() == {}
    home.clock.at = MONDAY + timedelta(hours=25)
    assert (await as_temporal_hears_it(home, "book", about)).non_retryable
    assert list(await home.needs_a_hand()) == ["stuck/busy"]


async def test_no_activity_may_last_longer_than_the_one_that_ends_itself() -> None:
    for kind in (MICROSOFT, OUR_TABLES):
        longest_pause = kind["retry_policy"].maximum_interval
        assert longest_pause is not None
        assert LONG_ENOUGH + longest_pause < kind["schedule_to_close_timeout"]


async def test_consent_withdrawn_for_the_whole_tenant_is_one_line(home: Any) -> None:
    home.tenant.fault("consent", None, "", rate=1)
    for name in ("ann", "otto", "kai"):
        await home.change(Person, name, directory_read_at=None)
        check_in_id = await home.a_check_in(date(2030, 4, 15), person=name)
        assert (await as_temporal_hears_it(home, "plan_team", check_in_id)).type == "NotAllowed"
    assert (await as_temporal_hears_it(home, "book", await an_intended(home))).non_retryable
    assert (await as_temporal_hears_it(home, "deliver", await a_letter(home), workflow="Postbox")).non_retryable
    ((key, sentence),) = (await home.needs_a_hand()).items()
    assert key == "stuck/not-allowed"
    assert "5 things wait" in sentence
    for permission in ("Calendars.ReadWrite", "Mail.ReadWrite", "MailboxSettings.Read"):
        assert permission in sentence


async def test_a_mailbox_that_is_gone_is_named(home: Any) -> None:
    about = await an_intended(home)
    home.tenant.fault(method="GET", path="/events$", fault="status", status=404, code="ErrorInvalidUser")
    assert (await as_temporal_hears_it(home, "book", about)).type == "NoMailbox"
    (sentence,) = (await home.needs_a_hand()).values()
    assert home.tenant.service in sentence


CANARY = "a heron stood in the garden"


async def broken(about: Moment) -> None:
    raise ValueError(CANARY)


async def refused_by_the_database(about: Moment) -> None:
    raise OperationalError("SELECT", {"text": CANARY}, OSError("gone"))


async def with_a_lost_key(about: Moment) -> None:
    raise UnreadableText


async def in_no_zone(about: Moment) -> None:
    ZoneInfo("Mars/Olympus")


async def test_a_fault_of_ours_is_tried_three_times_and_its_text_goes_nowhere(home: Any, caplog: Any) -> None:
    home.activities["broken"] = broken
    for attempt in (1, 2):
        assert not (await as_temporal_hears_it(home, "broken", "ann", attempt=attempt)).non_retryable
        assert await home.needs_a_hand() == {}
    failure = await as_temporal_hears_it(home, "broken", "ann", attempt=3)
    assert (failure.type, failure.non_retryable) == ("ValueError", True)
    ((key, sentence),) = (await home.needs_a_hand()).items()
    assert key.startswith("stuck/fault/")
    assert "test_faults.py" in sentence
    assert "worker's log" in sentence
    travelled = Failure()
    await DataConverter.default.encode_failure(failure, travelled)
    for text in (sentence, key, failure.message, caplog.text, str(travelled), "".join(format_exception(failure))):
        assert CANARY not in text
    assert "ValueError in broken" in caplog.text


async def test_a_database_that_is_away_is_waited_for(home: Any) -> None:
    home.activities["away"] = refused_by_the_database
    failure = await as_temporal_hears_it(home, "away", "ann", attempt=30)
    assert (failure.type, failure.non_retryable) == ("OperationalError", False)
    assert CANARY not in failure.message
    assert await home.needs_a_hand() == {}


async def test_a_lost_key_is_one_line_with_its_remedy(home: Any) -> None:
    home.activities["unreadable"] = with_a_lost_key
    for person in ("ann", "otto"):
        assert (await as_temporal_hears_it(home, "unreadable", person, workflow="Postbox")).non_retryable
    ((key, sentence),) = (await home.needs_a_hand()).items()
    assert (key, "PERENNIAL_ENCRYPTION_KEYS" in sentence) == ("stuck/unreadable", True)


async def test_a_zone_that_is_none_is_a_line_for_its_person(home: Any) -> None:
    home.activities["nowhere"] = in_no_zone
    failure = await as_temporal_hears_it(home, "nowhere", "ann", workflow="Postbox", attempt=3)
    assert failure.non_retryable
    ((key, sentence),) = (await home.needs_a_hand()).items()
    assert key == "stuck/zone/ann"
    assert "Ann Zimi" in sentence
    assert "Mars/Olympus" in sentence


async def test_what_cannot_be_written_down_does_not_end(home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    about = await an_intended(home)
    home.tenant.fault(method="POST", path="/events$", fault="status", status=403, code="ErrorAccessDenied")

    def away(*_: Any) -> None:
        raise OperationalError("INSERT", {}, OSError("gone"))

    monkeypatch.setattr(failures, "note_stuck", away)
    assert not (await as_temporal_hears_it(home, "book", about)).non_retryable


async def test_what_went_on_is_struck_out_and_a_time_out_is_told(home: Any) -> None:
    await home.do("unanswered", "Postbox/ann")
    assert list(await home.needs_a_hand()) == ["stuck/unanswered"]
    await home.do("went_on", "Postbox/otto")
    assert list(await home.needs_a_hand()) == ["stuck/unanswered"]
    for _ in range(2):
        await home.do("went_on", "Postbox/ann")
        assert await home.needs_a_hand() == {}


async def test_a_try_that_was_given_up_says_nothing_to_hr_which_nobody_would_strike_out(home: Any) -> None:
    check_in_id = await an_intended(home)
    home.tenant.fault("consent", "GET", "/events$", count=2)
    late = await as_temporal_hears_it(home, "book", check_in_id, took=timedelta(minutes=6))
    assert not late.non_retryable
    assert await home.needs_a_hand() == {}
    in_time = await as_temporal_hears_it(home, "book", check_in_id, took=timedelta(minutes=4))
    assert in_time.non_retryable
    assert list(await home.needs_a_hand()) == ["stuck/not-allowed"]
