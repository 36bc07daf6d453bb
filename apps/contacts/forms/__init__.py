from apps.contacts.forms.attributes import AttributeChangeForm, AttributeForm
from apps.contacts.forms.companies import CompanyForm, MemberForm, NewMemberForm
from apps.contacts.forms.contacts import ConsentForm, ContactForm, LiftForm, NewContactForm
from apps.contacts.forms.imports import (
    ColumnsForm,
    MappingNameForm,
    ReadForm,
    SheetForm,
    UploadForm,
    mapping_told,
)
from apps.contacts.forms.merging import IdentityForm, MergeForm
from apps.contacts.forms.quality import RuleForm
from apps.contacts.forms.suppressions import SuppressForm
from apps.contacts.forms.systems import SystemChangeForm, SystemForm
from apps.contacts.forms.topics import TopicChangeForm, TopicForm

__all__ = [
    "AttributeChangeForm",
    "AttributeForm",
    "ColumnsForm",
    "CompanyForm",
    "ConsentForm",
    "ContactForm",
    "IdentityForm",
    "LiftForm",
    "MappingNameForm",
    "MemberForm",
    "MergeForm",
    "NewContactForm",
    "NewMemberForm",
    "ReadForm",
    "RuleForm",
    "SheetForm",
    "SuppressForm",
    "SystemChangeForm",
    "SystemForm",
    "TopicChangeForm",
    "TopicForm",
    "UploadForm",
    "mapping_told",
]
