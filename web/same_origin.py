"""Guards every post: it must come from one of our own pages."""

from urllib.parse import urlsplit

from starlette.requests import Request


def origin_of(url: str) -> str:
    """Scheme, host and port of a URL, as browsers write an Origin."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def comes_from_us(request: Request, public_url: str) -> bool:
    """Whether a changing request was made by our own page.

    Browsers tell with Sec-Fetch-Site (https://www.w3.org/TR/fetch-metadata/), older ones with Origin.
    A request that carries neither is refused: no browser that posts a form leaves out both.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    return request.headers.get("origin", "").lower() == origin_of(public_url)
