"""The refused rows of an upload as a workbook: as they came or were mended, each with the reasons."""

import io
from typing import Any

from sqlalchemy import select

from app.core import clock, files, labels, registry
from app.core.db import web_session
from app.core.org import RowState, Upload, UploadRow
from app.core.sheets.errorbook import write_error_workbook
from app.core.web.cells import here
from app.core.web.principal import current
from app.core.web.uploads.cells import read
from app.core.web.uploads.rows_page import sentences
from app.core.workbook import About


def made(upload: Upload) -> io.BytesIO:
    """The workbook's content."""
    entity = registry.entity(upload.entity)
    query = select(UploadRow.number, UploadRow.cells, UploadRow.reasons).where(
        UploadRow.upload_id == upload.id, UploadRow.state == RowState.REFUSED
    )
    bad: list[Any] = [
        (number, list(map(read, cells)), sentences(entity, reasons))
        for number, cells, reasons in web_session().execute(query.order_by(UploadRow.number))
    ]
    about = About(
        title=labels.entity_label(entity),
        who=current().full_name,
        when=here(clock.now()),
        filters=upload.file_name,
    )
    with files.scratch("errors.xlsx") as path:
        write_error_workbook(path, upload.source["header"], bad, about)
        return io.BytesIO(path.read_bytes())
