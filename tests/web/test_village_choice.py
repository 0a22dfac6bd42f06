"""The village list asks for what its reader can choose."""

from tests.web.shop import Shop


def test_who_cannot_choose_an_officer_is_not_told_to(shop: Shop) -> None:
    page = shop.browser("partner").get("/report/villages/").text
    assert 'name="officer_id"' not in page
    assert "Choose a village or a township above." in page
    page = shop.admin.get("/report/villages/").text
    assert 'name="officer_id"' in page
    assert "Choose a village, a township or an officer above." in page
