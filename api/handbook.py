"""`/docs`: the API's description for people, under a policy that lets nothing else run there."""

import base64
import hashlib
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from fastapi import APIRouter, HTTPException
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import FileResponse, HTMLResponse, Response

router = APIRouter(include_in_schema=False)

_CDN = "https://cdn.jsdelivr.net/npm/swagger-ui-dist@5"
_SCRIPT, _STYLE = "swagger-ui-bundle.js", "swagger-ui.css"
_MEDIA_TYPES = {_SCRIPT: "text/javascript", _STYLE: "text/css"}
_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)


@router.get("/docs", response_class=HTMLResponse)
async def show_handbook() -> Response:
    page, policy = _page()
    return HTMLResponse(page, headers={"Content-Security-Policy": policy})


@router.get("/docs/{name}", response_class=Response)
async def read_asset(name: str) -> Response:
    folder = _assets()
    if folder is None or name not in _MEDIA_TYPES:
        raise HTTPException(404)
    return FileResponse(
        folder / name,
        media_type=_MEDIA_TYPES[name],
        headers={"Cache-Control": "public, max-age=86400"},
    )


@cache
def _page() -> tuple[str, str]:
    """The page, and the policy that allows its own script and no other."""
    host = "/docs" if _assets() is not None else _CDN
    answer = get_swagger_ui_html(
        openapi_url="/openapi.json",
        title="Kopa API",
        swagger_js_url=f"{host}/{_SCRIPT}",
        swagger_css_url=f"{host}/{_STYLE}",
        swagger_favicon_url="data:,",
        swagger_ui_parameters={"docExpansion": "list"},
    )
    page = bytes(answer.body).decode()
    inline = [
        "'sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() + "'"
        for script in _INLINE.findall(page)
    ]
    source = "'self'" if host == "/docs" else host
    return page, "; ".join(
        [
            "default-src 'none'",
            f"script-src {source} {' '.join(inline)}",
            f"style-src {source} 'unsafe-inline'",
            "img-src 'self' data:",
            "connect-src 'self'",
            "frame-ancestors 'none'",
        ]
    )


@cache
def _assets() -> Path | None:
    """The page's script and style, where a package that carries them is installed: the page then
    needs no other host."""
    spec = find_spec("fastapi_offline")
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / "static"
