"""The actors' browser: cookies, redirects, and what a browser says of where a request comes from."""

import httpx
import pytest

from cli.demo.browser import Browser, Lost

SITE, ENTRA = "http://127.0.0.1:8000", "http://127.0.0.1:8080"


class SmallWeb:
    """A site behind a sign-in elsewhere: signed in is whoever has the cookie."""

    def __init__(self, offered: str = "ann@meadow.example") -> None:
        self.offered = offered
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if str(request.url).startswith(ENTRA):
            href = f"?login_hint={self.offered.replace('@', '%40')}"
            if request.url.query:
                return httpx.Response(302, headers={"location": f"{SITE}/sign-in/done"})
            return httpx.Response(200, text=f"<a href='{href}'>Somebody<br>{self.offered}</a>")
        if request.url.path == "/sign-in/done":
            return httpx.Response(303, headers={"location": "/page", "set-cookie": "who=ann; Path=/"})
        if request.headers.get("cookie") != "who=ann":
            return httpx.Response(303, headers={"location": f"{ENTRA}/authorize"})
        if request.method == "POST":
            return httpx.Response(303, headers={"location": "/page?saved=1"})
        return httpx.Response(200, text="<form method=post><input name=text value=old></form>")


@pytest.fixture
def web() -> SmallWeb:
    return SmallWeb()


async def test_a_mailed_link_leads_through_the_sign_in_to_its_page(web: SmallWeb) -> None:
    browser = Browser("ann@meadow.example", SITE, httpx.MockTransport(web))
    answer = await browser.visit("/page")
    assert (answer.status, answer.page.url) == (200, f"{SITE}/page")
    assert web.requests[0].headers["Sec-Fetch-Site"] == "none"
    assert browser.asked == {"/page", "/sign-in/done"}
    # Signed in once, the next visit goes straight there.
    before = len(web.requests)
    await browser.visit("/page")
    assert len(web.requests) == before + 1


async def test_a_form_is_sent_as_it_stands_from_the_same_origin(web: SmallWeb) -> None:
    browser = Browser("ann@meadow.example", SITE, httpx.MockTransport(web))
    page = (await browser.visit("/page")).page
    form = page.form("/page")
    assert form is not None
    answer = await browser.submit(page, form, {"do": "save"})
    posted = next(request for request in web.requests if request.method == "POST")
    assert posted.content == b"text=old&do=save"
    assert posted.headers["Sec-Fetch-Site"] == "same-origin"
    assert posted.headers["Origin"] == SITE
    assert (answer.asked_status, answer.status, answer.page.url) == (303, 200, f"{SITE}/page?saved=1")


async def test_two_people_never_share_a_cookie(web: SmallWeb) -> None:
    transport = httpx.MockTransport(web)
    await Browser("ann@meadow.example", SITE, transport).visit("/page")
    status, _ = await Browser("otto@meadow.example", SITE, transport).glimpse("/page")
    assert status == 303


async def test_somebody_who_is_not_offered_is_lost() -> None:
    browser = Browser("otto@meadow.example", SITE, httpx.MockTransport(SmallWeb()))
    with pytest.raises(Lost, match=r"otto@meadow\.example"):
        await browser.visit("/page")


class Failing:
    """Fails so many times, in one of three ways, and then answers."""

    def __init__(self, how: str, times: int) -> None:
        self.how, self.left = how, times
        self.tokens: list[bytes] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.tokens.append(request.content)
        if self.left:
            self.left -= 1
            if self.how == "refused":
                raise httpx.ConnectError("nobody listens")
            if self.how == "broken":
                raise httpx.ReadError("the connection broke")
            return httpx.Response(500)
        return httpx.Response(200, text="<form method=post><input name=form_token value=7></form>")


@pytest.mark.parametrize("how", ["refused", "broken", "500"])
async def test_a_patient_person_tries_again_with_the_same_form(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.demo.browser.PAUSE", 0)
    failing = Failing(how, times=0)
    browser = Browser("ann@meadow.example", SITE, httpx.MockTransport(failing), patient=True)
    page = (await browser.visit("/page")).page
    form = page.form("/page")
    assert form is not None
    failing.left = 3
    assert (await browser.submit(page, form, {"do": "save"})).asked_status == 200
    assert failing.tokens[1:] == [b"form_token=7&do=save"] * 4


async def test_who_is_not_patient_is_shown_the_fault() -> None:
    failing = Failing("500", times=1)
    browser = Browser("ann@meadow.example", SITE, httpx.MockTransport(failing))
    assert (await browser.visit("/page")).status == 500
    assert len(failing.tokens) == 1
