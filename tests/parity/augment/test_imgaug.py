"""Steps beside imgaug 0.4.0 with the same parameters, over photographs and noise: never more than one grey level apart."""

import numpy as np
import pytest
from PIL import Image

BORDERS = ["constant", "edge", "reflect", "symmetric", "wrap"]
PHOTOS = 12


@pytest.fixture(scope="module", name="pictures")
def read_pictures(sample_dir):
    """Batches of equal sizes: photographs of each class, noise, and noise of an odd size."""
    paths = sorted(sample_dir.glob("*/*.png"))
    photos = [np.asarray(Image.open(path).convert("RGB")) for path in paths[:: len(paths) // PHOTOS][:PHOTOS]]
    random = np.random.default_rng(5)
    noise = [random.integers(0, 256, shape, dtype=np.uint8) for shape in [(2, 150, 150, 3), (2, 61, 38, 3)]]
    return [np.stack(photos), *noise]


def assert_alike(augmenter, imgaug, pictures, step, tolerance=1):
    for batch in pictures:
        ours, theirs = augmenter.apply([step], batch), imgaug.apply([step], batch)
        difference = np.abs(ours.astype(int) - theirs)
        assert difference.max() <= tolerance, f"{step}: {difference.max()} at {np.argwhere(difference == difference.max())[:3].tolist()}"


@pytest.mark.parametrize("name", ["fliplr", "flipud"])
def test_flips(augmenter, imgaug, pictures, name):
    for p in [0, 1]:
        assert_alike(augmenter, imgaug, pictures, {name: {"p": p}}, tolerance=0)


CROPS = [{"percent": percent} for percent in [0.07, 0.5, [0.1, 0.02, 0, 0.05], [0.9, 0, 0.3, 0]]] + [{"px": px} for px in [4, [3, 0, 11, 7]]]


@pytest.mark.parametrize("settings", CROPS, ids=str)
def test_crop(augmenter, imgaug, pictures, settings):
    assert_alike(augmenter, imgaug, pictures, {"crop": settings})


@pytest.mark.parametrize("mode", BORDERS)
def test_crop_and_pad(augmenter, imgaug, pictures, mode):
    for sides in [{"percent": 0.1}, {"percent": [-0.1, 0.2, 0.15, -0.05]}, {"px": [-5, 3, 8, -2]}, {"px": [40, 0, 0, 25]}, {"px": -6}]:
        assert_alike(augmenter, imgaug, pictures, {"crop_and_pad": sides | {"pad_mode": mode, "pad_cval": 77}})


def drawn_affine(random):
    return {
        "scale": {"x": random.uniform(0.5, 1.5), "y": random.uniform(0.5, 1.5)},
        "rotate": random.uniform(-180, 180),
        "shear": {"x": random.uniform(-30, 30), "y": random.uniform(-30, 30)},
        "cval": int(random.integers(0, 256)),
    } | (
        {"translate_percent": {"x": random.uniform(-0.3, 0.3), "y": random.uniform(-0.3, 0.3)}}
        if random.random() < 0.5
        else {"translate_px": {"x": int(random.integers(-20, 21)), "y": int(random.integers(-20, 21))}}
    )


@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("mode", BORDERS)
def test_affine(augmenter, imgaug, pictures, mode, order):
    random = np.random.default_rng(BORDERS.index(mode))
    simple = [{"rotate": 90}, {"scale": 1.3}, {"shear": 20}, {"translate_px": 7}, {"translate_percent": -0.1}, {"rotate": 0}]
    for settings in simple + [drawn_affine(random) for _ in range(20)]:
        assert_alike(augmenter, imgaug, pictures, {"affine": settings | {"mode": mode, "order": order}})


BLURS = [("gaussian_blur", "sigma", [0, 0.1, 0.5, 1, 1.7, 2.5, 3.5, 6]), ("average_blur", "k", [1, 2, 3, 4, 7, 16]), ("median_blur", "k", [1, 3, 5, 9])]


@pytest.mark.parametrize("name, setting, values", BLURS)
def test_blurs(augmenter, imgaug, pictures, name, setting, values):
    for value in values:
        assert_alike(augmenter, imgaug, pictures, {name: {setting: value}})


def test_an_even_median_is_made_odd(augmenter, pictures):
    for batch in pictures:
        np.testing.assert_array_equal(augmenter.apply([{"median_blur": 4}], batch), augmenter.apply([{"median_blur": 5}], batch))


ARITHMETIC = [("linear_contrast", "alpha", [0, 0.6, 0.75, 1, 1.5, 3.3]), ("contrast_normalization", "alpha", [0.8, 1.4])]
ARITHMETIC += [("multiply", "mul", [0, 0.2, 0.8, 1, 1.2, 2.71]), ("add", "value", [-255, -40, -1, 0, 17, 255])]


@pytest.mark.parametrize("name, setting, values", ARITHMETIC)
def test_arithmetic(augmenter, imgaug, pictures, name, setting, values):
    for value in values:
        for per_channel in [False, True]:
            assert_alike(augmenter, imgaug, pictures, {name: {setting: value, "per_channel": per_channel}}, tolerance=0)


HUES = [("add_to_hue", {"value": value}) for value in [-255, -100, -1, 30, 128, 255]]
HUES += [("add_to_saturation", {"value": value}) for value in [-255, -75, 10, 75]]
HUES += [("multiply_hue", {"mul": mul}) for mul in [-3, -0.5, 0, 0.9, 1, 2.5]] + [("multiply_saturation", {"mul": mul}) for mul in [0, 0.5, 1, 3]]
HUES += [("add_to_hue_and_saturation", settings) for settings in [{"value": 25}, {"value_hue": -60}, {"value_hue": 20, "value_saturation": -30}]]
HUES += [("multiply_hue_and_saturation", settings) for settings in [{"mul": 1.3}, {"mul_hue": 0.7}, {"mul_hue": 1.4, "mul_saturation": 0.6}]]


@pytest.mark.parametrize("name, settings", HUES, ids=str)
def test_hue_and_saturation(augmenter, imgaug, pictures, name, settings):
    assert_alike(augmenter, imgaug, pictures, {name: settings})


# Steps that draw a number for each pixel: what they drew is seen on a flat picture, and imgaug's arithmetic with it must give our picture.


@pytest.mark.parametrize("per_channel", [False, True])
def test_noise_is_added_as_imgaug_adds_it(augmenter, imgaug, pictures, per_channel):
    for loc, scale in [(0, 3), (0, 12.75), (-9.5, 20)]:
        step = {"additive_gaussian_noise": {"loc": loc, "scale": scale, "per_channel": per_channel}}
        for batch in pictures:
            levels = augmenter.apply([step], np.full_like(batch, 128)).astype(np.int16) - 128
            assert (levels == levels[..., :1]).all() != per_channel
            np.testing.assert_array_equal(augmenter.apply([step], batch), imgaug.call("add_elementwise", batch, levels))
    assert_alike(augmenter, imgaug, pictures, {"additive_gaussian_noise": {"loc": 13, "scale": 0}}, tolerance=0)


DROPOUTS = [{"dropout": {"p": 0.2}}, {"coarse_dropout": {"p": 0.3, "size_px": 5}}, {"coarse_dropout": {"p": 0.3, "size_percent": 0.17}}]


@pytest.mark.parametrize("per_channel", [False, True])
@pytest.mark.parametrize("step", DROPOUTS, ids=str)
def test_pixels_are_dropped_as_imgaug_drops_them(augmenter, imgaug, pictures, step, per_channel):
    ((name, settings),) = step.items()
    for batch in pictures:
        drawn = {name: settings | {"per_channel": per_channel}}
        kept = augmenter.apply([drawn], np.full_like(batch, 255)) // 255
        assert (kept == kept[..., :1]).all() != per_channel
        np.testing.assert_array_equal(augmenter.apply([drawn], batch), imgaug.call("multiply_elementwise", batch, kept))


def test_cells_are_those_of_nearest_neighbour(augmenter):
    for height, width, size in [(150, 150, 5), (61, 38, 7), (8, 90, 3)]:
        step = {"coarse_dropout": {"p": 0.5, "size_px": size, "per_channel": True}}
        kept = augmenter.apply([step], np.full((1, height, width, 3), 255, np.uint8))[0]
        centres_y, centres_x = (((np.arange(size) + 0.5) * pixels / size).astype(int) for pixels in (height, width))
        # OpenCV takes the cell of a pixel's corner, not of its centre.
        rows, columns = ((np.arange(pixels) * (size / pixels)).astype(int) for pixels in (height, width))
        np.testing.assert_array_equal(kept, kept[centres_y][:, centres_x][rows][:, columns])


# What is drawn, over many pictures of one pixel.


def drawn_values(augmenter, step, count=6000, value=128, seed=3):
    return augmenter.apply([step], np.full((count, 1, 1, 3), value, np.uint8), seed=seed)[:, 0, 0, :].astype(int)


def assert_uniform(values, expected):
    """Chi-square: `expected` values, each as often as the others."""
    counts = np.array([np.count_nonzero(values == value) for value in expected])
    assert counts.sum() == len(values), f"others than {expected}: {sorted(set(values) - set(expected))}"
    mean, freedom = len(values) / len(expected), len(expected) - 1
    statistic = ((counts - mean) ** 2 / mean).sum()
    assert statistic < freedom + 5 * np.sqrt(2 * freedom) + 6, (statistic, counts)


def test_whole_numbers_are_uniform_with_both_ends(augmenter):
    assert_uniform(drawn_values(augmenter, {"add": {"value": [-20, 20]}})[:, 0], range(108, 149))
    assert_uniform(drawn_values(augmenter, {"add": {"value": {"choice": [1, 5, 9]}}})[:, 0], [129, 133, 137])


def test_real_numbers_are_uniform(augmenter):
    values = drawn_values(augmenter, {"multiply": {"mul": [0.5, 1.5]}}, value=160)[:, 0]
    assert_uniform(values, range(80, 240))


def test_channels_have_values_of_their_own_by_chance(augmenter):
    values = drawn_values(augmenter, {"add": {"value": [-100, 100], "per_channel": 0.3}})
    apart = np.count_nonzero((values != values[:, :1]).any(axis=1))
    # Three of 201 numbers are the same once in 40,000.
    assert abs(apart / len(values) - 0.3) < 5 * np.sqrt(0.3 * 0.7 / len(values))
    each = drawn_values(augmenter, {"add": {"value": [-100, 100], "per_channel": True}})
    assert np.abs(np.corrcoef(each.T) - np.eye(3)).max() < 5 / np.sqrt(len(each))


def test_flips_happen_by_their_chance(augmenter):
    images = np.zeros((6000, 1, 2, 3), np.uint8)
    images[:, :, 0] = 255
    flipped = augmenter.apply([{"fliplr": 0.3}], images)[:, 0, 0, 0] == 0
    assert abs(flipped.mean() - 0.3) < 5 * np.sqrt(0.3 * 0.7 / len(images))


def test_random_orders_are_uniform(augmenter):
    steps = [{"add": 100}, {"multiply": 0.5}, {"linear_contrast": 2}]
    # What becomes of 100 in each of the six orders.
    values = drawn_values(augmenter, {"sequential": {"steps": steps, "random_order": True}}, value=100)[:, 0]
    assert_uniform(values, [73, 127, 173, 100, 86, 136])


def test_some_of_draws_count_and_steps(augmenter):
    steps = [{"add": 1}, {"add": 2}, {"add": 4}, {"add": 8}]
    sums = drawn_values(augmenter, {"some_of": {"n": 2, "steps": steps}}, value=0)[:, 0]
    assert_uniform(sums, [3, 5, 6, 9, 10, 12])
    sums = drawn_values(augmenter, {"some_of": {"n": [1, None], "steps": steps}}, value=0)[:, 0]
    assert_uniform(np.array([bin(each).count("1") for each in sums]), [1, 2, 3, 4])
    assert_uniform(drawn_values(augmenter, {"one_of": steps}, value=0)[:, 0], [1, 2, 4, 8])
    chosen = drawn_values(augmenter, {"sometimes": {"p": 0.5, "then": steps[:1], "else": steps[1:2]}}, value=0)[:, 0]
    assert_uniform(chosen, [1, 2])


@pytest.mark.parametrize("scale", [2, 10, 25])
def test_noise_is_normal(augmenter, scale):
    step = {"additive_gaussian_noise": {"scale": scale, "per_channel": True}}
    noise = augmenter.apply([step], np.full((60, 150, 150, 3), 128, np.uint8)).ravel() - 128.0
    count = noise.size
    variance = scale**2 + 1 / 12  # rounding adds that of its error
    assert abs(noise.mean()) < 5 * scale / np.sqrt(count)
    assert abs(noise.var() / variance - 1) < 5 * np.sqrt(2 / count) + 2e-4  # the table ends at 4.3 standard deviations
    assert abs((noise**3).mean() / variance**1.5) < 5 * np.sqrt(15 / count)
    assert abs((noise**4).mean() / variance**2 - 3) < 5 * np.sqrt(96 / count) + 0.004
    neighbours = [np.corrcoef(noise[:-lag], noise[lag:])[0, 1] for lag in [1, 3, 450, 3072]]
    assert np.abs(neighbours).max() < 5 / np.sqrt(count)


@pytest.mark.parametrize("p", [0.01, 0.3])
def test_as_many_pixels_are_dropped_as_chance_says(augmenter, p):
    for per_channel, numbers in [(False, 22500), (True, 67500)]:
        step = {"dropout": {"p": p, "per_channel": per_channel}}
        dropped = augmenter.apply([step], np.full((40, 150, 150, 3), 255, np.uint8)) == 0
        assert abs(dropped.mean() - p) < 5 * np.sqrt(p * (1 - p) / (40 * numbers))
        # From picture to picture the count varies as a binomial one does.
        spread = dropped.mean(axis=(1, 2, 3)).var() / (p * (1 - p) / numbers)
        assert abs(spread - 1) < 5 * np.sqrt(2 / 40)


def test_the_chapter_preset_runs_as_in_imgaug(augmenter, imgaug, pictures):
    """Its mean change of brightness and contrast over many draws, beside imgaug's."""
    photo = np.repeat(pictures[0][:1], 300, axis=0)
    steps = [{"fliplr": {"p": 0.5}}, {"crop": {"percent": [0, 0.1]}}, {"sometimes": {"p": 0.5, "then": [{"gaussian_blur": {"sigma": [0, 0.5]}}]}}]
    steps += [{"linear_contrast": {"alpha": [0.75, 1.5]}}, {"additive_gaussian_noise": {"scale": [0, 12.75], "per_channel": 0.5}}]
    steps += [{"multiply": {"mul": [0.8, 1.2], "per_channel": 0.2}}]
    ours = augmenter.apply(["chapter_imgaug"], photo).astype(float)
    # imgaug draws an order for each call.
    theirs = np.concatenate([imgaug.apply([{"sequential": {"steps": steps, "random_order": True}}], photo[:10]) for _ in range(30)]).astype(float)
    for measure in (np.mean, np.std):
        one, other = (np.array([measure(picture) for picture in pictures_of]) for pictures_of in (ours, theirs))
        error = np.sqrt((one.var() + other.var()) / len(one))
        assert abs(one.mean() - other.mean()) < 5 * error, (measure.__name__, one.mean(), other.mean(), error)
