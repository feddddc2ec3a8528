"""Django's settings. What can be set from outside is in `environment.py`; everything works with nothing set."""

import importlib.util
from pathlib import Path

import dj_database_url

from rlm_web.environment import read_environment

BASE_DIR = Path(__file__).resolve().parent.parent
ENVIRONMENT = read_environment(BASE_DIR)
DATA_DIR = ENVIRONMENT.data_dir
VERSION = "0.2.0"

SECRET_KEY = ENVIRONMENT.secret_key
DEBUG = False
ALLOWED_HOSTS = list(ENVIRONMENT.allowed_hosts)
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False
LANGUAGE_CODE = "en"
ROOT_URLCONF = "rlm_web.urls"
ASGI_APPLICATION = "rlm_web.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "rlm_web",
    "trajectories",
    "frontend",
    "ninja",
    "channels",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "rlm_web.middleware.ContentSecurityPolicy",
    "trajectories.api.errors.ErrorShape",
    "rlm_web.middleware.ZeroBytes",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

# ------------------------------------------------------------------------------------------------- data

SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL;"
    "PRAGMA synchronous=NORMAL;"
    "PRAGMA mmap_size=134217728;"
    "PRAGMA cache_size=-16000;"
    "PRAGMA temp_store=MEMORY;"
)
DATABASES = {"default": dj_database_url.parse(ENVIRONMENT.database_url or f"sqlite:///{DATA_DIR / 'rlm.sqlite3'}")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": SQLITE_PRAGMAS,
    }

OPEN_TEXT = "trajectories.documents.open_text"
"""How the recorder, which knows no store, opens a document's text to read quotations of it."""
FILE_PAGE = "frontend.file.page"
"""What makes the page of a run that is saved as one file; the exporters, which know no templates, are handed it."""
UPLOAD_DIR = DATA_DIR / "uploads"
CHUNK_BYTES = 8 << 20
"""Size of an upload's chunk."""
MAX_BODY_BYTES = 16 << 20
"""A larger request body is refused when its headers arrive."""
MAX_DOCUMENT_BYTES = 2 << 30
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES

# ------------------------------------------------------------------------------------------------- files

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
_plotly = importlib.util.find_spec("plotly")
assert _plotly is not None and _plotly.origin is not None, "plotly is a dependency"
STATICFILES_DIRS = [("vendor/plotly", Path(_plotly.origin).parent / "package_data")]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "documents": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA_DIR / "documents", "file_permissions_mode": 0o600},
    },
    "staticfiles": {"BACKEND": "rlm_web.static.HashedStaticFiles"},
}

# ------------------------------------------------------------------------------------------------- work

EMBEDDED = ENVIRONMENT.embedded
REDIS_URL = ENVIRONMENT.redis_url
SANDBOX = ENVIRONMENT.sandbox
SANDBOX_MIN = ENVIRONMENT.sandbox_min
SANDBOX_OPTIONS = {"image": ENVIRONMENT.sandbox_image, "runtime": ENVIRONMENT.sandbox_runtime}
MODE = ENVIRONMENT.mode
CHANNEL_LAYERS = {
    "default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}
    if EMBEDDED
    else {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": [REDIS_URL]}}
}

# ------------------------------------------------------------------------------------------------- doors

LOGIN_URL = "/sign-in"
SESSION_COOKIE_AGE = 90 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "frontend.views.errors.csrf_failure"
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line"},
        "nowhere": {"class": "logging.NullHandler"},
    },
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "django": {"handlers": [], "level": "WARNING", "propagate": True},
        "django.security.DisallowedHost": {"handlers": ["nowhere"], "propagate": False},  # tracebacks of strays
    },
}
