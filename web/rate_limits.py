"""How often one person, or one address that nobody is signed in from, may send something: a bucket of turns each.

A bucket refills steadily. It lives in this process and in real time: it guards the machine, and decides nothing.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import cast

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from cycle.sentences import Sentence
from web.pages import Unfit, trouble, typed_in

BUCKETS = 50_000
"""So many are remembered, the least used forgotten first."""


@dataclass(frozen=True, slots=True)
class Rate:
    """`at_once` turns in a row, and then one every `seconds`."""

    at_once: int
    seconds: float


FORMS = Rate(at_once=120, seconds=0.5)
"""A draft that saves itself every second while somebody types never comes near it."""

SIGN_INS = Rate(at_once=600, seconds=0.1)
"""Per address: behind one of them a whole company may open its letters at nine."""

EXPORTS = Rate(at_once=5, seconds=300)


class TooMany(Exception):
    """Too much in too short a time; `seconds` until the next turn. What was typed is shown again."""

    def __init__(self, seconds: int, typed: Mapping[str, str] | None = None) -> None:
        super().__init__(f"the next turn is in {seconds} s")
        self.seconds = seconds
        self.typed = dict(typed or {})


@dataclass(slots=True)
class Turns:
    """The buckets of one web process. `seconds` tells the time; it never goes back."""

    seconds: Callable[[], float] = time.monotonic
    _left: "OrderedDict[tuple[Rate, str], tuple[float, float]]" = field(default_factory=OrderedDict)
    """Of each: how many turns are left, and when that was so."""

    def take(self, rate: Rate, whose: str) -> float:
        """Takes a turn and returns 0; or, where none is left, the seconds until there is one."""
        now, key = self.seconds(), (rate, whose)
        left, at = self._left.pop(key, (float(rate.at_once), now))
        left = min(float(rate.at_once), left + (now - at) / rate.seconds)
        taken = left >= 1
        self._left[key] = (left - 1 if taken else left, now)
        if len(self._left) > BUCKETS:
            self._left.popitem(last=False)
        return 0 if taken else (1 - left) * rate.seconds


def address_of(request: Request) -> str:
    return request.client.host if request.client else ""


async def count_form(request: Request, whose: str) -> None:
    """Raises TooMany."""
    await _count(request, FORMS, whose)


async def count_sign_in(request: Request) -> None:
    """Also for signing out. Raises TooMany."""
    await _count(request, SIGN_INS, address_of(request))


async def count_export(request: Request, whose: str) -> None:
    """Raises TooMany."""
    await _count(request, EXPORTS, whose)


async def _count(request: Request, rate: Rate, whose: str) -> None:
    wait = cast(Turns, request.app.state.turns).take(rate, whose)
    if wait:
        raise TooMany(ceil(wait), await _typed(request) if request.method == "POST" else None)


async def _typed(request: Request) -> Mapping[str, str]:
    try:
        return await typed_in(request)
    except Unfit as error:
        return error.typed
    except HTTPException:
        return {}


async def on_too_many(request: Request, error: Exception) -> Response:
    assert isinstance(error, TooMany)
    shown = {name: text for name, text in error.typed.items() if name not in {"form_token", "do"}}
    if any(text.strip() for text in shown.values()):
        sentence = Sentence(
            "This came more often than we can take, and was not saved. What you typed stands below: "
            "wait {seconds} s, go back, and send it again.",
            seconds=error.seconds,
        )
    else:
        sentence = Sentence(
            "This came more often than we can take. Wait {seconds} s, and try again.", seconds=error.seconds
        )
    answer = trouble(request, 429, title=Sentence("One moment, please"), sentence=sentence, typed=shown)
    answer.headers["Retry-After"] = str(error.seconds)
    return answer
