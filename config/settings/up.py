"""
What `manage.py up` needs itself, which is its command: half of what a start takes would be ours otherwise.

What it starts has the settings of `local`, or those that the environment names.
"""

from django.core.exceptions import ImproperlyConfigured

from config import env

if env.FAULTS:
    raise ImproperlyConfigured("\n".join(env.FAULTS))

SECRET_KEY = env.SECRET_KEY
DATA_DIR = env.DATA_DIR
USE_TZ = True
INSTALLED_APPS = ["apps.operations.apps.StartingConfig"]
