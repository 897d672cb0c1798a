"""`report`: what was measured of a bundle, and its page."""

from pathlib import Path

from converter.errors import OutputError
from converter.report.report_files import draw_if_older
from trt_inference.bundles.atomic_write import write_file
from trt_inference.bundles.bundle import Bundle, load_bundle
from trt_inference.bundles.bundle_files import resolve_in_bundle
from trt_inference.bundles.names import REPORT_FOLDER, REPORT_PAGE


def open_report(folder: Path) -> Bundle:
    """Load a bundle, and see that its page shows all that was added to its report.

    Raises:
        BundleError: ``folder`` is no bundle, or its page is a link out of it.
        OSError: the page cannot be drawn anew.
    """
    bundle = load_bundle(folder)
    draw_if_older(bundle.path / REPORT_FOLDER)
    return bundle


def page_of(bundle: Bundle) -> Path:
    """The page that was written with the bundle.

    Raises:
        BundleError: it is a link out of the bundle.
        OutputError: there is none.
    """
    page = bundle.path / REPORT_PAGE
    resolve_in_bundle(bundle.path, REPORT_PAGE)
    if not page.is_file():
        raise OutputError(f"there is no '{page}': convert the model again")
    return page


def copy_page(bundle: Bundle, file: Path) -> None:
    """Copy the page of a bundle, which needs no other file.

    Raises:
        BundleError: it is a link out of the bundle.
        OutputError: there is none, or ``file`` cannot be written.
    """
    page = page_of(bundle).read_bytes()
    if file.is_dir():
        raise OutputError(
            f"'{file}' is a folder: give the name of a file, as in {file}/report.html"
        )
    try:
        write_file(file, page)
    except OSError as error:
        raise OutputError(
            f"cannot write '{file}': {error.strerror}. Choose a folder that you may write into"
        ) from error
