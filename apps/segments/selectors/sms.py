from django.db.models import Case, CharField, Exists, OuterRef, Q, Value, When

from apps.contacts.models import Channel, Consent, ConsentStatus, Exclusion, Suppression


def sms_exclusion() -> Case:
    """Return why a contact may not be sent a text message; '' means yes. Compare `email_exclusion`."""
    consents = Consent.objects.filter(contact=OuterRef("pk"), channel=Channel.SMS, topic="")
    subscribed = consents.filter(status=ConsentStatus.SUBSCRIBED)
    refused = consents.filter(status=ConsentStatus.UNSUBSCRIBED)
    suppressed = Suppression.objects.filter(channel=Channel.SMS, address_hash=OuterRef("phone_hash"))
    return Case(
        When(erased_at__isnull=False, then=Value(Exclusion.ERASED)),
        When(phone="", then=Value(Exclusion.NO_ADDRESS)),
        When(Exists(suppressed), then=Value(Exclusion.SUPPRESSED)),
        When(~Q(Exists(subscribed)) | Q(Exists(refused)), then=Value(Exclusion.NO_CONSENT)),
        default=Value(""),
        output_field=CharField(),
    )
