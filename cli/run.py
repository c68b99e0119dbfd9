"""The programs: everything in one process, or API, bot and workers as many as you like."""

import asyncio
import contextlib
import gc
import itertools
import signal
import time
from collections.abc import AsyncIterator, Coroutine
from typing import Any

import click
import structlog
import uvicorn
from aiogram.exceptions import AiogramError
from fastapi import FastAPI

from api.app import create_app
from bot.app import create_dispatcher, register_webhook, run_polling, set_up
from bot.dispatcher import UpdateDispatcher
from cli import demo_staff, preflight, sandboxed
from cli.installation import Installation, opened
from kit import log
from kit.clock import SystemClock
from kit.config import Settings
from kyc import pictures
from sandbox.app import create_app as create_sandbox

logger = structlog.get_logger(__name__)

_READY_SECONDS = 30.0
_LONGEST_PAUSE_SECONDS = 30.0
_PORT = click.IntRange(1, 65535)


@click.command()
@click.option("--port", type=_PORT, help="Port of the web server (default 8000).")
@click.option("--host", help="Address to listen on (default 127.0.0.1).")
def run(port: int | None, host: str | None) -> None:
    """Everything in one process. Without TELEGRAM_BOT_TOKEN the outside is a sandbox."""
    settings = _settings(port, host)
    if settings.is_sandbox:
        preflight.check_simulated(settings)
    else:
        preflight.check_outside(settings)
    with preflight.only_owner(settings):
        _start(_run_sandbox(settings) if settings.is_sandbox else _run_real(settings))


@click.command()
@click.option("--port", type=_PORT, help="Port of the web server (default 8000).")
@click.option("--host", help="Address to listen on (default 127.0.0.1).")
def api(port: int | None, host: str | None) -> None:
    """The HTTP API and the webhooks; with TELEGRAM_MODE=webhook the bot too."""
    _start(_run_api(_checked(_settings(port, host))))


@click.command()
def bot() -> None:
    """The bot by long polling."""
    _start(_run_bot(_checked(Settings())))


@click.command()
def worker() -> None:
    """Runs the jobs: payouts, messages, identity checks, the day close."""
    _start(_run_worker(_checked(Settings())))


def _start(program: Coroutine[Any, Any, None]) -> None:
    """On uvloop, where there is one: it answers more with the same processor."""
    with asyncio.Runner(loop_factory=uvicorn.Config("").get_loop_factory()) as runner:
        runner.run(program)


def _settings(port: int | None, host: str | None) -> Settings:
    given = {"port": port, "host": host}
    return Settings().model_copy(update={k: v for k, v in given.items() if v is not None})


def _checked(settings: Settings) -> Settings:
    """For the programs of which there may be many."""
    preflight.check_outside(settings)
    preflight.check_shared(settings)
    return settings


async def _run_sandbox(plain: Settings) -> None:
    started = time.monotonic()
    log.configure(plain.log_level)
    settings = sandboxed.settings_for(plain)
    clock = sandboxed.KeptClock(settings.var / "clock.json")
    walk = sandboxed.TimeWalk(clock)
    outside = create_sandbox(sandboxed.config_for(settings), clock, walk)
    async with opened(settings, clock) as installation:
        dispatcher = _dispatcher(installation)
        app = _web(installation, dispatcher, {"/sandbox": outside})
        async with _serving(settings, app, outside):
            own = installation.worker()
            await own.start()
            walk.attach(installation, own)
            polling = asyncio.ensure_future(run_polling(installation.bot, dispatcher))
            warm = asyncio.ensure_future(pictures.warm_up())
            try:
                await _announce(installation, time.monotonic() - started)
                await _until_stopped(polling)
            finally:
                await _cancelled(polling, warm)
                await own.stop()


async def _run_real(settings: Settings) -> None:
    log.configure(settings.log_level)
    clock = SystemClock()
    async with opened(settings, clock) as installation:
        await demo_staff.dismiss(installation)
        dispatcher = _dispatcher(installation)
        async with _serving(settings, _web(installation, dispatcher, {})):
            own = installation.worker()
            await own.start()
            listening = asyncio.ensure_future(_listen(installation, dispatcher))
            try:
                click.echo(f"Kopa listens on {settings.base_url}, for staff on /console")
                await _until_stopped(listening)
            finally:
                await _cancelled(listening)
                await own.stop()


async def _run_api(settings: Settings) -> None:
    log.configure(settings.log_level)
    async with opened(settings, SystemClock()) as installation:
        await demo_staff.dismiss(installation)
        dispatcher = _dispatcher(installation)
        async with _serving(settings, _web(installation, dispatcher, {})):
            registering = asyncio.ensure_future(_register(installation))
            click.echo(f"Kopa's API listens on {settings.base_url}")
            try:
                await _until_stopped(registering)
            finally:
                await _cancelled(registering)


async def _run_bot(settings: Settings) -> None:
    log.configure(settings.log_level)
    async with opened(settings, SystemClock()) as installation:
        polling = asyncio.ensure_future(run_polling(installation.bot, _dispatcher(installation)))
        click.echo("Kopa's bot is polling")
        try:
            await _until_stopped(polling)
        finally:
            await _cancelled(polling)


async def _run_worker(settings: Settings) -> None:
    log.configure(settings.log_level)
    async with opened(settings, SystemClock()) as installation:
        own = installation.worker()
        await own.start()
        click.echo(f"Worker {own.executor_id} is running")
        try:
            await _until_stopped()
        finally:
            await own.stop()


def _dispatcher(installation: Installation) -> UpdateDispatcher:
    return create_dispatcher(
        installation.sessions,
        installation.clock,
        installation.settings,
        installation.underwriter,
    )


def _web(
    installation: Installation, dispatcher: UpdateDispatcher, programs: dict[str, FastAPI]
) -> FastAPI:
    return create_app(
        installation.settings,
        installation.sessions,
        installation.clock,
        installation.vault,
        services=installation.context.services,
        telegram=(installation.bot, dispatcher),
        programs=programs,
    )


async def _listen(installation: Installation, dispatcher: UpdateDispatcher) -> None:
    """Take updates in the way that TELEGRAM_MODE says."""
    if installation.settings.telegram_mode == "polling":
        await run_polling(installation.bot, dispatcher)
    else:
        await _register(installation)


async def _register(installation: Installation) -> None:
    """Tell Telegram where our webhook is, as soon as Telegram can be reached."""
    if installation.settings.telegram_mode != "webhook":
        return
    for failures in itertools.count(1):
        try:
            await set_up(installation.bot)
            await register_webhook(installation.bot, installation.settings)
            return
        except AiogramError as failure:
            logger.warning("bot.webhook_failed", why=str(failure), failures=failures)
            await asyncio.sleep(min(0.5 * 2**failures, _LONGEST_PAUSE_SECONDS))


@contextlib.asynccontextmanager
async def _serving(
    settings: Settings, app: FastAPI, outside: FastAPI | None = None
) -> AsyncIterator[None]:
    """The web server, up when the block begins and down when it ends."""
    config = uvicorn.Config(
        app, host=settings.host, port=settings.port, log_level="warning", lifespan="off"
    )
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    if outside is not None:
        outside.state.world.start()
    serving = asyncio.ensure_future(_served(server))
    try:
        await _up(server, serving, settings)
        yield
    finally:
        if outside is not None:
            outside.state.world.hang_up()
        server.should_exit = True
        await serving
        if outside is not None:
            await outside.state.world.close()


async def _served(server: uvicorn.Server) -> None:
    """A server that cannot listen would end the program, and nobody would say how to go on."""
    with contextlib.suppress(SystemExit):
        await server.serve()


async def _up(server: uvicorn.Server, serving: "asyncio.Future[None]", settings: Settings) -> None:
    deadline = asyncio.get_running_loop().time() + _READY_SECONDS
    while not server.started:
        if serving.done() or asyncio.get_running_loop().time() > deadline:
            raise click.ClickException(
                f"Port {settings.port} on {settings.host} cannot be opened. Another one:"
                " kopa run --port 8001"
            )
        await asyncio.sleep(0.01)


async def _announce(installation: Installation, seconds: float) -> None:
    base = installation.settings.base_url
    hired = await demo_staff.hire(installation)
    accounts = [
        f"                  {name} ({demo_staff.CAST[name]}), password {password}"
        for name, password in hired.items()
    ]
    click.echo(
        "\n".join(
            [
                "",
                f"  Kopa is ready after {seconds:.1f} s. The outside world is simulated.",
                "",
                f"  The phone       {base}/sandbox/",
                f"  The console     {base}/console",
                *accounts,
                f"  The staff API   {base}/docs",
                f"  Health          {base}/health/ready",
                "",
                "  Another account: kopa staff add NAME --role underwriter     Stop: Ctrl+C",
                "",
            ]
        )
    )


async def _until_stopped(*parts: "asyncio.Future[None]") -> None:
    """Raises when one of the parts fails: a program without it must not look alive."""
    # What is there now stays: the collector need not look at it again and again.
    gc.collect()
    gc.freeze()
    # An answer makes thousands of objects and no circles: looking every 700 is a waste.
    gc.set_threshold(20_000, 20, 20)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)

    failures: list[BaseException] = []

    def watch(part: "asyncio.Future[None]") -> None:
        if not part.cancelled() and (failure := part.exception()) is not None:
            failures.append(failure)
            stopped.set()

    for part in parts:
        part.add_done_callback(watch)
    await stopped.wait()
    if failures:
        logger.error("run.part_failed", exc_info=failures[0])
        raise click.ClickException(f"A part of Kopa has failed: {failures[0]!r}")


async def _cancelled(*futures: "asyncio.Future[None]") -> None:
    for future in futures:
        future.cancel()
    await asyncio.gather(*futures, return_exceptions=True)
