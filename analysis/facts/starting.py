"""What starts TensorFlow's devices: calls after which nothing can be said about GPUs any more.

Measured by ``benchmarks/evidence``, KM702, for the calls that start the runtime. Those in ``LISTS`` make devices of their
own, with all their memory: tensorflow issues 8021, 9374 and 25848.
"""

from __future__ import annotations

STARTS = frozenset(
    [
        "tf.Variable",
        "tf.config.list_logical_devices",
        "tf.constant",
        "tf.convert_to_tensor",
        "tf.data.Dataset.from_generator",
        "tf.data.Dataset.from_tensor_slices",
        "tf.data.Dataset.from_tensors",
        "tf.data.Dataset.list_files",
        "tf.data.Dataset.range",
        "tf.data.TFRecordDataset",
        "tf.distribute.MirroredStrategy",
        "tf.eye",
        "tf.fill",
        "tf.linspace",
        "tf.ones",
        "tf.random.normal",
        "tf.random.uniform",
        "tf.range",
        "tf.zeros",
        "keras.models.load_model",
        "keras.Model.evaluate",
        "keras.Model.fit",
        "keras.Model.predict",
        "keras.utils.image_dataset_from_directory",
    ]
)
# A model of keras.applications has weights as soon as it is made.
MODELS = "keras.applications."
LISTS = frozenset(
    [
        "tensorflow.python.client.device_lib.list_local_devices",
        "tf.python.client.device_lib.list_local_devices",
        "tf.test.gpu_device_name",
        "tf.test.is_gpu_available",
    ]
)
