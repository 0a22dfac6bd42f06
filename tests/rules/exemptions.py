"""What may break a rule of the house, each with its reason. An entry nothing needs any more fails the tests.

A key is a path from the root of the repository, a folder ("app/launch/"), or "path:function" where the rule
is about one function.
"""

# A file of data is as long as its data.
LONG_FILES: dict[str, str] = {}

LONG_FUNCTIONS: dict[str, str] = {}

FLOATS: dict[str, str] = {
    "app/messaging/throttle.py": "counts seconds and messages a second, no money",
}

SQL_AS_TEXT: dict[str, str] = {
    "app/launch/": "works with servers and their logins before the program and its entities are loaded",
    "app/core/policy.py": "roles and row policies are statements SQLAlchemy has no words for",
    "app/core/deploy.py": "grants, advisory locks and roles, of which SQLAlchemy knows nothing",
    "app/core/security_ddl.py": "makes roles, policies and triggers equal to the registry's declarations",
    "app/core/triggers.py": "triggers and their functions are written in the database's own language",
    "app/contact/gate_sql.py": "the gate for a whole queue in one statement, by the same rules",
    "app/servicing/intake/": "checks and stores whole files in temporary tables, which no entity describes",
    "app/core/db.py": "set_config() and the role of a transaction, before any entity exists",
}

UNSCOPED: dict[str, str] = {
    "app/core/web/operations.py": "the reason stands in the declaration of each operation that needs it",
}

COMMITS: dict[str, str] = {}

CLOCKS: dict[str, str] = {}

NO_ASSERTION: dict[str, str] = {}
