"""Close a day in parts, and say how far each is and who could not follow."""

import sqlalchemy as sa
from alembic import op

import kit.db

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_INSTANT = kit.db.UtcDateTime(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table("day_closes") as batch_op:
        batch_op.add_column(sa.Column("parts", sa.Integer(), nullable=False, server_default="1"))
        batch_op.add_column(sa.Column("started_at", _INSTANT, nullable=True))
        batch_op.alter_column("closed_at", existing_type=_INSTANT, nullable=True)
    op.execute("UPDATE day_closes SET started_at = closed_at")
    _make_tables()
    op.execute(
        "INSERT INTO day_close_parts"
        " (business_date, part, loans, entries, late_fees, finished_at)"
        " SELECT business_date, 1, loans, 0, late_fees, closed_at FROM day_closes"
    )
    with op.batch_alter_table("day_closes") as batch_op:
        batch_op.alter_column("parts", existing_type=sa.Integer(), server_default=None)
        batch_op.alter_column("started_at", existing_type=_INSTANT, nullable=False)
        batch_op.drop_column("loans")
        batch_op.drop_column("late_fees")
    # Nothing is looked up by it, and every close of a day had to write it anew for every loan.
    op.drop_index("ix_loans_accrued_on", "loans")
    op.drop_index("ix_loans_status", "loans")
    op.create_index("ix_loans_status_id", "loans", ["status", "id"])


def downgrade() -> None:
    op.drop_index("ix_loans_status_id", "loans")
    op.create_index("ix_loans_status", "loans", ["status"])
    op.create_index("ix_loans_accrued_on", "loans", ["accrued_on"])
    op.execute("DELETE FROM day_close_failures")
    for name in ("loans", "late_fees"):
        with op.batch_alter_table("day_closes") as batch_op:
            batch_op.add_column(sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
        op.execute(
            f"UPDATE day_closes SET {name} = (SELECT sum({name}) FROM day_close_parts"  # noqa: S608
            " WHERE day_close_parts.business_date = day_closes.business_date)"
        )
    op.drop_table("day_close_failures")
    op.drop_table("day_close_parts")
    op.execute("DELETE FROM day_closes WHERE closed_at IS NULL")
    with op.batch_alter_table("day_closes") as batch_op:
        for name in ("loans", "late_fees"):
            batch_op.alter_column(name, existing_type=sa.Integer(), server_default=None)
        batch_op.alter_column("closed_at", existing_type=_INSTANT, nullable=False)
        batch_op.drop_column("started_at")
        batch_op.drop_column("parts")


def _make_tables() -> None:
    op.create_table(
        "day_close_parts",
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("after", sa.Uuid(), nullable=True),
        sa.Column("until", sa.Uuid(), nullable=True),
        sa.Column("done_to", sa.Uuid(), nullable=True),
        sa.Column("loans", sa.Integer(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("late_fees", sa.Integer(), nullable=False),
        sa.Column("finished_at", _INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["business_date"],
            ["day_closes.business_date"],
            name=op.f("fk_day_close_parts_business_date"),
        ),
        sa.PrimaryKeyConstraint("business_date", "part", name=op.f("pk_day_close_parts")),
    )
    op.create_table(
        "day_close_failures",
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("error", sa.String(length=200), nullable=False),
        sa.Column("failed_at", _INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["loan_id"], ["loans.id"], name=op.f("fk_day_close_failures_loan_id")
        ),
        sa.PrimaryKeyConstraint("loan_id", name=op.f("pk_day_close_failures")),
    )
