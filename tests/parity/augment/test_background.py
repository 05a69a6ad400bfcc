"""Background removal beside the original: NumPy's colour distances and OpenCV's median blur, bit for bit."""

import cv2
import numpy as np
import pytest
from PIL import Image

LEAF_COLOURS = [((71, 86, 38), 1600), ((65, 79, 19), 1600), ((95, 106, 56), 1600), ((56, 63, 43), 500)]
PHOTOS = 200


def colour_distance(image, colour):
    """Squared redmean distance of each pixel (height x width x 3 integers)."""
    mean = (image[:, :, 0] + colour[0]) // 2
    red, green, blue = (image[:, :, channel] - colour[channel] for channel in range(3))
    return (((512 + mean) * red * red) >> 8) + 4 * green * green + (((767 - mean) * blue * blue) >> 8)


def foreground(image, colours):
    wide = image.astype(int)
    return np.logical_or.reduce([colour_distance(wide, colour) <= threshold for colour, threshold in colours])


def remove_background(image, colours=LEAF_COLOURS, fill=(0, 0, 0), median=9):
    cleaned = image.copy()
    cleaned[~foreground(image, colours)] = fill
    return cv2.medianBlur(cleaned, median)


@pytest.fixture(scope="module", name="photos")
def read_photos(sample_dir):
    """From every class as many."""
    paths = sorted(sample_dir.glob("*/*.png"))
    photos = [np.asarray(Image.open(path).convert("RGB")) for path in paths[:: len(paths) // PHOTOS][:PHOTOS]]
    assert len(photos) == PHOTOS
    return photos


def test_equals_the_original_on_photographs(augmenter, photos):
    kept = 0
    for photo in photos:
        (ours,) = augmenter.apply([{"remove_background": "seedlings"}], photo[np.newaxis])
        original = remove_background(photo)
        assert np.array_equal(ours, original)
        kept += np.count_nonzero(original)
    assert kept > 0


@pytest.mark.parametrize("median", [3, 5, 7, 9, 11, 13, 15])
def test_equals_the_original_for_any_colours_fill_and_window(augmenter, photos, median):
    generator = np.random.default_rng(median)
    for photo in photos[::20]:
        colours = generator.integers(0, 256, (5, 3)).tolist()
        thresholds = generator.integers(0, 60_000, 5).tolist()
        fill = generator.integers(0, 256, 3).tolist()
        step = {"colours": colours, "thresholds": thresholds, "fill": fill, "median": median}
        (ours,) = augmenter.apply([{"remove_background": step}], photo[np.newaxis])
        assert np.array_equal(ours, remove_background(photo, list(zip(colours, thresholds)), fill, median))


@pytest.mark.parametrize("size", [(1, 1), (1, 2), (20_000, 1), (1, 20_000), (7, 5), (333, 41)])
def test_equals_the_original_at_any_size(augmenter, size):
    width, height = size
    leafy = np.random.default_rng(width).normal((71, 86, 38), 20, (height, width, 3)).clip(0, 255).astype(np.uint8)
    (ours,) = augmenter.apply(["remove_background"], leafy[np.newaxis])
    assert np.array_equal(ours, remove_background(leafy))


@pytest.mark.parametrize("radius", [1, 2, 5])
def test_cleans_masks_as_opencv(augmenter, photos, radius):
    square = np.ones((2 * radius + 1, 2 * radius + 1), np.uint8)
    for photo in photos[::10]:
        mask = foreground(photo, LEAF_COLOURS).astype(np.uint8) * 255
        for name, operation in (("open", cv2.MORPH_OPEN), ("close", cv2.MORPH_CLOSE)):
            (ours,) = augmenter.apply([{"remove_background": {name: radius, "mask": True, "median": 0}}], photo[np.newaxis])
            assert np.array_equal(ours, np.repeat(cv2.morphologyEx(mask, operation, square)[:, :, np.newaxis], 3, axis=2))


def test_keeps_the_largest_component_of_opencv(augmenter, photos):
    for photo in photos[::5]:
        mask = foreground(photo, LEAF_COLOURS).astype(np.uint8)
        count, labels, statistics, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
        areas = statistics[1:, cv2.CC_STAT_AREA]
        (ours,) = augmenter.apply([{"remove_background": {"keep_largest": True, "mask": True, "median": 0}}], photo[np.newaxis])
        assert np.count_nonzero(ours[:, :, 0]) == (areas.max() if count > 1 else 0)
        if count > 1 and np.count_nonzero(areas == areas.max()) == 1:
            assert np.array_equal(ours[:, :, 0] > 0, labels == 1 + areas.argmax())


@pytest.mark.parametrize("threshold", [-0.2, 0.0, 0.05, 0.1, 0.35])
def test_excess_green_is_the_index(augmenter, photos, threshold):
    for photo in photos[::20]:
        red, green, blue = photo.astype(int).transpose(2, 0, 1)
        scaled = (2 * green - red - blue) * 10_000
        step = {"method": "excess_green", "threshold": threshold, "mask": True, "median": 0}
        (ours,) = augmenter.apply([{"remove_background": step}], photo[np.newaxis])
        assert np.array_equal(ours[:, :, 0] > 0, scaled > round(threshold * 10_000) * np.maximum(red + green + blue, 1))


def test_otsu_is_that_of_opencv(augmenter, photos):
    equal = 0
    for photo in photos[::5]:
        red, green, blue = photo.astype(int).transpose(2, 0, 1)
        total = red + green + blue
        levels = np.where(total == 0, 85, 255 * green // np.maximum(total, 1)).astype(np.uint8)
        _, mask = cv2.threshold(levels, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
        step = {"method": "excess_green", "threshold": "otsu", "mask": True, "median": 0}
        (ours,) = augmenter.apply([{"remove_background": step}], photo[np.newaxis])
        equal += np.array_equal(ours[:, :, 0], mask)
    assert equal == len(photos[::5])
