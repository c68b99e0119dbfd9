"""Let a loan live from its events, and be amended by two people."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import SchemaItem

import kit.db
from servicing.ledger import chart, triggers

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_PARTS = ("penalties", "fees", "interest", "principal")
_HAS_LOANS = (
    "This database holds loans from before loans had events, and no event of theirs was kept."
    " Let them end with the program that made them, or begin with a new database."
)


def upgrade() -> None:
    if op.get_bind().scalar(sa.text("SELECT count(*) FROM loans")):
        raise RuntimeError(_HAS_LOANS)
    op.create_table(
        "loan_events",
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("recorded_on", sa.Date(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        _json("details"),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("created_at", kit.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["loan_id"], ["loans.id"], name=op.f("fk_loan_events_loan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loan_events")),
        sa.UniqueConstraint("loan_id", "seq", name=op.f("uq_loan_events_loan_id_seq")),
        sa.UniqueConstraint("loan_id", "key", name=op.f("uq_loan_events_loan_id_key")),
    )
    for statement in triggers.append_only(op.get_bind().dialect.name, "loan_events"):
        op.execute(statement)
    op.drop_table("installments")
    _create_installments()
    _create_amendments()
    for statement in chart.statements():
        op.execute(statement)


def downgrade() -> None:
    if op.get_bind().scalar(sa.text("SELECT count(*) FROM loans")):
        raise RuntimeError(_HAS_LOANS)
    op.drop_table("amendments")
    op.drop_table("loan_events")
    op.drop_table("installments")
    _create_old_installments()


def _create_installments() -> None:
    op.create_table(
        "installments",
        *_installment(),
        sa.Column("accrues_until", sa.Date(), nullable=False),
        sa.Column("interest_carried_minor", sa.BigInteger(), nullable=False),
        *(sa.Column(f"{part}_forgiven_minor", sa.BigInteger(), nullable=False) for part in _PARTS),
        *(
            sa.CheckConstraint(
                f"{part}_paid_minor >= 0 AND {part}_forgiven_minor >= 0"
                f" AND {part}_paid_minor + {part}_forgiven_minor <= {part}_minor",
                name=op.f(f"ck_installments_{part}_paid_fits"),
            )
            for part in _PARTS
        ),
    )
    op.create_index(op.f("ix_installments_due_on"), "installments", ["due_on"], unique=False)


def _create_old_installments() -> None:
    op.create_table(
        "installments",
        *_installment(),
        sa.Column("interest_forgone_minor", sa.BigInteger(), nullable=False),
        sa.Column("fees_forgone_minor", sa.BigInteger(), nullable=False),
        sa.Column("fees_charged_on", sa.Date(), nullable=True),
        sa.Column("late_fee_on", sa.Date(), nullable=True),
    )
    op.create_index(op.f("ix_installments_due_on"), "installments", ["due_on"], unique=False)


def _installment() -> list[SchemaItem]:
    """What the table has before and after."""
    amounts = (
        *(f"{part}_minor" for part in _PARTS),
        *(f"{part}_paid_minor" for part in _PARTS),
        "third_party_fees_minor",
    )
    return [
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("accrues_from", sa.Date(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in amounts),
        sa.Column("settled_on", sa.Date(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "third_party_fees_minor BETWEEN 0 AND fees_minor",
            name=op.f("ck_installments_third_party_fits"),
        ),
        sa.ForeignKeyConstraint(["loan_id"], ["loans.id"], name=op.f("fk_installments_loan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installments")),
        sa.UniqueConstraint("loan_id", "n", name=op.f("uq_installments_loan_id_n")),
    ]


def _create_amendments() -> None:
    op.create_table(
        "amendments",
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "proposed",
                "consented",
                "applied",
                "refused",
                "reversed",
                name="amendmentstatus",
                native_enum=False,
                length=60,
            ),
            nullable=False,
        ),
        _json("change"),
        _json("preview"),
        sa.Column("needs_consent", sa.Boolean(), nullable=False),
        sa.Column("proposed_by", sa.String(length=80), nullable=False),
        sa.Column("proposed_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("consented_at", kit.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("approved_by", sa.String(length=80), nullable=True),
        sa.Column("applied_on", sa.Date(), nullable=True),
        sa.Column("reversed_on", sa.Date(), nullable=True),
        sa.Column("created_at", kit.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("approved_by <> proposed_by", name=op.f("ck_amendments_four_eyes")),
        sa.CheckConstraint(
            "status NOT IN ('applied', 'reversed') OR approved_by IS NOT NULL"
            " OR proposed_by LIKE 'borrower:%'",
            name=op.f("ck_amendments_approved_before_applied"),
        ),
        sa.CheckConstraint(
            "status NOT IN ('applied', 'reversed') OR NOT needs_consent"
            " OR consented_at IS NOT NULL",
            name=op.f("ck_amendments_consented_before_applied"),
        ),
        sa.ForeignKeyConstraint(["loan_id"], ["loans.id"], name=op.f("fk_amendments_loan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_amendments")),
    )
    op.create_index(op.f("ix_amendments_loan_id"), "amendments", ["loan_id"], unique=False)
    op.create_index(op.f("ix_amendments_status"), "amendments", ["status"], unique=False)


def _json(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False)
