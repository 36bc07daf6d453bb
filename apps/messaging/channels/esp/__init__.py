"""E-mail providers with an API of their own, through django-anymail."""

from apps.messaging.channels.esp.brevo import Brevo
from apps.messaging.channels.esp.mailgun import Mailgun
from apps.messaging.channels.esp.postmark import Postmark
from apps.messaging.channels.esp.sparkpost import SparkPost

WAYS = (Brevo(), Mailgun(), Postmark(), SparkPost())
