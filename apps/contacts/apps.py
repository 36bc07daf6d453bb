from django.apps import AppConfig


class ContactsConfig(AppConfig):
    name = "apps.contacts"

    def ready(self) -> None:
        from apps.contacts.register import register

        register()
