"""The input of a custom field that holds a file: sent with the form, taken from the record's files, kept or removed."""

from typing import Any

from flask_babel import gettext, lazy_gettext as _
from wtforms import FileField, validators as check

from app.core.custom_file import HeldFile
from app.core.web.cells import file_of
from app.core.web.inputs import Drawn
from app.core.web.pages import File

REMOVED = "-"
"""What the box beside the input sends, under the input's name, to have the field emptied."""


class HeldFileInput(Drawn, FileField):
    """A file that comes with the form, or the number of an attachment of the record; nothing sent means no change.

    What stores the row puts the kept file in its place (`app.core.web.field_files`).
    """

    drawn_as = "FileField"
    removed = REMOVED
    data: Any = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kept = False

    @property
    def held(self) -> HeldFile | None:
        """The file that is there."""
        return self.object_data if isinstance(self.object_data, HeldFile) else None

    @property
    def file(self) -> File | None:
        """The same as pages show it."""
        return file_of(self.held) if self.held else None

    def forget(self) -> None:
        """Begin without the file of the record from which the form was filled."""
        self.object_data = self.data = None

    def process_formdata(self, valuelist: list[Any]) -> None:
        sent = [one for one in valuelist if getattr(one, "filename", "")]
        said = [one for one in valuelist if not hasattr(one, "stream") and one != ""]
        self.kept = not sent and not said
        if sent:
            self.data = sent[0]
        elif REMOVED in said:
            self.data = None
        elif said:
            self.data = _attachment(said[0])


def _attachment(said: Any) -> int:
    """The number of an attachment. Raises ValueError for anything else."""
    if isinstance(said, bool) or not str(said).isdecimal() or len(str(said)) > 18:
        raise ValueError(
            gettext(
                "Send a file as a part of multipart/form-data, or the number of one of the record's attachments"
            )
        )
    return int(said)


class NeededFile:
    """A file must be sent, or be there and stay."""

    field_flags = {"required": True}  # noqa: RUF012  as WTForms declares it

    def __call__(self, _form: Any, field: HeldFileInput) -> None:
        if field.process_errors:
            return
        if field.data is None or (field.kept and field.held is None):
            raise check.StopValidation(str(_("Needed")))
