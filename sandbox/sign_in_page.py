"""The pages a browser sees at Entra: whom to sign in as, and what went wrong."""

import html
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from sandbox.tenant import Account

_HEAD = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title><style>
body{{font:1.05rem/1.5 system-ui,sans-serif;max-width:34rem;margin:2rem auto;padding:0 1rem;color:#1c2430}}
ul{{list-style:none;padding:0}} li a{{display:block;padding:.7rem 1rem;margin:.4rem 0;
border:1px solid #9aa7b8;border-radius:.5rem;color:inherit;text-decoration:none}}
input,button{{font:inherit;min-height:2.75rem;padding:.3rem .7rem}} input{{width:100%}}
li a:hover,li a:focus{{border-color:#0b5cad;
outline:2px solid #0b5cad}} small{{color:#4a5666}}
</style></head><body><main><h1>{title}</h1>"""


_MOST_LISTED = 100


def picker_page(people: Sequence[Account], asked: Mapping[str, str], unknown: str | None) -> str:
    """Everybody as a link that goes on with the same request, signed in as them. Of many the first are listed, and
    the others can be named.
    """
    kept = {name: value for name, value in asked.items() if name not in ("prompt", "login_hint")}
    rows = "".join(
        f'<li><a href="?{html.escape(urlencode({**kept, "login_hint": person.mail}))}">'
        f"{html.escape(person.name)}"
        f"<br><small>{html.escape(person.mail)}, {html.escape(person.title)}</small></a></li>"
        for person in people[:_MOST_LISTED]
    )
    form = _naming_form(kept) if len(people) > _MOST_LISTED else ""
    note = f"<p>There is no account '{html.escape(unknown[:100])}'.</p>" if unknown else ""
    return f"{_HEAD.format(title='Pick an account')}{note}{form}<ul>{rows}</ul></main></body></html>"


def _naming_form(kept: Mapping[str, str]) -> str:
    return (
        f"<form><label>Somebody else's address<br><input name='login_hint' type='email' required></label>"
        f"{_hidden(kept)} <button>Sign in</button></form>"
    )


def _hidden(fields: Mapping[str, str]) -> str:
    return "".join(
        f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'
        for name, value in fields.items()
    )


def returning_page(address: str, told: Mapping[str, str]) -> str:
    """Posts `told` to the app by itself, or at a click where there are no scripts."""
    return (
        f"{_HEAD.format(title='Signing in')}<form method='post' action='{html.escape(address)}'>{_hidden(told)}"
        "<button>Continue</button></form><script>document.forms[0].submit()</script></main></body></html>"
    )


def trouble_page(message: str, title: str = "Sign in") -> str:
    return f"{_HEAD.format(title=html.escape(title))}<p>{html.escape(message)}</p></main></body></html>"
