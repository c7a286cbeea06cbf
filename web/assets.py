"""The files that pages link to; a version of them all is in their address, so that browsers keep them for a year."""

import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

router = APIRouter(prefix="/static")

FOLDER = Path(__file__).parent / "static"
KINDS = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".md": "text/plain; charset=utf-8",
    "": "text/plain; charset=utf-8",
}


@dataclass(frozen=True, slots=True)
class Asset:
    kind: str
    plain: bytes
    packed: bytes
    """The same with gzip."""


def _read() -> dict[str, Asset]:
    return {
        path.relative_to(FOLDER).as_posix(): Asset(KINDS[path.suffix], plain, gzip.compress(plain, 9, mtime=0))
        for path in sorted(FOLDER.rglob("*"))
        if path.is_file() and path.suffix in KINDS
        for plain in (path.read_bytes(),)
    }


ASSETS: Final = _read()
VERSION: Final = hashlib.sha256(
    b"".join(name.encode() + hashlib.sha256(each.plain).digest() for name, each in ASSETS.items())
).hexdigest()[:12]
"""Changes with any of the files, so that one of them may name another by a relative address."""


def asset(name: str) -> str:
    """The address of `web/static/<name>`. Raises KeyError for a file that is not there."""
    ASSETS[name]
    return f"/static/{VERSION}/{name}"


@router.get("/{path:path}")
async def serve(request: Request, path: str) -> Response:
    version, _, name = path.partition("/")
    found = ASSETS.get(name) or ASSETS.get(path)
    if found is None:
        raise HTTPException(404)
    # A page from before a new release asks under the old version: it gets today's file, and keeps it for no time.
    kept = "public, max-age=31536000, immutable" if version == VERSION else "no-cache"
    headers = {"Content-Type": found.kind, "Cache-Control": kept, "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(found.packed, headers=headers | {"Content-Encoding": "gzip"})
    return Response(found.plain, headers=headers)
