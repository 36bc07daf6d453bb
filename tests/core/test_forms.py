import re

from django import forms

from apps.core.templatetags.ui import field


class Sample(forms.Form):
    name = forms.CharField(help_text="As your team calls it.")
    note = forms.CharField(required=False, widget=forms.Textarea)
    kind = forms.ChoiceField(choices=[("a", "A")], widget=forms.RadioSelect)
    agreed = forms.BooleanField(required=False)
    secret = forms.CharField(widget=forms.HiddenInput, initial="s")


def test_a_refused_field_says_why_beside_itself_and_to_screen_readers():
    printed = field(Sample({"kind": "a"})["name"])

    assert 'aria-invalid="true"' in printed
    assert 'aria-describedby="id_name_helptext id_name_error"' in printed
    assert '<ul class="field-errors" id="id_name_error">' in printed
    assert 'id="id_name_helptext">As your team calls it.' in printed
    assert 'class="form-control"' in printed


def test_a_field_that_may_stay_empty_says_so():
    form = Sample()

    assert "(optional)" in field(form["note"])
    assert "(optional)" not in field(form["name"])
    assert "(optional)" not in field(form["agreed"])


def test_choices_are_a_group_with_a_name():
    printed = field(Sample()["kind"])

    assert "<fieldset" in printed
    assert re.search(r"<legend>\s*Kind\s*</legend>", printed)


def test_a_form_prints_its_refusals_once_on_top_with_links_to_the_fields():
    form = Sample({"kind": "a", "secret": "s"})
    form.add_error(None, "The audience is empty.")

    printed = str(form)

    assert printed.count("The audience is empty.") == 1
    assert '<a href="#id_name">Name</a>: This field is required.' in printed
    assert printed.index("data-focus") < printed.index('name="name"')
    assert 'type="hidden" name="secret"' in printed


def test_a_form_that_was_not_sent_refuses_nothing():
    assert "data-focus" not in str(Sample())


def test_what_a_person_typed_is_text():
    printed = str(Sample({"name": "<b>x</b>", "kind": "<i>"}))

    assert "<b>" not in printed
    assert "<i>" not in printed
