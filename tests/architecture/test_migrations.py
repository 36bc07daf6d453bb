from django.db.migrations.loader import MigrationLoader

MANY = 60


def test_a_new_database_is_made_by_few_migrations():
    graph = MigrationLoader(None).graph  # as an empty database sees it: squashes instead of what they replace
    ours = [node for node in graph.nodes.values() if type(node).__module__.startswith("apps.")]

    assert len(ours) <= MANY, "Squash those of each app, see docs/decisions/0296-migrations-are-squashed.md"
