"""Serves the sandbox on loopback, and stops at once although pages and polls are open."""

import socket

import uvicorn
from fastapi import FastAPI


class LoopbackServer(uvicorn.Server):
    def __init__(self, app: FastAPI, *, port: int) -> None:
        super().__init__(
            uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", lifespan="on")
        )
        self._world = app.state.world

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._world.hang_up()
        await super().shutdown(sockets)
