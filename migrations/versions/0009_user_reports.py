"""Reports made by users

Revision: 0009
Follows: 0007
"""

import sqlalchemy as sa
from alembic import op


revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('user_report',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('entity', sa.String(length=60), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('query', sa.Text(), server_default='', nullable=False),
    sa.Column('role_id', sa.Integer(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.ForeignKeyConstraint(['role_id'], ['ab_role.id'], ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['user_id'], ['ab_user.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('user_id', 'name')
    )
    op.create_index(op.f('ix_user_report_role_id'), 'user_report', ['role_id'], unique=False)
    op.create_table('home_tile',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('report_id', sa.BigInteger(), nullable=False),
    sa.Column('role_id', sa.Integer(), nullable=True),
    sa.Column('kind', sa.String(30), server_default='chart', nullable=False),
    sa.Column('position', sa.Integer(), server_default='0', nullable=False),
    sa.ForeignKeyConstraint(['report_id'], ['user_report.id'], ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['role_id'], ['ab_role.id'], ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['user_id'], ['ab_user.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('user_id', 'report_id', 'role_id', postgresql_nulls_not_distinct=True)
    )
    op.create_index(op.f('ix_home_tile_report_id'), 'home_tile', ['report_id'], unique=False)
    op.create_index(op.f('ix_home_tile_role_id'), 'home_tile', ['role_id'], unique=False)
    op.create_table('announcement',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('role_id', sa.Integer(), nullable=True),
    sa.Column('language', sa.String(length=60), nullable=True),
    sa.Column('starts_on', sa.Date(), nullable=False),
    sa.Column('ends_on', sa.Date(), nullable=True),
    sa.ForeignKeyConstraint(['role_id'], ['ab_role.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index(op.f('ix_announcement_role_id'), 'announcement', ['role_id'], unique=False)
    op.create_index(op.f('ix_announcement_starts_on'), 'announcement', ['starts_on'], unique=False)


def downgrade() -> None:
    op.drop_index(op.f('ix_announcement_starts_on'), table_name='announcement')
    op.drop_index(op.f('ix_announcement_role_id'), table_name='announcement')
    op.drop_table('announcement')
    op.drop_index(op.f('ix_home_tile_role_id'), table_name='home_tile')
    op.drop_index(op.f('ix_home_tile_report_id'), table_name='home_tile')
    op.drop_table('home_tile')
    op.drop_index(op.f('ix_user_report_role_id'), table_name='user_report')
    op.drop_table('user_report')
