"""Settings of the process: how they are read, and what is fixed."""

import pytest

import config


@pytest.mark.parametrize("value", ["many", "1.5", "0x10"])
def test_a_setting_that_is_no_number_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("PROXIES", value)
    monkeypatch.setattr(config, "SETTINGS", {})
    with pytest.raises(ValueError, match=f"PROXIES must be a whole number, not '{value}'"):
        config.number("PROXIES", 0, "")


def test_a_flag_takes_the_usual_words_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "SETTINGS", {})
    for word, value in {"yes": True, "TRUE": True, "1": True, "off": False, "no": False, " ": True}.items():
        monkeypatch.setenv("SESSION_COOKIE_SECURE", word)
        assert config.flag("SESSION_COOKIE_SECURE", default=True, meaning="") is value
    monkeypatch.setenv("SESSION_COOKIE_SECURE", "perhaps")
    with pytest.raises(ValueError, match="SESSION_COOKIE_SECURE must be yes or no, not 'perhaps'"):
        config.flag("SESSION_COOKIE_SECURE", default=True, meaning="")


def test_a_choice_names_what_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "SETTINGS", {})
    monkeypatch.setenv("SMS_PROVIDER", "pigeon")
    with pytest.raises(ValueError, match="SMS_PROVIDER must be one of log smpp, not 'pigeon'"):
        config.choice("SMS_PROVIDER", "log", "log smpp", "")


@pytest.mark.parametrize(
    "given,celery,limiter",
    [
        (
            "unix:///run/v.sock?db=2",
            "redis+socket:///run/v.sock?virtual_host=2",
            "redis+unix:///run/v.sock?db=2",
        ),
        ("unix:///run/v.sock", "redis+socket:///run/v.sock?virtual_host=0", "redis+unix:///run/v.sock"),
        ("redis://cache:6379/1", "redis://cache:6379/1", "redis://cache:6379/1"),
    ],
)
def test_one_redis_url_serves_every_library_in_its_own_spelling(
    given: str, celery: str, limiter: str
) -> None:
    assert config.celery_url(given) == celery
    assert config.limiter_url(given) == limiter


def test_what_was_measured_to_be_unsafe_or_slow_stays_switched_off() -> None:
    assert config.FAB_UPDATE_PERMS is False
    assert config.FAB_CREATE_DB is False
    assert config.FAB_API_SWAGGER_UI is False
    assert config.FAB_API_SHOW_STACKTRACE is False
    assert config.SESSION_COOKIE_HTTPONLY is True
    assert config.SESSION_COOKIE_SAMESITE == "Lax"
    assert list(config.LANGUAGES) == ["en", "uk", "ru", "zh_Hans", "zh_Hant"]
