"""Whether the web face is told by the proxy before it who is asking; otherwise all of them count as one."""

from collections.abc import Iterator

from cli.doctor.finding import Finding, ok, warn
from config.settings import Settings

NAME = "Proxy"


def proxy(settings: Settings) -> Iterator[Finding]:
    """Nothing where people come over http: the web face speaks no TLS, so with https a proxy stands before it."""
    if not settings.public_url.startswith("https://"):
        return
    if "trusted_proxies" in settings.model_fields_set:
        yield ok(NAME, f"{', '.join(settings.trusted_proxies)} may tell the web face for whom it asks.")
        return
    yield warn(
        NAME,
        "no proxy is named that may tell for whom it asks; unless it is on this machine, all who come through it count "
        "as one address, and too many sign-ins at once are asked to wait.",
        "Set PERENNIAL_TRUSTED_PROXIES to its address or network, also where it is 127.0.0.1.",
    )
