"""
Mail by SMTP: through the server of EMAIL_URL, and through others, each a provider of its own.

The engine itself is `apps.messaging.delivery`.
"""

from apps.messaging.channels.smtp.account import SmtpServer
from apps.messaging.channels.smtp.settings import Smtp

WAYS = (Smtp(), SmtpServer())
