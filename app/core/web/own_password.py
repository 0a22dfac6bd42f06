"""The page on which a user changes his own password."""

from typing import Any

from flask import g
from flask_appbuilder.fieldwidgets import BS3PasswordFieldWidget
from flask_appbuilder.forms import DynamicForm
from flask_appbuilder.security import views
from flask_babel import lazy_gettext as _
from wtforms import Field, PasswordField, ValidationError, validators as check

from app.core import passwords
from app.core.errors import RuleError


class OwnPasswordForm(DynamicForm):
    """The new password, twice."""

    password = PasswordField(
        _("New password"),
        description=_("At least %(n)s characters", n=passwords.SHORTEST),
        validators=[check.InputRequired(_("Needed"))],
        widget=BS3PasswordFieldWidget(),
    )
    conf_password = PasswordField(
        _("New password once more"),
        validators=[check.EqualTo("password", _("The two passwords are not the same"))],
        widget=BS3PasswordFieldWidget(),
    )

    def validate_password(self, field: Field) -> None:
        """The rule that holds for every password."""
        try:
            passwords.check(field.data, g.user.username, g.user.email)
        except RuleError as error:
            raise ValidationError(str(error)) from error


class ResetMyPasswordView(views.ResetMyPasswordView):
    """Flask-AppBuilder's page with our words and our rule; it keeps the name that its rights have."""

    form: Any = OwnPasswordForm
    form_title = _("Change password")
    message = _("Your password is changed; you are logged out everywhere else")
