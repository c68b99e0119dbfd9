"""What a victim finds done when it is forked: nothing that knows of an installation.

Whatever opens, connects, reads keys or starts a thread is the victim's own. The program's parsed
sentences, its mapped tables and its table of routes come out the same at every start, and took most
of it.
"""

import gc

import anyio._backends._asyncio  # noqa: F401 - imported when it is first needed
import pytest  # noqa: F401 - a forked process imports the program that asked for it
from sqlalchemy.orm import configure_mappers

from api import app as web
from bot import text
from tests.fleet import victim  # noqa: F401 - with all of the program

configure_mappers()
text.load()
web.lay_out()
# Else the victim's first collection copies every page of what is here.
gc.collect()
gc.freeze()
