"""What the tenant's administrator does in a portal: keys, app registrations, consents, and who is in the group."""

import uuid
from dataclasses import replace
from typing import Any, Literal

from cryptography import x509
from pydantic import BaseModel, ConfigDict, Field, field_validator

from sandbox.app_registrations import App, ScopedGrant, app_secret
from sandbox.bodies import Body
from sandbox.errors import GraphError, bad_request, no_such_mailbox
from sandbox.tenant import Tenant
from sandbox.tokens import Mint

ACTS = ("rotate_keys", "register_app", "revoke_tokens", "join_group", "leave_group")


class Registration(BaseModel):
    """An app by its `name`: a new one, or one that is changed where something is said about it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    act: Literal["register_app"]
    name: str = Field(min_length=1, max_length=80)
    roles: tuple[str, ...] | None = None
    exchange: tuple[ScopedGrant, ...] | None = None
    redirect_uris: tuple[str, ...] | None = None
    certificates: tuple[str, ...] | None = None
    public: bool | None = None

    @field_validator("certificates")
    @classmethod
    def _are_pem(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for pem in value or ():
            x509.load_pem_x509_certificate(pem.encode())
        return value


def administer(mint: Mint, body: Body) -> dict[str, Any]:
    """`{"act": "rotate_keys"}`, or one of `ACTS` with `app` (a name) or `person` (a mail); `register_app` takes a
    Registration. Raises GraphError and pydantic's ValidationError.
    """
    tenant, act = mint.tenant, body.text("act")
    match act:
        case "rotate_keys":
            mint.rotate_keys()
            return {"act": act, "keys": [key.kid for key in mint.keys]}
        case "register_app":
            app = register_app(tenant, Registration.model_validate(body.values))
            return {"act": act, "name": app.name, "client_id": app.client_id, "client_secret": app.client_secret}
        case "revoke_tokens":
            app = _app(tenant, body.text("app", tenant.app.name))
            return {"act": act, "app": app.name, "since": mint.revoke(app)}
        case "join_group" | "leave_group":
            account = tenant.account(body.text("person"))
            if account is None:
                raise no_such_mailbox(body.text("person")[:80])
            account.in_group = act == "join_group"
            tenant.changed = True
            return {"act": act, "person": account.mail}
    raise bad_request(f"The administrator cannot '{act[:40]}' here; there are: {', '.join(ACTS)}.")


def register_app(tenant: Tenant, wanted: Registration) -> App:
    """The registration as it is now. A new app has no permission that was not said."""
    known = next((app for app in tenant.apps.values() if app.name == wanted.name), None)
    said = wanted.model_dump(exclude={"act", "name", "exchange"}, exclude_none=True)
    if wanted.exchange is not None:
        said["exchange"] = wanted.exchange
    app = replace(known or _fresh(tenant, wanted.name), **said)
    tenant.register(app)
    return app


def _fresh(tenant: Tenant, name: str) -> App:
    client_id = str(uuid.uuid5(uuid.UUID(tenant.id), f"app/{name}"))
    object_id = str(uuid.uuid5(uuid.UUID(tenant.id), f"service-principal/{name}"))
    return App(client_id, app_secret(tenant.organization.seed, client_id), name, object_id, roles=())


def _app(tenant: Tenant, name: str) -> App:
    found = next((app for app in tenant.apps.values() if app.name == name), None)
    if found is None:
        names = ", ".join(app.name for app in tenant.apps.values())
        raise GraphError(404, "ResourceNotFound", f"There is no app '{name[:80]}'; there are: {names}.")
    return found
