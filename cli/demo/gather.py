"""Gathers what a run left behind: the tenant's own record, everybody's pages, the histories, and where to search."""

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from cli.demo.actors import Actor
from cli.demo.diary import Entry
from cli.demo.evidence import Colleague, Evidence, Page, SeededAction
from cli.demo.page import read_page
from cli.demo.seed import Story
from cli.demo.tenant_state import (
    merged_policies,
    read_called_off,
    read_languages,
    read_letters,
    read_mailed,
    read_people,
    read_received,
    read_talks,
)

# What everybody has; the rest is found from here.
HR = "/hr"
OWN_PAGES = ("/", "/plan", "/feedback", "/privacy", HR)
# Tried by everybody: what must not be seen is behind these.
GUARDED = ("/check-ins/", "/reflections/")
LINKED = ("/check-ins/", "/actions/", "/plans/", "/stalls/", "/feedback/", "/supporting/")
PAGES_AT_A_TIME = 6


@dataclass(frozen=True, slots=True)
class Told:
    """What the sandbox says of itself at the end."""

    state: Mapping[str, Any]
    ledger: Sequence[Mapping[str, Any]]


async def ask_tenant(http: httpx.AsyncClient, url: str) -> Told:
    state = await http.get(f"{url}/_sandbox/state", params={"ids": "real"})
    ledger = await http.get(f"{url}/_sandbox/ledger")
    return Told(state.raise_for_status().json(), ledger.raise_for_status().json()["entries"])


async def hrs_page(actors: Iterable[Actor], hr_partner: str) -> Page:
    """What HR reads of where a hand is needed."""
    (hr,) = (actor for actor in actors if actor.mail == hr_partner)
    return Page(hr_partner, HR, (await hr.browser.visit(HR)).html)


async def everybodys_pages(
    actors: Sequence[Actor], diary: Sequence[Entry], check_ins: Iterable[str], guarded: Iterable[str] = ()
) -> list[Page]:
    """What each person opened and what their own pages link to; and these check-ins and paths, tried by everybody."""
    tried = {f"{prefix}{check_in}" for check_in in check_ins for prefix in GUARDED} | set(guarded)
    opened: dict[str, set[str]] = {}
    for entry in diary:
        if entry.did == "opened_page":
            opened.setdefault(entry.person, set()).add(entry.link.partition("?")[0])
    gate = asyncio.Semaphore(PAGES_AT_A_TIME)

    async def seen_by(actor: Actor) -> list[Page]:
        await actor.browser.visit("/")
        mine = {*tried, *OWN_PAGES, *opened.get(actor.mail, ())}
        pages = [await _page(actor, path, gate) for path in sorted(mine)]
        linked = {path for page in pages for path in _links(page)} - mine
        return pages + [await _page(actor, path, gate) for path in sorted(linked)]

    return [page for pages in await asyncio.gather(*map(seen_by, actors)) for page in pages]


async def _page(actor: Actor, path: str, gate: asyncio.Semaphore) -> Page:
    async with gate:
        _, html = await actor.browser.glimpse(path)
    return Page(actor.mail, path, html)


def _links(page: Page) -> set[str]:
    if page.path not in OWN_PAGES:
        return set()
    paths = {urlsplit(link.href).path for link in read_page(page.text, "").links}
    return {path for path in paths if path.startswith(LINKED) and path.count("/") == 2}


def with_leave(people: Mapping[str, Colleague], diary: Iterable[Entry]) -> dict[str, Colleague]:
    """Everybody with the leave too that they went on during the run."""
    found = dict(people)
    for entry in diary:
        if entry.did == "went_on_leave" and entry.took_effect:
            person = found[entry.person]
            first, last = (date.fromisoformat(entry.fields[name]) for name in ("first", "last"))
            told = {**person.told, first: person.local(entry.at).date()}
            found[entry.person] = replace(person, leave=(*person.leave, (first, last)), told=told)
    return found


def with_moves(people: Mapping[str, Colleague], diary: Iterable[Entry]) -> dict[str, Colleague]:
    """Everybody with who left during the run, and who had another manager from when on."""
    found = dict(people)
    for entry in diary:
        person = found.get(entry.person)
        if person and entry.did == "left_company" and entry.took_effect:
            found[entry.person] = replace(person, left=entry.at)
        elif person and entry.did == "got_manager" and entry.took_effect:
            found[entry.person] = replace(person, moves=(*person.moves, (entry.at, entry.fields["manager"])))
    return found


def seeded_actions(history: Mapping[str, Any]) -> list[SeededAction]:
    """The actions of the history file."""
    return [
        SeededAction(
            title=action["title"],
            plan_of=past["person"],
            owner=action["owner"],
            agreed_on=action["agreed_on"],
            due_on=action["due_on"],
            quiet_since=action["quiet_since"],
            open=action["state"] == "open",
        )
        for past in history["people"]
        for action in past["plan"]["actions"]
    ]


def words_of(history: Mapping[str, Any]) -> list[str]:
    """Everything in the history file that somebody wrote."""
    plans = [past["plan"] for past in history["people"]]
    goals = [goal["title"] for plan in plans for goal in plan["goals"]]
    return goals + [action[field] for plan in plans for action in plan["actions"] for field in ("title", "success")]


def make_evidence(
    organization: Mapping[str, Any],
    policies: Iterable[Mapping[str, Any]],
    story: Story,
    told: Told,
    *,
    began: datetime,
    until: datetime,
    diary: Sequence[Entry],
    pages: Sequence[Page],
    actors: Sequence[Actor],
    logs: Sequence[Path],
    histories: Sequence[Path],
    databases: Sequence[Path],
) -> Evidence:
    service = organization["service_mailbox"].lower()
    senders = [mail.lower() for mail in organization["senders"]]
    people = with_moves(with_leave(read_people(organization), diary), diary)
    day0 = date.fromisoformat(organization["day0"])
    policy_of = {
        mail: policy
        for policy, managers in story.teams.items()
        for mail, each in people.items()
        if each.manager in managers
    }
    asked = {f"{each['path']}?{each['query']}" for each in told.ledger}
    return Evidence(
        day0=day0,
        began=began,
        until=until,
        people=people,
        senders=senders,
        hr_partner=organization["hr_partner"].lower(),
        policies=merged_policies(policies),
        starts_on=dict.fromkeys(story.teams, day0),
        policy_of=policy_of,
        talks=read_talks(told.state, service),
        letters=read_letters(told.state, senders),
        received=read_received(told.state, senders),
        called_off=read_called_off(told.state),
        mailed=read_mailed(told.state),
        addresses=sorted(asked.union(*(actor.browser.asked for actor in actors))),
        diary=diary,
        history=seeded_actions(story.history),
        pages=pages,
        logs=logs,
        histories=histories,
        databases=databases,
        languages=read_languages(told.state),
        secret_texts=words_of(story.history),
    )


def written(path: Path, document: object) -> None:
    """Keeps a document of the run as JSON, for whoever looks into a failed one."""
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False, default=str), encoding="utf-8")
