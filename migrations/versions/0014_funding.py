"""Funders: whose money is lent, which loans it is in, and what waits for it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

import kit.db
from servicing.ledger import triggers

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_ACCOUNTS = (
    ("funder_capital", "Capital of funders", "liability", "credit"),
    ("funder_payable", "Earned by funders and not yet paid", "liability", "credit"),
    ("losses_borne", "Losses that funders bear", "income", "credit"),
    ("funding_cost", "Earned by funders", "expense", "debit"),
)


def upgrade() -> None:
    for code, name, type_, side in _ACCOUNTS:
        op.execute(
            sa.text(
                "INSERT INTO ledger_accounts (code, name, type, normal_side)"
                " VALUES (:code, :name, :type, :side) ON CONFLICT (code) DO NOTHING"
            ).bindparams(code=code, name=name, type=type_, side=side)
        )
    op.create_table(
        "funders",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("created_at", kit.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_funders")),
        sa.UniqueConstraint("name", name=op.f("uq_funders_name")),
    )
    op.create_table(
        "funding_pools",
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("rail", sa.String(length=40), nullable=False),
        sa.Column("policy", _JSON, nullable=False),
        sa.Column("opened_at", kit.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("created_at", kit.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_funding_pools")),
        sa.UniqueConstraint("code", name=op.f("uq_funding_pools_code")),
    )
    op.create_table(
        "liquidity_floors",
        sa.Column("rail", sa.String(length=40), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("floor_minor", sa.BigInteger(), nullable=False),
        sa.Column("set_at", kit.db.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "floor_minor >= 0", name=op.f("ck_liquidity_floors_floor_is_not_negative")
        ),
        sa.PrimaryKeyConstraint("rail", "currency", name=op.f("pk_liquidity_floors")),
    )
    op.create_table(
        "funded_loans",
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("pool_id", sa.Uuid(), nullable=False),
        sa.Column("facts", _JSON, nullable=False),
        sa.Column("settled_on", sa.Date(), nullable=True),
        sa.Column("settled_at", kit.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("created_at", kit.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["loan_id"], ["loans.id"], name=op.f("fk_funded_loans_loan_id")),
        sa.ForeignKeyConstraint(
            ["pool_id"], ["funding_pools.id"], name=op.f("fk_funded_loans_pool_id")
        ),
        sa.PrimaryKeyConstraint("loan_id", name=op.f("pk_funded_loans")),
    )
    op.create_index(op.f("ix_funded_loans_pool_id"), "funded_loans", ["pool_id"])
    op.create_table(
        "funding_stakes",
        sa.Column("pool_id", sa.Uuid(), nullable=False),
        sa.Column("funder_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(60), nullable=False),
        sa.Column("rate_ppm", sa.Integer(), nullable=False),
        sa.Column("loss_order", sa.Integer(), nullable=False),
        sa.Column("created_at", kit.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "rate_ppm BETWEEN 0 AND 1000000", name=op.f("ck_funding_stakes_rate_is_a_part")
        ),
        sa.ForeignKeyConstraint(
            ["funder_id"], ["funders.id"], name=op.f("fk_funding_stakes_funder_id")
        ),
        sa.ForeignKeyConstraint(
            ["pool_id"], ["funding_pools.id"], name=op.f("fk_funding_stakes_pool_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_funding_stakes")),
    )
    op.create_index(op.f("ix_funding_stakes_funder_id"), "funding_stakes", ["funder_id"])
    op.create_index(op.f("ix_funding_stakes_pool_id"), "funding_stakes", ["pool_id"])
    op.create_table(
        "funded_loan_shares",
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("stake_id", sa.Uuid(), nullable=False),
        sa.Column("weight_minor", sa.BigInteger(), nullable=False),
        sa.Column("interest_minor", sa.BigInteger(), nullable=False),
        sa.Column("borne_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "weight_minor > 0", name=op.f("ck_funded_loan_shares_weight_is_positive")
        ),
        sa.ForeignKeyConstraint(
            ["loan_id"], ["funded_loans.loan_id"], name=op.f("fk_funded_loan_shares_loan_id")
        ),
        sa.ForeignKeyConstraint(
            ["stake_id"], ["funding_stakes.id"], name=op.f("fk_funded_loan_shares_stake_id")
        ),
        sa.PrimaryKeyConstraint("loan_id", "stake_id", name=op.f("pk_funded_loan_shares")),
    )
    op.create_index(op.f("ix_funded_loan_shares_stake_id"), "funded_loan_shares", ["stake_id"])
    op.create_table(
        "funding_movements",
        sa.Column("stake_id", sa.Uuid(), nullable=False),
        sa.Column("event", sa.String(60), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("interest_minor", sa.BigInteger(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", kit.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(amount_minor = 0) = (entry_id IS NULL)",
            name=op.f("ck_funding_movements_amount_is_posted"),
        ),
        sa.CheckConstraint(
            "amount_minor >= 0", name=op.f("ck_funding_movements_amount_is_not_negative")
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["ledger_entries.id"], name=op.f("fk_funding_movements_entry_id")
        ),
        sa.ForeignKeyConstraint(
            ["stake_id"], ["funding_stakes.id"], name=op.f("fk_funding_movements_stake_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_funding_movements")),
    )
    op.create_index(op.f("ix_funding_movements_entry_id"), "funding_movements", ["entry_id"])
    op.create_index(op.f("ix_funding_movements_stake_id"), "funding_movements", ["stake_id"])
    op.create_table(
        "funding_withdrawals",
        sa.Column("stake_id", sa.Uuid(), nullable=False),
        sa.Column("of", sa.String(60), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("canceled_at", kit.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("agreed_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", kit.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "amount_minor > 0", name=op.f("ck_funding_withdrawals_amount_is_positive")
        ),
        sa.CheckConstraint(
            "paid_on IS NULL OR canceled_at IS NULL", name=op.f("ck_funding_withdrawals_ends_once")
        ),
        sa.ForeignKeyConstraint(
            ["stake_id"], ["funding_stakes.id"], name=op.f("fk_funding_withdrawals_stake_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_funding_withdrawals")),
    )
    op.create_index(op.f("ix_funding_withdrawals_stake_id"), "funding_withdrawals", ["stake_id"])
    op.create_table(
        "funding_commitments",
        sa.Column("payout_id", sa.Uuid(), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("principal_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "principal_minor > 0", name=op.f("ck_funding_commitments_principal_is_positive")
        ),
        sa.ForeignKeyConstraint(
            ["loan_id"], ["funded_loans.loan_id"], name=op.f("fk_funding_commitments_loan_id")
        ),
        sa.ForeignKeyConstraint(
            ["payout_id"], ["payouts.id"], name=op.f("fk_funding_commitments_payout_id")
        ),
        sa.PrimaryKeyConstraint("payout_id", name=op.f("pk_funding_commitments")),
    )
    op.create_index(op.f("ix_funding_commitments_loan_id"), "funding_commitments", ["loan_id"])
    op.create_table(
        "payout_holds",
        sa.Column("payout_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("facts", _JSON, nullable=False),
        sa.Column("held_at", kit.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("tried_at", kit.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("released_at", kit.db.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["payout_id"], ["payouts.id"], name=op.f("fk_payout_holds_payout_id")
        ),
        sa.PrimaryKeyConstraint("payout_id", name=op.f("pk_payout_holds")),
    )
    for statement in triggers.append_only(op.get_bind().dialect.name, "funding_movements"):
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("payout_holds")
    op.drop_table("funding_commitments")
    op.drop_table("funding_withdrawals")
    op.drop_table("funding_movements")
    op.drop_table("funded_loan_shares")
    op.drop_table("funding_stakes")
    op.drop_table("funded_loans")
    op.drop_table("liquidity_floors")
    op.drop_table("funding_pools")
    op.drop_table("funders")
    # Refused by the database where there is money on them: that cannot be said without them.
    for code, *_ in _ACCOUNTS:
        op.execute(sa.text("DELETE FROM ledger_accounts WHERE code = :code").bindparams(code=code))
