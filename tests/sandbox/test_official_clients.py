"""msal and the official SDK, unmodified but for where they connect, book a meeting and send a letter."""

import asyncio
import base64
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import msal
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from kiota_abstractions.authentication import AccessTokenProvider, AllowedHostsValidator
from kiota_abstractions.authentication import BaseBearerTokenAuthenticationProvider as Bearer
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.headers_collection import HeadersCollection
from kiota_http.middleware.options import RetryHandlerOption
from msgraph.generated.models.attendee import Attendee
from msgraph.generated.models.body_type import BodyType
from msgraph.generated.models.date_time_time_zone import DateTimeTimeZone
from msgraph.generated.models.email_address import EmailAddress
from msgraph.generated.models.event import Event
from msgraph.generated.models.item_body import ItemBody
from msgraph.generated.models.message import Message
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.recipient import Recipient
from msgraph.generated.models.single_value_legacy_extended_property import SingleValueLegacyExtendedProperty
from msgraph.generated.users.item.calendar.get_schedule.get_schedule_post_request_body import (
    GetSchedulePostRequestBody,
)
from msgraph.generated.users.item.events.events_request_builder import EventsRequestBuilder
from msgraph.generated.users.item.events.item.cancel.cancel_post_request_body import CancelPostRequestBody
from msgraph.generated.users.users_request_builder import UsersRequestBuilder
from msgraph.graph_request_adapter import GraphRequestAdapter
from msgraph.graph_service_client import GraphServiceClient
from msgraph_core import GraphClientFactory  # type: ignore[import-untyped]

KEY = "String {8b1a1f5e-6f0f-4b7a-9d0b-1d2c3e4f5a6b} Name TestKey"
LOGIN = "https://login.microsoftonline.com"


class LoopbackHttp:
    """msal's http client, with the login host replaced by the sandbox."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.session = requests.Session()
        self.session.trust_env = False

    def get(self, url: str, **options: Any) -> requests.Response:
        return self.session.get(url.replace(LOGIN, self.target, 1), **options)

    def post(self, url: str, **options: Any) -> requests.Response:
        return self.session.post(url.replace(LOGIN, self.target, 1), **options)

    def close(self) -> None:
        self.session.close()


class Tokens(AccessTokenProvider):
    def __init__(self, app: msal.ConfidentialClientApplication) -> None:
        self.app = app

    def get_allowed_hosts_validator(self) -> AllowedHostsValidator:
        return AllowedHostsValidator(["127.0.0.1"])

    async def get_authorization_token(self, uri: str, additional_authentication_context: Any = None) -> str:
        scopes = ["https://graph.microsoft.com/.default"]
        raw = (additional_authentication_context or {}).get("claims")
        claims = base64.b64decode(raw + "=" * (-len(raw) % 4)).decode() if raw else None
        found = await asyncio.to_thread(self.app.acquire_token_for_client, scopes, claims)
        return str(found["access_token"])


def msal_app(sandbox: Any, http: LoopbackHttp, client_id: str, credential: Any) -> Any:
    return msal.ConfidentialClientApplication(
        client_id,
        client_credential=credential,
        authority=f"{LOGIN}/{sandbox.about['tenant_id']}",
        http_client=http,
        instance_discovery=False,
    )


@pytest.fixture
def http(sandbox: Any) -> Iterator[LoopbackHttp]:
    found = LoopbackHttp(sandbox.url)
    yield found
    found.close()


@pytest.fixture
def entra_app(sandbox: Any, http: LoopbackHttp) -> Any:
    return msal_app(sandbox, http, sandbox.about["client_id"], sandbox.about["client_secret"])


@asynccontextmanager
async def opened_sdk(base: str, app: Any) -> AsyncIterator[GraphServiceClient]:
    options = {RetryHandlerOption.get_key(): RetryHandlerOption(max_retries=0, should_retry=False)}
    transport = httpx.AsyncHTTPTransport()
    client = httpx.AsyncClient(base_url=base, transport=transport, trust_env=False)
    wrapped = GraphClientFactory.create_with_default_middleware(client=client, options=options)
    adapter = GraphRequestAdapter(Bearer(Tokens(app)), client=wrapped)
    adapter.base_url = base
    yield GraphServiceClient(request_adapter=adapter)
    # The SDK's own transport, which now wraps this one, does not pass a close on.
    await transport.aclose()


@pytest.fixture
async def sdk(sandbox: Any, entra_app: Any) -> AsyncIterator[GraphServiceClient]:
    async with opened_sdk(sandbox.about["graph"], entra_app) as found:
        yield found


def at(text: str, zone: str = "Europe/Berlin") -> DateTimeTimeZone:
    return DateTimeTimeZone(date_time=text, time_zone=zone)


def with_options(parameters: Any = None) -> RequestConfiguration[Any]:
    headers = HeadersCollection()
    headers.add("Prefer", 'IdType="ImmutableId"')
    return RequestConfiguration(headers=headers, query_parameters=parameters)


def test_msal_proves_the_app_with_a_certificate(sandbox: Any, http: LoopbackHttp) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "check-ins")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(7).not_valid_before(datetime.now(UTC)).not_valid_after(datetime(2099, 1, 1, tzinfo=UTC))
    public = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    asked = {"act": "register_app", "name": "msal", "certificates": [public]}
    app = http.session.post(f"{sandbox.url}/_sandbox/act", json=asked).json()

    def token() -> dict[str, Any]:
        client = msal_app(sandbox, http, app["client_id"], {"private_key": private, "public_certificate": public})
        found: dict[str, Any] = client.acquire_token_for_client(["https://graph.microsoft.com/.default"])
        return found

    assert token()["access_token"]
    http.session.post(f"{sandbox.url}/_sandbox/act", json={**asked, "certificates": []})
    assert token()["error_codes"] == [700027]


async def test_the_sdk_answers_a_claims_challenge_by_itself(
    sandbox: Any, http: LoopbackHttp, control: httpx.AsyncClient, ann: str
) -> None:
    asked = {"act": "register_app", "name": "revoked", "roles": ["User.Read.All"]}
    app = (await control.post("/act", json=asked)).json()
    entra = msal_app(sandbox, http, app["client_id"], app["client_secret"])
    async with opened_sdk(sandbox.about["graph"], entra) as sdk:
        assert await sdk.users.by_user_id(ann).get()
        start = (await control.get("/ledger")).json()["count"]
        await control.post("/faults", json={"fault": "claims", "app": "revoked"})
        assert await sdk.users.by_user_id(ann).get()
        assert await sdk.users.by_user_id(ann).get()
    rows = (await control.get("/ledger", params={"from": start})).json()["entries"]
    assert [row["status"] for row in rows if row["path"].startswith("/v1.0/")] == [401, 200, 200]


def test_msal_gets_an_app_token_and_then_serves_it_from_its_cache(entra_app: Any) -> None:
    first = entra_app.acquire_token_for_client(["https://graph.microsoft.com/.default"])
    second = entra_app.acquire_token_for_client(["https://graph.microsoft.com/.default"])
    assert (first["token_type"], first["token_source"]) == ("Bearer", "identity_provider")
    assert (second["access_token"], second["token_source"]) == (first["access_token"], "cache")


async def test_the_sdk_reads_users_with_their_managers(sdk: GraphServiceClient, ann: str, mara: str) -> None:
    parameters = UsersRequestBuilder.UsersRequestBuilderGetQueryParameters(
        select=["id", "mail", "employeeHireDate"], filter=f"mail eq '{ann}'", expand=["manager"]
    )
    page = await sdk.users.get(with_options(parameters))
    assert page is not None
    assert page.value is not None
    assert [user.mail for user in page.value] == [ann]
    assert page.value[0].manager is not None
    boss = await sdk.users.by_user_id(ann).manager.get()
    assert boss is not None
    assert boss.id == page.value[0].manager.id
    assert (await sdk.users.by_user_id(mara).get()).id == boss.id  # type: ignore[union-attr]
    settings = await sdk.users.by_user_id(ann).mailbox_settings.get()
    assert settings is not None
    assert settings.working_hours is not None
    assert settings.time_zone == "Europe/Berlin"


async def test_the_sdk_reads_schedules(sdk: GraphServiceClient, service: str, ann: str) -> None:
    body = GetSchedulePostRequestBody(
        schedules=[ann, "nobody@meadow.example"],
        start_time=at("2030-02-11T00:00:00"),
        end_time=at("2030-02-18T00:00:00"),
        availability_view_interval=30,
    )
    found = await sdk.users.by_user_id(service).calendar.get_schedule.post(body)
    assert found is not None
    assert found.value is not None
    known, unknown = found.value
    assert known.schedule_items
    assert known.availability_view
    assert len(known.availability_view) == 7 * 48
    assert unknown.error is not None
    assert unknown.error.response_code == "5016"
    assert not unknown.schedule_items


async def test_the_sdk_books_moves_and_cancels_once(sdk: GraphServiceClient, service: str, ann: str, mara: str) -> None:
    key, events = str(uuid.uuid4()), sdk.users.by_user_id(service).events
    event = Event(
        subject="Check-in: Ann and Mara",
        start=at("2030-05-06T10:00:00"),
        end=at("2030-05-06T10:45:00"),
        body=ItemBody(content_type=BodyType.Html, content="<p>Agenda</p>"),
        attendees=[Attendee(email_address=EmailAddress(address=mail, name=mail)) for mail in (ann, mara)],
        transaction_id=key,
        is_online_meeting=True,
        single_value_extended_properties=[SingleValueLegacyExtendedProperty(id=KEY, value=key)],
    )
    made = await events.post(event, with_options())
    again = await events.post(event, with_options())
    assert made is not None
    assert again is not None
    assert made.id is not None
    assert again.id == made.id
    parameters = EventsRequestBuilder.EventsRequestBuilderGetQueryParameters(
        filter=f"singleValueExtendedProperties/Any(ep: ep/id eq '{KEY}' and ep/value eq '{key}')",
        expand=[f"singleValueExtendedProperties($filter=id eq '{KEY}')"],
    )
    found = await events.get(with_options(parameters))
    assert found is not None
    assert found.value is not None
    assert [e.id for e in found.value] == [made.id]
    properties = found.value[0].single_value_extended_properties
    assert properties is not None
    assert [p.value for p in properties] == [key]
    item = events.by_event_id(made.id)
    moved = await item.patch(Event(start=at("2030-05-07T11:00:00"), end=at("2030-05-07T11:45:00")))
    assert moved is not None
    assert moved.start is not None
    assert moved.start.date_time == "2030-05-07T09:00:00.0000000"
    assert moved.online_meeting is not None
    assert moved.online_meeting.join_url
    await item.cancel.post(CancelPostRequestBody(comment="Another time."))
    with pytest.raises(ODataError) as gone:
        await item.get()
    assert gone.value.response_status_code == 404
    assert gone.value.error is not None
    assert gone.value.error.code == "ErrorItemNotFound"


async def test_the_sdk_drafts_and_sends_a_letter_under_one_id(sdk: GraphServiceClient, service: str, ann: str) -> None:
    messages, key = sdk.users.by_user_id(service).messages, str(uuid.uuid4())
    draft = await messages.post(
        Message(
            subject="A few questions before you meet",
            body=ItemBody(content_type=BodyType.Html, content="<p>Hello</p>"),
            to_recipients=[Recipient(email_address=EmailAddress(address=ann, name="Ann"))],
            single_value_extended_properties=[SingleValueLegacyExtendedProperty(id=KEY, value=key)],
        ),
        with_options(),
    )
    assert draft is not None
    assert draft.id is not None
    assert draft.is_draft
    await messages.by_message_id(draft.id).send.post()
    sent = await messages.by_message_id(draft.id).get(with_options())
    assert sent is not None
    assert sent.is_draft is False
    assert sent.sent_date_time is not None
