"""Thirty messages a minute leave a mailbox; the others are accepted, and arrive in the minutes after."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from sandbox import delivery, post_queue
from sandbox.items import Address, Message
from sandbox.mailboxes import Contents, Mailbox
from sandbox.organization import build_organization
from sandbox.records import state_record
from sandbox.tenant import Tenant, build_tenant

MONDAY = datetime(2030, 2, 4, 8, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def a_tenant() -> tuple[Tenant, Mailbox, Mailbox]:
    """With the mailbox that sends, and Ann's."""
    tenant = build_tenant(build_organization(1, 4, MONDAY.date()))
    ann = next(a for a in tenant.accounts.values() if a.given == "Ann")
    service = next(a for a in tenant.accounts.values() if not a.is_person)
    return tenant, tenant.mailbox(service.id), tenant.mailbox(ann.id)


def send(tenant: Tenant, box: Mailbox, to: str, now: datetime) -> Message:
    message = delivery.new_message(box, "drafts", f"Letter of {now:%H:%M:%S}", now)
    message.to = [Address("", to)]
    box.keep_message(message)
    delivery.send(tenant, box, message, now)
    return message


def arrived(box: Mailbox) -> list[datetime]:
    return sorted(m.received for m in box.messages_in("inbox") if m.received)


def test_the_thirty_first_message_of_a_minute_arrives_in_the_next() -> None:
    tenant, service, ann = a_tenant()
    sent = [send(tenant, service, ann.mail, MONDAY + i * SECOND) for i in range(31)]
    assert [m.folder for m in sent] == ["sentitems"] * 31
    assert sent[-1].sent == MONDAY + 30 * SECOND
    assert len(arrived(ann)) == 30
    delivery.deliver_due(tenant, MONDAY + 59 * SECOND)
    assert len(arrived(ann)) == 30
    delivery.deliver_due(tenant, MONDAY + timedelta(hours=1))
    assert arrived(ann)[-1] == MONDAY + timedelta(minutes=1)


def test_a_queue_is_its_mailboxs_own() -> None:
    tenant, service, ann = a_tenant()
    for _ in range(40):
        send(tenant, service, ann.mail, MONDAY)
    send(tenant, ann, service.mail, MONDAY)
    assert len(arrived(service)) == 1


def test_what_was_sent_is_delivered_as_it_was_though_the_sender_deletes_it_meanwhile() -> None:
    tenant, service, ann = a_tenant()
    last = [send(tenant, service, ann.mail, MONDAY) for _ in range(31)][-1]
    service.drop_message(last)
    delivery.deliver_due(tenant, MONDAY + timedelta(minutes=2))
    assert len(arrived(ann)) == 31


def test_a_clock_that_is_set_back_holds_nothing_up() -> None:
    tenant, service, ann = a_tenant()
    for _ in range(30):
        send(tenant, service, ann.mail, MONDAY + timedelta(days=30))
    send(tenant, service, ann.mail, MONDAY)
    assert len(arrived(ann)) == 31


def test_everything_that_waits_can_be_delivered_by_order() -> None:
    tenant, service, ann = a_tenant()
    for _ in range(100):
        send(tenant, service, ann.mail, MONDAY)
    assert delivery.deliver_all(tenant, MONDAY) == 70
    assert arrived(ann) == [MONDAY] * 100
    assert delivery.deliver_all(tenant, MONDAY) == 0


def test_the_longest_queue_is_told_when_it_is_long_over() -> None:
    tenant, service, ann = a_tenant()
    for _ in range(30):
        send(tenant, service, ann.mail, MONDAY)
    assert longest_queue(tenant, service) == 0, "thirty a minute wait for nobody"
    for _ in range(3):
        send(tenant, service, ann.mail, MONDAY)
    delivery.deliver_due(tenant, MONDAY + timedelta(minutes=1))
    assert len(arrived(ann)) == 33
    assert longest_queue(tenant, service) == 3
    assert longest_queue(tenant, ann) == 0


def longest_queue(tenant: Tenant, box: Mailbox) -> int:
    told = state_record(tenant, box.mail)["mailboxes"][box.mail]["longestPostQueue"]
    return int(told)


def test_a_queue_outlives_the_process() -> None:
    tenant, service, ann = a_tenant()
    for _ in range(33):
        send(tenant, service, ann.mail, MONDAY)
    file = TypeAdapter(Contents)
    tenant.mailboxes[service.contents.account_id] = Mailbox(
        file.validate_json(file.dump_json(service.contents)), service.mail
    )
    # A process that has just begun does not know when the next message is due.
    tenant.next_delivery = datetime.min.replace(tzinfo=UTC)
    delivery.deliver_due(tenant, MONDAY)
    assert len(arrived(ann)) == 30
    delivery.deliver_due(tenant, MONDAY + timedelta(minutes=1))
    assert len(arrived(ann)) == 33


@given(st.lists(st.integers(0, 40), max_size=200))
def test_no_minute_sees_more_than_thirty_leave_and_none_overtakes_another(pauses: Sequence[int]) -> None:
    contents = Contents("someone", "UTC", [0], "09:00", "17:00")
    now, departures = MONDAY, []
    for pause in pauses:
        now += timedelta(seconds=pause // 4)
        for _ in post_queue.leaving(contents, now):
            pass
        leaves = post_queue.departure(contents, now)
        if leaves > now:
            post_queue.wait(contents, Message("m", "sentitems", "", now, now, "", ""), leaves)
        assert leaves >= now
        departures.append(leaves)
    assert departures == sorted(departures)
    for first, last in zip(departures, departures[post_queue.A_MINUTE :], strict=False):
        assert last - first >= timedelta(minutes=1)
