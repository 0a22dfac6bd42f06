"""Tables in files: reading what people send, laying it out, giving the bad rows back.

with open_table(path) as table:
    match = layout.match(table.header)
    for block in convert_table(layout, match.mapping, table):
        ...  # block.values[field] is a column, block.problems the bad rows
"""

from app.core.sheets.convert import Converted, Problem, convert, convert_table
from app.core.sheets.errors import Reason, SheetError
from app.core.sheets.layout import Field, Layout, Match
from app.core.sheets.layout_json import LayoutError, parse_layout
from app.core.sheets.limits import Limits
from app.core.sheets.table import Table, open_table

__all__ = [
    "Converted",
    "Field",
    "Layout",
    "LayoutError",
    "Limits",
    "Match",
    "Problem",
    "Reason",
    "SheetError",
    "Table",
    "convert",
    "convert_table",
    "open_table",
    "parse_layout",
]
