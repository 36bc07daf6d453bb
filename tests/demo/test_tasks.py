import io

from apps.collaboration.filekinds import media_type_of
from apps.demo import tasks


def test_the_picture_of_the_demo_is_a_picture():
    picture = tasks.picture_png()

    assert media_type_of("spring-cover.png", io.BytesIO(picture)) == "image/png"
    assert len(picture) < 8192
