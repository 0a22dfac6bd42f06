"""What every address for programs has in common."""

from typing import Any

from flask_appbuilder.api import BaseApi
from flask_babel import gettext


class Api(BaseApi):
    """Base of what programs call: it takes no cookie, and refuses in the caller's language."""

    allow_browser_login = False

    def response_403(self) -> Any:
        """Without the right, or with a token that does not give it."""
        return self.response(403, message=gettext("You may not do this"))
