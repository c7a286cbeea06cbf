"""The control plane under /_sandbox/: what tests, demos and auditors may see and order, and no Graph client
would.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError
from starlette.responses import JSONResponse, Response

from sandbox.acts import act, put_appointment
from sandbox.administration import ACTS, administer
from sandbox.bodies import Body, read_body
from sandbox.clock import Clock, ClockRefused, OwnClock
from sandbox.delivery import deliver_all
from sandbox.errors import GraphError, bad_request
from sandbox.faults import Faults, Order
from sandbox.ledger import Ledger
from sandbox.mishaps import MishapOrder
from sandbox.notifications import LifecycleEvent, Notifications
from sandbox.records import about_record, organization_record, state_record
from sandbox.stable_names import with_stable_names
from sandbox.tenant import Tenant
from sandbox.tokens import Mint
from sandbox.zones import parse_moment, stamp

_MOST_DAYS = 366


_EVENT: TypeAdapter[LifecycleEvent] = TypeAdapter(LifecycleEvent)


def _wants_real_ids(options: Mapping[str, str]) -> bool:
    """`?ids=real` or `named`, which is what it is without. Raises 400."""
    wanted = options.get("ids", "named")
    if wanted not in ("named", "real"):
        raise bad_request(f"ids are named or real, not '{wanted[:40]}'.")
    return wanted == "real"


def expire_delta(tenant: Tenant, body: Body) -> dict[str, Any]:
    """`{"mailbox": mail}` makes its delta tokens expire; `{}` those of the directory and of every mailbox."""
    name = body.text("mailbox")
    account = tenant.account(name) if name else None
    if name and account is None:
        raise GraphError(404, "ErrorInvalidUser", f"There is nobody called '{name[:80]}' in the tenant.")
    if account is None:
        tenant.directory.generation += 1
        tenant.changed = True
    for box in [tenant.mailbox(account.id)] if account else list(tenant.mailboxes.values()):
        box.contents.delta_rounds.clear()
        box.touched = True
    return {"expired": name or "all"}


@dataclass(slots=True)
class Control:
    tenant: Tenant
    mint: Mint
    clock: Clock
    ledger: Ledger
    faults: Faults
    notifications: Notifications

    async def answer(self, method: str, what: str, options: Mapping[str, str], raw: bytes) -> Response:
        """JSON for every question; a refusal says in a sentence what was wrong with it."""
        try:
            found = await self._answer(method, what.strip("/"), options, raw)
        except GraphError as error:
            return JSONResponse({"error": error.message}, error.status)
        except ClockRefused as error:
            return JSONResponse({"error": str(error)}, 409)
        except ValidationError as error:
            sentences = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_url=False)]
            return JSONResponse({"error": "; ".join(sentences)}, 400)
        return Response(json.dumps(found, ensure_ascii=False).encode(), media_type="application/json")

    async def _answer(self, method: str, what: str, options: Mapping[str, str], raw: bytes) -> dict[str, Any]:
        match method, what:
            case "GET", "ledger":
                start = options.get("from", "0")
                entries = self.ledger.as_json(int(start) if start.isdecimal() and len(start) < 10 else 0)
                return {"entries": entries, "count": len(self.ledger.entries)}
            case "GET", "clock":
                return {"now": stamp(await self.clock.now())}
            case "POST", "clock":
                return await self._set_clock(read_body(raw))
            case "POST", "clock/advance":
                return await self._advance(read_body(raw))
            case "GET", "about":
                return about_record(self.tenant)
            case "GET", "organization":
                return organization_record(self.tenant.organization)
            case "GET", "state":
                found = state_record(self.tenant, options.get("mailbox"))
                return found if _wants_real_ids(options) else with_stable_names(found)
            case "POST", "act":
                wanted = read_body(raw)
                if wanted.text("act") in ACTS:
                    done = administer(self.mint, wanted)
                    self.notifications.consent_changed(await self.clock.now())
                    return done
                return act(self.tenant, wanted, await self.clock.now())
            case "POST", "events":
                return put_appointment(self.tenant, read_body(raw), await self.clock.now())
            case "POST", "deliveries":
                return {"delivered": deliver_all(self.tenant, await self.clock.now())}
            case "GET", "faults":
                return {"faults": [fault.as_json() for fault in self.faults.standing]}
            case "POST", "faults":
                order = Order.model_validate(read_body(raw).values)
                if order.fault == "consent":
                    self.notifications.consent_taken(order.app, order.path, await self.clock.now())
                return self.faults.add(order).as_json()
            case "DELETE", "faults":
                self.faults.clear()
                return {"faults": []}
            case "DELETE", _ if what.startswith("faults/"):
                return self._take_back(what.removeprefix("faults/"))
            case "GET", "notifications":
                return self.notifications.as_json()
            case "POST", "notifications":
                return self.notifications.order(MishapOrder.model_validate(read_body(raw).values))
            case "DELETE", "notifications":
                self.notifications.mishaps.standing.clear()
                return self.notifications.as_json()
            case "POST", "lifecycle":
                return await self._lifecycle(read_body(raw))
            case "POST", "expire_delta":
                return expire_delta(self.tenant, read_body(raw))
        raise GraphError(404, "ResourceNotFound", f"The control plane has no {method} /_sandbox/{what[:80]}.")

    def _take_back(self, number: str) -> dict[str, Any]:
        """One order; what it has met until now."""
        fault = self.faults.take_back(int(number)) if number.isdecimal() and len(number) < 10 else None
        if fault is None:
            raise GraphError(404, "ResourceNotFound", f"No fault {number[:80]} was ordered, or it was taken back.")
        return fault.as_json()

    async def _lifecycle(self, body: Body) -> dict[str, Any]:
        """`{"subscription": id, "event": "reauthorizationRequired"}`, as if Graph had its reasons."""
        subscription = self.tenant.subscriptions.get(body.text("subscription"))
        if subscription is None:
            raise GraphError(404, "ResourceNotFound", "There is no such subscription.")
        event = _EVENT.validate_python(body.text("event"))
        self.notifications.raise_event(subscription, event, await self.clock.now())
        return {"subscription": subscription.id, "event": event}

    async def _set_clock(self, body: Body) -> dict[str, Any]:
        if not isinstance(self.clock, OwnClock):
            raise GraphError(409, "Conflict", "The time comes from the URL given with --clock; it cannot be set here.")
        if not body.text("now"):
            raise bad_request('Say which time it is: {"now": "2030-02-04T00:00:00Z"}.')
        self.clock.set(parse_moment(body.text("now")))
        self.tenant.changed = True
        return {"now": stamp(await self.clock.now())}

    async def _advance(self, body: Body) -> dict[str, Any]:
        days = body.number("days", 0)
        if not 0 < days <= _MOST_DAYS:
            raise bad_request(f'Say how many days: {{"days": 1}}, and at most {_MOST_DAYS}.')
        await self.clock.advance(days)
        self.tenant.changed = True
        return {"now": stamp(await self.clock.now())}
