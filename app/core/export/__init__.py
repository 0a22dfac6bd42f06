"""What writing workbooks and text tables is made of; `app.core.workbook` is the door."""
