"""Django's settings. What a clinic may change comes from the environment (docs/operations/settings.md)."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import django_stubs_ext
from django.utils.translation import gettext_lazy as _

from sojourn.config.environment import database, environment, secret

django_stubs_ext.monkeypatch()

ENV = environment()
BASE_DIR = Path(__file__).resolve().parent.parent

DEMO = ENV.demo
DEBUG = ENV.debug
LISTENERS = ENV.listeners
SECRET_KEY = secret("secret_key")
_public = urlsplit(ENV.public_url)
ALLOWED_HOSTS = [_public.hostname or "127.0.0.1", "127.0.0.1", "localhost", "[::1]"]
SECURE = _public.scheme == "https"

INSTALLED_APPS = [
    "sojourn.foundation.ui",
    "sojourn.foundation.accounts",
    "sojourn.foundation.audit",
    "sojourn.foundation.heartbeat",
    "sojourn.foundation.receipts",
    "sojourn.foundation.mail",
    "sojourn.foundation.rulebook",
    "sojourn.foundation.library",
    "sojourn.care.patients",
    "sojourn.care.messaging",
    "sojourn.care.measures",
    "sojourn.care.intake",
    "sojourn.care.consent",
    "sojourn.care.candidacy",
    "sojourn.care.plan",
    "sojourn.care.scheduling",
    "sojourn.care.coordination",
    "sojourn.care.safety",
    "sojourn.care.reading",
    "sojourn.care.encounter",
    "sojourn.care.alarms",
    "sojourn.care.vitals",
    "sojourn.care.session",
    "sojourn.care.chart",
    "sojourn.interfaces.console",
    "sojourn.interfaces.portal",
    "sojourn.interfaces.entry",
    "sojourn.interfaces.escort",
    "sojourn.interfaces.help",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_cotton",
    "django_htmx",
    "procrastinate.contrib.django",
]

MIDDLEWARE = [
    "sojourn.config.middleware.SecurityHeaders",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "sojourn.config.middleware.OneTransaction",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "sojourn.config.middleware.NotTooLarge",
    "sojourn.interfaces.sync.door.Door",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "sojourn.config.page_owner.PageOwner",
    "sojourn.config.middleware.WhoAsks",
    "sojourn.config.middleware.NotThatWay",
    "sojourn.interfaces.sync.door.Once",
    "sojourn.interfaces.portal.danger.listening.Listening",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "sojourn.config.urls"
WSGI_APPLICATION = "sojourn.config.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "sojourn.config.templates.BesideTheViews",
                        "django_cotton.cotton_loader.Loader",
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "builtins": ["django_cotton.templatetags.cotton", "django.templatetags.i18n"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "sojourn.config.context.page",
                "sojourn.interfaces.console.nav.nav",
                "sojourn.interfaces.help.context.help_now",
            ],
        },
    }
]
if DEBUG:
    TEMPLATES[0]["OPTIONS"]["loaders"] = TEMPLATES[0]["OPTIONS"]["loaders"][0][1]
COTTON_DIR = "cotton"

# "default" is the role that owns nothing. "owner" exists only where the command line asked for it (migrations,
# demo reset, audit walk); a web or job process cannot name it.
DATABASES = {"default": database(os.environ.get("SOJOURN_DATABASE_ROLE", "app")).django()}
if os.environ.get("SOJOURN_OWNER_ALIAS"):
    DATABASES["owner"] = database("owner").django()
    DATABASES["owner"]["TEST"] = {"MIRROR": "default"}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "house_cache",
        # It holds the counts of wrong tries. Of the usual 300 rows a flood of made-up addresses would push them out.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}  # fmt: skip

AUTH_USER_MODEL = "accounts.Person"
AUTHENTICATION_BACKENDS = ["sojourn.config.signin.SignIn"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
     "OPTIONS": {"user_attributes": ("email",)}},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]  # fmt: skip
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"

ACCOUNT_ADAPTER = "sojourn.interfaces.entry.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_USER_MODEL_EMAIL_FIELD = "email"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"  # the invitation link has proved the address
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_ON_GET = False
ALLAUTH_TRUSTED_PROXY_COUNT = ENV.trusted_proxies
ACCOUNT_RATE_LIMITS = {"login_failed": "10/5m/ip,5/15m/key", "reset_password": "20/h/ip,5/h/key"}
MFA_ADAPTER = "sojourn.interfaces.entry.adapter.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not SECURE and _public.hostname in {"localhost", "127.0.0.1"}
MFA_TOTP_ISSUER = "Sojourn"
USERSESSIONS_TRACK_ACTIVITY = False

SESSION_IDLE_S = {"staff": 30 * 60, "patient": 60 * 60}
SESSION_COOKIE_AGE = int(timedelta(hours=12).total_seconds())  # also the longest that one sign-in lasts
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_TRUSTED_ORIGINS = [ENV.public_url]
CSRF_FAILURE_VIEW = "sojourn.config.errors.csrf_failure"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE else None
SECURE_REFERRER_POLICY = "same-origin"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("es", _("Spanish"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = ENV.home / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_MAX_AGE = 3600

_mail = urlsplit(ENV.email_url)
if ENV.email_url:
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST = _mail.hostname or ""
    EMAIL_PORT = _mail.port or 25
    EMAIL_HOST_USER = unquote(_mail.username or "")
    EMAIL_HOST_PASSWORD = unquote(_mail.password or "")
    EMAIL_USE_TLS = _mail.scheme == "smtp+tls"
    EMAIL_USE_SSL = _mail.scheme == "smtps"
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = ENV.email_from
SMS_CARRIER = ENV.sms_carrier

PROCRASTINATE_ON_APP_READY = None

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname:<7} {name}: {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {"django.server": {"level": "WARNING"}, "procrastinate": {"level": "WARNING"}},
}
