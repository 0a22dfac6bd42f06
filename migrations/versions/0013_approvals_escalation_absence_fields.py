"""Approvals: escalation, absence, fields

Revision: 0013
Follows: 0012
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql


revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('absence',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('starts_on', sa.Date(), nullable=False),
    sa.Column('ends_on', sa.Date(), nullable=False),
    sa.Column('substitute_id', sa.Integer(), nullable=False),
    sa.Column('reason', sa.String(length=500), nullable=True),
    sa.Column('custom', postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
    postgresql.ExcludeConstraint((sa.text("int4range(user_id, user_id, '[]')"), '&&'), (sa.text("daterange(starts_on, ends_on, '[]')"), '&&'), using='gist', name='ex_absence_overlap'),
    sa.ForeignKeyConstraint(['substitute_id'], ['ab_user.id'], ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['user_id'], ['ab_user.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_absence_substitute', 'absence', ['substitute_id', 'ends_on'], unique=False)
    op.add_column('approval_route', sa.Column('field_names', sa.String(length=500), nullable=True))
    op.add_column('approval_route', sa.Column('first_hours', sa.Integer(), nullable=True))
    op.add_column('approval_route', sa.Column('first_escalation_id', sa.Integer(), nullable=True))
    op.add_column('approval_route', sa.Column('second_hours', sa.Integer(), nullable=True))
    op.add_column('approval_route', sa.Column('second_escalation_id', sa.Integer(), nullable=True))
    op.create_foreign_key(None, 'approval_route', 'ab_role', ['first_escalation_id'], ['id'], ondelete='RESTRICT')
    op.create_foreign_key(None, 'approval_route', 'ab_role', ['second_escalation_id'], ['id'], ondelete='RESTRICT')
    op.add_column('approval_request', sa.Column('changes', postgresql.JSONB(astext_type=sa.Text()), server_default='{}', nullable=False))
    op.add_column('approval_request', sa.Column('waits_since', sa.DateTime(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False))
    op.add_column('approval_request', sa.Column('escalates_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('approval_request', sa.Column('escalated_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('approval_request', sa.Column('escalated_role_id', sa.Integer(), nullable=True))
    op.add_column('approval_request', sa.Column('escalated_to', sa.String(length=500), nullable=True))
    op.add_column('approval_request', sa.Column('escalated_ids', sa.ARRAY(sa.Integer()), nullable=True))
    op.add_column('approval_request', sa.Column('escalation_task_ids', sa.ARRAY(sa.BigInteger()), nullable=True))
    op.add_column('approval_request', sa.Column('first_for_id', sa.Integer(), nullable=True))
    op.add_column('approval_request', sa.Column('second_for_id', sa.Integer(), nullable=True))
    op.create_foreign_key(None, 'approval_request', 'ab_role', ['escalated_role_id'], ['id'], ondelete='RESTRICT')
    op.create_foreign_key(None, 'approval_request', 'ab_user', ['first_for_id'], ['id'], ondelete='RESTRICT')
    op.create_foreign_key(None, 'approval_request', 'ab_user', ['second_for_id'], ['id'], ondelete='RESTRICT')
    op.create_index('ix_approval_request_late', 'approval_request', ['escalates_at'], unique=False, postgresql_where=sa.text("state = 'waiting' AND escalated_at IS NULL"))
    # nothing is known of steps before: they are taken to have begun with their request
    op.execute("UPDATE approval_request SET waits_since = created_at")


def downgrade() -> None:
    op.drop_index('ix_approval_request_late', table_name='approval_request', postgresql_where=sa.text("state = 'waiting' AND escalated_at IS NULL"))
    for column in ('second_for_id', 'first_for_id', 'escalation_task_ids', 'escalated_ids', 'escalated_to', 'escalated_role_id', 'escalated_at', 'escalates_at', 'waits_since', 'changes'):
        op.drop_column('approval_request', column)
    for column in ('second_escalation_id', 'second_hours', 'first_escalation_id', 'first_hours', 'field_names'):
        op.drop_column('approval_route', column)
    op.drop_index('ix_absence_substitute', table_name='absence')
    op.drop_table('absence')
