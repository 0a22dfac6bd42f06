"""Errands at a record: through a list one by one, its story by kinds, a copy of it, and who has looked at it."""

from io import BytesIO

import pytest
from playwright.sync_api import expect
from pypdf import PdfReader
from sqlalchemy import update

from app.access.users import create_user
from app.core import registry
from app.core.db import unscoped
from app.core.org import GrantKind
from app.core.web.links import show_url
from app.models import Customer
from tests.browser.conftest import Visit
from tests.browser.errands import becomes, choose, glance, look, panel, shown
from tests.walk.world import World
from tests.web.people import rows, stored
from tests.web.test_attachments import PNG


def heading(visit: Visit) -> str:
    return visit.page.locator("h1").inner_text()


def step(visit: Visit, key: str, name: str) -> None:
    """To a neighbour by its key."""
    visit.page.keyboard.press(key)
    expect(visit.page.get_by_role("heading", level=1, name=name, exact=True)).to_be_visible()


@pytest.mark.browser
@pytest.mark.full
def test_records_of_a_list_are_gone_through_with_one_followed_changed_and_printed_on_the_way_and_doubled(
    visit: Visit, world: World
) -> None:
    page = visit.page
    with unscoped("an officer of another branch") as session:
        session.get_one(registry.entity("user"), world.users["o3"]).branch_id = world.branches["b2"].id
        session.execute(update(Customer).values(language="en", zone="Asia/Shanghai"))
    visit.login("all")
    visit.open(f"/customer/list/?client={world.clients['x'].id}&sort=-name")
    names = [line[0] for line in shown(visit)]
    assert len(names) == 4
    page.get_by_role("link", name=names[1], exact=True).click()
    expect(page.get_by_role("heading", level=1, name=names[1], exact=True)).to_be_visible()
    page.get_by_role("button", name="Follow").click()
    expect(page.get_by_role("button", name="Follow")).to_have_attribute("aria-pressed", "true")
    step(visit, "]", names[2])
    step(visit, "[", names[1])
    customer = int(page.url.partition("?")[0].rpartition("/")[2])
    assert [one.row_id for one in rows("following", user_id=world.users["all"])] == [customer]
    give_to_the_branch(visit)
    now = stored("customer", customer)
    assert (now.branch_id, now.manager_id) == (world.branches["b2"].id, world.users["o3"])
    paper = "".join(one.extract_text() for one in PdfReader(BytesIO(page.pdf())).pages)
    assert names[1] in paper
    assert "Send message" not in paper
    step(visit, "]", names[2])
    step(visit, "]", names[3])
    step(visit, "[", names[2])
    look(visit, "record-neighbours")
    double(visit, names[2])


def give_to_the_branch(visit: Visit) -> None:
    """Change branch and manager in the form: of the chosen branch its people are offered first."""
    page = visit.page
    page.keyboard.press("e")
    page.wait_for_url("**/customer/edit/**")
    choose(visit, "Branch", "b2")
    page.get_by_role("combobox", name="Manager", exact=True).click()
    options = page.locator(".combo-list:not([hidden]) .combo-option")
    expect(options.first).to_have_text("o3")
    assert options.count() > 3, "the others can be chosen all the same"
    glance(visit, "record-officers")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+s")
    page.wait_for_url("**/customer/page/**")


def double(visit: Visit, name: str) -> None:
    """Make another record from this one, without what is its own."""
    page = visit.page
    page.get_by_role("button", name="More").click()
    page.get_by_role("link", name="Duplicate").click()
    expect(page.get_by_label("Name", exact=True)).to_have_value(name)
    expect(page.get_by_label("Identity number")).to_have_value("")
    page.get_by_label("Name", exact=True).fill("Doubled")
    glance(visit, "record-double")
    page.keyboard.press("Control+s")
    expect(page.get_by_role("heading", level=1, name="Doubled", exact=True)).to_be_visible()
    [copy], [model] = rows("customer", name="Doubled"), rows("customer", name=name)
    assert (copy.client_id, copy.manager_id, copy.identity_number) == (
        model.client_id, model.manager_id, None,
    )  # fmt: skip


def happens(visit: Visit, loan: int, said: str) -> None:
    """A loan is changed, somebody gets a task with it, and a comment and a file come to it."""
    page = visit.page
    visit.open(f"/loan/edit/{loan}")
    page.get_by_label("Purpose").fill(f"A horse {said}")
    page.keyboard.press("Control+s")
    page.wait_for_url("**/loan/page/**")
    visit.open(f"/task/add?entity=loan&row_id={loan}")
    page.get_by_label("What is to be done").fill(f"Call {said}")
    page.keyboard.press("Control+s")
    page.wait_for_url("**/loan/page/**")
    visit.open(show_url("loan", loan) + "?tab=activity")
    page.get_by_label("Comment", exact=True).fill(f"He pays {said}")
    page.get_by_role("button", name="Add comment").click()
    expect(panel(visit)).to_contain_text(f"He pays {said}")
    page.get_by_label("File", exact=True).set_input_files(
        {"name": f"cow {said}.png", "mimeType": "image/png", "buffer": PNG}
    )
    page.get_by_role("button", name="Attach file").click()
    expect(panel(visit).get_by_role("link", name=f"cow {said}.png").first).to_be_visible()


@pytest.mark.browser
@pytest.mark.full
def test_a_records_story_tells_a_comment_a_file_a_task_and_a_change_and_is_narrowed_to_one_kind(
    visit: Visit, world: World
) -> None:
    loan, page = world.rows["loan"][0][1], visit.page
    said = "of June"
    visit.login("o1")
    happens(visit, loan.id, said)
    page.get_by_label("Comment", exact=True).fill("Not finished")
    told = {"Comments": "He pays", "Files": "cow", "Tasks": "Call", "Changes": "A horse"}
    for kind, words in told.items():
        page.get_by_role("button", name=kind, exact=True).click()
        expect(page.get_by_role("button", name=kind, exact=True)).to_have_attribute("aria-pressed", "true")
        events = page.locator(".activity .event")
        expect(events.filter(has_text=f"{words} {said}").first).to_be_visible()
        others = [f"{word} {said}" for word in told.values() if word != words]
        assert [one for one in others if events.filter(has_text=one).count()] == []
        expect(page.get_by_label("Comment", exact=True)).to_have_value("Not finished")
    look(visit, "story-changes")
    panel(visit).get_by_role("button", name="All", exact=True).click()
    for words in told.values():
        expect(page.locator(".activity .event", has_text=f"{words} {said}").first).to_be_visible()
    look(visit, "story")
    assert stored("loan", loan.id).purpose == f"A horse {said}"
    stored_as = {
        "comment": {"text": f"He pays {said}"},
        "attachment": {"name": f"cow {said}.png"},
        "task": {"title": f"Call {said}"},
    }
    for slug, values in stored_as.items():
        [one] = rows(slug, **values)
        assert (one.entity, one.row_id) == ("loan", loan.id)
    assert rows("comment", text="Not finished") == []


@pytest.mark.browser
@pytest.mark.full
def test_an_auditor_is_told_who_has_looked_at_a_persons_data(visit: Visit, world: World) -> None:
    customer, page = world.rows["customer"][0][1], visit.page
    create_user("examiner", "pw", "Auditor", grants=[{"kind": GrantKind.ALL}])
    visit.login("o1")
    visit.open(show_url("customer", customer.id))
    becomes(visit, "examiner")
    visit.open(show_url("customer", customer.id))
    page.get_by_role("tab", name="Who has looked").click()
    who = panel(visit).locator("td[data-label=User]")
    expect(who.get_by_text("o1", exact=True).first).to_be_visible()
    look(visit, "looks")
    seen = [one for one in rows("audit_event", kind="look", entity="customer") if one.row_id == customer.id]
    assert world.users["o1"] in {one.user_id for one in seen}
    assert {one.source for one in seen} == {"screen"}
    page.get_by_role("tab", name="History", exact=True).click()
    expect(panel(visit).locator("tbody tr").first).to_be_visible()
    glance(visit, "looks-history")
