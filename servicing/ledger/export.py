"""The sealed ledger as text that can be checked without us: a checkpoint, then every entry.

The first line names the format. The second is the newest checkpoint, as a JSON string. Then a line
an entry: the chain after it in hexadecimal, a space, and the very bytes that were sealed.
"""

import json
from collections.abc import AsyncIterator

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.db import Sessions
from servicing.ledger import leaves
from servicing.ledger.models import Checkpoint, Seal

FORMAT = "kopa-ledger-export 1"
_BATCH = 500


async def lines(sessions: Sessions, checkpoint: Checkpoint) -> AsyncIterator[bytes]:
    """A page a transaction: nobody who posts has to wait, and what is sealed stays as it is."""
    yield FORMAT.encode()
    yield json.dumps(checkpoint.note, ensure_ascii=False).encode()
    for after in range(0, checkpoint.size, _BATCH):
        async with sessions() as session:
            page = await _page(session, after, min(after + _BATCH, checkpoint.size))
        for chain, leaf in page:
            yield chain.hex().encode() + b" " + leaf


async def _page(session: AsyncSession, after: int, last: int) -> list[tuple[bytes, bytes]]:
    rows = await session.execute(
        select(Seal.entry_id, Seal.chain)
        .where(Seal.seq > after, Seal.seq <= last)
        .order_by(Seal.seq)
    )
    chains = {row.entry_id: row.chain for row in rows}
    found = await leaves.of_entries(session, list(chains))
    return [(chain, found[entry_id]) for entry_id, chain in chains.items()]
