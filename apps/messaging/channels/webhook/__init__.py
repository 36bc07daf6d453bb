"""
Mail as signed JSON to an address of your own, by Standard Webhooks 1.0: for a relay that no adapter knows.

The id of a call is the mail's own name, the same at every try, so that the receiver can take it once. That is
why an error is tried again here, where a provider's would leave the end unknown; silence is not even here.
"""

from apps.messaging.channels.webhook.way import Webhook

WAYS = (Webhook(),)
