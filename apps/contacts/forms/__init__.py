from apps.contacts.forms.attributes import AttributeChangeForm, AttributeForm
from apps.contacts.forms.contacts import ConsentForm, ContactForm, LiftForm
from apps.contacts.forms.imports import ColumnsForm, ReadForm, UploadForm
from apps.contacts.forms.merging import IdentityForm, MergeForm

__all__ = [
    "AttributeChangeForm",
    "AttributeForm",
    "ColumnsForm",
    "ConsentForm",
    "ContactForm",
    "IdentityForm",
    "LiftForm",
    "MergeForm",
    "ReadForm",
    "UploadForm",
]
