"""Reports as maps: outlines taken from a file, places of the reader's own rows, and what is said where there is none."""

import html
import io
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import delete

from app.access.users import create_user
from app.core import registry
from app.core.db import unscoped
from app.core.org import GrantKind, RegionOutline
from tests.rules.source import ROOT
from tests.web.people import add, rows
from tests.web.shop import Shop

UPLOAD, BUILD = "/region_outline/upload", "/user_report/build/loan"
BY_COUNTY = f"{BUILD}?_row=region__county&_m=count&_chart=map"
CODES = ("621102", "621121", "621122")
SQUARE = [[104.0, 35.0], [105.0, 35.0], [105.0, 36.0], [104.0, 36.0], [104.0, 35.0]]


@pytest.fixture(scope="module")
def counties(shop: Shop) -> Iterator[dict[str, int]]:
    """Three counties with codes, each with a township in which loans are; a reader of the first alone."""
    top = add("region", name="Gansu", level="province", code="62")
    found = {
        code: add("region", name=f"County {code}", level="county", code=code, parent_id=top) for code in CODES
    }
    below = [add("region", name=f"Town {code}", level="township", parent_id=found[code]) for code in CODES]
    for name in ("Twin one", "Twin two"):
        add("region", name=name, level="county", code="699999", parent_id=top)
    with unscoped("loans at places") as session:
        for n, loan in enumerate(session.query(registry.entity("loan")).order_by("id")):
            loan.region_id = below[0 if n < 8 else 1 if n < 20 else 2]
    grant = {"kind": GrantKind.REGION, "region_id": found[CODES[0]]}
    shop.users["lin"] = create_user(
        "lin", "pw", "Administrator", first_name="Lin", last_name="Test", grants=(grant,)
    )
    shop.users["lan"] = create_user(
        "lan", "pw", "Manager", first_name="Lan", last_name="Test", grants=(grant,)
    )
    return found


@pytest.fixture
def outlined(counties: dict[str, int]) -> dict[str, int]:
    """The first two have outlines beside each other."""
    rings = [[10400000, 3500000, 10500000, 3500000, 10500000, 3600000, 10400000, 3600000, 10400000, 3500000]]
    for n, code in enumerate(CODES[:2]):
        moved = [[part + n * 100000 * (1 - at % 2) for at, part in enumerate(rings[0])]]
        add("region_outline", region_id=counties[code], rings=moved, points=5, file_name="made.json")
    return counties


@pytest.fixture(autouse=True)
def tidy() -> Iterator[None]:
    """Each test begins without an outline."""
    yield
    with unscoped("a test tidies up") as session:
        session.execute(delete(RegionOutline))


def feature(code: Any, ring: Any = SQUARE, kind: str = "Polygon", **more: Any) -> dict[str, Any]:
    coordinates = [ring] if kind == "Polygon" else [[ring], [ring]]
    return {
        "type": "Feature",
        "properties": {"code": code, **more},
        "geometry": {"type": kind, "coordinates": coordinates},
    }


def send(shop: Shop, content: Any, key: str = "code", name: str = "admin") -> Any:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    form = {"file": (io.BytesIO(raw), "counties.geojson"), "key": key}
    return shop.browser(name).post(UPLOAD, form, content_type="multipart/form-data")


def collection(*features: dict[str, Any]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}


def drawn(page: str) -> dict[str, str]:
    """Name and figure of each place of a map, with where it leads."""
    links = re.findall(r'<a href="([^"]*)" class="map-place map-(\d)"[^>]*aria-label="([^"]*)"', page)
    return {html.unescape(label): html.unescape(url) for url, _step, label in links}


def test_the_file_of_the_guide_gives_its_places_their_outlines(shop: Shop, counties: dict[str, int]) -> None:
    guide = (ROOT / "docs/howto/map.md").read_text(encoding="utf-8")
    [said] = re.findall(r"```json\n(.*?)```", guide, re.DOTALL)
    answer = send(shop, said.encode())
    assert answer.status_code == 200
    assert "Outlines stored: 2" in answer.text
    kept = {one.region_id: one for one in rows("region_outline")}
    assert kept.keys() == {counties[code] for code in CODES[:2]}
    assert kept[counties["621102"]].rings == [[10430000, 3540000, 10490000, 3540000, 10490000, 3600000, 10430000, 3600000, 10430000, 3540000]]  # fmt: skip
    assert (kept[counties["621102"]].points, kept[counties["621102"]].file_name) == (5, "counties.geojson")
    assert kept[counties["621102"]].author_id == shop.users["admin"]
    assert "In the place of earlier ones: 2." in send(shop, said.encode()).text
    assert len(rows("region_outline")) == 2


def test_what_is_right_of_a_file_is_stored_and_what_is_not_is_told_by_name_and_reason(
    shop: Shop, counties: dict[str, int]
) -> None:
    far = [[640000.0, 4000000.0], [650000.0, 4000000.0], [650000.0, 4100000.0], [640000.0, 4000000.0]]
    wrong = {
        "Open": (feature("621121", SQUARE[:-1], name="Open"), "is not closed"),
        "Short": (feature("621121", SQUARE[:3], name="Short"), "fewer than four points"),
        "Metres": (feature("621121", far, name="Metres"), "in degrees (WGS84)"),
        "Words": (feature("621121", [["a", "b"]] * 5, name="Words"), "in degrees (WGS84)"),
        "Spot": ({"properties": {"code": "621121", "name": "Spot"}, "geometry": {"type": "Point", "coordinates": [1, 2]}}, "no Polygon"),
        "None": ({"properties": {"code": "621121", "name": "None"}, "geometry": None}, "no Polygon"),
        "Empty": ({"properties": {"code": "621121", "name": "Empty"}, "geometry": {"type": "Polygon", "coordinates": [[], []]}}, "fewer than four points"),
        "Abroad": (feature("999", name="Abroad"), "No region has this code"),
        "Twins": (feature(699999, name="Twins"), "Several regions have this code"),
        "Again": (feature(621102.0, name="Again"), "stands in the file twice"),
        "Half?": (feature("\ud800", name="Half\ud800"), "No region has this code"),
        "Nameless": (feature([1], name="Nameless"), "no property code"),
    }  # fmt: skip
    right = [feature(621102, name="Number"), feature("621122", kind="MultiPolygon")]
    answer = send(shop, collection(*right, *(one for one, _why in wrong.values())))
    assert answer.status_code == 200
    assert {one.region_id for one in rows("region_outline")} == {counties["621102"], counties["621122"]}
    lines = re.findall(r'<tr>.*?data-label="Name">(.*?)</td>.*?data-label="Why">(.*?)</td></tr>', answer.text)
    told = {html.unescape(name): html.unescape(why) for name, why in lines}
    assert told.keys() == wrong.keys()
    assert [name for name, (_one, why) in wrong.items() if why not in told[name]] == []


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"PK\x03\x04", "cannot be read as JSON"),
        (b"[" * 100_000, "cannot be read as JSON"),
        (json.dumps(collection(feature("621102"))).encode().replace(b"104.0", b"NaN"), "cannot be read as JSON"),
        (b'"FeatureCollection"', "a FeatureCollection is needed"),
        (b'{"type": "FeatureCollection", "features": [1]}', "a FeatureCollection is needed"),
        (b'{"type": "FeatureCollection", "features": []}', "has no places"),
        (json.dumps(collection({"properties": {"adcode": 1, "name": "x"}})).encode(), "It has: adcode, name"),
        (b'{"type": "FeatureCollection", "features": [{"properties": {"x\\ud800": 1}}]}', "It has: x?"),
        (b"", "cannot be read as JSON"),
    ],
    ids=["archive", "deep", "nan", "word", "numbers", "empty", "property", "half", "nothing"],
)  # fmt: skip
def test_a_file_that_is_none_is_refused_with_a_sentence(
    shop: Shop, counties: Any, content: bytes, sentence: str
) -> None:
    answer = send(shop, content)
    assert answer.status_code == 422
    assert sentence in html.unescape(answer.text)
    assert rows("region_outline") == []


def test_a_file_of_fifty_megabytes_is_refused_with_a_sentence(shop: Shop) -> None:
    # written out, as the test's browser would leave a file of its own open
    parts = [f'--x\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{shop.admin.mark("/home/")}\r\n'.encode(),
             b'--x\r\nContent-Disposition: form-data; name="file"; filename="all.json"\r\n\r\n', b" " * 50_000_000, b"\r\n--x--\r\n"]  # fmt: skip
    answer = shop.admin.client.post(
        UPLOAD, data=b"".join(parts), content_type="multipart/form-data; boundary=x"
    )
    assert answer.status_code == 422
    assert "The file is larger than 20 MB" in answer.text


def test_only_who_may_add_outlines_gives_files_and_finds_the_screen(
    shop: Shop, outlined: dict[str, int]
) -> None:
    assert 'href="/region_outline/upload"' in shop.admin.get("/region_outline/list/").text
    assert send(shop, collection(feature("621122")), name="olga").status_code in (302, 403)
    assert shop.browser("olga").get(UPLOAD).status_code in (302, 403)
    assert send(shop, collection(feature("621122")), name="lin").status_code == 403, (
        "who has a place only reads"
    )
    assert {one.region_id for one in rows("region_outline")} == {outlined[code] for code in CODES[:2]}
    answer = send(shop, collection(feature("621122"), feature("621121")), name="owner")
    assert "New: 1. In the place of earlier ones: 1." in answer.text, "whoever may add and sees rows to write"


def test_a_map_has_the_places_of_the_report_each_with_its_figure_and_its_rows(
    shop: Shop, outlined: dict[str, int]
) -> None:
    page = shop.admin.get(BY_COUNTY).text
    places = drawn(page)
    assert set(places) == {"County 621102: 8", "County 621121: 12"}
    listed = shop.caller("admin").call("GET", places["County 621102: 8"][1:].replace("list/", ""))
    assert listed.json["count"] == 8
    assert "1 of 3 places have no outline: County 621122" in page
    assert re.findall(r'map-swatch map-(\d)"></span>([^<]*) <small>', page) == [("1", "8"), ("5", "12")]
    within = drawn(shop.admin.get(f"{BY_COUNTY}&_row2=status&_totals=none").text)
    assert set(within) == set(places), "groups within a place change nothing of the place"
    money = shop.admin.get(f"{BUILD}?_row=region__county&_m=principal__sum&_chart=map").text
    assert set(drawn(money)) == {"County 621102: 8,028.00", "County 621121: 12,162.00"}
    assert re.findall(r'map-card"><div class="card-head"><h2>(.*?)</h2>', money) == ["Principal: sum, CNY"]


def test_a_reader_of_one_county_sees_its_outline_and_figure_alone(
    shop: Shop, outlined: dict[str, int]
) -> None:
    hers = shop.browser("lan")
    page = hers.get(BY_COUNTY).text
    assert set(drawn(page)) == {"County 621102: 8"}
    [address] = re.findall(r'data-map="([^"]+)"', page)
    shapes = hers.get(address).json["shapes"]
    assert list(shapes) == [str(outlined["621102"])]
    assert "County 621121" not in page


def test_paths_are_asked_for_once_and_then_known(shop: Shop, outlined: dict[str, int]) -> None:
    browser = shop.admin
    address = f"/outline/?ids={outlined['621102']}.{outlined['621121']}.{outlined['621122']}.999999.-1.x"
    answer = browser.get(address)
    shapes = answer.json["shapes"]
    assert set(shapes) == {str(outlined[code]) for code in CODES[:2]}
    assert shapes[str(outlined["621102"])][0] == "M0 614l500 0 0-614-500 0z"
    again = browser.get(address, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    packed = browser.get(address, headers={"Accept-Encoding": "gzip"})
    assert (
        browser.get(
            address, headers={"If-None-Match": packed.headers["ETag"], "Accept-Encoding": "gzip"}
        ).status_code
        == 304
    )
    with unscoped("an outline changes") as session:
        session.query(RegionOutline).filter_by(region_id=outlined["621121"]).one().rings = [
            [0, 0, 9, 0, 9, 9, 0, 0]
        ]
    assert browser.get(address, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 200
    assert shop.app.test_client().get(address).status_code in (302, 401)
    assert browser.get("/outline/").json["shapes"] == {}


def test_where_there_is_no_map_it_is_not_offered_and_one_that_is_asked_for_says_why(
    shop: Shop, counties: Any
) -> None:
    assert "<option value=map" not in shop.admin.get(f"{BUILD}?_row=region__county").text
    page = shop.admin.get(BY_COUNTY)
    assert page.status_code == 200
    assert "None of these places has an outline yet" in page.text
    assert "<option value=map selected>" in page.text
    add(
        "region_outline",
        region_id=counties["621102"],
        rings=[[0, 0, 9, 0, 9, 9, 0, 0]],
        points=4,
        file_name="x",
    )
    assert "<option value=map" in shop.admin.get(f"{BUILD}?_row=region__county").text
    assert "<option value=map" not in shop.admin.get("/user_report/build/bucket?_row=code").text
    assert "group the report by a place first" in shop.admin.get(f"{BUILD}?_row=status&_chart=map").text
    assert shop.admin.get(f"{BUILD}?_chart=map&currency=XXX").status_code == 200


def test_a_report_of_the_product_is_drawn_as_a_map_on_every_level_down(
    shop: Shop, outlined: dict[str, int]
) -> None:
    page = shop.admin.get("/report/statistics/?by=county").text
    assert "map-picture" not in page
    ways = [html.unescape(one) for one in re.findall(r'<a href="([^"]*picture=[^"]*)"', page)]
    [by_loans] = {one for one in ways if "picture=loans" in one and "by=county" in one}
    page = shop.admin.get(by_loans).text
    places = drawn(page)
    assert {"County 621102: 8", "County 621121: 12"} == set(places)
    assert "echarts" not in page
    assert "by=township" in places["County 621102: 8"]
    assert "picture=loans" in places["County 621102: 8"]
    below = shop.admin.get(places["County 621102: 8"]).text
    assert "Town 621102" in below
    assert "map-picture" not in below, "no township has an outline"
    assert "picture=" not in shop.admin.get("/report/statistics/?by=officer").text
