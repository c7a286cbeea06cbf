"""The page for people: who is there, what lies in somebody's inbox, and what their week looks like.

Plain HTML without a script, so that it works with the keyboard and on a phone; letters are shown in frames that may
open a link in a new window and nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from html import escape
from urllib.parse import urlencode

from sandbox.items import Event, Message
from sandbox.mailboxes import Mailbox
from sandbox.sanitized import sanitized
from sandbox.tenant import Account, Tenant

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; base-uri 'none'"
_MOST_LETTERS = 50
_MOST_PEOPLE = 60
_MOST_WEEKS_AWAY = 520
_STYLE = """
:root{color-scheme:light;--ink:#1c2430;--soft:#4a5666;--line:#c6ced8;--deep:#0b4a8f}
*{box-sizing:border-box} body{font:1rem/1.5 system-ui,sans-serif;margin:0;color:var(--ink);background:#f6f7f9}
header,main{max-width:76rem;margin:0 auto;padding:1rem} h1{font-size:1.25rem;margin:.2rem 0}
h2{font-size:1.15rem;margin:1.4rem 0 .5rem} h3{font-size:.95rem;margin:.2rem 0} small{color:var(--soft)}
nav.weeks h2{margin:0} .bar{margin:.4rem 0} main>h2:first-child{margin-top:0}
.skip{position:absolute;left:-99rem} .skip:focus{position:static}
a{color:var(--deep)} :focus-visible{outline:3px solid #c25e00;outline-offset:2px}
.bar{display:flex;flex-wrap:wrap;gap:.5rem;align-items:center}
button,input,.people a,.weeks a{font:inherit;min-height:2.75rem;padding:.4rem .9rem;border-radius:.5rem;
border:1px solid #6d7a8b;background:#fff;color:inherit;text-decoration:none}
button{background:var(--deep);border-color:var(--deep);color:#fff;cursor:pointer}
.people ul{list-style:none;display:flex;flex-wrap:wrap;gap:.4rem;padding:0;margin:.6rem 0}
.people a,.weeks a{display:inline-flex;align-items:center} .people a[aria-current]{background:var(--deep);color:#fff}
.week{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,8.8rem),1fr));gap:.6rem;margin-top:.6rem}
.day{background:#fff;border:1px solid var(--line);border-radius:.5rem;padding:.5rem .7rem}
.day.today{border-color:var(--deep);border-width:2px} .day ul{list-style:none;padding:0;margin:0}
.day li{border-left:4px solid #9aa7b8;padding-left:.5rem;margin:.35rem 0;font-size:.9rem;overflow-wrap:anywhere}
.day li.busy{border-color:var(--deep)} .day li.oof{border-color:#7a2e8e} .day li.off{text-decoration:line-through}
details{background:#fff;border:1px solid var(--line);border-radius:.5rem;margin:.4rem 0}
summary{cursor:pointer;padding:.7rem .8rem;overflow-wrap:anywhere}
iframe{display:block;width:100%;height:min(40rem,80vh);border:0;border-top:1px solid var(--line);background:#fff}
.note{background:#fff3d6;border-left:4px solid #c25e00;padding:.6rem .8rem}
@media (max-width:40rem){header,main{padding:.7rem} .week{grid-template-columns:1fr}
.day.empty{padding:.2rem .7rem} .day.empty h3{display:inline}}
"""


@dataclass(frozen=True, slots=True)
class View:
    """What was asked for: somebody's mail, whom to look for, and how many weeks from the present one."""

    person: str = ""
    find: str = ""
    week: int = 0

    @classmethod
    def asked(cls, options: Mapping[str, str]) -> "View":
        """From the page's query; nonsense is as good as nothing."""
        week = options.get("week", "")
        digits = week.removeprefix("-")
        away = int(week) if digits.isascii() and digits.isdigit() and len(digits) < 5 else 0
        away = max(-_MOST_WEEKS_AWAY, min(_MOST_WEEKS_AWAY, away))
        return cls(options.get("person", ""), options.get("find", "")[:60], away)

    def link(self, person: str, week: int) -> str:
        asked = {"person": person, "week": str(week) if week else "", "find": self.find}
        return "/?" + escape(urlencode({name: value for name, value in asked.items() if value}))


def people_page(tenant: Tenant, now: datetime, view: View, note: str = "") -> str:
    """HTML for the person asked for, or for the first one; `note` is a sentence about what just went wrong."""
    everybody = sorted(tenant.accounts.values(), key=lambda account: not account.is_person)
    shown = tenant.account(view.person) or everybody[0]
    box = tenant.mailbox(shown.id)
    zone = box.contents.home
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(shown.name)} in the sandbox tenant</title><style>{_STYLE}</style></head><body>"
        '<header><a class="skip" href="#inbox">To the inbox</a>'
        f"<h1>The sandbox tenant</h1>{_clock(now, view, shown)}"
        + (f'<p class="note" role="alert">{escape(note)}</p>' if note else "")
        + f"{_people(everybody, shown, view)}</header>"
        f"<main><h2>{escape(shown.name)}{', ' if shown.title else ''}{escape(shown.title)}</h2>"
        f"<p><small>{escape(shown.mail)}, {escape(str(zone))}</small></p>"
        f'{_week(box, now, view)}<h2 id="inbox">Inbox</h2>{_letters(box)}</main></body></html>'
    )


def _clock(now: datetime, view: View, shown: Account) -> str:
    kept = "".join(
        f'<input type="hidden" name="{name}" value="{escape(value)}">'
        for name, value in (("person", shown.mail), ("find", view.find))
    )
    return (
        f'<form class="bar" method="post" action="/_sandbox/clock/advance">{kept}'
        f"<span>It is {now:%A %d %B %Y, %H:%M} UTC.</span>"
        '<button name="days" value="1">Live another day</button>'
        '<button name="days" value="7">Live another week</button></form>'
    )


def _people(everybody: list[Account], shown: Account, view: View) -> str:
    sought = view.find.casefold()
    found = [a for a in everybody if sought in a.name.casefold() or sought in a.mail.casefold()]
    some = found[:_MOST_PEOPLE]
    links = "".join(_link(person, view, person is shown) for person in some)
    more = f"<p><small>{len(found) - len(some)} more; look for a name.</small></p>" if len(found) > len(some) else ""
    if not found:
        more = "<p>Nobody is called that.</p>"
    return (
        '<nav class="people" aria-label="People"><form class="bar" role="search" action="/">'
        f'<input type="hidden" name="person" value="{escape(shown.mail)}">'
        '<label for="find">Find somebody</label>'
        f'<input id="find" name="find" type="search" value="{escape(view.find)}"><button>Find</button></form>'
        f"<ul>{links}</ul>{more}</nav>"
    )


def _link(person: Account, view: View, current: bool) -> str:
    mark = ' aria-current="page"' if current else ""
    return f'<li><a href="{view.link(person.mail, view.week)}"{mark}>{escape(person.name)}</a></li>'


def _week(box: Mailbox, now: datetime, view: View) -> str:
    """Seven days from Monday, in the person's own zone."""
    zone = box.contents.home
    today = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    try:
        monday = today + timedelta(days=7 * view.week - today.weekday())
        days = "".join(_day(box, monday + timedelta(days=i), today) for i in range(7))
    except OverflowError:
        return "<p>The calendar does not reach that far.</p>"
    links = "".join(
        f'<a href="{view.link(box.mail, week)}">{words}</a>'
        for week, words in ((view.week - 1, "Earlier"), (0, "This week"), (view.week + 1, "Later"))
    )
    return (
        f'<nav class="weeks bar" aria-label="Weeks"><h2>Week of {monday:%d %B %Y}</h2>{links}</nav>'
        f'<div class="week">{days}</div>'
    )


def _day(box: Mailbox, day: datetime, today: datetime) -> str:
    events = box.events_between(day, day + timedelta(days=1))
    rows = "".join(_event_row(box, event, day) for event in events)
    kind = ("day today" if day == today else "day") + ("" if events else " empty")
    listed = f"<ul>{rows}</ul>" if rows else " <small>nothing</small>"
    return f'<section class="{kind}"><h3>{day:%a %d %b}{", today" if day == today else ""}</h3>{listed}</section>'


def _others(box: Mailbox, event: Event) -> list[str]:
    """Who else is there, the first four of them, the organizer first."""
    people = [*([] if event.is_organizer else [event.organizer]), *(attendee.address for attendee in event.attendees)]
    names = [person.name for person in people if person.address.lower() != box.mail.lower()]
    return [*names[:4], *([f"{len(names) - 4} more"] if len(names) > 4 else [])]


def _event_row(box: Mailbox, event: Event, day: datetime) -> str:
    start, end = event.start.astimezone(day.tzinfo), event.end.astimezone(day.tzinfo)
    kind = "off" if event.cancelled else event.show_as if event.show_as in ("busy", "oof") else ""
    hours = "all day" if event.all_day else f"{start:%H:%M} to {end:%H:%M}"
    notes = [_WORDS.get(event.show_as, event.show_as)]
    notes += [] if event.is_organizer else [_WORDS.get(event.response, event.response)]
    notes += ["cancelled"] if event.cancelled else []
    others = ", ".join(_others(box, event))
    return (
        f'<li class="{kind}">{hours} {escape(event.subject)}<br>'
        f"<small>{escape(', '.join(notes))}{f'; with {escape(others)}' if others else ''}</small></li>"
    )


_WORDS = {
    "oof": "away",
    "workingElsewhere": "working elsewhere",
    "notResponded": "not answered",
    "tentativelyAccepted": "perhaps",
    "none": "not answered",
}


def _letters(box: Mailbox) -> str:
    letters = list(box.messages_in("inbox"))
    zone = box.contents.home
    shown = "".join(_letter(message, zone) for message in letters[:_MOST_LETTERS])
    more = f"<p>{len(letters) - _MOST_LETTERS} older ones are not shown.</p>" if len(letters) > _MOST_LETTERS else ""
    return (shown or "<p>No letters yet.</p>") + more


def _letter(message: Message, zone: tzinfo) -> str:
    sender = message.sender.name if message.sender else "nobody"
    when = f"{message.received.astimezone(zone):%a %d %b, %H:%M}" if message.received else ""
    content = sanitized(message.body) if message.body_type == "html" else f"<pre>{escape(message.body)}</pre>"
    return (
        f"<details><summary><strong>{escape(message.subject) or 'No subject'}</strong> from {escape(sender)}"
        f" <small>{when}</small></summary>"
        '<iframe sandbox="allow-popups allow-popups-to-escape-sandbox" loading="lazy"'
        f' title="{escape(message.subject)}" srcdoc="{escape(_OPENS_ELSEWHERE + content)}"></iframe></details>'
    )


_OPENS_ELSEWHERE = '<base target="_blank">'
