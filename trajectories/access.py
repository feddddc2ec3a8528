"""Who may see what: one function for each kind of object, used by every door.

What is not yours does not exist (404).
"""

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.http import Http404

from trajectories.models import Annotation, Document, Run, Share, Upload


def get_run(user: AbstractBaseUser | AnonymousUser, run_id: str) -> Run:
    run = Run.objects.visible_to(user).filter(pk=run_id).first() if user.is_authenticated else None
    if run is None:
        raise Http404("There is no such run. It may have been deleted, or it is not yours.")
    return run


def get_deleted_run(user: AbstractBaseUser | AnonymousUser, run_id: str) -> Run:
    """One that can still be brought back."""
    run = Run.objects.deleted_by(user).filter(pk=run_id).first() if user.is_authenticated else None
    if run is None:
        raise Http404("There is no such deleted run. It may have been restored, or it is gone for good.")
    return run


def get_annotation(user: AbstractBaseUser | AnonymousUser, annotation_id: str) -> Annotation:
    mine = Annotation.objects.filter(pk=annotation_id, run__deleted_at=None).select_related("run")
    annotation = mine.filter(run__owner=user).first() if user.is_authenticated else None
    if annotation is None:
        raise Http404("There is no such annotation. It may have been deleted, or it is not yours.")
    return annotation


def get_document(user: AbstractBaseUser | AnonymousUser, document_id: str) -> Document:
    mine = Document.objects.visible_to(user).readable()
    document = mine.filter(pk=document_id).first() if user.is_authenticated else None
    if document is None:
        raise Http404("There is no such document. It may have been deleted, or it is not yours.")
    return document


def get_deleted_document(user: AbstractBaseUser | AnonymousUser, document_id: str) -> Document:
    """One that can still be brought back."""
    document = Document.objects.deleted_by(user).filter(pk=document_id).first() if user.is_authenticated else None
    if document is None:
        raise Http404("There is no such deleted document. It may have been restored, or it is gone for good.")
    return document


def get_share(user: AbstractBaseUser | AnonymousUser, share_id: str) -> Share:
    """One's own, as long as it was not taken back."""
    mine = Share.objects.visible_to(user) if user.is_authenticated else Share.objects.none()
    share = mine.filter(pk=share_id, revoked_at=None).first()
    if share is None:
        raise Http404("There is no such link. It may have been revoked, or it is not yours.")
    return share


def get_upload(user: AbstractBaseUser | AnonymousUser, upload_id: str) -> Upload:
    upload = Upload.objects.visible_to(user).filter(pk=upload_id).first() if user.is_authenticated else None
    if upload is None:
        raise Http404("There is no such upload. It may have been completed already; start it again.")
    return upload
