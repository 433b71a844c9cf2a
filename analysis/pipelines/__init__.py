"""What a script does with ``tf.data`` pipelines."""
