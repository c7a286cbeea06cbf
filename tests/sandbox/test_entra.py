"""Tokens, discovery and signing in, as a browser and a program see them."""

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest

from sandbox.organization import build_organization
from sandbox.server import Options
from sandbox.sign_in_page import picker_page
from sandbox.tenant import build_tenant

BACK = "http://localhost:8000/signed-in"
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def challenge_of(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


@pytest.fixture
def authorize(sandbox: Any, plain: httpx.AsyncClient) -> Any:
    """Opens the authorize page; options override single ones, None leaves one out."""

    async def ask(**options: str | None) -> httpx.Response:
        usual = {
            "client_id": sandbox.about["client_id"],
            "response_type": "code",
            "redirect_uri": BACK,
            "scope": "openid profile",
            "state": "s1",
            "nonce": "n1",
            "code_challenge": challenge_of("a" * 43),
            "code_challenge_method": "S256",
        }
        asked = {name: value for name, value in {**usual, **options}.items() if value is not None}
        return await plain.get(f"/{sandbox.about['tenant_id']}/oauth2/v2.0/authorize", params=asked)

    return ask


@pytest.fixture
def redeem(sandbox: Any) -> Any:
    def ask(code: str, **form: str) -> httpx.Response:
        usual = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": BACK,
            "code_verifier": "a" * 43,
        }
        answer: httpx.Response = sandbox.ask_for_token(sandbox.about, **{**usual, **form})
        return answer

    return ask


def code_in(response: httpx.Response) -> str:
    assert response.status_code == 302, response.text
    return parse_qs(urlsplit(response.headers["location"]).query)["code"][0]


async def verified(plain: httpx.AsyncClient, sandbox: Any, token: str, audience: str) -> dict[str, Any]:
    keys = (await plain.get(f"/{sandbox.about['tenant_id']}/discovery/v2.0/keys")).json()["keys"]
    kid = jwt.get_unverified_header(token)["kid"]
    key = jwt.PyJWK(next(k for k in keys if k["kid"] == kid), algorithm="RS256")
    claims: dict[str, Any] = jwt.decode(token, key, algorithms=["RS256"], audience=audience)
    return claims


async def test_discovery_sends_programs_to_the_real_host_and_browsers_here(
    plain: httpx.AsyncClient, sandbox: Any
) -> None:
    tid = sandbox.about["tenant_id"]
    found = (await plain.get(f"/{tid}/v2.0/.well-known/openid-configuration")).json()
    assert found["issuer"] == f"https://login.microsoftonline.com/{tid}/v2.0"
    assert found["token_endpoint"].startswith("https://login.microsoftonline.com/")
    assert found["authorization_endpoint"] == f"{sandbox.url}/{tid}/oauth2/v2.0/authorize"
    assert found["end_session_endpoint"].startswith(sandbox.url)
    elsewhere = await plain.get("/some-other-tenant/v2.0/.well-known/openid-configuration")
    assert (elsewhere.status_code, elsewhere.json()["error_codes"]) == (400, [90002])
    instance = (await plain.get("/common/discovery/instance", params={"api-version": "1.1"})).json()
    assert "login.microsoftonline.com" in instance["metadata"][0]["aliases"]


async def test_an_app_token_is_signed_and_says_which_app_and_roles(plain: httpx.AsyncClient, sandbox: Any) -> None:
    answer = sandbox.ask_for_token(sandbox.about).json()
    assert set(answer) == {"token_type", "expires_in", "ext_expires_in", "access_token"}
    claims = await verified(plain, sandbox, answer["access_token"], "https://graph.microsoft.com")
    assert claims["iss"] == f"https://sts.windows.net/{sandbox.about['tenant_id']}/"
    assert (claims["appid"], claims["idtyp"], claims["ver"]) == (sandbox.about["client_id"], "app", "1.0")
    assert "Mail.Send" in claims["roles"]


@pytest.mark.parametrize(
    ("form", "status", "error", "number"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client", 7000215),
        ({"client_id": "nobody"}, 400, "unauthorized_client", 700016),
        ({"scope": "https://elsewhere.example/.default"}, 400, "invalid_resource", 500011),
        ({"scope": "User.Read"}, 400, "invalid_scope", 1002012),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
        ({"grant_type": ""}, 400, "invalid_request", 900144),
        ({"scope": ""}, 400, "invalid_request", 900144),
        ({"client_assertion": "x.y.z"}, 400, "invalid_request", 900144),
        ({"client_assertion": "x.y.z", "client_assertion_type": JWT_BEARER}, 400, "invalid_request", 50027),
        ({"claims": "["}, 400, "invalid_request", 90100),
        ({"grant_type": "refresh_token"}, 400, "invalid_request", 900144),
        ({"grant_type": "refresh_token", "refresh_token": "1.Ax"}, 400, "invalid_grant", 70000),
    ],
)
def test_a_wrong_request_for_a_token_is_refused_with_its_number(
    sandbox: Any, form: dict[str, str], status: int, error: str, number: int
) -> None:
    answer = sandbox.ask_for_token(sandbox.about, **form)
    body = answer.json()
    assert (answer.status_code, body["error"], body["error_codes"]) == (status, error, [number])
    assert body["error_description"].startswith(f"AADSTS{number}: ")
    assert {"timestamp", "trace_id", "correlation_id", "error_uri"} <= set(body)
    assert "access_token" not in body


async def test_signing_in_gives_an_id_token_with_the_nonce_once(
    plain: httpx.AsyncClient, sandbox: Any, authorize: Any, redeem: Any, ann: str
) -> None:
    back = await authorize(login_hint=ann)
    query = parse_qs(urlsplit(back.headers["location"]).query)
    assert back.headers["location"].startswith(f"{BACK}?")
    assert query["state"] == ["s1"]
    answer = redeem(query["code"][0])
    claims = await verified(plain, sandbox, answer.json()["id_token"], sandbox.about["client_id"])
    assert (claims["nonce"], claims["ver"], claims["tid"]) == ("n1", "2.0", sandbox.about["tenant_id"])
    assert claims["preferred_username"] == ann
    assert "roles" not in claims
    again = redeem(query["code"][0])
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert "id_token" not in again.text


@pytest.mark.parametrize("missing", ["response_type", "scope"])
async def test_a_request_to_sign_in_says_what_it_wants(authorize: Any, ann: str, missing: str) -> None:
    answer = await authorize(login_hint=ann, **{missing: None})
    told = parse_qs(urlsplit(answer.headers["location"]).query)
    assert told["error"] == ["invalid_request"]
    assert told["error_description"][0].startswith("AADSTS900144")
    assert "code" not in told


@pytest.mark.parametrize("method", [None, "plain"])
async def test_a_plain_challenge_is_refused(authorize: Any, ann: str, method: str | None) -> None:
    answer = await authorize(login_hint=ann, code_challenge_method=method)
    told = parse_qs(urlsplit(answer.headers["location"]).query)
    assert told["error_description"][0].startswith("AADSTS501491")


def test_a_picker_of_many_lists_some_and_lets_the_others_be_named() -> None:
    tenant = build_tenant(build_organization(1, 200, Options().day0))
    people = [account for account in tenant.accounts.values() if account.is_person]
    page = picker_page(people, {"state": '"><b>', "client_id": "c"}, None)
    assert page.count("<li>") < len(people)
    assert "name='login_hint'" in page
    assert '<input type="hidden" name="client_id" value="c">' in page
    assert '"><b>' not in page
    assert "name='login_hint'" not in picker_page(people[:12], {}, None)


@pytest.mark.parametrize(("who", "roles"), [("Hale", ["HR"]), ("Ira", ["Admin"])])
async def test_the_hr_partner_and_the_administrator_have_their_own_role(
    plain: httpx.AsyncClient, sandbox: Any, authorize: Any, redeem: Any, who: str, roles: list[str]
) -> None:
    token = redeem(code_in(await authorize(login_hint=sandbox.mail_of(who)))).json()["id_token"]
    claims = await verified(plain, sandbox, token, sandbox.about["client_id"])
    assert claims["roles"] == roles


async def test_a_code_needs_the_verifier_and_the_address_it_was_given_for(
    authorize: Any, redeem: Any, ann: str
) -> None:
    wrong = redeem(code_in(await authorize(login_hint=ann)), code_verifier="b" * 43)
    assert (wrong.status_code, wrong.json()["error_codes"]) == (400, [501481])
    moved = redeem(code_in(await authorize(login_hint=ann)), redirect_uri="http://localhost:8000/elsewhere")
    assert (moved.status_code, moved.json()["error_codes"]) == (400, [500112])


async def test_nobody_is_sent_to_an_address_that_is_not_registered(authorize: Any, ann: str) -> None:
    elsewhere = ("https://evil.example/signed-in", "http://localhost:8000/other", "http://localhost:x/signed-in", "")
    for address in (*elsewhere, "http://evil@localhost:8000/signed-in", "http://[", f"{BACK}?more=1"):
        answer = await authorize(login_hint=ann, redirect_uri=address)
        assert (answer.status_code, "location" in answer.headers) == (400, False)
        assert "AADSTS50011" in answer.text
    assert (await authorize(login_hint=ann, redirect_uri="http://localhost:9/signed-in")).status_code == 302


async def test_the_picker_lists_people_but_not_the_service_mailbox_and_its_links_sign_in(
    plain: httpx.AsyncClient, sandbox: Any, authorize: Any, ann: str, service: str
) -> None:
    page = await authorize(prompt="select_account", login_hint=ann)
    assert page.status_code == 200
    assert ann in page.text
    assert service not in page.text
    start = page.text.index('href="?') + len('href="')
    link = page.text[start : page.text.index('"', start)].replace("&amp;", "&")
    chosen = await plain.get(f"/{sandbox.about['tenant_id']}/oauth2/v2.0/authorize{link}")
    assert chosen.status_code == 302
    unknown = await authorize(login_hint="<script>@meadow.example")
    assert unknown.status_code == 200
    assert "<script>" not in unknown.text


async def test_logging_out_returns_only_to_a_registered_address(plain: httpx.AsyncClient, sandbox: Any) -> None:
    address = f"/{sandbox.about['tenant_id']}/oauth2/v2.0/logout"
    home = await plain.get(address, params={"post_logout_redirect_uri": BACK})
    assert (home.status_code, home.headers["location"]) == (302, BACK)
    for elsewhere in ("https://evil.example/", "http://localhost:8000/", "http://[", f"{BACK}@evil.example"):
        away = await plain.get(address, params={"post_logout_redirect_uri": elsewhere})
        assert (away.status_code, "location" in away.headers) == (200, False)


def told(response: httpx.Response) -> dict[str, str]:
    """What the browser carries back to the app in the query."""
    assert response.status_code == 302, response.text
    return {name: values[0] for name, values in parse_qs(urlsplit(response.headers["location"]).query).items()}


async def test_prompt_none_asks_nobody_and_needs_a_session(
    plain: httpx.AsyncClient, authorize: Any, ann: str, otto: str
) -> None:
    plain.cookies.clear()
    refused = told(await authorize(prompt="none", login_hint=ann))
    assert (refused["error"], refused["state"]) == ("login_required", "s1")
    assert refused["error_description"].startswith("AADSTS50058: ")
    assert "code" not in refused
    assert "code" in told(await authorize(login_hint=ann))
    assert "code" in told(await authorize(prompt="none"))
    assert "error" in told(await authorize(prompt="none", login_hint=otto))
    plain.cookies.clear()
    assert told(await authorize(prompt="none"))["error"] == "login_required"


async def test_prompt_login_asks_again_but_only_for_the_one_who_is_hinted(
    plain: httpx.AsyncClient, authorize: Any, ann: str, otto: str
) -> None:
    page = await authorize(prompt="login", login_hint=ann)
    assert page.status_code == 200
    assert ann in page.text
    assert otto not in page.text
    assert told(await authorize(prompt="dance", login_hint=ann))["error"] == "invalid_request"


async def test_a_code_can_come_back_in_a_fragment_or_a_posted_form(authorize: Any, ann: str) -> None:
    fragment = urlsplit((await authorize(login_hint=ann, response_mode="fragment")).headers["location"])
    assert (fragment.query, parse_qs(fragment.fragment)["state"]) == ("", ["s1"])
    page = await authorize(login_hint=ann, response_mode="form_post", state='"><script>alert(1)</script>')
    assert page.status_code == 200
    assert f"action='{BACK}'" in page.text
    assert "<script>alert" not in page.text


async def test_a_refresh_token_comes_for_offline_access_and_opens_again_for_its_own_app_only(
    plain: httpx.AsyncClient, sandbox: Any, authorize: Any, redeem: Any, ann: str
) -> None:
    assert "refresh_token" not in redeem(code_in(await authorize(login_hint=ann))).json()
    first = redeem(code_in(await authorize(login_hint=ann, scope="openid profile offline_access"))).json()
    for _ in range(2):
        again = sandbox.ask_for_token(
            sandbox.about, grant_type="refresh_token", refresh_token=first["refresh_token"], scope=first["scope"]
        ).json()
        claims = await verified(plain, sandbox, again["id_token"], sandbox.about["client_id"])
        assert (claims["preferred_username"], "nonce" in claims) == (ann, False)
        assert again["refresh_token"]
    stolen = sandbox.ask_for_token(
        sandbox.about["mail_client"], grant_type="refresh_token", refresh_token=first["refresh_token"]
    )
    assert (stolen.status_code, stolen.json()["error_codes"]) == (400, [70000])
    assert "access_token" not in stolen.text


async def test_a_plain_oauth_sign_in_gets_no_id_token(authorize: Any, redeem: Any, ann: str) -> None:
    answer = redeem(code_in(await authorize(login_hint=ann, scope="User.Read"))).json()
    assert "access_token" in answer
    assert not {"id_token", "refresh_token", "client_info"} & set(answer)


async def test_who_somebody_is_is_said_to_an_app_that_asked_for_it(
    authorize: Any, redeem: Any, plain: httpx.AsyncClient, sandbox: Any, ann: str
) -> None:
    said = {}
    for scope in ("openid", "openid profile email"):
        tokens = redeem(code_in(await authorize(login_hint=ann, scope=scope))).json()
        said[scope] = await verified(plain, sandbox, tokens["id_token"], sandbox.about["client_id"])
    assert not {"name", "oid", "preferred_username", "email"} & set(said["openid"])
    assert said["openid"]["sub"] == said["openid profile email"]["sub"]
    assert {said["openid profile email"][name] for name in ("preferred_username", "email")} == {ann}


async def test_instance_discovery_knows_the_clouds_and_no_other_host(plain: httpx.AsyncClient, sandbox: Any) -> None:
    where = "/common/discovery/instance"
    real = {"api-version": "1.1", "authorization_endpoint": "https://login.microsoftonline.com/x/oauth2/v2.0/authorize"}
    found = (await plain.get(where, params=real)).json()
    assert found["tenant_discovery_endpoint"].endswith("/v2.0/.well-known/openid-configuration")
    assert "login.microsoftonline.us" in {alias for cloud in found["metadata"] for alias in cloud["aliases"]}
    for other in ("https://evil.example/x/oauth2/v2.0/authorize", "http://["):
        refused = await plain.get(where, params={**real, "authorization_endpoint": other})
        assert (refused.status_code, refused.json()["error"]) == (400, "invalid_instance")


async def test_tokens_are_asked_for_by_post(plain: httpx.AsyncClient, sandbox: Any) -> None:
    answer = await plain.get(f"/{sandbox.about['tenant_id']}/oauth2/v2.0/token")
    assert answer.json()["error_codes"] == [900561]


async def test_published_keys_carry_the_certificate_that_they_are_named_after(
    plain: httpx.AsyncClient, sandbox: Any
) -> None:
    keys = (await plain.get(f"/{sandbox.about['tenant_id']}/discovery/v2.0/keys")).json()["keys"]
    assert len({key["kid"] for key in keys}) == 2
    for key in keys:
        certificate = base64.b64decode(key["x5c"][0])
        name = base64.urlsafe_b64encode(hashlib.sha1(certificate).digest()).decode().rstrip("=")
        assert key["kid"] == key["x5t"] == name
        assert not {"d", "p", "q"} & set(key)


async def test_keys_rotate_and_old_tokens_hold_until_their_key_leaves(start_sandbox: Any) -> None:
    own = start_sandbox()
    users, act = f"{own.about['graph']}/users?$top=1", f"{own.url}/_sandbox/act"
    address = f"{own.url}/{own.about['tenant_id']}/discovery/v2.0/keys"
    async with httpx.AsyncClient(trust_env=False, verify=False) as client:

        async def kids() -> list[str]:
            return [key["kid"] for key in (await client.get(address)).json()["keys"]]

        async def status(token: str) -> int:
            return (await client.get(users, headers={"Authorization": f"Bearer {token}"})).status_code

        old, before = own.ask_for_token(own.about).json()["access_token"], await kids()
        assert await status(old) == 200
        await client.post(act, json={"act": "rotate_keys"})
        new, between = own.ask_for_token(own.about).json()["access_token"], await kids()
        assert between[1] == before[0]
        assert between[0] not in before
        assert [await status(old), await status(new)] == [200, 200]
        await client.post(act, json={"act": "rotate_keys"})
        assert before[0] not in await kids()
        assert [await status(old), await status(new)] == [401, 200]


async def test_an_ordered_failure_of_the_token_endpoint_speaks_as_entra_does(
    control: httpx.AsyncClient, sandbox: Any
) -> None:
    order = {"fault": "status", "path": "/oauth2/v2.0/token", "app": "check-ins"}
    await control.post("/faults", json={**order, "status": 429, "retry_after": 7})
    busy = sandbox.ask_for_token(sandbox.about)
    assert (busy.status_code, busy.headers["retry-after"]) == (429, "7")
    assert (busy.json()["error"], busy.json()["error_codes"]) == ("temporarily_unavailable", [90055])
    await control.post("/faults", json={**order, "status": 401, "code": "AADSTS7000222"})
    spent = sandbox.ask_for_token(sandbox.about)
    assert (spent.status_code, spent.json()["error"]) == (401, "invalid_client")
    assert spent.json()["error_description"].startswith("AADSTS7000222: ")
    await control.post("/faults", json={**order, "status": 502})
    assert sandbox.ask_for_token(sandbox.about["mail_client"]).status_code == 200
    gateway = sandbox.ask_for_token(sandbox.about)
    assert (gateway.status_code, gateway.headers["content-type"]) == (502, "text/html")
    assert sandbox.ask_for_token(sandbox.about).status_code == 200
