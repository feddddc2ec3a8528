"""What is kept. The event log of a run is the truth; its nodes and totals are derived from it (`recorder/rows.py`).

Times in `Event` and `Node` are seconds since the epoch (they are written by the thousand, by tuples);
everywhere else they are datetimes. Offsets are characters.
"""

import secrets
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
RESTORABLE = timedelta(days=7)
"""How long what was deleted can be brought back."""


def new_id() -> str:
    """A short public id that nobody can guess (60 bits)."""
    return "".join(secrets.choice(ALPHABET) for _ in range(12))


class OwnedQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> "OwnedQuerySet":
        return self.filter(owner=user)


class DocumentQuerySet(OwnedQuerySet):
    def listed(self) -> "DocumentQuerySet":
        """Without those that were deleted but are kept for a run."""
        return self.filter(deleted_at=None)

    def readable(self) -> "DocumentQuerySet":
        """Those listed, and those that a run which was not deleted itself rests on."""
        kept = RunDocument.objects.filter(run__deleted_at=None).values("document")
        return self.filter(Q(deleted_at=None) | Q(pk__in=kept))

    def deleted_by(self, user: Any) -> "DocumentQuerySet":
        """Those that can still be brought back."""
        return self.filter(owner=user, deleted_at__gt=timezone.now() - RESTORABLE)


class Document(models.Model):
    class Status(models.TextChoices):
        PROCESSING = "processing"
        READY = "ready"
        FAILED = "failed"

    id = models.CharField(primary_key=True, max_length=12, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="documents")
    name = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64)
    """Of the uploaded bytes, hexadecimal; also their key in the store."""
    text_sha256 = models.CharField(max_length=64, blank=True)
    """Of the extracted text in UTF-8; also its key in the store."""
    bytes = models.BigIntegerField()
    chars = models.BigIntegerField(default=0)
    tokens = models.BigIntegerField(default=0)
    """An estimate."""
    decoded_bytes = models.BigIntegerField(default=0)
    """Memory of the text as a Python str (1, 2 or 4 bytes a character)."""
    media_type = models.CharField(max_length=120, blank=True)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.PROCESSING)
    message = models.CharField(max_length=500, blank=True)
    """One sentence: what went wrong, or what to know."""
    warnings = models.JSONField(default=list, blank=True)
    """Sentences, such as “Page 12 has no text.”"""
    parts = models.JSONField(default=list, blank=True)
    """Pieces of the text with names of their own: [{name, start, chars}] (files of an archive, sheets, pages)."""
    created_at = models.DateTimeField(default=timezone.now)
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = DocumentQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [models.Index(fields=["owner", "sha256"])]

    def __str__(self) -> str:
        return self.name


class Upload(models.Model):
    """A file on its way in. Its bytes so far lie in the data folder."""

    id = models.CharField(primary_key=True, max_length=12, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="uploads")
    name = models.CharField(max_length=255)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64, blank=True)
    """What the client says the whole file hashes to; checked at the end."""
    offset = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    objects = OwnedQuerySet.as_manager()


class RunQuerySet(OwnedQuerySet):
    def visible_to(self, user: Any) -> "RunQuerySet":
        """Without those that were deleted and can still be brought back."""
        return self.filter(owner=user, deleted_at=None)

    def deleted_by(self, user: Any) -> "RunQuerySet":
        """Those that can still be brought back."""
        return self.filter(owner=user, deleted_at__gt=timezone.now() - RESTORABLE)

    def to_purge(self) -> "RunQuerySet":
        """Those that nobody can bring back any more."""
        return self.filter(deleted_at__lte=timezone.now() - RESTORABLE)

    def with_thumb(self, thumb: str) -> "RunQuerySet":
        """Those whose owner put a thumb `up` or `down` on them."""
        value = {"up": Annotation.Thumb.UP, "down": Annotation.Thumb.DOWN}[thumb]
        return self.filter(pk__in=Annotation.objects.filter(thumb=value, node=None, start=None).values("run"))

    def claimable(self, now: Any) -> "RunQuerySet":
        free = Q(status=Run.Status.QUEUED) | Q(status=Run.Status.RUNNING, lease_until__lt=now)
        return self.filter(free)

    def finished(self) -> "RunQuerySet":
        return self.exclude(status__in=[Run.Status.QUEUED, Run.Status.RUNNING])


class Run(models.Model):
    class Status(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        CANCELLED = "cancelled"

    id = models.CharField(primary_key=True, max_length=12, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="runs")
    question = models.TextField()
    documents = models.ManyToManyField(Document, through="RunDocument", related_name="runs")
    policy = models.JSONField(default=dict)
    """As resolved when the run was made: what really ran, even if the named policy changes later."""

    status = models.CharField(max_length=12, choices=Status.choices, default=Status.QUEUED)
    ended_by = models.CharField(max_length=20, blank=True)
    answer = models.TextField(null=True, blank=True)
    error = models.JSONField(null=True, blank=True)
    """{kind, message}"""
    sources = models.JSONField(default=list, blank=True)
    """[{document (id), start, end, text}]"""

    # derived from the log by recorder/rows.py
    calls = models.BigIntegerField(default=0)
    attempts = models.BigIntegerField(default=0)
    input_tokens = models.BigIntegerField(default=0)
    cache_read_tokens = models.BigIntegerField(default=0)
    cache_write_tokens = models.BigIntegerField(default=0)
    output_tokens = models.BigIntegerField(default=0)
    reasoning_tokens = models.BigIntegerField(default=0)
    cost_usd = models.DecimalField(max_digits=20, decimal_places=12, null=True, blank=True)
    cost_kind = models.CharField(max_length=10, default="exact")
    unpriced_calls = models.BigIntegerField(default=0)
    nodes = models.BigIntegerField(default=0)
    depth = models.IntegerField(default=0)
    last_seq = models.BigIntegerField(default=0)
    sandbox = models.CharField(max_length=40, blank=True)

    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    forked_from = models.CharField(max_length=12, blank=True)
    imported_from = models.CharField(max_length=40, blank=True)
    follows = models.CharField(max_length=12, blank=True)
    """The run whose session this question goes on in."""

    # how its owner keeps it: no part of the record
    title = models.CharField(max_length=200, blank=True)
    """A name of the owner's own; the question where there is none."""
    pinned_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    """Out of sight, and gone for good after a while."""

    # the lease: who may write this run's record now (a row, not the broker, decides)
    lease_owner = models.CharField(max_length=120, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    fence = models.BigIntegerField(default=0)
    tries = models.IntegerField(default=0)
    cancel_requested = models.BooleanField(default=False)

    objects = RunQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["owner", "-created_at"]),
            models.Index(fields=["status", "lease_until"]),
        ]

    def __str__(self) -> str:
        return self.question[:80]

    @property
    def label(self) -> str:
        """What it is called where runs are listed."""
        return self.title or self.question

    @property
    def is_live(self) -> bool:
        return self.status in (Run.Status.QUEUED, Run.Status.RUNNING)

    @property
    def seconds(self) -> float | None:
        """From start to end, or to now while it runs."""
        if self.started_at is None:
            return None
        return ((self.finished_at or timezone.now()) - self.started_at).total_seconds()


class RunTag(models.Model):
    run = models.ForeignKey(Run, models.CASCADE, related_name="tags")
    name = models.CharField(max_length=40)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["run", "name"], name="run_tag_name")]

    def __str__(self) -> str:
        return self.name


class Annotation(models.Model):
    """What its owner thinks of a run, of one of its nodes, or of a stretch of a text of it."""

    class Thumb(models.IntegerChoices):
        DOWN = -1
        NONE = 0
        UP = 1

    id = models.CharField(primary_key=True, max_length=12, default=new_id, editable=False)
    run = models.ForeignKey(Run, models.CASCADE, related_name="annotations")
    node = models.BigIntegerField(null=True, blank=True)
    """Number of a node; None: the run as a whole."""
    text = models.CharField(max_length=20, blank=True)
    """Name of the node's text that `start` and `end` point into (`response`, `stdout`, …); for a run, `answer`."""
    start = models.BigIntegerField(null=True, blank=True)
    end = models.BigIntegerField(null=True, blank=True)
    thumb = models.SmallIntegerField(choices=Thumb.choices, default=Thumb.NONE)
    comment = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["created_at", "id"]


class ShareQuerySet(OwnedQuerySet):
    def alive(self, now: Any) -> "ShareQuerySet":
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=now), revoked_at=None)


class Share(models.Model):
    """A link by which others see a run, or a comparison of some, without an account."""

    class Scope(models.TextChoices):
        ANSWER = "answer"
        SOURCES = "sources"
        TRAJECTORY = "trajectory"

    id = models.CharField(primary_key=True, max_length=12, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="shares")
    runs = models.ManyToManyField(Run, through="ShareRun", related_name="shares")
    digest = models.CharField(max_length=64, unique=True)
    """SHA-256 of the link's token."""
    encrypted_token = models.BinaryField()
    """For its owner, who may copy the link again."""
    scope = models.CharField(max_length=12, choices=Scope.choices)
    password = models.CharField(max_length=128, blank=True)
    """As Django's password hashers write it; empty: none is asked for."""
    redaction = models.JSONField(default=dict, blank=True)
    """{documents: bool, prompts: bool, patterns: [regular expression]}: what is blacked out."""
    snapshot = models.JSONField(default=dict, blank=True)
    """What could be edited later, as it was when the link was made (titles, names, annotations)."""
    views = models.BigIntegerField(default=0)
    last_viewed_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = ShareQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]


class ShareRun(models.Model):
    share = models.ForeignKey(Share, models.CASCADE)
    run = models.ForeignKey(Run, models.CASCADE)
    position = models.IntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["share", "position"], name="share_run_position")]


class RunDocument(models.Model):
    run = models.ForeignKey(Run, models.CASCADE)
    document = models.ForeignKey(Document, models.PROTECT)
    position = models.IntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["run", "position"], name="run_document_position")]


class Event(models.Model):
    """One line of a run's log. `data` is the JSON text of the whole event as viewers get it."""

    run = models.ForeignKey(Run, models.CASCADE, db_index=False)
    seq = models.BigIntegerField()
    data = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "seq"], name="event_run_seq")]


class Node(models.Model):
    run = models.ForeignKey(Run, models.CASCADE, db_index=False)
    number = models.BigIntegerField()
    """From 1, in the order of starting."""
    parent = models.BigIntegerField(null=True)
    kind = models.CharField(max_length=5)
    depth = models.IntegerField()
    name = models.CharField(max_length=200)
    status = models.CharField(max_length=10)
    started_at = models.FloatField()
    finished_at = models.FloatField(null=True)
    queued_ms = models.FloatField(null=True)
    role = models.CharField(max_length=40, blank=True, default="")
    tier = models.CharField(max_length=10, blank=True, default="")
    model = models.CharField(max_length=200, blank=True, default="")
    batch = models.BigIntegerField(null=True)
    """Calls made at once share it: the number of the first of them."""
    index = models.IntegerField(null=True)
    attempt = models.IntegerField(null=True)
    call_key = models.CharField(max_length=64, blank=True, default="")
    """Names a call across replays: hash of run path, step, ordinal and request."""
    input_tokens = models.BigIntegerField(null=True)
    cache_read_tokens = models.BigIntegerField(null=True)
    cache_write_tokens = models.BigIntegerField(null=True)
    output_tokens = models.BigIntegerField(null=True)
    reasoning_tokens = models.BigIntegerField(null=True)
    cost_usd = models.DecimalField(max_digits=20, decimal_places=12, null=True)
    cost_kind = models.CharField(max_length=10, blank=True, default="")
    subtree_usd = models.DecimalField(max_digits=20, decimal_places=12, null=True)
    error = models.JSONField(null=True)
    data = models.JSONField(default=dict)
    """What the events said of it beyond the columns."""
    texts = models.JSONField(default=dict)
    """name → reference to a payload: {sha, chars, head}, for `request` {messages: [{role, sha, chars, head}]}"""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="node_run_number")]


class Payload(models.Model):
    """A text, kept once under the SHA-256 of its UTF-8."""

    class Codec(models.IntegerChoices):
        PLAIN = 0
        ZLIB = 1
        QUOTING = 2
        """zlib of JSON: own words and [document id, start, end] in turn, for prompts made of document text."""

    sha256 = models.BinaryField(primary_key=True, max_length=32)
    codec = models.SmallIntegerField(choices=Codec.choices)
    data = models.BinaryField()


class Connection(models.Model):
    """A server that answers model calls. The key is kept encrypted and never shown again."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="connections")
    name = models.SlugField(max_length=40)
    provider = models.CharField(max_length=20)
    base_url = models.URLField(max_length=500, blank=True)
    encrypted_key = models.BinaryField(default=b"", blank=True)
    from_environment = models.BooleanField(default=False)
    concurrency = models.PositiveIntegerField(null=True, blank=True)
    """Requests in flight that the server is asked at most; None: as many as the process allows."""
    created_at = models.DateTimeField(default=timezone.now)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="connection_owner_name")]


class KnownModel(models.Model):
    """What is known of a model of one connection: the shipped registry's word, until its owner says otherwise."""

    class Origin(models.TextChoices):
        OWN = "own"
        SHIPPED = "shipped"

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="known_models")
    connection = models.SlugField(max_length=40)
    name = models.CharField(max_length=200)
    tier = models.CharField(max_length=1, blank=True)
    context_window = models.BigIntegerField(null=True, blank=True)
    prices = models.JSONField(null=True, blank=True)
    """{input, cache_read, cache_write, output} as decimal strings, USD per million tokens."""
    profile = models.CharField(max_length=60, blank=True)
    takes_images = models.BooleanField(null=True, blank=True)
    origin = models.CharField(max_length=8, choices=Origin.choices, default=Origin.OWN)
    """`shipped`: written from the shipped file, and written again when that file changes."""
    updated_at = models.DateTimeField(auto_now=True)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["connection", "name"]
        constraints = [models.UniqueConstraint(fields=["owner", "connection", "name"], name="known_model_owner_name")]


class NamedPolicy(models.Model):
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="policies")
    name = models.SlugField(max_length=60)
    body = models.JSONField(default=dict)
    """What differs from the default policy."""
    updated_at = models.DateTimeField(auto_now=True)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="policy_owner_name")]


class PromptProfile(models.Model):
    """What a root model is told, in an owner's own words; a file of `engine/profiles` is the pattern."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="prompt_profiles")
    name = models.SlugField(max_length=60)
    version = models.PositiveIntegerField(default=1)
    """Counts the changes; stored with each run as `name@version`."""
    body = models.TextField()
    """TOML."""
    updated_at = models.DateTimeField(auto_now=True)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="prompt_profile_owner_name")]


class ApiToken(models.Model):
    """Only the SHA-256 of a token is kept."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]


class SignInLink(models.Model):
    """Works once, within 24 hours. Only the SHA-256 of its token is kept."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="sign_in_links")
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    used_at = models.DateTimeField(null=True, blank=True)
