from apps.contacts.forms.attributes import AttributeChangeForm, AttributeForm
from apps.contacts.forms.contacts import ConsentForm, ContactForm, LiftForm
from apps.contacts.forms.imports import ColumnsForm, ReadForm, UploadForm

__all__ = [
    "AttributeChangeForm",
    "AttributeForm",
    "ColumnsForm",
    "ConsentForm",
    "ContactForm",
    "LiftForm",
    "ReadForm",
    "UploadForm",
]
