"""Rows of keras.applications, measured with Keras 3.15 (RegNet, ResNetRS: Keras 2), a family a kind of network."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

Feature: TypeAlias = Callable[[int], int]


class Family(NamedTuple):
    """What the models of one architecture share.

    ``feature`` gives the size of the last feature map from the size of the image, per axis. ``hidden`` is the
    width of a layer between features and classes. ``preprocesses``: the model takes raw pixels of 0 to 255.
    ``top_size``: without an input shape the model with its top has the default size. ``any_size``: the
    parameters without top do not depend on whether the size of the image is known. ``margin``: pixels of each
    axis that convolutions without padding take off, for scaling the activations.
    """

    feature: Feature
    params: tuple[str, ...]
    keras2: tuple[str, ...]
    preprocesses: bool = False
    hidden: int = 0
    flattens: bool = False
    top_size: bool = True
    any_size: bool = True
    margin: int = 0


class ApplicationRow(NamedTuple):
    """One model without its top, for images of ``size`` pixels a side and three channels.

    ``frozen`` of the ``parameters`` never train. ``activations`` is the sum of all layer outputs, in elements
    per image. ``stem`` parameters belong to each channel of the image, ``stem_frozen`` of them never train.
    """

    family: Family
    size: int
    parameters: int
    frozen: int
    channels: int
    activations: int
    stem: int
    stem_frozen: int = 0

    @property
    def params(self) -> tuple[str, ...]:
        """Positional parameters in Keras 3."""
        return self.family.params

    @property
    def keras2(self) -> tuple[str, ...]:
        """Positional parameters in Keras 2."""
        return self.family.keras2

    @property
    def preprocesses(self) -> bool:
        """Whether the model takes raw pixels unless told otherwise."""
        return self.family.preprocesses


def _halved_up(size: int) -> int:
    return -(-size // 32)


def _halved_down(size: int) -> int:
    return size // 32


def _densenet(size: int) -> int:
    return -(-size // 4) // 8


def _mobilenet(size: int) -> int:
    return -(-size // 2) // 16


def _pooled_by_three(size: int) -> int:
    """After a stride of 2 with a window of 3 and no padding."""
    return (size - 1) // 2


def _inception(size: int) -> int:
    for narrowed in (2, 2, 0, 0, 0):
        size = _pooled_by_three(size) - narrowed
    return size


def _nasnet(size: int) -> int:
    return -(-_pooled_by_three(size) // 16)


def _xception(size: int) -> int:
    return -(-(_pooled_by_three(size) - 2) // 16)


_PLAIN_2 = (
    "include_top",
    "weights",
    "input_tensor",
    "input_shape",
    "pooling",
    "classes",
    "classifier_activation",
)
_PLAIN = (*_PLAIN_2, "name")
_RAW = ("include_top", "include_preprocessing", *_PLAIN_2[1:])
_NARROW = ("include_top", "weights", "input_tensor", "pooling", "classes", "classifier_activation")
_WIDTH = ("input_shape", "alpha", "depth_multiplier", "dropout", *_NARROW)
_MINIMAL = (
    "input_shape",
    "alpha",
    "minimalistic",
    "include_top",
    "weights",
    "input_tensor",
    "classes",
    "pooling",
)
_MINIMAL_2 = (*_MINIMAL, "dropout_rate", "classifier_activation", "include_preprocessing")
_RS = ("include_top", "weights", "classes", "input_shape", "input_tensor", "pooling")
_RESNET_RS_2 = (*_RS, "classifier_activation", "include_preprocessing")

_CONVNEXT = Family(_halved_down, (*_RAW, "name"), ("model_name", *_RAW), True)
_DENSENET = Family(_densenet, _PLAIN, _PLAIN_2)
_EFFICIENTNET = Family(_halved_up, _PLAIN, _PLAIN_2, True)
_EFFICIENTNET_V2 = Family(
    _halved_up, (*_PLAIN_2, "include_preprocessing", "name"), (*_PLAIN_2, "include_preprocessing"), True
)
_INCEPTION = Family(_inception, _PLAIN, _PLAIN_2, margin=30)
_MOBILENET = Family(_mobilenet, (*_WIDTH, "name"), _WIDTH)
_MOBILENET_V2 = Family(
    _halved_up, ("input_shape", "alpha", *_NARROW, "name"), ("input_shape", "alpha", *_NARROW)
)
_MOBILENET_V3_LARGE = Family(_halved_up, (*_MINIMAL_2, "name"), _MINIMAL_2, True, hidden=1280, top_size=False)
_MOBILENET_V3_SMALL = _MOBILENET_V3_LARGE._replace(hidden=1024)
_NASNET = Family(_nasnet, ("input_shape", *_NARROW, "name"), ("input_shape", *_NARROW), any_size=False)
_REGNET = Family(_halved_up, ("model_name", *_RAW), ("model_name", *_RAW), True)
_RESNET = Family(_halved_up, _PLAIN, _PLAIN_2[:-1])
_RESNET_V2 = Family(_halved_up, _PLAIN, _PLAIN_2)
_RESNET_RS = Family(_halved_up, _RESNET_RS_2, _RESNET_RS_2, True)
_VGG = Family(_halved_down, _PLAIN, _PLAIN_2, hidden=4096, flattens=True)
_XCEPTION = Family(_xception, _PLAIN, _PLAIN_2)

_row = ApplicationRow

APPLICATIONS: dict[str, ApplicationRow] = {
    "ConvNeXtBase": _row(_CONVNEXT, 224, 87_566_464, 0, 1024, 62_720_000, 2048),
    "ConvNeXtLarge": _row(_CONVNEXT, 224, 196_230_336, 0, 1536, 94_004_736, 3072),
    "ConvNeXtSmall": _row(_CONVNEXT, 224, 49_454_688, 0, 768, 47_077_632, 1536),
    "ConvNeXtTiny": _row(_CONVNEXT, 224, 27_820_128, 0, 768, 29_465_856, 1536),
    "ConvNeXtXLarge": _row(_CONVNEXT, 224, 348_147_968, 0, 2048, 125_289_472, 4096),
    "DenseNet121": _row(_DENSENET, 224, 7_037_504, 83_648, 1024, 49_774_060, 3136),
    "DenseNet169": _row(_DENSENET, 224, 12_642_880, 158_400, 1664, 59_940_972, 3136),
    "DenseNet201": _row(_DENSENET, 224, 18_321_984, 229_056, 1920, 77_138_796, 3136),
    "EfficientNetB0": _row(_EFFICIENTNET, 224, 4_049_571, 42_023, 1280, 24_963_007, 290, 2),
    "EfficientNetB1": _row(_EFFICIENTNET, 240, 6_575_239, 62_055, 1280, 39_973_971, 290, 2),
    "EfficientNetB2": _row(_EFFICIENTNET, 260, 7_768_569, 67_575, 1408, 50_702_365, 290, 2),
    "EfficientNetB3": _row(_EFFICIENTNET, 300, 10_783_535, 87_303, 1536, 87_233_899, 362, 2),
    "EfficientNetB4": _row(_EFFICIENTNET, 380, 17_673_823, 125_207, 1792, 179_650_747, 434, 2),
    "EfficientNetB5": _row(_EFFICIENTNET, 456, 28_513_527, 172_743, 2048, 357_661_523, 434, 2),
    "EfficientNetB6": _row(_EFFICIENTNET, 528, 40_960_143, 224_439, 2304, 604_829_131, 506, 2),
    "EfficientNetB7": _row(_EFFICIENTNET, 600, 64_097_687, 310_727, 2560, 1_045_027_075, 578, 2),
    "EfficientNetV2B0": _row(_EFFICIENTNET_V2, 224, 5_919_312, 60_608, 1280, 16_014_224, 288),
    "EfficientNetV2B1": _row(_EFFICIENTNET_V2, 240, 6_931_124, 71_072, 1280, 25_019_316, 288),
    "EfficientNetV2B2": _row(_EFFICIENTNET_V2, 260, 8_769_374, 82_288, 1408, 33_597_326, 288),
    "EfficientNetV2B3": _row(_EFFICIENTNET_V2, 300, 12_930_622, 109_216, 1536, 53_718_006, 360),
    "EfficientNetV2L": _row(_EFFICIENTNET_V2, 480, 117_746_848, 512_576, 1280, 549_219_200, 288),
    "EfficientNetV2M": _row(_EFFICIENTNET_V2, 480, 53_150_388, 292_032, 1280, 311_461_068, 216),
    "EfficientNetV2S": _row(_EFFICIENTNET_V2, 384, 20_331_360, 153_872, 1280, 122_712_312, 216),
    "InceptionResNetV2": _row(_INCEPTION, 299, 54_336_736, 60_544, 1536, 80_931_168, 288),
    "InceptionV3": _row(_INCEPTION, 299, 21_802_784, 34_432, 2048, 32_283_136, 288),
    "MobileNet": _row(_MOBILENET, 224, 3_228_864, 21_888, 1024, 16_691_648, 288),
    "MobileNetV2": _row(_MOBILENET_V2, 224, 2_257_984, 34_112, 1280, 21_663_152, 288),
    "MobileNetV3Large": _row(_MOBILENET_V3_LARGE, 224, 2_996_352, 24_400, 960, 15_273_376, 144),
    "MobileNetV3Small": _row(_MOBILENET_V3_SMALL, 224, 939_120, 12_112, 576, 5_205_056, 144),
    "NASNetLarge": _row(_NASNET, 331, 84_916_818, 196_668, 4032, 290_226_456, 864),
    "NASNetMobile": _row(_NASNET, 224, 4_269_716, 36_738, 1056, 27_538_121, 288),
    "RegNetX002": _row(_REGNET, 224, 2_336_640, 20_848, 368, 6_837_264, 288),
    "RegNetX004": _row(_REGNET, 224, 4_809_184, 36_672, 384, 10_022_656, 288),
    "RegNetX006": _row(_REGNET, 224, 5_700_320, 33_280, 528, 12_566_736, 288),
    "RegNetX008": _row(_REGNET, 224, 6_623_968, 37_312, 672, 16_264_864, 288),
    "RegNetX016": _row(_REGNET, 224, 8_320_640, 43_504, 912, 25_333_392, 288),
    "RegNetX032": _row(_REGNET, 224, 14_350_112, 62_560, 1008, 36_538_320, 288),
    "RegNetX040": _row(_REGNET, 224, 20_833_312, 76_064, 1360, 39_249_392, 288),
    "RegNetX064": _row(_REGNET, 224, 24_658_464, 74_208, 1624, 52_088_568, 288),
    "RegNetX080": _row(_REGNET, 224, 37_742_112, 90_464, 1920, 45_305_792, 288),
    "RegNetX120": _row(_REGNET, 224, 43_961_440, 96_384, 2240, 68_110_784, 288),
    "RegNetX160": _row(_REGNET, 224, 52_340_704, 111_168, 2048, 81_611_264, 288),
    "RegNetX320": _row(_REGNET, 224, 105_452_576, 162_016, 2520, 116_429_880, 288),
    "RegNetY002": _row(_REGNET, 224, 2_814_844, 20_848, 368, 7_209_084, 288),
    "RegNetY004": _row(_REGNET, 224, 3_930_296, 27_152, 440, 13_062_664, 288),
    "RegNetY006": _row(_REGNET, 224, 5_475_920, 29_760, 608, 14_594_192, 288),
    "RegNetY008": _row(_REGNET, 224, 5_524_056, 29_888, 768, 17_646_904, 288),
    "RegNetY016": _row(_REGNET, 224, 10_366_102, 52_672, 888, 28_060_190, 288),
    "RegNetY032": _row(_REGNET, 224, 17_989_498, 66_160, 1512, 39_021_146, 288),
    "RegNetY040": _row(_REGNET, 224, 19_619_928, 62_272, 1088, 42_323_128, 288),
    "RegNetY064": _row(_REGNET, 224, 29_368_684, 82_432, 1296, 56_879_036, 288),
    "RegNetY080": _row(_REGNET, 224, 37_248_812, 85_744, 2016, 61_510_268, 288),
    "RegNetY120": _row(_REGNET, 224, 49_677_928, 96_384, 2240, 73_346_120, 288),
    "RegNetY160": _row(_REGNET, 224, 80_687_956, 122_816, 3024, 79_029_588, 288),
    "RegNetY320": _row(_REGNET, 224, 141_492_058, 158_288, 3712, 104_448_194, 288),
    "ResNet101": _row(_RESNET, 224, 42_658_176, 105_344, 2048, 55_732_460, 3136),
    "ResNet101V2": _row(_RESNET_V2, 224, 42_626_560, 97_664, 2048, 51_107_564, 3136),
    "ResNet152": _row(_RESNET, 224, 58_370_944, 151_424, 2048, 78_913_772, 3136),
    "ResNet152V2": _row(_RESNET_V2, 224, 58_331_648, 143_744, 2048, 75_601_644, 3136),
    "ResNet50": _row(_RESNET, 224, 23_587_712, 53_120, 2048, 36_966_636, 3136),
    "ResNet50V2": _row(_RESNET_V2, 224, 23_564_800, 45_440, 2048, 31_227_628, 3136),
    "ResNetRS101": _row(_RESNET_RS, 224, 61_675_296, 105_600, 2048, 70_598_732, 288),
    "ResNetRS152": _row(_RESNET_RS, 224, 84_724_256, 151_680, 2048, 98_044_748, 288),
    "ResNetRS200": _row(_RESNET_RS, 224, 91_337_248, 176_256, 2048, 159_386_444, 288),
    "ResNetRS270": _row(_RESNET_RS, 224, 128_055_520, 243_072, 2048, 206_875_148, 288),
    "ResNetRS350": _row(_RESNET_RS, 224, 162_219_360, 312_192, 2048, 256_624_268, 288),
    "ResNetRS420": _row(_RESNET_RS, 224, 190_213_216, 370_560, 2048, 303_351_180, 288),
    "ResNetRS50": _row(_RESNET_RS, 224, 33_696_288, 53_376, 2048, 48_364_364, 288),
    "VGG16": _row(_VGG, 224, 14_714_688, 0, 512, 15_077_888, 576),
    "VGG19": _row(_VGG, 224, 20_024_384, 0, 512, 16_382_464, 576),
    "Xception": _row(_XCEPTION, 299, 20_861_480, 54_528, 2048, 62_710_616, 288),
}

# By width (alpha) and whether minimalistic.
VARIANTS: dict[str, dict[tuple[float, bool], ApplicationRow]] = {
    "MobileNet": {
        (0.25, False): _row(_MOBILENET, 224, 218_544, 5_472, 256, 4_172_912, 72),
        (0.5, False): _row(_MOBILENET, 224, 829_536, 10_944, 512, 8_345_824, 144),
        (0.75, False): _row(_MOBILENET, 224, 1_832_976, 16_416, 768, 12_518_736, 216),
    },
    "MobileNetV2": {
        (0.35, False): _row(_MOBILENET_V2, 224, 410_208, 14_080, 1280, 9_323_936, 144),
        (0.5, False): _row(_MOBILENET_V2, 224, 706_224, 18_544, 1280, 11_800_176, 144),
        (0.75, False): _row(_MOBILENET_V2, 224, 1_382_064, 26_640, 1280, 19_141_952, 216),
        (1.3, False): _row(_MOBILENET_V2, 224, 3_766_048, 44_256, 1664, 29_279_936, 360),
        (1.4, False): _row(_MOBILENET_V2, 224, 4_363_712, 47_936, 1792, 31_092_752, 432),
    },
    "MobileNetV3Large": {
        (0.75, False): _row(_MOBILENET_V3_LARGE, 224, 1_808_736, 19_088, 720, 13_876_592, 144),
        (1.0, True): _row(_MOBILENET_V3_LARGE, 224, 1_437_608, 24_400, 960, 14_602_040, 144),
    },
    "MobileNetV3Small": {
        (0.75, False): _row(_MOBILENET_V3_SMALL, 224, 583_160, 9_680, 432, 4_804_560, 144),
        (1.0, True): _row(_MOBILENET_V3_SMALL, 224, 441_000, 12_112, 576, 4_881_656, 144),
    },
}

# The numbers of the largest weight without the top, by model; of narrower variants nobody knows.
LARGEST: dict[str, int] = {
    "ConvNeXtBase": 4_194_304,
    "ConvNeXtLarge": 9_437_184,
    "ConvNeXtSmall": 2_359_296,
    "ConvNeXtTiny": 2_359_296,
    "ConvNeXtXLarge": 16_777_216,
    "DenseNet121": 524_288,
    "DenseNet169": 819_200,
    "DenseNet201": 1_605_632,
    "EfficientNetB0": 409_600,
    "EfficientNetB1": 614_400,
    "EfficientNetB2": 743_424,
    "EfficientNetB3": 884_736,
    "EfficientNetB4": 1_204_224,
    "EfficientNetB5": 1_572_864,
    "EfficientNetB6": 1_990_656,
    "EfficientNetB7": 2_457_600,
    "EfficientNetV2B0": 245_760,
    "EfficientNetV2B1": 245_760,
    "EfficientNetV2B2": 292_864,
    "EfficientNetV2B3": 356_352,
    "EfficientNetV2L": 2_457_600,
    "EfficientNetV2M": 1_572_864,
    "EfficientNetV2S": 393_216,
    "InceptionResNetV2": 3_194_880,
    "InceptionV3": 1_548_288,
    "MobileNet": 1_048_576,
    "MobileNetV2": 409_600,
    "MobileNetV3Large": 230_400,
    "MobileNetV3Small": 82_944,
    "NASNetLarge": 2_709_504,
    "NASNetMobile": 185_856,
    "RegNetX002": 135_424,
    "RegNetX004": 147_456,
    "RegNetX006": 278_784,
    "RegNetX008": 451_584,
    "RegNetX016": 831_744,
    "RegNetX032": 1_016_064,
    "RegNetX040": 1_849_600,
    "RegNetX064": 2_637_376,
    "RegNetX080": 3_686_400,
    "RegNetX120": 5_017_600,
    "RegNetX160": 4_194_304,
    "RegNetX320": 6_350_400,
    "RegNetY002": 135_424,
    "RegNetY004": 193_600,
    "RegNetY006": 369_664,
    "RegNetY008": 589_824,
    "RegNetY016": 788_544,
    "RegNetY032": 2_286_144,
    "RegNetY040": 1_183_744,
    "RegNetY064": 1_679_616,
    "RegNetY080": 4_064_256,
    "RegNetY120": 5_017_600,
    "RegNetY160": 9_144_576,
    "RegNetY320": 13_778_944,
    "ResNet101": 2_359_296,
    "ResNet101V2": 2_359_296,
    "ResNet152": 2_359_296,
    "ResNet152V2": 2_359_296,
    "ResNet50": 2_359_296,
    "ResNet50V2": 2_359_296,
    "ResNetRS101": 2_359_296,
    "ResNetRS152": 2_359_296,
    "ResNetRS200": 2_359_296,
    "ResNetRS270": 2_359_296,
    "ResNetRS350": 2_359_296,
    "ResNetRS420": 2_359_296,
    "ResNetRS50": 2_359_296,
    "VGG16": 2_359_296,
    "VGG19": 2_359_296,
    "Xception": 3_145_728,
}

# Layers between the input and the top, of models whose layers are told one by one.
LAYERS = {"VGG16": 18, "VGG19": 21}
