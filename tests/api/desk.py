"""Members of staff at the console: pages opened and forms sent as a browser does it."""

import re
from dataclasses import dataclass
from html import unescape

import httpx

_PROOF = re.compile(r'name="proof" value="([0-9a-f]+)"')
_TAGS = re.compile(r"<[^>]+>")


@dataclass
class AtDesk:
    http: httpx.AsyncClient
    proof: str = ""
    """Of the forms that this session was shown."""

    async def opens(self, path: str, **query: str) -> httpx.Response:
        return await self.http.get(f"/console{path}", params=query or None)

    async def reads(self, path: str, **query: str) -> str:
        answer = await self.opens(path, **query)
        assert answer.status_code == 200, (path, answer.status_code, words(answer)[-400:])
        return words(answer)

    async def sends(self, path: str, *, page: str = "", **typed: str) -> httpx.Response:
        """Fill in the form of a page that is open."""
        if page or not self.proof:
            shown = await self.opens(page)
            found = _PROOF.search(shown.text)
            assert found is not None, words(shown)
            self.proof = found[1]
        return await self.http.post(f"/console{path}", data={"proof": self.proof, **typed})

    async def does(self, path: str, *, page: str = "", **typed: str) -> str:
        """Send the form and go where the answer leads."""
        answer = await self.sends(path, page=page, **typed)
        assert answer.status_code == 303, (path, answer.status_code, words(answer)[:600])
        return words(await self.http.get(answer.headers["location"]))


def words(answer: httpx.Response) -> str:
    """What a person reads on the page."""
    body = answer.text.partition("<body>")[2]
    return " ".join(unescape(_TAGS.sub(" ", body)).split())
