"""The address `/`: the home screen for whoever is logged in, else the login."""

from typing import Any

from flask import g, redirect, url_for
from flask_appbuilder import IndexView, expose
from flask_login import current_user


class HomeRedirect(IndexView):
    """Leads to the login, or to the home screen that `app.views.home` draws."""

    @expose("/")
    def index(self) -> Any:
        if not current_user.is_authenticated or not g.get("principal"):
            return redirect(url_for(f"{self.appbuilder.sm.auth_view.endpoint}.login"))
        return redirect("/home/")
