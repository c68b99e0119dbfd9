"""Bring a database to the newest schema: our tables and the job engine's."""

from pathlib import Path

from alembic import command
from alembic.config import Config

from kit import jobs

_ROOT = Path(__file__).resolve().parent.parent


def alembic_config(url: str) -> Config:
    config = Config(_ROOT / "alembic.ini")
    config.set_main_option("script_location", str(_ROOT / "migrations"))
    config.attributes["url"] = url
    return config


def upgrade(url: str) -> None:
    command.upgrade(alembic_config(url), "head")
    jobs.migrate(url)
