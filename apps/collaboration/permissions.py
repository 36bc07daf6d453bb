import rules

from apps.accounts.models import User
from apps.accounts.permissions import is_administrator, is_lead
from apps.collaboration.models import Attachment, Comment, Notification, SavedView
from apps.collaboration.savedview_selectors import may_open
from apps.collaboration.subjects import subjects


@rules.predicate
def may_see_its_subject(user: User, part: Comment | Attachment | None) -> bool:
    """Test if the user may see what the comment or the file is about."""
    if part is None or part.subject is None:
        return False
    kind = subjects.of(part.subject._meta.label_lower)
    return kind is not None and user.has_perm(kind.view_permission, part.subject)


@rules.predicate
def may_attach_there(user: User, attachment: Attachment | None) -> bool:
    """Test if the user may attach files where this one is: who may add may also remove."""
    if attachment is None or attachment.subject is None:
        return False
    kind = subjects.of(attachment.subject._meta.label_lower)
    return bool(kind and kind.attach_permission and user.has_perm(kind.attach_permission, attachment.subject))


@rules.predicate
def wrote_it(user: User, comment: Comment | None) -> bool:
    return user.is_active and comment is not None and comment.by_id == user.pk


@rules.predicate
def is_told(user: User, notification: Notification | None) -> bool:
    return user.is_active and (notification is None or notification.user_id == user.pk)


rules.add_perm("collaboration.view_auditevent", is_administrator)
rules.add_perm("collaboration.view_subject", rules.is_active)  # the subject's own permission is asked besides
rules.add_perm("collaboration.view_comment", may_see_its_subject)
rules.add_perm("collaboration.change_comment", may_see_its_subject & wrote_it)
rules.add_perm("collaboration.view_attachment", may_see_its_subject)
rules.add_perm("collaboration.delete_attachment", may_see_its_subject & may_attach_there)
rules.add_perm("collaboration.view_notification", is_told)
rules.add_perm("collaboration.read_notification", is_told)
rules.add_perm("collaboration.change_own_settings", rules.is_active)
rules.add_perm("collaboration.view_own_settings", rules.is_active)
rules.add_perm("collaboration.view_feed", rules.is_active)  # which shows to each what is theirs to see


@rules.predicate
def keeps_view(user: User, view: SavedView | None) -> bool:
    return user.is_active and view is not None and view.owner_id == user.pk


@rules.predicate
def sees_view(user: User, view: SavedView | None) -> bool:
    """Test if it is the user's own, or shared and of a list that the user may open; of no view: anybody."""
    if view is None or view.owner_id == user.pk:
        return user.is_active
    return user.is_active and view.is_shared and may_open(user, view.list_key)


rules.add_perm("collaboration.view_savedview", sees_view)
rules.add_perm("collaboration.add_savedview", rules.is_active)
rules.add_perm("collaboration.change_savedview", keeps_view)
rules.add_perm("collaboration.delete_savedview", keeps_view)
about_none = rules.predicate(lambda user, view=None: view is None)
rules.add_perm("collaboration.share_savedview", is_lead & (keeps_view | about_none))
