"""django-post_office on the same work: the same people, the same template in its language, the same sink."""

import re
import time

from django.conf import settings
from post_office import mail
from post_office.models import STATUS, Email, EmailTemplate

from apps.contacts.models import Contact
from apps.messaging.models import Message

HOLE = re.compile(
    r"\{\{\s*(?:contact\.)?(\w+)\s*(?:\|\s*default:\s*(?:'|\"|&quot;|&#39;)(.*?)(?:'|\"|&quot;|&#39;)\s*)?\}\}"
)


def template_of(message: Message) -> EmailTemplate:
    """Return the message's template as Django's language has it; it tracks nothing."""
    version = message.template_version
    html = HOLE.sub(lambda hole: f'{{{{ {hole[1]}|default:"{hole[2] or ""}" }}}}', version.html)
    assert "contact." not in html
    subject = HOLE.sub(r"{{ \1 }}", version.subject)
    text = re.sub(r"\s*\n\s*", "\n", re.sub(r"<style.*?</style>|<[^>]+>", "", html, flags=re.DOTALL))
    return EmailTemplate.objects.create(
        name=str(message.pk), subject=subject, content=text, html_content=html
    )


def send(message: Message, count: int, port: int) -> float:
    """Queue and send to so many; return the seconds it took: it renders while it queues."""
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    template = template_of(message)
    people = Contact.objects.order_by("pk").values_list("pk", "email", "attributes")[:count]
    started = time.perf_counter()
    mail.send_many(
        [
            {
                "recipients": [email],
                "sender": "Shop <news@shop.example>",
                "template": template,
                "context": {
                    **attributes,
                    "id": pk,
                    "unsubscribe_url": f"https://shop.example/u/{pk}",
                    "view_url": f"https://shop.example/view/{pk}",
                },
            }
            for pk, email, attributes in people
        ]
    )
    while Email.objects.filter(status=STATUS.queued).exists():
        mail.send_queued(processes=1)
    seconds = time.perf_counter() - started
    assert Email.objects.filter(status=STATUS.sent).count() == count
    return seconds
