"""Signing in: only a token that the tenant signed, for us, now, for this browser, makes anybody somebody."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from config.settings import Settings
from integrations.entra.sign_in import SignedIn, SignIn, SignInRefused

HERE = "http://127.0.0.1:8000/sign-in/done"
TENANT = "11111111-1111-1111-1111-111111111111"
HOUR = 3600


@pytest.fixture
def sign_in(entra: Any, settings_for: Callable[..., Settings]) -> Iterator[SignIn]:
    sign_in = SignIn(settings_for(entra.url))
    yield sign_in
    sign_in.close()


async def walk(entra: Any, sign_in: SignIn, kid: str = "k1", **changes: Any) -> SignedIn:
    """The whole way, with an id_token whose claims differ from the right ones by `changes`."""
    url, flow = await sign_in.start(HERE)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    entra.id_token = entra.sign(entra.claims(**({"nonce": asked["nonce"]} | changes)), kid)
    return await sign_in.finish(flow, {"code": "c", "state": asked["state"]})


async def test_ann_signs_in(entra: Any, sign_in: SignIn) -> None:
    person = await walk(entra, sign_in)
    assert person == SignedIn("oid-ann", TENANT, "Ann", "ann@meadow.example", frozenset({"HR"}))


async def test_the_browser_is_sent_with_pkce_to_entra_and_back_to_us(entra: Any, sign_in: SignIn) -> None:
    url, flow = await sign_in.start(HERE)
    assert json.loads(json.dumps(flow)) == flow, "the flow is kept in a session cookie"
    asked = parse_qs(urlsplit(url).query)
    assert url.startswith(f"{entra.url}/{TENANT}/oauth2/v2.0/authorize?")
    assert asked["redirect_uri"] == [HERE]
    assert asked["code_challenge_method"] == ["S256"]
    assert "offline_access" not in asked["scope"][0]


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "33333333-3333-3333-3333-333333333333"},
        {"iss": "https://login.microsoftonline.com/other/v2.0"},
        {"tid": "44444444-4444-4444-4444-444444444444"},
        {"exp": int(time.time()) - HOUR},
        {"nbf": int(time.time()) + HOUR},
        {"nonce": "another browser's"},
        {"oid": None},
        {"tid": None},
        {"exp": None},
    ],
    ids=lambda changes: "-".join(changes),
)
async def test_a_token_that_does_not_hold_signs_nobody_in(entra: Any, sign_in: SignIn, changes: dict[str, Any]) -> None:
    with pytest.raises(SignInRefused):
        await walk(entra, sign_in, **changes)


async def test_clocks_may_differ_by_less_than_a_minute(entra: Any, sign_in: SignIn) -> None:
    now = int(time.time())
    assert (await walk(entra, sign_in, exp=now - 30, nbf=now + 30)).oid == "oid-ann"


@pytest.mark.parametrize("algorithm", ["HS256", "none"])
async def test_a_token_signed_in_another_way_signs_nobody_in(entra: Any, sign_in: SignIn, algorithm: str) -> None:
    url, flow = await sign_in.start(HERE)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    key: Any = "guess" * 10 if algorithm == "HS256" else None
    entra.id_token = jwt.encode(entra.claims(asked["nonce"]), key, algorithm, {"kid": "k1"})
    with pytest.raises(SignInRefused):
        await sign_in.finish(flow, {"code": "c", "state": asked["state"]})


async def test_a_token_signed_by_somebody_else_signs_nobody_in(
    entra: Any, sign_in: SignIn, spare_keys: list[rsa.RSAPrivateKey]
) -> None:
    await walk(entra, sign_in)
    url, flow = await sign_in.start(HERE)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    entra.id_token = jwt.encode(entra.claims(asked["nonce"]), spare_keys[1], "RS256", {"kid": "k1"})
    with pytest.raises(SignInRefused):
        await sign_in.finish(flow, {"code": "c", "state": asked["state"]})


async def test_keys_are_fetched_once_and_again_when_they_rotate(
    entra: Any, sign_in: SignIn, spare_keys: list[rsa.RSAPrivateKey]
) -> None:
    def fetched() -> int:
        return sum(path.endswith("/keys") for path in entra.paths)

    await walk(entra, sign_in)
    await walk(entra, sign_in)
    assert fetched() == 1
    entra.keys["k2"] = spare_keys[1]
    await walk(entra, sign_in, kid="k2")
    assert fetched() == 2
    del entra.keys["k2"]
    entra.keys["k3"] = spare_keys[1]
    url, flow = await sign_in.start(HERE)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    entra.id_token = jwt.encode(entra.claims(asked["nonce"]), spare_keys[1], "RS256", {"kid": "nobody's"})
    with pytest.raises(SignInRefused):
        await sign_in.finish(flow, {"code": "c", "state": asked["state"]})
    assert fetched() == 3


async def test_a_forged_state_is_refused_before_any_code_is_redeemed(entra: Any, sign_in: SignIn) -> None:
    _, flow = await sign_in.start(HERE)
    with pytest.raises(SignInRefused, match="not begun in this browser"):
        await sign_in.finish(flow, {"code": "c", "state": "forged"})
    assert entra.forms == []


@pytest.mark.parametrize("flow", [{}, {"state": "s"}])
async def test_a_flow_that_was_lost_is_begun_again(entra: Any, sign_in: SignIn, flow: dict[str, Any]) -> None:
    with pytest.raises(SignInRefused, match="please sign in again"):
        await sign_in.finish(flow, {"code": "c", "state": "s"})


async def test_entras_refusal_is_a_sentence_without_its_description(entra: Any, sign_in: SignIn) -> None:
    url, flow = await sign_in.start(HERE)
    state = parse_qs(urlsplit(url).query)["state"][0]
    refused = {"error": "access_denied", "error_description": "<script>", "state": state}
    with pytest.raises(SignInRefused, match=r"\(access_denied\)") as sentence:
        await sign_in.finish(flow, refused)
    assert "<script>" not in str(sentence.value)


async def test_an_absent_entra_is_a_sentence(settings_for: Callable[..., Settings]) -> None:
    sign_in = SignIn(settings_for("http://127.0.0.1:1"))
    with pytest.raises(SignInRefused, match="No sandbox tenant answers"):
        await sign_in.start(HERE)
    sign_in.close()


async def test_nobodys_tokens_are_kept(entra: Any, sign_in: SignIn) -> None:
    await walk(entra, sign_in)
    assert not list(sign_in._app.client().token_cache.search("AccessToken"))
