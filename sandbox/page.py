"""The page for people: who is there, what lies in somebody's inbox, and what their week looks like."""

from datetime import datetime, timedelta
from html import escape
from urllib.parse import urlencode

from sandbox.items import Event, Message
from sandbox.mailboxes import Mailbox
from sandbox.tenant import Account, Tenant
from sandbox.zones import usable_zone

_MOST_LETTERS = 50
_STYLE = """
body{font:1rem/1.5 system-ui,sans-serif;margin:0;color:#1c2430;background:#f6f7f9}
header,main{max-width:76rem;margin:0 auto;padding:1rem} h1{font-size:1.3rem} h2{font-size:1.1rem}
nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:.4rem;padding:0}
nav a{display:block;padding:.3rem .7rem;border:1px solid #9aa7b8;border-radius:1rem;background:#fff;
color:inherit;text-decoration:none} nav a[aria-current]{background:#0b4a8f;color:#fff}
a:focus,summary:focus{outline:3px solid #e0912a}
.week{display:grid;grid-template-columns:repeat(auto-fit,minmax(11rem,1fr));gap:.6rem}
.day{background:#fff;border-radius:.5rem;padding:.5rem .8rem} .day ul{list-style:none;padding:0;margin:0}
.day li{border-left:4px solid #9aa7b8;padding-left:.5rem;margin:.3rem 0;font-size:.9rem}
.day li.busy{border-color:#0b4a8f}.day li.oof{border-color:#7a2e8e}.day li.off{text-decoration:line-through}
details{background:#fff;border-radius:.5rem;margin:.4rem 0;padding:.5rem .8rem} summary{cursor:pointer}
iframe{width:100%;height:32rem;border:1px solid #d5dbe3;border-radius:.4rem;background:#fff}
small{color:#4a5666}
"""


def people_page(tenant: Tenant, now: datetime, name: str) -> str:
    """HTML for the person called `name`, or for the first one."""
    people = [a for a in tenant.accounts.values() if a.is_person]
    shown = tenant.account(name) or people[0]
    links = "".join(_link(person, person is shown) for person in [*people, *_services(tenant)][:200])
    box = tenant.mailbox(shown.id)
    zone = usable_zone(box.contents.zone)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport"'
        ' content="width=device-width, initial-scale=1">'
        f"<title>{escape(shown.name)} in the sandbox tenant</title><style>{_STYLE}</style></head><body>"
        f"<header><h1>The sandbox tenant, {now:%A %d %B %Y, %H:%M} UTC</h1>"
        f'<nav aria-label="People"><ul>{links}</ul></nav></header>'
        f"<main><h2>{escape(shown.name)}, {escape(shown.title)}"
        f" <small>{escape(shown.mail)}, {escape(str(zone))}</small></h2>"
        f"<h2>This week</h2>{_week(box, now)}<h2>Inbox</h2>{_letters(box)}</main></body></html>"
    )


def _services(tenant: Tenant) -> list[Account]:
    return [a for a in tenant.accounts.values() if not a.is_person]


def _link(person: Account, current: bool) -> str:
    mark = ' aria-current="page"' if current else ""
    return f'<li><a href="/?{escape(urlencode({"person": person.mail}))}"{mark}>{escape(person.name)}</a></li>'


def _week(box: Mailbox, now: datetime) -> str:
    """Seven days from Monday, in the person's own zone."""
    zone = usable_zone(box.contents.zone)
    today = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    monday = today - timedelta(days=today.weekday())
    days = []
    for day in (monday + timedelta(days=i) for i in range(7)):
        events = box.events_between(day, day + timedelta(days=1))
        rows = "".join(_event_row(event, zone_day=day) for event in events) or "<li><small>nothing</small></li>"
        days.append(f'<section class="day"><h3>{day:%a %d %b}</h3><ul>{rows}</ul></section>')
    return f'<div class="week">{"".join(days)}</div>'


def _event_row(event: Event, zone_day: datetime) -> str:
    start, end = event.start.astimezone(zone_day.tzinfo), event.end.astimezone(zone_day.tzinfo)
    kind = "off" if event.cancelled else event.show_as if event.show_as in ("busy", "oof") else ""
    hours = "all day" if event.all_day else f"{start:%H:%M}-{end:%H:%M}"
    answer = "" if event.is_organizer else f", {event.response}"
    notes = f"<small>{escape(event.show_as)}{escape(answer)}</small>"
    return f'<li class="{kind}">{hours} {escape(event.subject)} {notes}</li>'


def _letters(box: Mailbox) -> str:
    letters = list(box.messages_in("inbox"))
    shown = "".join(_letter(message) for message in letters[:_MOST_LETTERS])
    more = f"<p>{len(letters) - _MOST_LETTERS} older ones are not shown.</p>" if len(letters) > _MOST_LETTERS else ""
    return (shown or "<p>No letters yet.</p>") + more


def _letter(message: Message) -> str:
    sender = message.sender.name if message.sender else "nobody"
    when = f"{message.received:%a %d %b, %H:%M}" if message.received else ""
    content = message.body if message.body_type == "html" else f"<pre>{escape(message.body)}</pre>"
    return (
        f"<details><summary><strong>{escape(message.subject)}</strong> from {escape(sender)}"
        f" <small>{when} UTC</small></summary>"
        f'<iframe sandbox title="{escape(message.subject)}" srcdoc="{escape(content)}" loading="lazy">'
        "</iframe></details>"
    )
