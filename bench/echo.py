"""The peer: a bare aiogram bot that sends back what it gets, behind the same web server.

`python -m bench.echo PORT TELEGRAM_URL`
"""

import sys

import uvicorn
from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import Message, Update
from fastapi import FastAPI, Request, Response


def create_app(telegram_url: str) -> FastAPI:
    session = AiohttpSession(api=TelegramAPIServer.from_base(telegram_url))
    bot, dispatcher = Bot("4242:bench", session=session), Dispatcher()
    app = FastAPI()

    @dispatcher.message()
    async def echo(message: Message) -> None:
        await message.answer(message.text or "")

    @app.post("/webhooks/telegram", response_class=Response)
    async def receive_update(request: Request) -> Response:
        update = Update.model_validate_json(await request.body(), context={"bot": bot})
        await dispatcher.feed_update(bot, update)
        return Response()

    return app


if __name__ == "__main__":
    port, telegram_url = int(sys.argv[1]), sys.argv[2]
    uvicorn.run(create_app(telegram_url), port=port, log_level="warning", lifespan="off")
