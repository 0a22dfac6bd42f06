"""The job centre: what somebody asked for, how far it is, stopped and run again, for every entity that has jobs."""

from datetime import timedelta
from typing import Any

from app.core import clock, jobs, registry
from app.core.chain import Chain
from app.core.db import unscoped
from app.core.web import export_job
from tests.web.people import add, rows, stored
from tests.web.sent import check, send, store
from tests.web.shop import DAY, Shop


def wanted(shop: Shop, login: str, title: str, **values: Any) -> int:
    query = {"entity": "customer", "query": [], "language": "en"}
    return add(
        "file_job", user_id=shop.users[login], title=title, request=query, file_name="c.xlsx", **values
    )


def state(slug: str, row_id: int) -> tuple[str, bool]:
    row = stored(slug, row_id)
    return str(row.state), row.is_to_stop


def test_every_kind_of_job_can_be_stopped_and_run_again(shop: Shop) -> None:
    assert shop.admin
    jobs_of = {cls.slug(): job for cls in registry.entities() if (job := getattr(cls, "__job__", None))}
    assert jobs_of["upload"].open, "goes on from its own page"
    kinds = [slug for slug, job in jobs_of.items() if not job.open]
    assert {"file_job", "import_run", "job_run"} <= set(kinds)
    for slug in kinds:
        names = {one.name for one in registry.operations(registry.entity(slug))}
        assert {f"stop_{slug}", f"rerun_{slug}"} <= names
        assert {"state", "progress", "is_to_stop"} <= set(registry.entity(slug).__table__.c.keys())


def test_everybody_sees_his_own_jobs_and_administrators_see_all(shop: Shop) -> None:
    mine, other = (
        wanted(shop, "olga", "Of olga"),
        wanted(shop, "otto", "Of otto", state="failed", message="No room"),
    )
    page = shop.browser("olga").get("/jobs/?all=1").text
    assert ("Of olga" in page, "Of otto" in page) == (True, False)
    assert 'data-poll="2000"' in page
    assert f"/file_job/do/stop_file_job?ids={mine}" in page
    assert "Of otto" not in shop.admin.get("/jobs/").text
    page = shop.admin.get("/jobs/?all=1").text
    assert "Of olga" in page
    assert "No room" in page
    assert f"/file_job/do/rerun_file_job?ids={other}" in page


def test_a_file_that_waits_is_stopped_at_once_and_made_when_it_is_asked_for_again(shop: Shop) -> None:
    job, olga = wanted(shop, "olga", "Waits"), shop.browser("olga")
    olga.post("/file_job/do/stop_file_job", {"ids": job, "__run": "1"})
    assert state("file_job", job) == ("stopped", False)
    with shop.app.app_context():
        assert not export_job.run(job)
    assert (
        shop.browser("otto").post("/file_job/do/rerun_file_job", {"ids": job, "__run": "1"}).status_code
        == 404
    )
    shop.admin.post("/file_job/do/stop_file_job", {"ids": job, "__run": "1"})
    assert state("file_job", job) == ("stopped", False)
    olga.post("/file_job/do/rerun_file_job", {"ids": job, "__run": "1"})
    assert state("file_job", job) == ("waiting", False)
    with shop.app.app_context():
        assert export_job.run(job)
    assert state("file_job", job) == ("done", False)
    assert f"/files/{job}/download" in olga.get("/jobs/").text


def test_a_file_being_made_stops_between_two_blocks_of_rows_and_leaves_nothing(
    shop: Shop, monkeypatch: Any
) -> None:
    job, olga = wanted(shop, "olga", "Stops"), shop.browser("olga")
    usual = export_job._number_of_rows

    def counted(listing: Any) -> int:
        """The moment in which the job is under way."""
        olga.post("/file_job/do/stop_file_job", {"ids": job, "__run": "1"})
        assert state("file_job", job) == ("running", True)
        return usual(listing)

    monkeypatch.setattr(export_job, "_number_of_rows", counted)
    monkeypatch.setattr(export_job, "STEP", 2)
    with shop.app.app_context():
        assert not export_job.run(job)
    row = stored("file_job", job)
    assert (str(row.state), row.file_key, row.progress) == ("stopped", None, 0)


def test_a_chain_stops_before_its_next_step_and_goes_on_where_it_stopped(shop: Shop) -> None:
    chain, day, done = Chain("test chain"), DAY + timedelta(days=1), []
    admin = shop.admin

    @chain.step("first")
    def first(_session: Any, _day: Any, _record: Any) -> int:
        done.append("first")
        run = rows("job_run", job="test chain", step="request")[0]
        admin.post("/job_run/do/stop_job_run", {"ids": run.id, "__run": "1"})
        return 1

    @chain.step("second")
    def second(_session: Any, _day: Any, _record: Any) -> int:
        done.append("second")
        return 1

    with unscoped("a request of a test") as session:
        run = jobs.request(session, "test chain", day, shop.users["admin"]).id
    chain.run_requested()
    assert (done, *state("job_run", run)) == (["first"], "stopped", True)
    assert stored("job_run", run).progress == 50
    assert "test chain" in admin.get("/jobs/").text
    admin.post("/job_run/do/rerun_job_run", {"ids": run, "__run": "1"})
    chain.run_requested()
    assert (done, *state("job_run", run)) == (["first", "second"], "done", False)
    told = [str(one.kind) for one in rows("notification", entity="job_run", row_id=run)]
    assert told == ["job"]


def test_what_is_over_or_is_a_part_of_a_job_cannot_be_stopped(shop: Shop) -> None:
    over = wanted(shop, "olga", "Over", state="done")
    part = add("job_run", job="nightly", step="arrears", state="running", started_at=clock.now())
    for slug, row_id, login in (("file_job", over, "olga"), ("job_run", part, "admin")):
        page = shop.browser(login).post(
            f"/{slug}/do/stop_{slug}", {"ids": row_id, "__run": "1"}, follow_redirects=True
        )
        assert "It is not under way" in page.text
        assert not stored(slug, row_id).is_to_stop


def test_a_file_that_became_records_stands_among_the_jobs_and_its_sender_is_told(shop: Shop) -> None:
    url = send(shop, "team", "Name\nStork\n", "owner", "storks.csv")
    check(shop, url, "owner")
    done = store(shop, url, "", "owner")
    assert (str(done.state), done.created) == ("done", 1)
    page = shop.browser("owner").get("/jobs/").text
    assert "storks.csv" in page
    [told] = rows("notification", entity="upload", row_id=done.id)
    assert (told.user_id, str(told.kind), told.about) == (shop.users["owner"], "job", "done")
