"""The real SDK, msal and our words for them, against the sandbox tenant over HTTP."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from config.settings import Settings
from integrations.entra.sign_in import SignIn
from integrations.entra.tokens import MsalTokens
from integrations.graph.calendars import Attendee, Calendars, NewEvent
from integrations.graph.client import Graph, open_graph
from integrations.graph.directory import Directory
from integrations.graph.errors import NoMailbox, Transient
from integrations.graph.mail import Mail, NewMessage

HERE = "http://127.0.0.1:8000/sign-in/done"
# A Sunday evening in the quarter: nobody's calendar has anything then.
START = datetime(2030, 2, 10, 18, 0, tzinfo=UTC)
END = START + timedelta(minutes=45)


@pytest.fixture(scope="module")
def tenant() -> Iterator[dict[str, Any]]:
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "sandbox",
        "--port",
        "0",
        "--seed",
        "1",
        "--people",
        "12",
    ]
    command += ["--day0", "2030-02-04", "--json", "--redirect-uri", HERE]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        yield told | httpx.get(f"{told['entra']}/_sandbox/about", trust_env=False).json()
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture(scope="module")
def settings(tenant: dict[str, Any]) -> Settings:
    return Settings.model_validate(
        {
            "tenant_id": tenant["tenant_id"],
            "client_id": tenant["client_id"],
            "client_secret": tenant["client_secret"],
            "sandbox_url": tenant["entra"],
            "service_mailbox": tenant["service_mailbox"],
            "encryption_keys": "zoYpS1yJ9n2eYg3q5bq3C0m0v0Qw2mYp4mYQ0rJmJ1E=",
            "session_key": "s" * 32,
        }
    )


@pytest.fixture
async def graph(settings: Settings) -> AsyncIterator[Graph]:
    tokens = MsalTokens(settings)
    async with open_graph(settings, tokens) as graph:
        yield graph
    tokens.close()


@pytest.fixture(scope="module")
def organization(tenant: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = httpx.get(f"{tenant['entra']}/_sandbox/organization", trust_env=False).json()
    return answer


@pytest.fixture(scope="module")
def ann(organization: dict[str, Any]) -> dict[str, Any]:
    return next(person for person in organization["people"] if person["name"].startswith("Ann "))


@pytest.fixture(scope="module")
def mara(organization: dict[str, Any], ann: dict[str, Any]) -> dict[str, Any]:
    return next(person for person in organization["people"] if person["mail"] == ann["manager"])


async def test_ann_her_manager_and_her_working_hours(
    graph: Graph, organization: dict[str, Any], ann: dict[str, Any], mara: dict[str, Any]
) -> None:
    directory = Directory(graph)
    person = await directory.user(ann["mail"])
    assert person is not None
    assert (person.oid, person.name, person.country) == (ann["id"], ann["name"], ann["country"])
    assert person.manager_oid == mara["id"]
    assert str(person.hired) == ann["hired"]
    for one in organization["people"]:
        facts = await directory.mailbox(one["id"])
        assert facts.zone == one["zone"]
        assert facts.weekdays == frozenset(one["weekdays"])
        assert (facts.opens, facts.closes) == tuple(time.fromisoformat(one[key]) for key in ("opens", "closes"))
        assert len(facts.away) == len(one["leave"])


async def test_somebody_unknown_is_nobody(graph: Graph) -> None:
    assert await Directory(graph).user("nobody@meadow.example") is None
    assert await Directory(graph).user("00000000-0000-0000-0000-000000000000") is None
    with pytest.raises(NoMailbox):
        await Directory(graph).mailbox("00000000-0000-0000-0000-000000000000")


async def test_busy_times_are_those_of_the_seed(graph: Graph, settings: Settings, organization: dict[str, Any]) -> None:
    day0 = datetime(2030, 2, 4, tzinfo=UTC)
    until = day0 + timedelta(days=95)
    people = {person["mail"]: person for person in organization["people"]}
    found = await Calendars(graph).schedules(settings.service_mailbox, list(people), day0, until)
    for mail, schedule in found.items():
        assert schedule.trouble is None
        seeded = {
            (datetime.fromisoformat(span["start"]), datetime.fromisoformat(span["end"]), span["status"])
            for span in people[mail]["busy"]
            if span["status"] not in {"free", "workingElsewhere"}
            and datetime.fromisoformat(span["end"]) > day0
            and datetime.fromisoformat(span["start"]) < until
        }
        taken = {(span.start, span.end, span.status) for span in schedule.busy}
        assert taken - seeded == {span for span in taken if span[2] == "oof"}, "a leave is no meeting"
        assert len(taken - seeded) == len(people[mail]["leave"])
        assert seeded <= taken


async def test_the_life_of_an_event(
    graph: Graph, settings: Settings, ann: dict[str, Any], mara: dict[str, Any]
) -> None:
    calendars, service = Calendars(graph), settings.service_mailbox
    new = NewEvent(
        key="booking/C1/1",
        transaction_id="7f1c0e6e-0000-4000-8000-000000000001",
        subject="Check-in: Ann and Mara",
        body_html="<p>Three lines</p>",
        start=START,
        end=END,
        zone="Europe/Berlin",
        attendees=(Attendee(ann["mail"], ann["name"]), Attendee(mara["mail"], mara["name"])),
        online=True,
    )
    assert await calendars.find_event(service, new.key) is None
    created = await calendars.create_event(service, new)
    assert await calendars.create_event(service, new) == created, "the transaction id makes it one"
    assert (created.start, created.end, created.cancelled) == (START, END, False)
    assert created.attendees.keys() == {ann["mail"], mara["mail"]}
    assert created.join_url
    found = await calendars.find_event(service, new.key)
    assert found is not None
    assert found.event_id == created.event_id

    later = START + timedelta(hours=1)
    moved = await calendars.move_event(
        service, created.event_id, later, later + timedelta(minutes=45), "Europe/Berlin", etag=created.etag
    )
    assert moved is not None
    assert moved.start == later
    assert moved.change_key != created.change_key
    with pytest.raises(Transient):
        await calendars.move_event(service, created.event_id, START, END, "Europe/Berlin", etag=created.etag)
    busy = await calendars.schedules(service, [ann["mail"]], later, later + timedelta(minutes=45))
    assert [(span.start, span.status) for span in busy[ann["mail"]].busy] == [(later, "tentative")]

    assert await calendars.cancel_event(service, created.event_id, "Plans change.") is True
    gone = await calendars.get_event(service, created.event_id)
    assert gone is None or gone.cancelled
    assert await calendars.cancel_event(service, created.event_id, "Plans change.") is False
    assert await calendars.move_event(service, "AAMkAGone", START, END, "Europe/Berlin") is None, (
        "what never was is gone too"
    )


async def test_the_life_of_a_letter(
    graph: Graph, settings: Settings, tenant: dict[str, Any], ann: dict[str, Any]
) -> None:
    mail, service = Mail(graph), settings.service_mailbox
    new = NewMessage("L1", ("form/C1",), ann["mail"], ann["name"], "Your check-in", "<p>Hello</p>", "Hello")
    assert await mail.find_by_key(service, "L1") is None
    graph_id = await mail.create_draft(service, new)
    draft = await mail.find_by_key(service, "L1")
    assert draft is not None
    assert (draft.graph_id, draft.is_draft, draft.sent_at) == (graph_id, True, None)

    assert await mail.send(service, graph_id) is True
    sent = await mail.get(service, graph_id)
    assert sent is not None
    assert not sent.is_draft
    assert sent.sent_at is not None
    assert await mail.find_by_key(service, "L1") == sent
    async with httpx.AsyncClient(trust_env=False) as http:
        state = (await http.get(f"{tenant['entra']}/_sandbox/state")).text
    assert state.count("<p>Hello</p>") == 2, "one in Sent Items, one in Ann's inbox"

    await mail.delete(service, graph_id)
    async with httpx.AsyncClient(trust_env=False) as http:
        state = (await http.get(f"{tenant['entra']}/_sandbox/state")).json()
    assert not state["mailboxes"][service]["folders"]["sentitems"]
    assert await mail.get(service, "AAkALgGone") is None
    assert await mail.send(service, "AAkALgGone") is False


async def test_the_letter_is_not_sent_twice_when_the_answer_is_lost(
    graph: Graph, settings: Settings, tenant: dict[str, Any], ann: dict[str, Any]
) -> None:
    mail, service = Mail(graph), settings.service_mailbox
    graph_id = await mail.create_draft(
        service, NewMessage("L2", ("form/C2",), ann["mail"], ann["name"], "Your check-in", "<p>Once</p>", "Once")
    )
    fault = {
        "fault": "status",
        "status": 504,
        "method": "POST",
        "path": ".*/send",
        "when": "after",
        "count": 1,
    }
    async with httpx.AsyncClient(trust_env=False) as http:
        (await http.post(f"{tenant['entra']}/_sandbox/faults", json=fault)).raise_for_status()
        with pytest.raises(Transient):
            await mail.send(service, graph_id)
        state = (await http.get(f"{tenant['entra']}/_sandbox/state")).text
    assert state.count("<p>Once</p>") == 2
    found = await mail.find_by_key(service, "L2")
    assert found is not None
    assert not found.is_draft


async def test_ann_signs_in_through_entras_pages(settings: Settings, ann: dict[str, Any]) -> None:
    sign_in = SignIn(settings)
    url, flow = await sign_in.start(HERE)
    async with httpx.AsyncClient(trust_env=False) as browser:
        answer = await browser.get(f"{url}&login_hint={ann['mail']}")
    back = answer.headers["location"]
    assert back.startswith(HERE)
    person = await sign_in.finish(flow, dict(parse_qsl(urlsplit(back).query)))
    sign_in.close()
    assert (person.oid, person.tid, person.name) == (ann["id"], settings.tenant_id, ann["name"])
    assert person.roles == frozenset()
