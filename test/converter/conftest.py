"""The fixtures of the tests that need TensorFlow. A robot runs only tests that do without."""

from test.needs import missing_of

if not missing_of("converter"):
    from test.converter.fixtures import (  # noqa: F401  pytest finds them by their names here
        color_model,
        color_module,
        conversion,
        export_server,
        labels,
        pictures,
        quick_exports,
        workplace,
    )
