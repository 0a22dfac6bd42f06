"""The village list on paper: A4, the village and the day on every page, no row on two."""

import re
from io import BytesIO

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from app.core.db import unscoped
from app.models import Loan
from app.reports.lists import OPEN
from tests.browser.conftest import Visit

A4 = (595, 842)
LENGTHEN = """() => {
    const body = document.querySelector('.village tbody'), row = body.rows[0];
    for (let n = 10; n < 90; n++) {
        const copy = body.appendChild(row.cloneNode(true));
        copy.cells[0].textContent = `begin${n}`;
        copy.cells[3].innerHTML = `a<br>b<br>c<br>end${n}`;
    }
    return [document.querySelector('.village h2').textContent, document.querySelector('.village-head .ms-auto').textContent];
}"""


@pytest.mark.browser
def test_a_long_village_list_says_village_and_day_on_each_page_and_splits_no_row(visit: Visit) -> None:
    visit.login("all")
    with unscoped("where borrowers live") as session:
        place = session.scalar(
            select(Loan.region_id).where(Loan.region_id.is_not(None), Loan.status.in_(OPEN))
        )
    visit.open(f"/report/villages/?visited=all&officer_id=&region_id={place}")
    assert not visit.page.locator(".on-paper").first.is_visible()
    village, day = visit.page.evaluate(LENGTHEN)
    assert village
    assert day
    pages = PdfReader(BytesIO(visit.page.pdf(prefer_css_page_size=True))).pages
    texts = [page.extract_text() for page in pages]
    sheets = [text for text in texts if re.search(r"begin\d\d", text)]
    assert len(sheets) > 2
    assert {(round(page.mediabox.width), round(page.mediabox.height)) for page in pages} == {A4}
    for text in sheets:
        assert village in text
        assert re.sub(r"\s", "", day) in re.sub(r"\s", "", text)
        assert re.findall(r"begin(\d\d)", text) == re.findall(r"end(\d\d)", text)
    assert [n for text in sheets for n in re.findall(r"begin(\d\d)", text)] == [str(n) for n in range(10, 90)]
