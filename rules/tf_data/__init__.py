"""How a tf.data pipeline buffers and caches."""
