"""Puts every declared report on the app, with its line in the menu."""

import app.reports  # noqa: F401  declares them
from app.core import registry
from app.core.web import register
from app.core.web.report_view import INDEX, Reports, menu_entry, view_for

register.screen(unlisted=INDEX)(Reports)
for _report in registry.reports():
    register.screen(menu_entry(_report))(view_for(_report))
