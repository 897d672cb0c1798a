"""TEMPORARY"""

from converter.inputs.finding import Finding


def find_pixels(source, exported, network, given, dataset, fitting, accuracy):
    pixels = given.resolve(source.image, network.takes_bytes)
    if given.states_range:
        return pixels, None
    return pixels, Finding("pixels", "0 to 1; --pixels changes it", True)
