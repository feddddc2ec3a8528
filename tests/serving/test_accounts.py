"""Tokens and sign-in links: shown once, kept as digests, gone when they are used or old."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from trajectories import accounts
from trajectories.models import ApiToken, SignInLink

pytestmark = pytest.mark.django_db


def test_the_owner_is_one_and_has_no_password() -> None:
    owner = accounts.owner_account()
    assert accounts.owner_account() == owner
    assert not owner.has_usable_password()
    assert owner.is_superuser


def test_a_token_is_its_user_s_and_is_not_kept() -> None:
    owner = accounts.owner_account()
    token = accounts.make_token(owner, "script")
    assert accounts.user_of_token(token) == owner
    assert accounts.user_of_token(token + "x") is None
    kept = ApiToken.objects.get()
    assert token not in (kept.digest, kept.name)
    assert kept.last_used_at is not None


def test_a_token_of_somebody_who_left_is_nobody_s() -> None:
    guest = get_user_model().objects.create_user("guest")
    token = accounts.make_token(guest, "script")
    get_user_model().objects.filter(pk=guest.pk).update(is_active=False)
    assert accounts.user_of_token(token) is None


def test_a_link_works_once() -> None:
    owner = accounts.owner_account()
    token = accounts.make_sign_in_link_token(owner)
    assert accounts.redeem_sign_in_token("another") is None
    assert accounts.redeem_sign_in_token(token) == owner
    assert accounts.redeem_sign_in_token(token) is None


def test_a_link_works_for_a_day() -> None:
    token = accounts.make_sign_in_link_token(accounts.owner_account())
    SignInLink.objects.update(created_at=timezone.now() - timedelta(hours=24, seconds=1))
    assert accounts.redeem_sign_in_token(token) is None


def test_a_secret_may_be_any_text() -> None:
    assert accounts.user_of_token("\ud800") is None
    assert accounts.redeem_sign_in_token("") is None
