"""What ``from keras.layers import *`` and its like bind."""

from __future__ import annotations

from functools import cache

from keras_memlint.analysis.abstract.names import canonical
from keras_memlint.analysis.interpret.layers import LAYER_FUNCTIONS, LAYER_SIGNATURES

_NAMES = {
    "keras": "Input Model Sequential activations applications backend callbacks config datasets initializers layers losses "
    "metrics mixed_precision models optimizers preprocessing regularizers utils",
    "keras.models": "Model Sequential clone_model load_model model_from_json",
    "keras.callbacks": "BackupAndRestore Callback CSVLogger EarlyStopping History LambdaCallback LearningRateScheduler "
    "ModelCheckpoint ReduceLROnPlateau TensorBoard TerminateOnNaN",
    "keras.optimizers": "Adadelta Adagrad Adam Adamax Ftrl Nadam RMSprop SGD",
    "keras.utils": "PyDataset Sequence get_file image_dataset_from_directory plot_model to_categorical",
    "keras.utils.np_utils": "to_categorical normalize",
    "keras.preprocessing.image": "ImageDataGenerator array_to_img img_to_array load_img",
    "keras.preprocessing.sequence": "TimeseriesGenerator pad_sequences",
    "keras.datasets": "boston_housing cifar10 cifar100 fashion_mnist imdb mnist reuters",
    "keras.applications": "DenseNet121 EfficientNetB0 InceptionV3 MobileNet MobileNetV2 NASNetLarge ResNet50 VGG16 VGG19 "
    "Xception",
}


@cache
def star_names(module: str) -> tuple[str, ...]:
    """The names a star import of a library module binds, as far as they matter here; none for other modules."""
    name = canonical(module)[0]
    if name == "keras.layers":
        return ("Input", *LAYER_SIGNATURES, *LAYER_FUNCTIONS)
    return tuple(_NAMES.get(name, "").split())
