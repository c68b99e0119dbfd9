"""Pay out more on a running loan: a payout of its own for an amendment that lends money."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_AGREED = {
    "approved_before_applied": "approved_by IS NOT NULL OR proposed_by LIKE 'borrower:%'",
    "consented_before_applied": "NOT needs_consent OR consented_at IS NOT NULL",
}
_FIRST = "status <> 'failed'"
_OF_LOAN = "status <> 'failed' AND amendment_id IS NULL"
_PAYING = "status = 'paying'"


def upgrade() -> None:
    _check("'applied', 'reversed', 'paying', 'failed'")
    op.create_index(
        "uq_amendments_paying",
        "amendments",
        ["loan_id"],
        unique=True,
        postgresql_where=sa.text(_PAYING),
        sqlite_where=sa.text(_PAYING),
    )
    op.drop_index("uq_payouts_live", "payouts")
    with op.batch_alter_table("payouts") as batch_op:
        batch_op.add_column(sa.Column("amendment_id", sa.Uuid(), nullable=True))
        batch_op.create_foreign_key(
            op.f("fk_payouts_amendment_id"), "amendments", ["amendment_id"], ["id"]
        )
        batch_op.create_unique_constraint(op.f("uq_payouts_amendment_id"), ["amendment_id"])
    _live(_OF_LOAN)


def downgrade() -> None:
    # Refused by the database while a loan was paid out twice: that cannot be said without it.
    op.drop_index("uq_payouts_live", "payouts")
    with op.batch_alter_table("payouts") as batch_op:
        batch_op.drop_constraint(op.f("uq_payouts_amendment_id"), type_="unique")
        batch_op.drop_constraint(op.f("fk_payouts_amendment_id"), type_="foreignkey")
        batch_op.drop_column("amendment_id")
    _live(_FIRST)
    op.drop_index("uq_amendments_paying", "amendments")
    _check("'applied', 'reversed'")


def _check(statuses: str) -> None:
    with op.batch_alter_table("amendments") as batch_op:
        for name, agreed in _AGREED.items():
            full_name = op.f(f"ck_amendments_{name}")
            batch_op.drop_constraint(full_name, type_="check")
            batch_op.create_check_constraint(full_name, f"status NOT IN ({statuses}) OR {agreed}")


def _live(condition: str) -> None:
    op.create_index(
        "uq_payouts_live",
        "payouts",
        ["loan_id"],
        unique=True,
        postgresql_where=sa.text(condition),
        sqlite_where=sa.text(condition),
    )
