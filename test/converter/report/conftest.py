"""The page shows engines too: they are built from the bundles of the engine builder's tests."""

from test.converter.engine_builder.conftest import (  # noqa: F401  pytest finds them by their names
    bundle,
    shared_bundle,
    short_timing,
)
