"""Seal the ledger: a chain and a tree over its entries, and signed checkpoints."""

import sqlalchemy as sa
from alembic import op

import kit.db
from servicing.ledger import triggers

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ledger_checkpoints",
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", kit.db.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_ledger_checkpoints")),
    )
    op.create_table(
        "ledger_seals",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.Column("chain", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("length(chain) = 32", name=op.f("ck_ledger_seals_chain_is_a_hash")),
        sa.CheckConstraint(
            "length(hashes) % 32 = 0", name=op.f("ck_ledger_seals_hashes_are_whole")
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["ledger_entries.id"], name=op.f("fk_ledger_seals_entry_id")
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_ledger_seals")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_ledger_seals_entry_id")),
    )
    for statement in triggers.of_seals(op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("ledger_seals")
    op.drop_table("ledger_checkpoints")
