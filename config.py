"""Every setting of the process: read from the environment, each with its default and its meaning.

What steers the business (dates, hours, thresholds, whether messages are sent) is not here but in the
database, where an administrator changes it on a screen. ``python3 run.py settings`` prints this table.
Flask reads the upper-case names.
"""

import os
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

YES = {"1", "yes", "true", "on"}
NO = {"0", "no", "false", "off", ""}


@dataclass(frozen=True)
class Setting:
    """A name in the environment, what it is when not set, and what it is for."""

    name: str
    default: str
    meaning: str
    is_secret: bool = False


SETTINGS: dict[str, Setting] = {}


def text(name: str, default: str, meaning: str, *, is_secret: bool = False) -> str:
    """Declare a setting and read it."""
    SETTINGS[name] = Setting(name, default, meaning, is_secret)
    return os.environ.get(name, "").strip() or default


def number(name: str, default: int, meaning: str) -> int:
    """Declare and read a whole number.

    Raises:
        ValueError: what is set is not one.
    """
    found = text(name, str(default), meaning)
    if not re.fullmatch(r"-?\d+", found):
        raise ValueError(f"{name} must be a whole number, not {found!r}")
    return int(found)


def flag(name: str, *, default: bool, meaning: str) -> bool:
    """Declare and read a yes or no.

    Raises:
        ValueError: what is set is neither.
    """
    found = text(name, "yes" if default else "no", meaning).lower()
    if found not in YES | NO:
        raise ValueError(f"{name} must be yes or no, not {found!r}")
    return found in YES


def choice(name: str, default: str, allowed: str, meaning: str) -> str:
    """Declare and read one of several words.

    Raises:
        ValueError: what is set is none of them.
    """
    found = text(name, default, f"{meaning} ({', '.join(allowed.split())})")
    if found not in allowed.split():
        raise ValueError(f"{name} must be one of {allowed}, not {found!r}")
    return found


def celery_url(redis_url: str) -> str:
    """REDIS_URL as Celery writes it.

    >>> celery_url("unix:///run/valkey.sock?db=0"), celery_url("redis://cache:6379/1")
    ('redis+socket:///run/valkey.sock?virtual_host=0', 'redis://cache:6379/1')
    """
    if not redis_url.startswith("unix://"):
        return redis_url
    path, _question, query = redis_url.removeprefix("unix://").partition("?")
    database = re.search(r"db=(\d+)", query)
    return f"redis+socket://{path}?virtual_host={database[1] if database else 0}"


def limiter_url(redis_url: str) -> str:
    """REDIS_URL as the rate limiter writes it.

    >>> limiter_url("unix:///run/valkey.sock?db=0")
    'redis+unix:///run/valkey.sock?db=0'
    """
    return re.sub(r"^unix://", "redis+unix://", redis_url) or "memory://"


def engine_url(database_url: str) -> str:
    """A database URL with the driver the project uses.

    >>> engine_url("postgres://app@db/loandesk")
    'postgresql+psycopg://app@db/loandesk'
    """
    return re.sub(r"^postgres(ql)?(\+psycopg)?://", "postgresql+psycopg://", database_url)


# Servers. run.py fills in the first four with its embedded servers where they are not set.
DATABASE_URL = text(
    "DATABASE_URL",
    "",
    "PostgreSQL (16 or newer) as the application: a login that owns nothing",
    is_secret=True,
)
REPORT_DATABASE_URL = text(
    "REPORT_DATABASE_URL",
    "",
    "a streaming replica that reports and exports read from; empty: DATABASE_URL",
    is_secret=True,
)
DATABASE_PREPARE = flag(
    "DATABASE_PREPARE",
    default=True,
    meaning="prepare statements that are sent often; no: PgBouncer in transaction pooling stands between",
)
REDIS_URL = text("REDIS_URL", "", "Redis or Valkey: job queue, counters, locks", is_secret=True)
SECRET_KEY = text(
    "SECRET_KEY",
    "",
    "signs sessions, links and webhooks; the same on every host, 32 bytes or more",
    is_secret=True,
)
FILES_DIR = text(
    "FILES_DIR", "", "where documents, recordings and letters are kept; run.py: files/ in its data directory"
)
SEALS_FILE = text(
    "SEALS_FILE",
    "",
    "where the heads of the sealed history are appended; run.py: seals.log in its data directory, else in FILES_DIR",
)
SETTINGS["DATABASE_ADMIN_URL"] = Setting(
    "DATABASE_ADMIN_URL",
    "",
    "the same database as its owner, with CREATEROLE; used to deploy, never to serve",
    is_secret=True,
)

WEB_WORKERS = number("WEB_WORKERS", min(os.cpu_count() or 1, 4), "web processes run.py starts")
WEB_THREADS = number("WEB_THREADS", 8, "requests a web process answers at once")
JOB_WORKERS = number("JOB_WORKERS", min(os.cpu_count() or 1, 4), "job processes run.py starts")

SQLALCHEMY_DATABASE_URI = engine_url(DATABASE_URL)
SQLALCHEMY_TRACK_MODIFICATIONS = False
CELERY_BROKER_URL = celery_url(REDIS_URL)
CELERY_RESULT_BACKEND = celery_url(REDIS_URL)
RATELIMIT_STORAGE_URI = limiter_url(REDIS_URL)

# The way in from outside.
PUBLIC_URL = text("PUBLIC_URL", "", "the address users type, for links in messages and letters")
SAFE_HOSTS = text(
    "SAFE_HOSTS", "", "hosts a redirect after login may lead to, comma between; empty: the request's own"
)
PROXIES = number("PROXIES", 0, "reverse proxies in front whose X-Forwarded headers are to be believed")
MAX_CONTENT_LENGTH = number("MAX_UPLOAD_MB", 64, "largest upload in megabytes") * 1024 * 1024
FAB_SAFE_REDIRECT_HOSTS = [host.strip() for host in SAFE_HOSTS.split(",") if host.strip()]

# Sessions. Lifetimes, lockout and password rules are settings in the database.
SESSION_COOKIE_NAME = "loandesk"
SESSION_COOKIE_SECURE = flag(
    "SESSION_COOKIE_SECURE", default=True, meaning="send the session's cookie over HTTPS only"
)
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
PERMANENT_SESSION_LIFETIME = timedelta(
    hours=number("SESSION_HOURS", 12, "hours after which a login ends by itself")
)
WTF_CSRF_TIME_LIMIT = None  # a token lives as long as its session; a form may stay open over lunch

# Webhooks.
WEBHOOK_HOSTS = text(
    "WEBHOOK_HOSTS",
    "",
    "hosts inside one's own network that webhooks may call, comma between; for them http will do",
)

# Text messages.
SMS_PROVIDER = choice("SMS_PROVIDER", "log", "log smpp", "who sends text messages; log only writes them down")
SMPP_HOST = text("SMPP_HOST", "", "SMPP 3.4: host of the message centre")
SMPP_PORT = number("SMPP_PORT", 2775, "SMPP 3.4: port")
SMPP_SYSTEM_ID = text("SMPP_SYSTEM_ID", "", "SMPP 3.4: account")
SMPP_PASSWORD = text("SMPP_PASSWORD", "", "SMPP 3.4: password", is_secret=True)
SMPP_SOURCE = text("SMPP_SOURCE", "", "SMPP 3.4: sender's number or name that recipients see")
SMPP_WINDOW = number("SMPP_WINDOW", 50, "SMPP 3.4: messages under way without an answer")
SMPP_PER_SECOND = number("SMPP_PER_SECOND", 100, "SMPP 3.4: messages a second the contract allows")

# Mail.
SMTP_URL = text(
    "SMTP_URL",
    "",
    "mail server, smtp://user:password@host:587; empty: mail is only written down",
    is_secret=True,
)
MAIL_FROM = text("MAIL_FROM", "", "sender's address of mail")

# Flask-AppBuilder. What is fixed here is fixed because the other value was measured to be slow or unsafe.
APP_NAME = "Loandesk"
AUTH_TYPE = 1  # logins in the database
AUTH_RATE_LIMITED = True
AUTH_RATE_LIMIT = text("LOGIN_RATE_LIMIT", "10 per 20 second", "login attempts from one address")
API_RATE_LIMIT = text(
    "API_RATE_LIMIT", "600 per minute", "calls of the interface for programs by one token or login"
)
API_USER_RATE_LIMIT = text(
    "API_USER_RATE_LIMIT", "1800 per minute", "the same by all programs of one user together"
)
AUTH_ROLE_ADMIN = "Administrator"
AUTH_ROLE_PUBLIC = "Public"
AUTH_USER_REGISTRATION = False
PASSWORD_HASH = text(
    "PASSWORD_HASH",
    "scrypt:32768:8:1",
    "how new passwords are kept: scrypt, or pbkdf2:sha256:1000000 where FIPS 140 asks for it",
)
FAB_CREATE_DB = False  # migrations make the tables
FAB_UPDATE_PERMS = False  # the deployment makes permissions once; workers that raced for it took minutes
FAB_API_SWAGGER_UI = False  # it loads scripts from other hosts
FAB_ADD_MENU_API = False  # it takes the session's cookie for a token
FAB_API_KEY_ENABLED = True  # tokens of our own, app/core/tokens.py
FAB_API_KEY_PREFIXES = ["ld_"]
FAB_API_SHOW_STACKTRACE = False
FAB_API_MAX_PAGE_SIZE = 1000
FAB_ALLOW_GET_UNSAFE_MUTATIONS = False
FAB_PASSWORD_HASH_METHOD = "scrypt"  # noqa: S105 - a method's name
RATELIMIT_ENABLED = True
RATELIMIT_IN_MEMORY_FALLBACK_ENABLED = True  # without Valkey each process counts for itself
RATELIMIT_STRATEGY = "moving-window"

# Languages, the first being the default. Flags are those of the theme's icon set.
LANGUAGES: dict[str, dict[str, Any]] = {
    "en": {"flag": "gb", "name": "English"},
    "uk": {"flag": "ua", "name": "Українська"},
    "ru": {"flag": "ru", "name": "Русский"},
    "zh_Hans": {"flag": "cn", "name": "简体中文"},
    "zh_Hant": {"flag": "hk", "name": "繁體中文"},
}
BABEL_DEFAULT_LOCALE = choice(
    "DEFAULT_LANGUAGE", "en", " ".join(LANGUAGES), "language before a user chose his"
)
BABEL_DEFAULT_TIMEZONE = "UTC"
BABEL_TRANSLATION_DIRECTORIES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "translations")  # noqa: PTH100, PTH118, PTH120
