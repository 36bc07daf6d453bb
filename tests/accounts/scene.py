"""Who tries every door, and what stands behind it: for the permission table and for tests of absent ids."""

import importlib
import pkgutil
from contextlib import contextmanager
from dataclasses import dataclass
from unittest import mock

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.template.backends.django import Template
from django.test import Client
from factory.django import DjangoModelFactory
from rest_framework.test import APIClient

from apps.accounts import tokens
from apps.accounts.models import User
from apps.campaigns.services import feed_token
from apps.collaboration.notifying import digest_token
from apps.contacts.services import confirmations
from apps.messaging.tokens import Purpose, token_make
from tests import factories
from tests.factories import mail
from tests.factories.accounts import ApiTokenFactory, InvitationFactory
from tests.factories.campaigns import (
    CalendarFeedFactory,
    CampaignFactory,
    ChecklistItemFactory,
    ContributorFactory,
    RecurrenceFactory,
    TaskFactory,
)
from tests.factories.collaboration import AttachmentFactory, CommentFactory, NotificationFactory
from tests.factories.contacts import ConfirmationFactory
from tests.factories.content import UseOverrideFactory
from tests.factories.integrations import IdentitySchemeFactory
from tests.factories.messaging import ExperimentFactory, MessageFactory, RecipientFactory

# Arguments of a route that are not simply `pk`, the key of its view's model: route -> (scene -> arguments).
ARGUMENTS = {
    "api:task-recurrence": lambda scene: {"pk": recurring(scene).pk},
    "collaboration:comments": lambda scene: {"label": "campaigns.campaign", "pk": scene.campaign.pk},
    "collaboration:mentionable": lambda scene: {"label": "campaigns.campaign", "pk": scene.campaign.pk},
    "collaboration:attachments": lambda scene: {"label": "campaigns.campaign", "pk": scene.campaign.pk},
    "collaboration:activity": lambda scene: {"label": "campaigns.campaign", "pk": scene.campaign.pk},
    "collaboration:digest-stop": lambda scene: {"token": digest_token(scene.people["capt"])},
    "accounts:invitation": lambda scene: {
        "secret": InvitationFactory(secret="open-sesame") and "open-sesame"
    },
    "api:template-override-withdraw": lambda scene: override_arguments(),
    "content:starter-frame": lambda scene: {"key": "offer"},
    "account_confirm_email": lambda scene: {"key": "x"},
    "account_reset_password_from_key": lambda scene: {"uidb36": "1", "key": "set-password"},
    "campaigns:ics": lambda scene: {"token": feed_token(CalendarFeedFactory())},
    "campaigns:tab": lambda scene: {"pk": scene.campaign.pk, "name": "none"},
    "campaigns:wizard": lambda scene: {"pk": scene.campaign.pk, "step": "outcome"},
    "reporting:people": lambda scene: {"pk": scene.campaign.pk, "figure": "sent"},
    "reporting:conversions": lambda scene: {"pk": scene.campaign.pk, "measure": "goal"},
    "api:task-checklist-change": lambda scene: checklist_arguments(scene),
    "messaging:open": lambda scene: {"token": scene.token(Purpose.OPEN)},
    "messaging:click": lambda scene: {"token": "unknown"},
    "messaging:unsubscribe": lambda scene: {"token": scene.token(Purpose.UNSUBSCRIBE)},
    "messaging:preferences": lambda scene: {"token": scene.token(Purpose.PREFERENCES)},
    "contacts:confirm": lambda scene: {"token": confirmations.token_make(ConfirmationFactory())},
    "contacts:quality-rule": lambda scene: {"key": "role_addresses"},
    "contacts:quality-rule-edit": lambda scene: {"key": "role_addresses"},
    "contacts:quality-mend-start": lambda scene: {"key": "role_addresses", "act": "suppress"},
    "segments:list_of_findings": lambda scene: {"key": "staleness"},
    "api:quality-rule-tune": lambda scene: {"key": "role_addresses"},
    "messaging:hook": lambda scene: {"kind": "postmark", "secret": "unknown"},
    "messaging:provider-create": lambda scene: {"kind": "postmark"},
    "messaging:provider-preview": lambda scene: {"kind": "webhook"},
    "messaging:experiment": lambda scene: {"pk": experiment(scene).pk},
    "messaging:decide": lambda scene: {"pk": experiment(scene).pk},
    "api:message-experiment": lambda scene: {"pk": experiment(scene).pk},
    "messaging:view": lambda scene: {"token": scene.token(Purpose.VIEW)},
    "integrations:ingest": lambda scene: {"call": "track"},
    "mailbox-message": lambda scene: {"number": mail.caught().number},
    "mailbox-html": lambda scene: {"number": mail.caught().number},
    "mailbox-raw": lambda scene: {"number": mail.caught().number},
}

# How to make the thing of a route where its factory alone does not put it into the scene's campaign:
# model label -> (scene -> object). A factory whose model has a `campaign` is given the scene's already.
SAMPLES = {
    "campaigns.channel": lambda scene: scene.campaign.channels.get(),
    "messaging.recipient": lambda scene: RecipientFactory(message__campaign=scene.campaign),
    "collaboration.comment": lambda scene: CommentFactory(subject=scene.campaign, by=scene.people["capt"]),
    "collaboration.attachment": lambda scene: AttachmentFactory(
        subject=scene.campaign, by=scene.people["capt"]
    ),
    "collaboration.notification": lambda scene: NotificationFactory(user=scene.people["capt"]),
}


def checklist_arguments(scene):
    item = ChecklistItemFactory(task__campaign=scene.campaign)
    return {"pk": item.task.pk, "item": item.pk}


def experiment(scene):
    return ExperimentFactory(message=MessageFactory(campaign=scene.campaign, launched=True))


def recurring(scene):
    series = RecurrenceFactory(campaign=scene.campaign)
    return TaskFactory(campaign=scene.campaign, recurrence=series, occurrence=1)


def override_arguments():
    override = UseOverrideFactory()
    return {"pk": override.template_id, "attribute": override.attribute.key}


@dataclass(frozen=True)
class Scene:
    """One campaign with its team, and beside it one person of each role who is not on it."""

    campaign: object
    people: dict[str, User | None]  # by column of the table; None is nobody signed in
    sessions: dict[int, str]  # by user: signing in takes longer than most answers do
    secrets: dict[int, str]  # of their tokens

    def sample(self, model):
        """Make an object of this model, in the scene's campaign if it belongs to one."""
        if special := SAMPLES.get(model._meta.label_lower):
            return special(self)
        if model is type(self.campaign):
            return self.campaign
        given = {"campaign": self.campaign} if "campaign" in {f.name for f in model._meta.fields} else {}
        return factory_of(model)(**given)

    def token(self, purpose):
        """Return what stands in a mail that somebody of this campaign got."""
        return token_make(purpose, RecipientFactory(message__campaign=self.campaign, state="sent").pk)

    def client_of(self, user, route):
        """Come as this person would: with a token to the API, with a session to a page."""
        if user is None:
            return Client()
        if route.is_api:
            return bearer(self.secrets[user.pk])
        client = Client()
        client.cookies[settings.SESSION_COOKIE_NAME] = self.sessions[user.pk]
        return client

    def url(self, route):
        """Return the route's URL with an object behind every argument."""
        if route.name in ARGUMENTS:
            return route.url(**ARGUMENTS[route.name](self))
        assert set(route.arguments) <= {"pk"}, (
            f"{route.name} takes {route.arguments}: say in ARGUMENTS of {__file__} what they are"
        )
        return route.url(**({"pk": self.sample(route.model).pk} if route.arguments else {}))


ROLES = {
    "admin": User.Role.ADMINISTRATOR,
    "lead": User.Role.MARKETING_LEAD,
    "mktr": User.Role.MARKETER,
    "data": User.Role.DATA_LEAD,
    "sales": User.Role.SALES,
    "exec": User.Role.EXECUTIVE,
    "contr": User.Role.CONTRIBUTOR,
    "integ": User.Role.INTEGRATION,
}


def scene_make():
    people = {
        column: User.objects.create(email=f"{column}@bookend.example", role=role)
        for column, role in ROLES.items()
    }
    # On the campaign's team: two marketers, and one who without it would see no campaign at all.
    team = {
        column: User.objects.create(email=f"{column}@bookend.example", role=role)
        for column, role in {"capt": "marketer", "owner": "marketer", "helper": "contributor"}.items()
    }
    campaign = CampaignFactory(captain=team["capt"], channel__owner=team["owner"])
    ContributorFactory(campaign=campaign, user=team["helper"])
    IdentitySchemeFactory()
    everybody = {**people, **team}
    return Scene(
        campaign=campaign,
        people={"anon": None, **everybody},
        sessions={user.pk: session_of(user) for user in everybody.values()},
        secrets={user.pk: secret_of(user) for user in everybody.values()},
    )


def session_of(user):
    client = Client()
    client.force_login(user)
    return client.session.session_key


def secret_of(user):
    secret = tokens.api_token_new()
    ApiTokenFactory(user=user, secret=secret, last_used_at=Now())
    return secret


def factory_of(model):
    """Return the factory of a model: the first that its module under tests/factories defines."""
    for info in pkgutil.iter_modules(factories.__path__):
        module = importlib.import_module(f"{factories.__name__}.{info.name}")
        for value in vars(module).values():
            if (
                isinstance(value, type)
                and issubclass(value, DjangoModelFactory)
                and value._meta.model is model
            ):
                return value
    raise AssertionError(f"{model._meta.label} has no factory under tests/factories")


@contextmanager
def undone():
    """Do something and take it back. A `durable` block inside may believe that it is outermost."""
    block = transaction.atomic()
    block._from_testcase = True
    with block:
        yield
        transaction.set_rollback(True)


def blank():
    """Let every template come out empty: for whoever only tries a door."""
    return mock.patch.object(Template, "render", return_value="")


def bearer(secret):
    return APIClient(headers={"authorization": f"Bearer {secret}"})
