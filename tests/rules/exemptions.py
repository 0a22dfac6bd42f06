"""What may break a rule of the house, each with its reason. An entry nothing needs any more fails the tests.

A key is a path from the root of the repository, a folder ("app/launch/"), or "path:function" where the rule
is about one function.
"""

# A file of data is as long as its data.
LONG_FILES: dict[str, str] = {
    "tests/servicing/test_intake_portfolio.py": "one ledger, looked at from every side",
}

LONG_FUNCTIONS: dict[str, str] = {
    "app/reports/villages.py:villages": "one SELECT, named part by part",
    "tests/servicing/test_intake_receipts.py:test_rows_that_cannot_be_posted_are_refused_and_the_others_are_posted": "a table of wrong rows",
}

FLOATS: dict[str, str] = {
    "app/messaging/throttle.py": "counts seconds and messages a second, no money",
    "app/messaging/dispatch.py": "seconds to serve for, no money",
    "app/messaging/receive.py": "seconds to wait for, no money",
}

SQL_AS_TEXT: dict[str, str] = {
    "app/launch/": "works with servers and their logins before the program and its entities are loaded",
    "app/core/alphabet.py": "a function of the database is written in its own language",
    "app/core/policy.py": "roles and row policies are statements SQLAlchemy has no words for",
    "app/core/deploy.py": "grants, advisory locks and roles, of which SQLAlchemy knows nothing",
    "app/core/seal_ddl.py": "functions and partitions are written in the database's own language",
    "app/core/personal_ddl.py": "functions that encrypt and open values are written in the database's own language",
    "app/core/custom_sql.py": "functions of history and indexes of custom fields, which the database runs",
    "app/core/security_ddl.py": "makes roles, policies and triggers equal to the registry's declarations",
    "app/core/tallies.py": "triggers and their functions are written in the database's own language",
    "app/core/history_triggers.py": "triggers and their functions are written in the database's own language",
    "app/core/notice_triggers.py": "triggers and their functions are written in the database's own language",
    "app/core/notice_work.py": "statements inside of triggers are written in the database's own language",
    "app/core/triggers.py": "triggers and their functions are written in the database's own language",
    "app/contact/gate_sql.py": "the gate for a whole queue in one statement, by the same rules",
    "app/messaging/queue.py": "makes a night's messages in one statement a template, which only SQL does in time",
    "app/messaging/queue_sql.py": "the parts of that statement",
    "app/servicing/arrears.py": "moves the whole book by a day in a few statements",
    "app/servicing/posting_bulk.py": "stores the postings of a file by COPY",
    "app/servicing/snapshots.py": "sums of the whole book, grouped in the database",
    "app/servicing/intake/": "checks and stores whole files in temporary tables, which no entity describes",
    "app/core/db.py": "set_config() and the role of a transaction, before any entity exists",
}

UNSCOPED: dict[str, str] = {
    "app/core/web/operations.py": "the reason stands in the declaration of each operation that needs it",
    "tests/core/test_scope_database.py": "shows that an empty reason is refused",
}

COMMITS: dict[str, str] = {}

CLOCKS: dict[str, str] = {}

NO_ASSERTION: dict[str, str] = {}
