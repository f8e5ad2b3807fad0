"""Everything about people that the HTTP side and the command line call, in one place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from gateway.clock import Clock
from gateway.people.asking import ask_provider
from gateway.people.emergency import EmergencyRoom
from gateway.people.openid import OpenIdRoom
from gateway.people.passwords import PasswordRoom
from gateway.people.sessions import SessionRoom
from gateway.people.sign_in import SignInRoom
from gateway.people.users import UserRoom
from gateway.settings import Settings
from gateway.store import Store


@dataclass(frozen=True)
class People:
    """The rooms: who there is, their sign-in and sessions, access in an emergency."""

    users: UserRoom
    sessions: SessionRoom
    sign_in: SignInRoom
    emergencies: EmergencyRoom
    openid: OpenIdRoom


def make_people(
    store: Store, clock: Clock, settings: Settings, passwords: PasswordRoom | None = None
) -> People:
    """The rooms on one store."""
    room, how = passwords or PasswordRoom(), settings.people
    sessions = SessionRoom(store, clock, how)
    return People(
        users=UserRoom(store, clock, room, timedelta(hours=how.temporary_password_hours)),
        sessions=sessions,
        sign_in=SignInRoom(store, clock, how, room, sessions),
        emergencies=EmergencyRoom(store, settings),
        openid=OpenIdRoom(store, clock, settings, sessions, ask_provider),
    )
