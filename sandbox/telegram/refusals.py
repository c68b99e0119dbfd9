"""How the Bot API says no."""

from sandbox.store import Json


class Refusal(Exception):
    """One refused call, as the caller will read it."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters

    def answer(self) -> Json:
        answer: Json = {"ok": False, "error_code": self.code, "description": self.description}
        if self.parameters:
            answer["parameters"] = self.parameters
        return answer


def bad_request(reason: str) -> Refusal:
    return Refusal(400, f"Bad Request: {reason}")


def conflict(reason: str) -> Refusal:
    return Refusal(409, f"Conflict: {reason}")


def too_many(retry_after: int) -> Refusal:
    description = f"Too Many Requests: retry after {retry_after}"
    return Refusal(429, description, retry_after=retry_after)


BLOCKED = "Forbidden: bot was blocked by the user"
