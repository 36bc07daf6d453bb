"""
Who may do what with messages.

A message belongs to one channel of one campaign: its owner, the captain and the leads write and send it. Who
sees the campaign sees what was sent; who got it is for those who work with people's data.
"""

import rules

from apps.accounts.models import User
from apps.accounts.permissions import (
    is_administrator,
    is_data_lead,
    is_integration,
    is_lead,
    is_marketer,
    sees_everything_planned,
    sees_people,
)
from apps.campaigns.models import Channel
from apps.campaigns.permissions import is_captain, is_channel_owner, sees_it
from apps.messaging.models import Message, Recipient


@rules.predicate
def owns_its_channel(user: User, message: Message | None) -> bool:
    return user.is_active and message is not None and message.channel.owner_id == user.pk


@rules.predicate
def sees_its_message(user: User, recipient: Recipient | Message | None) -> bool:
    message = recipient.message if isinstance(recipient, Recipient) else recipient
    return message is not None and user.has_perm("messaging.view_message", message)


@rules.predicate
def takes_messages(user: User, channel: Channel | None) -> bool:
    return channel is not None and channel.kind in {Channel.Kind.EMAIL, Channel.Kind.SMS}


sends_it = is_captain | is_lead | is_integration | owns_its_channel

rules.add_perm("messaging.view_message", sees_it)
writes_in_it = is_captain | is_lead | is_integration | is_channel_owner
rules.add_perm("messaging.add_message", writes_in_it & takes_messages)
for _verb in ("change", "delete", "launch", "pause", "resume", "cancel", "retry", "test", "decide"):
    rules.add_perm(f"messaging.{_verb}_message", sends_it)
rules.add_perm("messaging.undo_message", sends_it)
# Whether a mail has arrived is found out by looking at whose it is.
rules.add_perm("messaging.settle_message", sends_it & sees_people)
rules.add_perm("messaging.view_recipient", sees_people & sees_its_message)
# A contact's page shows what it was sent; each message is asked for by itself.
rules.add_perm("messaging.view_deliveries", sees_people)

# Reports quote addresses. Taking one in is for the program that stands behind the mail server.
rules.add_perm("messaging.view_report", is_marketer | is_data_lead | is_integration)
rules.add_perm("messaging.add_report", is_administrator | is_integration)

rules.add_perm("messaging.view_sender", is_marketer | is_integration)
rules.add_perm("messaging.add_sender", is_lead)
rules.add_perm("messaging.change_sender", is_lead)
rules.add_perm("messaging.delete_sender", is_lead)

# Accounts with those who carry messages, and their credentials.
for _verb in ("view", "add", "change", "delete", "check"):
    rules.add_perm(f"messaging.{_verb}_provider", is_lead)

# What holds for every message. Who writes messages may know it; a group that gets nothing is for those who
# answer for the whole installation.
rules.add_perm("messaging.view_sendingpolicy", is_marketer | is_integration)
rules.add_perm("messaging.change_sendingpolicy", is_administrator)
rules.add_perm("messaging.view_frequencycap", is_marketer | is_integration)
rules.add_perm("messaging.view_quiethours", is_marketer | is_integration)
for _verb in ("add", "change", "delete"):
    rules.add_perm(f"messaging.{_verb}_frequencycap", is_lead)
    rules.add_perm(f"messaging.{_verb}_quiethours", is_lead)

# How much leaves at all: whoever writes messages may know it.
for _noun in ("ratelimit", "warmup"):
    rules.add_perm(f"messaging.view_{_noun}", is_marketer | is_integration)
    for _verb in ("add", "change", "delete"):
        rules.add_perm(f"messaging.{_verb}_{_noun}", is_administrator)

# Figures without anybody in them.
rules.add_perm("messaging.view_deliverability", sees_everything_planned)
rules.add_perm("messaging.view_domain", is_marketer | is_integration)
for _verb in ("add", "change", "delete", "check", "sign"):
    rules.add_perm(f"messaging.{_verb}_domain", is_lead)
