"""
Mails and texts as signed JSON to an address of your own (Standard Webhooks 1.0): for what no adapter knows.

The id of a call is the message's own name, the same at every try, so that the receiver can take it once. So
an error is tried again here, where a provider's would leave the end unknown; silence is not even here.
"""

from apps.messaging.channels.webhook.way import TextWebhook, Webhook

WAYS = (Webhook(), TextWebhook())
