"""The steps keras and keras_transform beside Keras's own ImageDataGenerator, on photographs and on noise."""

import os
import pathlib

import numpy as np
import pytest
from PIL import Image

from augmenter import StepError

os.environ.setdefault("KERAS_BACKEND", "torch")
keras_image = pytest.importorskip("keras.src.legacy.preprocessing.image")

FILL_MODES = ["nearest", "constant", "reflect", "wrap"]
PARAMETER_SETS = 500
IMAGES = 6  # for each set and fill mode


@pytest.fixture(scope="module")
def pictures(sample_dir):
    """Photographs, and noise: the hardest case for positions."""
    paths = sorted(pathlib.Path(sample_dir).glob("*/*.png"))[:: 480 // (IMAGES - 2)][: IMAGES - 2]
    photographs = [np.asarray(Image.open(path).convert("RGB").resize((150, 150))) for path in paths]
    noise = np.random.default_rng(0).integers(0, 256, (2, 150, 150, 3), np.uint8)
    return np.concatenate([photographs, noise])


def rounded(pixels):
    return np.floor(pixels + 0.5).astype(np.int32)


def keras_transformed(image, transform, **generator):
    return keras_image.ImageDataGenerator(**generator).apply_transform(image.astype(np.float32), transform)


def affine_parameters(generator, size):
    """What get_random_transform could have drawn, each part absent now and then."""
    ranges = {"theta": 180, "tx": 0.4 * size, "ty": 0.4 * size, "shear": 40}
    transform = {name: generator.uniform(-limit, limit) for name, limit in ranges.items() if generator.random() < 0.7}
    transform |= {name: generator.uniform(0.5, 1.6) for name in ("zx", "zy") if generator.random() < 0.7}
    return transform | {name: bool(generator.integers(2)) for name in ("flip_horizontal", "flip_vertical")}


@pytest.mark.parametrize("fill_mode", FILL_MODES)
def test_affine_maps_equal_kerass(augmenter, pictures, fill_mode):
    generator = np.random.default_rng(FILL_MODES.index(fill_mode))
    differing = values = 0
    for number in range(PARAMETER_SETS):
        transform = affine_parameters(generator, pictures.shape[1])
        image = pictures[number % len(pictures)]
        filling = {"fill_mode": fill_mode, "cval": int(generator.integers(256))}
        ours = augmenter.apply([{"keras_transform": transform | filling}], image[None])[0]
        difference = np.abs(ours - rounded(keras_transformed(image, transform, **filling)))
        assert difference.max() <= 2, (transform, filling)
        differing += np.count_nonzero(difference > 1)
        values += difference.size
    assert differing <= 0.001 * values


@pytest.mark.parametrize("fill_mode", FILL_MODES)
def test_pictures_that_are_not_square(augmenter, fill_mode):
    generator = np.random.default_rng(7)
    image = generator.integers(0, 256, (40, 70, 3), np.uint8)
    for _ in range(20):
        transform = affine_parameters(generator, 40)
        filling = {"fill_mode": fill_mode, "cval": 77}
        ours = augmenter.apply([{"keras_transform": transform | filling}], image[None])[0]
        assert np.abs(ours - rounded(keras_transformed(image, transform, **filling))).max() <= 1


def keras2_transformed(image, transform):
    """The matrix of keras-preprocessing up to 1.1.2, over rows and columns: no release that still installs has it."""
    scipy_ndimage = pytest.importorskip("scipy.ndimage")
    theta, shear = np.deg2rad(transform.get("theta", 0)), np.deg2rad(transform.get("shear", 0))
    rotation = [[np.cos(theta), -np.sin(theta), 0], [np.sin(theta), np.cos(theta), 0], [0, 0, 1]]
    shift = [[1, 0, transform.get("tx", 0)], [0, 1, transform.get("ty", 0)], [0, 0, 1]]
    sheared = [[1, -np.sin(shear), 0], [0, np.cos(shear), 0], [0, 0, 1]]
    zoom = np.diag([transform.get("zx", 1), transform.get("zy", 1), 1])
    centre = np.eye(3)
    centre[:2, 2] = image.shape[0] / 2 + 0.5, image.shape[1] / 2 + 0.5
    matrix = centre @ rotation @ shift @ sheared @ zoom @ np.linalg.inv(centre)
    channels = [
        scipy_ndimage.affine_transform(image[..., channel].astype(np.float32), matrix[:2, :2], matrix[:2, 2], order=1, mode="nearest")
        for channel in range(3)
    ]
    return np.stack(channels, axis=2)


def test_the_matrix_of_keras_2(augmenter):
    generator = np.random.default_rng(8)
    image = generator.integers(0, 256, (40, 70, 3), np.uint8)
    for _ in range(50):
        transform = affine_parameters(generator, 40) | {"flip_horizontal": False, "flip_vertical": False, "zx": 1.1}
        ours = augmenter.apply([{"keras_transform": transform | {"compat": "keras2"}}], image[None])[0]
        assert np.abs(ours - rounded(keras2_transformed(image, transform))).max() <= 1


def test_brightness_equals_pillows(augmenter, pictures):
    for brightness in (0, 0.3, 0.999, 1, 1.0001, 1.7, 40):
        ours = augmenter.apply([{"keras_transform": {"brightness": brightness}}], pictures)
        theirs = [keras_transformed(image, {"brightness": brightness}) for image in pictures]
        np.testing.assert_array_equal(ours, theirs)


def test_channel_shifts_stay_within_the_pictures_values(augmenter, pictures):
    narrow = (pictures // 2 + 40).astype(np.uint8)
    for intensity in (-200, -12.4, -0.2, 0, 0.4, 33, 90.7):
        ours = augmenter.apply([{"keras_transform": {"channel_shift_intensity": intensity}}], narrow)
        theirs = [keras_transformed(image, {"channel_shift_intensity": intensity}) for image in narrow]
        np.testing.assert_array_equal(ours, rounded(np.array(theirs)))


def test_all_changes_together(augmenter, pictures):
    """Brightness cuts fractions off that Keras has to the last bit and we to 1/128: then a grey level more or less, times the factor."""
    generator = np.random.default_rng(9)
    differing = values = 0
    for number in range(100):
        transform = affine_parameters(generator, pictures.shape[1])
        transform |= {"channel_shift_intensity": generator.uniform(-40, 40), "brightness": generator.uniform(0.5, 1.5)}
        image = pictures[number % len(pictures)]
        ours = augmenter.apply([{"keras_transform": transform}], image[None])[0]
        difference = np.abs(ours - keras_transformed(image, transform))
        assert difference.max() <= 3, transform
        differing += np.count_nonzero(difference > 1)
        values += difference.size
    assert differing <= 0.03 * values


def drawn_parameter(augmenter, settings, count, ramp):
    """What a step drew for each of `count` images, read off the pictures it made of one whose values are known."""
    images = np.broadcast_to(ramp, (count, *ramp.shape))
    return augmenter.apply([{"keras": settings}], images).astype(np.float64)


def test_shifts_are_drawn_as_kerass(augmenter):
    """The columns of a ramp tell by how much it was moved; Keras's own draws are measured beside ours."""
    size, count = 200, 2000
    ramp = np.broadcast_to(np.arange(size, dtype=np.uint8)[None, :, None], (2, size, 3))
    for keras_range in (0.2, [3, 7, 11], [0.05, 0.1], 5, 6.5):
        pictures = drawn_parameter(augmenter, {"width_shift_range": keras_range, "compat": "keras2", "fill_mode": "nearest"}, count, ramp)
        ours = pictures[:, 0, size // 2, 0] - size // 2
        generator = keras_image.ImageDataGenerator(width_shift_range=keras_range)
        theirs = np.array([generator.get_random_transform((2, size, 3), seed)["ty"] for seed in range(count)])
        assert ours.min() >= theirs.min() - 1.5 and ours.max() <= theirs.max() + 1.5
        spread = theirs.std()
        assert abs(ours.mean()) < 5 * spread / np.sqrt(count)
        assert ours.std() == pytest.approx(spread, rel=0.1)
        if not isinstance(keras_range, float):
            assert set(np.unique(ours)) <= set(np.unique(theirs))


def test_flips_are_drawn_for_half_of_the_images(augmenter):
    ramp = np.broadcast_to(np.arange(50, dtype=np.uint8)[None, :, None], (50, 50, 3))
    flipped = drawn_parameter(augmenter, {"horizontal_flip": True}, 2000, ramp)[:, 0, 0, 0] == 49
    assert abs(flipped.mean() - 0.5) < 5 * 0.5 / np.sqrt(2000)
    upside_down = drawn_parameter(augmenter, {"vertical_flip": True}, 2000, ramp.swapaxes(0, 1))[:, 0, 0, 0] == 49
    assert abs(upside_down.mean() - 0.5) < 5 * 0.5 / np.sqrt(2000)


def test_brightness_channel_shift_and_zoom_are_uniform(augmenter):
    count = 2000
    grey = np.full((2, 2, 3), 100, np.uint8)
    factor = drawn_parameter(augmenter, {"brightness_range": [0.5, 1.5]}, count, grey)[:, 0, 0, 0]
    assert 50 <= factor.min() <= 52 and 148 <= factor.max() <= 150
    assert factor.mean() == pytest.approx(99.5, abs=5 * 29 / np.sqrt(count))
    assert factor.std() == pytest.approx(100 / np.sqrt(12), rel=0.05)
    wide = grey.copy()
    wide[0, 0], wide[1, 1] = 0, 255  # so that nothing is cut off at the picture's own values
    shifted = drawn_parameter(augmenter, {"channel_shift_range": 40}, count, wide)[:, 0, 1]
    assert (shifted == shifted[:, :1]).all()  # one number for all channels
    assert 60 <= shifted.min() <= 62 and 138 <= shifted.max() <= 140
    assert shifted.std() == pytest.approx(80 / np.sqrt(12), rel=0.05)
    ramp = np.broadcast_to(np.arange(201, dtype=np.uint8)[None, :, None], (3, 201, 3))
    zoomed = drawn_parameter(augmenter, {"zoom_range": [0.5, 1], "compat": "keras2"}, count, ramp)[:, 1]
    zoom = (zoomed[:, 150, 0] - zoomed[:, 50, 0]) / 100
    assert 0.48 <= zoom.min() and zoom.max() <= 1.02
    assert zoom.mean() == pytest.approx(0.75, abs=0.02)


def test_wrong_settings_are_named(augmenter):
    image = np.zeros((1, 4, 4, 3), np.uint8)
    wrong = {
        "rotation_range": (-1, "steps[0].keras.rotation_range is -1; it must lie between 0 and 360"),
        "zoom_range": ([1.2, 0.8], "steps[0].keras.zoom_range runs from 1.2 to 0.8; the lower end comes first"),
        "width_shift_range": ("x", 'steps[0].keras.width_shift_range is "x"; it must be a part of the size below 1'),
        "brightness_range": (0.5, "steps[0].keras.brightness_range is 0.5; it must be [low, high]"),
        "fill_mode": ("neerest", "steps[0].keras.fill_mode is 'neerest'; did you mean 'nearest'?"),
    }
    for name, (value, message) in wrong.items():
        with pytest.raises(StepError) as error:
            augmenter.apply([{"keras": {name: value}}], image)
        assert message in str(error.value)
