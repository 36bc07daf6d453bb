from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "apps.demo"

    def ready(self) -> None:
        from apps.core.welcome import SignIn, sign_ins
        from apps.demo.people import PASSWORD, PEOPLE

        for name, _full_name, role in PEOPLE:
            email = f"{name}@bookend.example"
            sign_ins.register(email, SignIn(email, PASSWORD, str(role.label)))
