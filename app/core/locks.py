"""The numbers of the database's advisory locks, each with what it keeps apart."""

from enum import IntEnum, unique


@unique
class Lock(IntEnum):
    """First key of an advisory lock; the second tells what of that sort is locked.

    PostgreSQL knows such locks by their numbers alone: two uses of one number would wait for each other, or each
    think the other's work its own. A number that was once in use is not given to something else, for two releases
    may run on one database while one replaces the other.
    """

    DEPLOY = 7_213_001
    """One start at a time brings the database to its release. Of all locks the only one with a single key."""
    JOB = 7_213_002
    """One run at a time of a job, or of a named part of one; the second key is a hash of the name."""
    IMPORT_RUN = 7_213_010
    """One worker at a time for a run of an import; the second key is made of its id."""
    IMPORT_CLIENT = 7_213_011
    """One import at a time into the book of a lender; the second key is a hash of its code."""
    WAITING_IMPORT = 7_213_012
    """One process at a time takes up an import that waits; the second key is made of its id."""
    OFFICERS_OF_BRANCH = 7_213_013
    """One import at a time makes officers of a branch, so that nobody is made twice; the second key is a hash of its id."""
    TREE = 7_213_014
    """One change at a time to the shape of a tree; the second key is a hash of its table's name."""
    MOVES = 7_213_015
    """No node of a tree moves while rows are copied with its numbers; the second key is a hash of its table's name."""
    BUSINESS_DATE = 7_213_016
    """The business date stays while files are stored as of it. The second key is always 0."""
    SEAL = 7_213_041
    """One process at a time adds to the chain of seals. The second key is always 0."""
    EXPORT_JOB = 7_213_021
    """One worker at a time for an export; the second key is made of its id."""
    BULK_JOB = 7_213_022
    """One worker at a time for a change of many rows; the second key is made of its id."""
    IDEMPOTENT_REQUEST = 7_213_031
    """One request at a time under an idempotency key; the second key is a hash of the user's id and the key."""
    RULES = 7_213_061
    """One process at a time carries out what rules are to do. The second key is always 0."""
    CUSTOM_FIELDS = 7_213_051
    """Values of custom fields are not written while a field is changed or deleted. The second key is always 0."""
    MARK = 7_213_059
    """One switch at a time of somebody's stars and followed records; the second key is his id."""
    PRINT = 7_213_101
    """One word of somebody's prints at a time; the second key is his id."""
    UPLOAD = 7_213_071
    """One worker at a time for an upload; the second key is made of its id."""
    NOTIFICATIONS = 7_213_081
    """One process at a time looks through new notifications. The second key is always 0."""
    APPROVAL = 7_213_091
    """One request at a time to approve an operation on a record; the second key is a hash of both."""
    OUTLINES = 7_213_111
    """One file of outlines is stored at a time. The second key is always 0."""
