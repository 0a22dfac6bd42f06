"""Rows of an entity of one class filled from a file: tried, mended in place, stored, undone, and seen by their sender alone."""

from tests.platform.yard import Yard
from tests.web.people import rows, stored
from tests.web.sent import check, counts, lines, said, send, store, upload

HEAD = "Plate;Branch;Driver;Customer;Bought on;Price;Currency;State\n"


def line(
    plate: str, *, price: str = "1000", driver: str = "Olga Test", customer: str = "", state: str = "Ready"
) -> str:
    return f"{plate};North;{driver};{customer};01.06.2018;{price};CNY;{state}\n"


def test_rows_are_tried_mended_in_place_and_stored_with_their_history(yard: Yard) -> None:
    known, name = yard.lorry("IMP-0"), yard.some_name("olga")
    table = (
        HEAD
        + line("IMP-0", price="77", customer=name)
        + line("IMP-1", customer=name)
        + line("IMP-2", price="many", customer=name)
    )
    url = send(yard, "lorry", table, "olga")
    tried = check(yard, url, "olga")
    assert counts(tried) == ("checked", 1, 1, 0, 1), [one.reasons for one in lines(url)]
    assert rows("lorry", plate="IMP-1") == [], "a dry run stores nothing"
    [wrong] = [one for one in lines(url) if str(one.state) == "refused"]
    assert set(wrong.reasons) == {"price"}
    yard.browser("olga").post(f"{url}/mend", {f"c-{wrong.id}-5": "2500,50", "row": wrong.id})
    assert counts(upload(url)) == ("checked", 2, 1, 0, 0)
    done = store(yard, url, "1", "olga")
    assert counts(done) == ("done", 2, 1, 0, 0)
    assert [str(one.price) for one in rows("lorry") if one.plate in ("IMP-0", "IMP-1", "IMP-2")] == [
        "77.00",
        "1000.00",
        "2500.50",
    ]
    change = rows("history", entity="lorry", row_id=known)[-1]
    assert (change.source, change.reason, change.user_id) == (
        "import",
        f"rows.csv (#{done.id})",
        yard.users["olga"],
    )
    assert yard.browser("sven").get(url).status_code == 404
    assert "rows.csv" in yard.browser("olga").get("/jobs/").text
    assert [str(one.kind) for one in rows("notification", entity="upload", row_id=done.id)] == ["job"]


def test_a_row_out_of_sight_is_refused_as_if_it_were_not(yard: Yard) -> None:
    url = send(yard, "lorry", HEAD + line("IMP-9", customer=yard.some_name("otto")), "olga")
    tried = check(yard, url, "olga")
    assert (counts(tried)[4], set(lines(url)[0].reasons)) == (1, {"customer"})
    yard.lorry("IMP-8", driver_id=yard.users["otto"], price="8")
    url = send(yard, "lorry", "Plate;Price\nIMP-8;9\n", "olga")
    assert counts(check(yard, url, "olga", **{"u-mode": "update"}))[1:] == (0, 0, 0, 1)
    assert str(rows("lorry", plate="IMP-8")[0].price) == "8.00"


def test_all_are_stored_or_only_the_valid_ones_as_it_is_said(yard: Yard) -> None:
    name = yard.some_name("olga")
    url = send(
        yard, "lorry", HEAD + line("ALL-1", customer=name) + line("ALL-2", customer=name, state="Sunk")
    )
    assert counts(check(yard, url)) == ("checked", 1, 0, 0, 1)
    store(yard, url, "1")
    assert rows("lorry", plate="ALL-1") == []
    assert counts(store(yard, url, "0")) == ("done", 1, 0, 0, 1)
    assert len(rows("lorry", plate="ALL-1")) == 1


def test_a_mapping_is_remembered_and_offered_for_the_next_file(yard: Yard) -> None:
    url = send(yard, "lorry", "Знак;Ціна\nIMP-0;5\n")
    answer = yard.admin.post(
        f"{url}/check",
        said(yard, url) | {"u-map-0": "plate", "u-map-1": "price", "u-mode": "update", "u-name": "Plates"},
    )
    assert answer.status_code == 302, answer.text
    [layout] = rows("upload_layout", name="Plates")
    assert (layout.entity, [one["headers"] for one in layout.plan["fields"]]) == (
        "lorry",
        [["Знак"], ["Ціна"]],
    )
    offered = said(yard, send(yard, "lorry", "More;Ціна;Знак\n1;2;3\n"))
    assert (offered["u-map-1"], offered["u-map-2"]) == ("price", "plate")


def test_an_import_is_undone_by_a_second_person_save_what_was_changed_since(yard: Yard) -> None:
    known, name = yard.lorry("UNDO-0", price="10"), yard.some_name("olga")
    table = HEAD + "".join(line(f"UNDO-{n}", price="99", customer=name) for n in range(3))
    url = send(yard, "lorry", table)
    check(yard, url)
    assert counts(store(yard, url, "1")) == ("done", 2, 1, 0, 0)
    [later] = rows("lorry", plate="UNDO-2")
    yard.caller("admin").call("PATCH", f"lorry/{later.id}", {"seats": 2})
    yard.admin.post(f"{url}/undo")
    assert yard.admin.post(f"{url}/approve").status_code == 404
    yard.browser("second").post(f"{url}/approve")
    assert (str(upload(url).state), str(stored("lorry", known).price)) == ("undone", "10.00")
    assert (rows("lorry", plate="UNDO-1"), stored("lorry", later.id).seats) == ([], 2)
