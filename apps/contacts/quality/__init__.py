"""What can be wrong with contacts, how it is looked for, and how much of it there is. No database here."""

from apps.contacts.quality.catalogue import ACTS, RULES, Act, Rule, Setting, details_label
from apps.contacts.quality.score import rule_score, total_score

__all__ = ["ACTS", "RULES", "Act", "Rule", "Setting", "details_label", "rule_score", "total_score"]
