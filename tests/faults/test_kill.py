"""kill -9 at any moment: the work ends as if nothing had happened, nothing lost and nothing done twice."""

import pytest

from tests.faults.fire import check_import, check_night, check_sending, kill
from tests.messaging.outbox import wipe


def test_a_night_that_is_killed_ends_as_one_that_was_not(database, twin, chance) -> None:
    check_night(database, twin, kill, chance, strikes=3)


@pytest.mark.full
def test_a_night_that_is_killed_twenty_times_ends_as_one_that_was_not(database, twin, chance) -> None:
    check_night(database, twin, kill, chance, strikes=20)


@pytest.mark.full
def test_messages_leave_at_most_once_though_the_sender_is_killed(database, smsc, chance) -> None:
    wipe(database.superuser_url)
    check_sending(database, smsc, kill, chance, people=1200, strikes=20)


@pytest.mark.full
def test_an_import_that_is_killed_stores_nothing_and_the_next_one_everything(
    database, tmp_path, chance
) -> None:
    wipe(database.superuser_url)
    check_import(database, tmp_path, kill, chance, loans=600, strikes=20)
