"""Screens: generated ones for every entity, their verbs and rules, and the few that a table cannot express."""

import app.access.form_rules
import app.access.jobs
import app.access.operations
import app.access.renaming
import app.access.tokens
import app.access.webhooks
import app.contact.form_rules
import app.messaging.form_rules
import app.messaging.operations
import app.messaging.own_words_rules
import app.messaging.rule_messages
import app.servicing.erasing
import app.servicing.form_rules
import app.servicing.operations  # noqa: F401  importing declares
from app.views import (  # noqa: F401
    bulk_jobs,
    clock,
    customer,
    files,
    home,
    imports,
    job_runs,
    jobs,
    loan,
    notifications,
    reports,
    roles,
    search,
)
