"""Every right on the table of a role, and every message of a form, has words people understand."""

from flask import session
from flask_wtf import FlaskForm
from wtforms import SelectField, StringField, validators
from wtforms.fields.choices import SelectChoice

from app import create_app
from app.access.roles import every_permission
from app.views.rights import SUBJECTS, VERBS, subject_names, verb_names

SETTINGS = {"SECRET_KEY": "x" * 40, "WTF_CSRF_ENABLED": False}


def test_every_right_is_called_by_its_name() -> None:
    app = create_app(**SETTINGS)
    with app.test_request_context("/"):
        pairs = every_permission(app.extensions["appbuilder"])
        subjects, verbs = subject_names(), verb_names()
    assert {subject for _, subject in pairs} - set(subjects) == set()
    assert {verb for verb, _ in pairs} - set(verbs) == set()
    assert not set(SUBJECTS) - {subject for _, subject in pairs}, "a name of a screen that is gone"
    assert not set(VERBS) - {verb for verb, _ in pairs}, "a name of a right that is gone"


def test_messages_of_the_form_library_come_in_the_language_of_the_page() -> None:
    class Example(FlaskForm):
        choice = SelectField(choices=[SelectChoice("1", "one")])
        words = StringField(validators=[validators.Length(max=2)])

    app = create_app(**SETTINGS)
    found = set()
    for language in ("uk", "ru", "zh_Hans", "zh_Hant"):
        with app.test_request_context("/", method="POST", data={"choice": "9", "words": "long"}):
            session["locale"] = language
            form = Example()
            assert not form.validate()
            found.add((*form.choice.errors, *form.words.errors))
    assert len(found) == 4
    assert not any(text.isascii() for texts in found for text in texts)
