"""Calls per minute of a token

Revision: 0020
Follows: 0019
"""

import sqlalchemy as sa
from alembic import op


revision = '0020'
down_revision = '0019'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('api_token', sa.Column('calls_per_minute', sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column('api_token', 'calls_per_minute')
