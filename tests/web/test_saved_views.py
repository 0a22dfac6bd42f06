"""Saved views of lists: stored as they were, opened by one click, seen by their owner and the role they are lent to."""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import select, update

from app.core.db import scoped_as, unscoped
from app.core.errors import OutOfScope
from app.core.org import Role, SavedView, Selection
from tests.core.scoped import only_database, only_orm
from tests.web.people import Browser, rows, stored
from tests.web.shop import Shop
from tests.web.test_lists import shown

QUERY = "status=inactive&sort=-name&cols=name.status&size=50"


def role_id(name: str) -> int:
    with unscoped("a role of a test") as session:
        return int(session.scalars(select(Role.id).where(Role.name == name)).one())


def save(browser: Browser, name: str, query: str = QUERY, slug: str = "customer", **more: Any) -> Any:
    return browser.post("/saved_view/save", {"entity": slug, "name": name, "query": query, **more})


def view_of(shop: Shop, name: str, login: str) -> Any:
    found = rows("saved_view", name=name, user_id=shop.users[login])
    assert len(found) == 1
    return found[0]


def menu(shop: Shop, login: str, slug: str = "customer", query: str = "") -> str:
    answer = shop.browser(login).get(f"/saved_view/menu/{slug}?{query}")
    assert answer.status_code == 200
    return str(answer.text)


def test_a_view_is_kept_without_the_place_in_the_list_and_opens_as_it_was(shop: Shop) -> None:
    olga = shop.browser("olga")
    answer = save(olga, "Sleeping", f"?{QUERY}&after=WzFd&at=26&partial=1&view=7")
    view = view_of(shop, "Sleeping", "olga")
    assert (view.entity, view.query, view.role_id) == ("customer", QUERY, None)
    assert answer.headers["Location"] == f"/customer/list/?{QUERY}&view={view.id}"
    page = olga.get(answer.headers["Location"]).text
    assert shown(page) == shown(olga.get(f"/customer/list/?{QUERY}").text) != []
    assert ">Sleeping</span></button>" in page
    assert f'href="/customer/list/?{urlencode({"view": 0})}"' in page
    inside = menu(shop, "olga", query=f"{QUERY}&view={view.id}")
    assert re.search(rf'view={view.id}" aria-current="true"', inside)
    assert "Sleeping" not in menu(shop, "olga", slug="loan")


def test_a_view_that_was_changed_on_the_page_says_so(shop: Shop) -> None:
    olga = shop.browser("olga")
    place = save(olga, "To be changed").headers["Location"]
    other = place.replace("status=inactive&", "")
    assert ">To be changed (changed)</span></button>" in olga.get(other).text
    turned = f"/customer/list/?view={view_of(shop, 'To be changed', 'olga').id}&" + "&".join(
        QUERY.split("&")[::-1]
    )
    assert ">To be changed</span></button>" in olga.get(turned).text


def test_the_same_name_once_more_takes_the_place_of_the_view(shop: Shop) -> None:
    olga = shop.browser("olga")
    save(olga, "Mine")
    first = view_of(shop, "Mine", "olga")
    save(olga, " Mine ", "q=Customer+1")
    again = view_of(shop, "Mine", "olga")
    assert (again.id, again.query) == (first.id, "q=Customer+1")
    save(shop.browser("otto"), "Mine")
    assert view_of(shop, "Mine", "olga").query == "q=Customer+1"


@pytest.mark.parametrize(
    ("name", "query", "said"),
    [
        ("", QUERY, "needs a name"), ("x" * 201, QUERY, "at most 200"), ("Bad", "sort=password", "cannot be sorted by password"),
        ("Bad", "nothing=1", "no filter nothing"), ("Bad", "cols=password", "no such column"),
        ("Bad", "q=" + "x" * 5000, "too many filters"), ("Bad\x00", "status=unknown&x=1", "no filter x"),
        ("Bad", "status=unknown", "no unknown to choose"), ("Bad", "any1.status=unknown&any1.name=x", "no unknown to choose"),
    ],
)  # fmt: skip
def test_what_a_list_does_not_understand_is_not_kept(shop: Shop, name: str, query: str, said: str) -> None:
    answer = save(shop.browser("olga"), name, query)
    assert answer.status_code == 302
    assert said in shop.browser("olga").get("/home/").text
    assert rows("saved_view", name="Bad") == rows("saved_view", name="") == []


def test_a_view_is_its_owners_until_it_is_shared_with_a_role(shop: Shop) -> None:
    save(shop.browser("olga"), "Private")
    private = view_of(shop, "Private", "olga")
    for login in ("otto", "admin", "agent", "partner", "nobody"):
        assert "Private" not in menu(shop, login)
    otto = shop.browser("otto")
    for way in ("show", "edit"):
        assert otto.get(f"/saved_view/{way}/{private.id}").status_code == 404
    for way in ("edit", "delete", "start"):
        assert otto.post(f"/saved_view/{way}/{private.id}", {"name": "stolen"}).status_code == 404
    assert stored("saved_view", private.id).name == "Private"
    assert rows("view_start", user_id=shop.users["otto"]) == []


def test_who_may_share_lends_a_view_to_all_holders_of_a_role_and_to_nobody_else(shop: Shop) -> None:
    officers = role_id("Officer")
    save(shop.browser("olga"), "Pushed", role=str(officers))
    assert view_of(shop, "Pushed", "olga").role_id is None, "officers may not share"
    save(shop.admin, "For officers", role=str(officers))
    view = view_of(shop, "For officers", "admin")
    assert view.role_id == officers
    for login, sees in (
        ("olga", True),
        ("otto", True),
        ("agent", False),
        ("auditor", False),
        ("partner", False),
    ):
        assert ("For officers" in menu(shop, login)) is sees, login
        named = shop.browser(login).get(f"/customer/list/?view={view.id}")
        assert (">For officers (changed)</span>" in named.text) is sees
    otto = shop.browser("otto")
    assert otto.get(f"/saved_view/show/{view.id}").status_code == 200
    for way in ("edit", "delete"):
        assert otto.post(f"/saved_view/{way}/{view.id}", {"name": "stolen"}).status_code in (403, 404)
    assert shop.caller("otto").call("PUT", f"saved_view/{view.id}", {"name": "stolen"}).status_code in (
        403,
        404,
    )
    assert stored("saved_view", view.id).name == "For officers"
    save(shop.admin, "For officers", role="")
    assert "For officers" not in menu(shop, "otto")


@pytest.mark.parametrize("role", ["999999", "x", "-1"])
def test_a_role_that_is_none_is_refused(shop: Shop, role: str) -> None:
    save(shop.admin, "For ghosts", role=role)
    assert "There is no such role" in shop.admin.get("/home/").text
    assert rows("saved_view", name="For ghosts") == []


def test_each_layer_alone_keeps_a_lent_view_unchanged(shop: Shop, database: Any) -> None:
    save(shop.admin, "Lent", role=str(role_id("Officer")))
    view = view_of(shop, "Lent", "admin")
    otto = _Person(shop.users["otto"])
    for name, value in (("name", "stolen"), ("user_id", otto.id)):
        with only_orm(otto) as session:  # type: ignore[arg-type]
            setattr(session.get_one(SavedView, view.id), name, value)
            with pytest.raises(OutOfScope):
                session.flush()
        with only_orm(otto) as session:  # type: ignore[arg-type]
            changed = session.execute(
                update(SavedView).values({name: value}).returning(SavedView.id)
            ).scalars()
            assert view.id not in changed.all()
        with only_database(database, otto) as connection:  # type: ignore[arg-type]
            seen = connection.execute("SELECT name FROM saved_view WHERE id = %s", (view.id,)).fetchone()
            assert seen == ("Lent",)
            tried = connection.execute(f"UPDATE saved_view SET {name} = %s WHERE id = %s", (value, view.id))
            assert tried.rowcount == 0


class _Person:
    """What `only_orm` and `only_database` need to know of somebody."""

    def __init__(self, number: int) -> None:
        self.id = number


def test_a_list_opens_with_the_view_that_was_chosen_and_is_shown_as_it_is_when_asked(shop: Shop) -> None:
    otto = shop.browser("otto")
    assert otto.get("/customer/list/").status_code == 200
    save(otto, "Start here", start="1")
    view = view_of(shop, "Start here", "otto")
    address = f"/customer/list/?{QUERY}&view={view.id}"
    assert otto.get("/customer/list/").headers["Location"] == address
    assert otto.get("/customer/list/", headers={"X-Partial": "table"}).status_code == 200
    for path in (
        "/customer/list/?view=0",
        "/customer/list/?partial=tab",
        "/customer/list/?q=1",
        "/loan/list/",
    ):
        assert otto.get(path).status_code == 200, path
    assert shop.browser("olga").get("/customer/list/").status_code == 200
    assert otto.post(f"/saved_view/start/{view.id}").headers["Location"] == address
    assert otto.get("/customer/list/").status_code == 200
    otto.post(f"/saved_view/start/{view.id}")
    assert otto.post(f"/saved_view/delete/{view.id}").status_code == 302
    assert rows("view_start", user_id=shop.users["otto"]) == []
    assert otto.get("/customer/list/").status_code == 200


def test_a_view_that_the_list_no_longer_understands_is_told_and_left_aside(shop: Shop) -> None:
    auditor = shop.browser("auditor")
    save(auditor, "Old", start="1")
    view = view_of(shop, "Old", "auditor")
    with unscoped("a column that is gone") as session:
        session.get_one(SavedView, view.id).query = "cols=name.gone"
    page = auditor.get("/customer/list/")
    assert page.status_code == 200
    assert "Old: There is no such column here" in page.text


def test_who_has_no_data_keeps_no_view_and_a_partner_keeps_his_own(shop: Shop) -> None:
    assert save(shop.browser("nobody"), "Nothing").status_code == 403
    assert rows("saved_view", name="Nothing") == []
    save(shop.browser("partner"), "Partner's", "sort=name")
    assert view_of(shop, "Partner's", "partner").query == "sort=name"


def test_a_view_shows_its_reader_only_what_is_his(shop: Shop) -> None:
    save(shop.admin, "Everybody's", "sort=name", role=str(role_id("Officer")))
    view = view_of(shop, "Everybody's", "admin")
    answer = shop.browser("otto").get(f"/customer/list/?{view.query}&view={view.id}&size=100")
    assert set(shown(answer.text)) == set(shop.customers[1::2])


def test_a_menu_of_a_list_that_is_not_ones_own_does_not_exist(shop: Shop) -> None:
    agent = shop.browser("agent")
    for slug in ("setting", "nothing", "view_start", "data_grant"):
        assert agent.get(f"/saved_view/menu/{slug}").status_code == 404
        assert save(agent, "Spied", "", slug).status_code == 404
    assert rows("saved_view", name="Spied") == []


def test_a_session_of_a_partner_of_a_place_writes_what_is_his_own_and_nothing_else(shop: Shop) -> None:
    from app.access.users import create_user
    from app.core import registry
    from app.core.org import GrantKind

    with unscoped("a place") as session:
        place = registry.entity("region")(name="Place", level="county")
        session.add(place)
        session.flush()
        number = place.id
    user = create_user("placed", "pw", "Partner", grants=({"kind": GrantKind.REGION, "region_id": number},))
    with scoped_as(user) as session:
        session.add(SavedView(user_id=user, entity="loan", name="Ours", query=""))
        session.commit()
    with scoped_as(user) as session, pytest.raises(OutOfScope):
        session.add(SavedView(user_id=shop.users["olga"], entity="loan", name="Theirs", query=""))
        session.flush()
    assert [view.name for view in rows("saved_view", user_id=user)] == ["Ours"]


def test_who_sees_everything_looks_at_others_views_and_changes_none(shop: Shop) -> None:
    save(shop.browser("olga"), "Hers")
    view = view_of(shop, "Hers", "olga")
    for login in ("admin", "auditor"):
        browser, program = shop.browser(login), shop.caller(login)
        page = browser.get(f"/saved_view/show/{view.id}")
        assert page.status_code == 200
        assert f"/saved_view/edit/{view.id}" not in page.text + browser.get("/saved_view/list/?size=100").text
        assert browser.get(f"/saved_view/edit/{view.id}").status_code == 403
        for way in ("edit", "delete"):
            assert browser.post(f"/saved_view/{way}/{view.id}", {"name": "stolen"}).status_code == 403
        change = {"ids": str(view.id), "__run": "1", "_change": "name", "name": "stolen"}
        browser.post("/saved_view/change", change)
        browser.post(f"/saved_view/cell/name/{view.id}", {"name": "stolen"})
        assert program.call("PUT", f"saved_view/{view.id}", {"name": "stolen"}).status_code in (403, 404)
        assert program.call("DELETE", f"saved_view/{view.id}").status_code in (403, 404)
    assert view_of(shop, "Hers", "olga").query == QUERY
    with scoped_as(shop.users["auditor"]) as session:
        changed = session.execute(update(SavedView).values(name="stolen").returning(SavedView.user_id))
        assert set(changed.scalars()) <= {shop.users["auditor"]}
        session.rollback()


def test_chosen_rows_are_not_shared_because_they_are_ones_own(shop: Shop) -> None:
    shop.admin.post("/selection/loan", {"values": "L-0001"})
    chosen = rows("selection", user_id=shop.users["admin"])[-1].id
    save(shop.admin, "Chosen", f"picked={chosen}", "loan", role=str(role_id("Officer")))
    assert "cannot be shared" in shop.admin.get("/home/").text
    assert rows("saved_view", name="Chosen") == []
    save(shop.admin, "Chosen", f"picked={chosen}", "loan")
    with unscoped("a selection of long ago") as session:
        session.get_one(Selection, chosen).created_at -= timedelta(days=40)
    shop.admin.post("/selection/loan", {"values": "L-0002"})
    assert [row.id for row in rows("selection", id=chosen)] == [chosen]


def test_a_list_does_not_open_with_a_view_that_its_reader_may_not_have(shop: Shop) -> None:
    save(shop.admin, "By number", "identity_number__starts=62", role=str(role_id("Partner")))
    view, partner = view_of(shop, "By number", "admin"), shop.browser("partner")
    assert partner.post(f"/saved_view/start/{view.id}").headers["Location"] == "/customer/list/?view=0"
    assert rows("view_start", user_id=shop.users["partner"], view_id=view.id) == []
    assert "By number: " in partner.get("/customer/list/?view=0").text
    assert "By number" not in menu(shop, "partner"), "what he cannot open is not offered"
