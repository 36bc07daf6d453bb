"""Who signs in to the demo: one person per role."""

from apps.accounts.models import User

PASSWORD = "bookend-demo"  # noqa: S105  # printed at start; the demo holds no secrets

# E-mail name, full name, role
PEOPLE = [
    ("admin", "Ada Okafor", User.Role.ADMINISTRATOR),
    ("lead", "Mara Lindqvist", User.Role.MARKETING_LEAD),
    ("captain", "Cai Morgan", User.Role.MARKETER),
    ("owner", "Elif Demir", User.Role.MARKETER),
    ("contributor", "Tom Baptiste", User.Role.CONTRIBUTOR),
    ("data", "Dana Petrov", User.Role.DATA_LEAD),
    ("sales", "Sam Whitfield", User.Role.SALES),
    ("executive", "Eve Castellano", User.Role.EXECUTIVE),
    ("integration", "Shop connector", User.Role.INTEGRATION),
]


def people_create() -> dict[str, User]:
    """Create the demo's people, and return them by the first part of their address."""
    team = {}
    for name, full_name, role in PEOPLE:
        user, is_new = User.objects.get_or_create(
            email=f"{name}@bookend.example", defaults={"name": full_name, "role": role}
        )
        if is_new:
            user.set_password(PASSWORD)
            user.save(update_fields=["password"])
        team[name] = user
    return team
