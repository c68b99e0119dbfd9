"""`/docs`: the API's description for people, under a policy that lets nothing else run there."""

import base64
import hashlib
import re
from functools import cache
from pathlib import Path

import fastapi_offline
from fastapi import APIRouter, HTTPException
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import FileResponse, HTMLResponse, Response

router = APIRouter(include_in_schema=False)

# The page needs no other host: its script and style come with this package.
_ASSETS = Path(fastapi_offline.__file__).parent / "static"
_SCRIPT, _STYLE = "swagger-ui-bundle.js", "swagger-ui.css"
_MEDIA_TYPES = {_SCRIPT: "text/javascript", _STYLE: "text/css"}
_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)


@router.get("/docs", response_class=HTMLResponse)
async def show_handbook() -> Response:
    page, policy = _page()
    return HTMLResponse(page, headers={"Content-Security-Policy": policy})


@router.get("/docs/{name}", response_class=Response)
async def read_asset(name: str) -> Response:
    if name not in _MEDIA_TYPES:
        raise HTTPException(404)
    return FileResponse(
        _ASSETS / name,
        media_type=_MEDIA_TYPES[name],
        headers={"Cache-Control": "public, max-age=86400"},
    )


@cache
def _page() -> tuple[str, str]:
    """The page, and the policy that allows its own script and no other."""
    answer = get_swagger_ui_html(
        openapi_url="/openapi.json",
        title="Kopa API",
        swagger_js_url=f"/docs/{_SCRIPT}",
        swagger_css_url=f"/docs/{_STYLE}",
        swagger_favicon_url="data:,",
        swagger_ui_parameters={"docExpansion": "list"},
    )
    page = bytes(answer.body).decode()
    inline = [
        "'sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() + "'"
        for script in _INLINE.findall(page)
    ]
    return page, "; ".join(
        [
            "default-src 'none'",
            f"script-src 'self' {' '.join(inline)}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data:",
            "connect-src 'self'",
            "frame-ancestors 'none'",
        ]
    )
