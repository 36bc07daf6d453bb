"""What axe finds on a page, WCAG 2.2 AA and good practice. It runs under our policy as it stands."""

from axe_playwright_python.sync_playwright import Axe

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# No preload: axe would paste the stylesheets into the page, where their imports lead nowhere.
# Faults only: to write down what is right takes as long again.
OPTIONS = {"runOnly": RULES, "preload": False, "resultTypes": ["violations"]}
CONTRAST = "color-contrast"  # half of the time that is left


def faults(page, *, but=()):
    """
    Return a line for each fault, with the first element that has it; none is what we want.

    The rules named in `but` are not asked.
    """
    options = OPTIONS | {"rules": {rule: {"enabled": False} for rule in but}}
    found = Axe().run(page, options=options).response["violations"]
    return [f"{fault['impact']} {fault['id']}: {fault['nodes'][0]['html'][:200]}" for fault in found]
