"""What people send when we asked for something else."""

from typing import Any

from tests.journeys.chat import Chatter

TEN_MEGABYTES = 10 * 1024 * 1024


def file(**more: Any) -> dict[str, Any]:
    return {"file_id": "f", "file_unique_id": "u", "file_size": 9_000} | more


# Message contents that no question takes.
NEVER: dict[str, dict[str, Any]] = {
    "a sticker": {
        "sticker": file(
            type="regular", width=512, height=512, is_animated=False, is_video=False, emoji="👍"
        )
    },
    "a voice message": {"voice": file(duration=4, mime_type="audio/ogg")},
    "a video": {"video": file(duration=4, width=100, height=100)},
    "a video note": {"video_note": file(duration=4, length=240)},
    "a place": {"location": {"latitude": -1.28, "longitude": 36.8}},
    "a foreign contact": {
        "contact": {"phone_number": "254799999999", "first_name": "B", "user_id": 99}
    },
    "a contact of nobody": {"contact": {"phone_number": "254799999999", "first_name": "B"}},
    "a document": {"document": file(file_name="cv.pdf", mime_type="application/pdf")},
    "a large file": {
        "document": file(
            file_name="p.jpg", mime_type="image/jpeg", file_size=TEN_MEGABYTES + 1
        )
    },
    "a large photo": {"photo": [file(width=9, height=9, file_size=TEN_MEGABYTES + 1)]},
    "a dice": {"dice": {"emoji": "🎲", "value": 3}},
    "an emoji": {"text": "😀"},
    "reversed text": {"text": "\u202e<"},
    "markup": {"text": "<b>"},
    "5,000 characters": {"text": "a" * 5_000},
    "nothing to see": {"text": "\u200b\u200b"},
    "an unknown command": {"text": "/frobnicate"},
    "a negative number": {"text": "-5"},
    "zeros": {"text": "0" * 40},
}  # fmt: skip


async def sends(person: Chatter, content: dict[str, Any]) -> str:
    return await person.sends(person.message(**content))
