"""Files that scripts download, made up: text, tables, images and archives in a folder of their own."""

from __future__ import annotations

import io
import os
import random
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import Any

ROOT = Path(os.environ.get("STANDIN_FILES") or Path(tempfile.gettempdir()) / "standin-files")
WORDS = [
    a + b
    for a in ("ka", "lo", "mi", "ren", "su", "ta", "ve", "zo")
    for b in ("n", "r", "la", "mi", "st", "to", "ver")
]


def text(count: int, seed: int = 0) -> str:
    """Sentences of made-up words."""
    pick = random.Random(seed)
    words = [pick.choice(WORDS) for _ in range(count)]
    return " ".join(word + ("." if number % 12 == 11 else "") for number, word in enumerate(words))


def image(path: Path, size: tuple[int, int] = (200, 180), seed: int = 0) -> Path:
    """A noisy picture; its format by the suffix."""
    import numpy as np
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def image_folder(path: Path, classes: tuple[str, ...], count: int = 48, suffix: str = ".jpg") -> Path:
    """One folder a class."""
    for name in classes:
        for number in range(count):
            file = path / name / f"{number}{suffix}"
            if not file.exists():
                image(file, seed=number)
    return path


def get_file(
    fname: Any = None,
    origin: Any = None,
    *_arguments: Any,
    extract: bool = False,
    untar: bool = False,
    **_options: Any,
) -> str:
    """What ``keras.utils.get_file`` would have brought."""
    name = str(origin or fname).rsplit("/", 1)[-1].split("?")[0]
    ROOT.mkdir(parents=True, exist_ok=True)
    path = ROOT / name
    if name.endswith((".h5", ".keras")) or "weights" in name:
        path = ROOT / "standin-weights.h5"
        path.touch()
        return str(path)
    for word, make in MAKERS.items():
        if word in name:
            if not path.exists():
                make(path)
            return str(_extracted(path) if extract or untar else path)
    if path.suffix in (".jpg", ".jpeg", ".png"):
        return str(image(path))
    if path.suffix in (".txt", ".csv", ""):
        path.write_text(text(20000))
        return str(path)
    raise OSError(f"the study has no stand-in for {origin or fname}")


def _extracted(path: Path) -> Path:
    """The folder that an archive is unpacked to; Keras 2 gives the archive's name without suffix, Keras 3 this one."""
    folder = path.parent / (path.name.split(".")[0] + "_extracted")
    if not folder.exists():
        for place in (folder, path.parent):
            if zipfile.is_zipfile(path):
                zipfile.ZipFile(path).extractall(place)
            else:
                with tarfile.open(path) as archive:
                    archive.extractall(place)
    return folder


def _zip(path: Path, files: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)


def _tar(path: Path, files: dict[str, bytes]) -> None:
    with tarfile.open(path, "w:gz" if path.name.endswith("gz") else "w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))


def _jpeg(seed: int) -> bytes:
    return image(ROOT / "one.jpg", seed=seed).read_bytes()


def _pairs(path: Path) -> None:
    lines = "\n".join(f"{text(5, n).capitalize()}\t{text(6, n + 1)}\tCC" for n in range(3000)).encode()
    stem = path.name.split(".")[0]
    name = {"spa-eng": "spa-eng/spa.txt", "fra-eng": "fra.txt"}.get(stem, "pairs.txt")
    _zip(path, {name: lines.replace(b"\tCC", b"") if stem == "spa-eng" else lines})


def _reviews(path: Path) -> None:
    files = {}
    for part in ("train", "test"):
        for label in ("pos", "neg", "unsup"):
            for number in range(100):
                files[f"aclImdb/{part}/{label}/{number}.txt"] = text(80, number).encode()
    _tar(path, files)


def _pets(path: Path) -> None:
    files = {
        f"PetImages/{kind}/{number}.jpg": _jpeg(number) for kind in ("Cat", "Dog") for number in range(64)
    }
    _zip(path, files)


def _flowers(path: Path) -> None:
    names = ("daisy", "dandelion", "roses", "sunflowers", "tulips")
    _tar(path, {f"flower_photos/{name}/{n}.jpg": _jpeg(n) for name in names for n in range(40)})


def _climate(path: Path) -> None:
    names = "p (mbar),T (degC),Tpot (K),Tdew (degC),rh (%),VPmax (mbar),VPact (mbar),VPdef (mbar),sh (g/kg),H2OC (mmol/mol),rho (g/m**3),wv (m/s),max. wv (m/s),wd (deg)"
    rows = [
        f"01.01.2009 {n // 60 % 24:02}:{n % 60:02}:00,"
        + ",".join(f"{(n * k) % 97 / 7:.2f}" for k in range(1, 15))
        for n in range(12000)
    ]
    _zip(path, {"jena_climate_2009_2016.csv": ("Date Time," + names + "\n" + "\n".join(rows)).encode()})


def _traffic(path: Path) -> None:
    import numpy as np

    def table(rows: int) -> bytes:
        out = io.StringIO()
        np.savetxt(out, np.random.default_rng(0).random((rows, 228)) * 60, delimiter=",", fmt="%.1f")
        return out.getvalue().encode()

    _zip(path, {"PeMSD7_W_228.csv": table(228), "PeMSD7_V_228.csv": table(2000)})


def _newsgroups(path: Path) -> None:
    groups = ("alt.atheism", "comp.graphics", "sci.space", "talk.religion.misc")
    head = "From: x\nSubject: y\n\n" + "line\n" * 10
    _tar(
        path,
        {f"20_newsgroup/{group}/{n}": (head + text(60, n)).encode() for group in groups for n in range(60)},
    )


def _movies(path: Path) -> None:
    ratings = "userId,movieId,rating,timestamp\n" + "\n".join(
        f"{n % 90 + 1},{n % 300 + 1},{n % 9 / 2 + 0.5},{n}" for n in range(5000)
    )
    movies = "movieId,title,genres\n" + "\n".join(f"{n + 1},Film {n},Drama" for n in range(300))
    _zip(
        path, {"ml-latest-small/ratings.csv": ratings.encode(), "ml-latest-small/movies.csv": movies.encode()}
    )


def _moving(path: Path) -> None:
    import numpy as np

    np.save(
        path.with_suffix(".npy"),
        np.random.default_rng(0).integers(0, 256, (20, 1000, 64, 64), dtype=np.uint8),
    )


def _text_file(path: Path) -> None:
    path.write_text(text(60000))


MAKERS = {
    "nietzsche": _text_file,
    "shakespeare": _text_file,
    "eng.zip": _pairs,
    "aclImdb": _reviews,
    "kagglecatsanddogs": _pets,
    "cats_and_dogs": _pets,
    "flower_photos": _flowers,
    "jena_climate": _climate,
    "PeMSD7": _traffic,
    "news20": _newsgroups,
    "ml-latest-small": _movies,
    "mnist_test_seq": _moving,
}
"""By a part of the file's name."""


# --------------------------------------------------------------------------------------------------------- tables


def table(source: Any) -> Any:
    """A table that would have come from the network, as text; anything else as it is."""
    if not str(source).startswith("http"):
        return source
    name = str(source).rsplit("/", 1)[-1]
    pick = random.Random(0)
    if "heart" in name:
        head = "age,sex,cp,trestbps,chol,fbs,restecg,thalach,exang,oldpeak,slope,ca,thal,target"
        kinds = ("fixed", "normal", "reversible")
        rows = [
            f"{pick.randint(29, 77)},{n % 2},{n % 5},{pick.randint(94, 200)},{pick.randint(126, 400)},{n % 2},{n % 3},"
            f"{pick.randint(71, 200)},{n % 2},{n % 6 / 2},{n % 3 + 1},{n % 4},{kinds[n % 3]},{n % 2}"
            for n in range(303)
        ]
        return io.StringIO("\n".join([head, *rows]))
    if "adult" in name:
        work, school = ("Private", "State-gov"), ("Bachelors", "HS-grad", "Masters")
        rows = [
            f"{pick.randint(17, 90)}, {work[n % 2]}, {pick.randint(10000, 90000)}, {school[n % 3]}, {n % 16}, Never-married, "
            f"Sales, Husband, White, Male, 0, 0, 40, United-States, {'>50K' if n % 4 == 0 else '<=50K'}{'.' if 'test' in name else ''}"
            for n in range(1200)
        ]
        return io.StringIO("\n".join((["skipped"] if "test" in name else []) + rows))
    if "art_daily" in name:
        rows = [
            f"2014-04-{n // 288 % 28 + 1:02} {n % 288 // 12:02}:{n % 12 * 5:02}:00,{pick.random() * 80}"
            for n in range(4032)
        ]
        return io.StringIO("timestamp,value\n" + "\n".join(rows))
    raise OSError(f"the study has no stand-in for {source}")
