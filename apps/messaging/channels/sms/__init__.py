"""SMS through Twilio, or any gateway that speaks as it does."""

from apps.messaging.channels.sms.twilio import Twilio

WAYS = (Twilio(),)
