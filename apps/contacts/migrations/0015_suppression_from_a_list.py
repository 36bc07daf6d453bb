from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [('contacts', '0014_confirmations')]

    operations = [
        migrations.AlterField(
            model_name='suppression',
            name='reason',
            field=models.CharField(choices=[('unsubscribed', 'Unsubscribed'), ('bounced', 'Address does not exist'), ('complained', 'Complained'), ('erased', 'Erased'), ('by_hand', 'Added by hand'), ('imported', 'From a list')], max_length=16),
        ),
    ]
