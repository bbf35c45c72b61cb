"""The data sets of the lab: their files, mirrors, checksums, licences and citations.

Where the checksums come from:
- MNIST: of the unpacked files, as several public repositories pin them. Computed again from copies, three
  of which have the packed md5 that torchvision publishes.
- CIFAR-10: of the six batches, as torchvision for Ruby (ankane/torchvision-ruby) pins them.
- Fashion-MNIST: of the packed files, as TensorFlow Datasets has them (url_checksums/fashion_mnist.txt). No
  checksums of the unpacked ones were found.
- Cars: computed from vega-datasets at the commit below; the npm package vega-datasets 3.2.1 has the same
  file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, get_args

from limner.errors import LimnerError

LabelledName = Literal["mnist", "cifar10", "fashion"]
DatasetName = Literal["mnist", "cifar10", "fashion", "cars"]
Packing = Literal["gzip", "tar.gz", "plain"]


@dataclass(frozen=True)
class Content:
    """What is unpacked from a source file: one file."""

    bytes: int
    """Its exact size."""
    sha256: str = ""
    """Of the unpacked bytes, in hexadecimal; empty where only the packed file's is known."""


@dataclass(frozen=True)
class SourceFile:
    """A file as its mirrors have it."""

    name: str
    packing: Packing
    bytes: int
    """Its size as the mirrors have it. A copy that was packed again may have another."""
    urls: tuple[str, ...]
    """Of its mirrors, in the order in which they are tried."""
    contents: Mapping[str, Content]
    """The wanted files in it, by name. A plain or gzipped file has one."""
    packed_sha256: str = ""
    """Of the packed file. Asked for where the contents' own is not known."""

    @property
    def max_bytes(self) -> int:
        """The largest size that is accepted: packed without any compression, and a little for headers."""
        return max(self.bytes, sum(content.bytes for content in self.contents.values())) + (1 << 20)


@dataclass(frozen=True)
class Dataset:
    """A data set that `limner data` knows."""

    name: str
    title: str
    about: str
    """What it holds, for people; continues `MNIST: `."""
    licence: str
    citation: str
    homepage: str
    files: tuple[SourceFile, ...]
    """Of a set in MNIST's format: training pictures, training labels, test pictures, test labels."""
    classes: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    """Pictures by split; for cars, rows."""

    @property
    def bytes(self) -> int:
        """Size of the download."""
        return sum(file.bytes for file in self.files)


def _idx_files(
    urls: tuple[str, ...], files: dict[str, tuple[int, int, str, str]]
) -> tuple[SourceFile, ...]:
    """Gzipped files: by name their packed and unpacked size, and the unpacked or packed sha256."""
    return tuple(
        SourceFile(
            name=f"{name}.gz",
            packing="gzip",
            bytes=packed,
            urls=tuple(f"{url}{name}.gz" for url in urls),
            contents=MappingProxyType({name: Content(unpacked, sha256)}),
            packed_sha256=packed_sha256,
        )
        for name, (packed, unpacked, sha256, packed_sha256) in files.items()
    )


_MNIST = Dataset(
    name="mnist",
    title="MNIST",
    about="70,000 handwritten digits, 28x28 pixels, grey",
    licence=(
        "CC BY-SA 3.0, as Keras' documentation says; Yann LeCun and Corinna Cortes hold the copyright, and "
        "it derives from NIST's data"
    ),
    citation=(
        "Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-based learning applied to document "
        "recognition. Proceedings of the IEEE 86 (11), 1998, doi:10.1109/5.726791"
    ),
    homepage="http://yann.lecun.com/exdb/mnist/",
    files=_idx_files(
        (
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
            "http://yann.lecun.com/exdb/mnist/",
        ),
        {
            "train-images-idx3-ubyte": (
                9_912_422,
                47_040_016,
                "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
                "",
            ),
            "train-labels-idx1-ubyte": (
                28_881,
                60_008,
                "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
                "",
            ),
            "t10k-images-idx3-ubyte": (
                1_648_877,
                7_840_016,
                "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
                "",
            ),
            "t10k-labels-idx1-ubyte": (
                4_542,
                10_008,
                "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
                "",
            ),
        },
    ),
    classes=tuple("0123456789"),
    counts=MappingProxyType({"train": 60_000, "test": 10_000}),
)

_FASHION = Dataset(
    name="fashion",
    title="Fashion-MNIST",
    about="70,000 pictures of clothes, 28x28 pixels, grey",
    licence="MIT (Zalando SE)",
    citation=(
        "H. Xiao, K. Rasul, R. Vollgraf: Fashion-MNIST: a novel image dataset for benchmarking machine "
        "learning algorithms. 2017, arXiv:1708.07747"
    ),
    homepage="https://github.com/zalandoresearch/fashion-mnist",
    files=_idx_files(
        (
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        ),
        {
            "train-images-idx3-ubyte": (
                26_421_880,
                47_040_016,
                "",
                "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            ),
            "train-labels-idx1-ubyte": (
                29_515,
                60_008,
                "",
                "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            ),
            "t10k-images-idx3-ubyte": (
                4_422_102,
                7_840_016,
                "",
                "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            ),
            "t10k-labels-idx1-ubyte": (
                5_148,
                10_008,
                "",
                "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
            ),
        },
    ),
    classes=(
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ),
    counts=MappingProxyType({"train": 60_000, "test": 10_000}),
)

_BATCHES = {
    "data_batch_1.bin": "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5",
    "data_batch_2.bin": "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed",
    "data_batch_3.bin": "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67",
    "data_batch_4.bin": "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48",
    "data_batch_5.bin": "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add",
    "test_batch.bin": "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b",
}

_CIFAR10 = Dataset(
    name="cifar10",
    title="CIFAR-10",
    about="60,000 small photos of ten kinds of things, 32x32 pixels, colour",
    licence="none stated; its authors ask for the citation",
    citation=(
        "A. Krizhevsky: Learning multiple layers of features from tiny images. University of Toronto, 2009"
    ),
    homepage="https://www.cs.toronto.edu/~kriz/cifar.html",
    files=(
        SourceFile(
            # The python version is pickles, which are programs: nothing of it is ever opened.
            name="cifar-10-binary.tar.gz",
            packing="tar.gz",
            bytes=170_052_171,
            urls=(
                "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
                "https://storage.googleapis.com/s4tf-hosted-binaries/datasets/CIFAR10/cifar-10-binary.tar.gz",
            ),
            contents=MappingProxyType(
                {
                    f"cifar-10-batches-bin/{name}": Content(30_730_000, sha256)
                    for name, sha256 in _BATCHES.items()
                }
            ),
        ),
    ),
    classes=(
        "airplane",
        "automobile",
        "bird",
        "cat",
        "deer",
        "dog",
        "frog",
        "horse",
        "ship",
        "truck",
    ),
    counts=MappingProxyType({"train": 50_000, "test": 10_000}),
)

_CARS = Dataset(
    name="cars",
    title="Cars",
    about="406 cars of 1970 to 1982: miles per gallon, horsepower, weight and more",
    licence="BSD-3-Clause as part of vega-datasets; UCI's copy of the table (Auto MPG) is CC BY 4.0",
    citation=(
        "E. Ramos, D. Donoho: the cars of the 1983 data exposition of the American Statistical Association"
    ),
    homepage="https://github.com/vega/vega-datasets",
    files=(
        SourceFile(
            name="cars.json",
            packing="plain",
            bytes=100_492,
            urls=(
                "https://raw.githubusercontent.com/vega/vega-datasets/cad85578e232704bb0453544742440038038c6a2/"
                "data/cars.json",
                "https://cdn.jsdelivr.net/npm/vega-datasets@3.2.1/data/cars.json",
            ),
            contents=MappingProxyType(
                {
                    "cars.json": Content(
                        100_492, "f686a53678b21f4231e2f6a5ba7ce5761d9d39204fccdea1caa29fb8c460e319"
                    )
                }
            ),
        ),
    ),
    counts=MappingProxyType({"rows": 406}),
)

CATALOG: dict[str, Dataset] = {each.name: each for each in (_MNIST, _CIFAR10, _FASHION, _CARS)}
"""The data sets by name, in the order in which they are listed."""


def find_dataset(name: str) -> Dataset:
    """The data set of this name. Raises LimnerError where there is none."""
    if name not in CATALOG:
        raise LimnerError(f"There is no data set {name}. Known are {', '.join(get_args(DatasetName))}.")
    return CATALOG[name]
