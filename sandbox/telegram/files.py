"""Files in the chat: kept by id, photos in the sizes to which Telegram recompresses them."""

import asyncio
import base64
import hashlib
import io
import mimetypes
import secrets
from pathlib import PurePath

from PIL import Image, ImageOps

from sandbox.store import Json, Store
from sandbox.telegram.refusals import bad_request

DOWNLOAD_LIMIT = 20 * 1024 * 1024
_BOXES = (90, 320, 800, 1280)
_FOLDERS = {
    "photo": "photos",
    "document": "documents",
    "video": "videos",
    "video_note": "video_notes",
    "voice": "voice",
    "audio": "music",
    "animation": "animations",
    "sticker": "stickers",
}
_ENDINGS = {"photo": ".jpg", "video": ".mp4", "video_note": ".mp4", "voice": ".oga"}


class Files:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._by_id: dict[str, Json] = {entry["file_id"]: entry for entry in store.list("file")}

    async def put(self, kind: str, name: str, content: bytes) -> Json:
        """The kept file as `{file_id, file_unique_id, file_size}`."""
        number = self._store.next_number("file")
        ending = _ENDINGS.get(kind) or PurePath(name).suffix[:12] or ".bin"
        identity: Json = {
            "file_id": f"{kind}-{secrets.token_urlsafe(24)}",
            "file_unique_id": _fingerprint(content),
            "file_size": len(content),
        }
        entry: Json = identity | {
            "kind": kind,
            "name": name,
            "path": f"{_FOLDERS[kind]}/file_{number}{ending}",
            "kept_as": f"{number}{ending}",
        }
        await self._store.put_file(entry["kept_as"], content)
        self._by_id[entry["file_id"]] = entry
        self._store.put("file", entry["file_id"], entry)
        return identity

    async def put_photo(self, content: bytes) -> list[Json]:
        """PhotoSize entries, smallest first. The original is not kept, exactly as in Telegram."""
        sizes = []
        for width, height, jpeg in await asyncio.to_thread(_recompressed, content):
            kept = await self.put("photo", "photo.jpg", jpeg)
            sizes.append(kept | {"width": width, "height": height})
        return sizes

    def describe(self, media: Json) -> None:
        """Remembers how these files look in a message, so that they can be sent again by id."""
        for described in media.values():
            for part in described if isinstance(described, list) else [described]:
                entry = self._by_id[part["file_id"]] | {"media": media}
                self._by_id[part["file_id"]] = entry
                self._store.put("file", part["file_id"], entry)

    def find(self, file_id: str) -> Json | None:
        return self._by_id.get(file_id)

    def get(self, file_id: str) -> Json:
        entry = self.find(file_id)
        if entry is None:
            raise bad_request("invalid file_id")
        return entry

    def find_by_path(self, path: str) -> Json | None:
        return next((entry for entry in self._by_id.values() if entry["path"] == path), None)

    async def read(self, entry: Json) -> bytes:
        return await self._store.read_file(entry["kept_as"])


def media_type(entry: Json) -> str:
    guessed, _ = mimetypes.guess_type(entry["path"])
    return guessed or mimetypes.guess_type(entry["name"])[0] or "application/octet-stream"


def _fingerprint(content: bytes) -> str:
    digest = hashlib.sha256(content).digest()
    return "Q" + base64.urlsafe_b64encode(digest[:11]).decode().rstrip("=")


def _recompressed(content: bytes) -> list[tuple[int, int, bytes]]:
    try:
        image = Image.open(io.BytesIO(content))
        if sum(image.size) > 10_000 or max(image.size) > 20 * min(image.size):
            raise bad_request("PHOTO_INVALID_DIMENSIONS")
        upright = ImageOps.exif_transpose(image).convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise bad_request("IMAGE_PROCESS_FAILED") from None
    sizes = []
    for box in _BOXES:
        smaller = upright.copy()
        smaller.thumbnail((box, box))
        out = io.BytesIO()
        smaller.save(out, "JPEG", quality=87)
        sizes.append((*smaller.size, out.getvalue()))
        if max(upright.size) <= box:
            break
    return sizes
