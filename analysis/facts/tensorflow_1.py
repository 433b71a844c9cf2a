"""Names of TensorFlow 1 that its ``tf`` had and no TensorFlow 2 has: they stay in ``tf.compat.v1`` alone, ``contrib`` nowhere.

``tests/facts/test_live_ending.py`` asks the installed one for each.
"""

from __future__ import annotations

# Each by itself tells TensorFlow 1: nothing is left to do with a script that uses one.
ALONE = "Session placeholder contrib enable_eager_execution read_file parse_single_example FixedLenFeature decode_raw app.flags"
# These stand in helpers, losses and metrics that were copied and that nobody calls: two of them tell it.
TOGETHER = (
    "ConfigProto GPUOptions InteractiveSession Print VarLenFeature accumulate_n add_to_collection arg_max assign assign_add ceil "
    "count_nonzero decode_csv depth_to_space diag diag_part div erf extract_image_patches get_collection get_default_graph "
    "get_default_session get_variable get_variable_scope gfile global_variables global_variables_initializer "
    "image.resize_area image.resize_bilinear image.resize_images image.resize_nearest_neighbor initialize_all_variables "
    "invert_permutation is_finite is_inf is_nan layers local_variables_initializer log log1p log_sigmoid logging matrix_band_part "
    "matrix_inverse mod multinomial nn.dynamic_rnn nn.rnn_cell nn.softmax_cross_entropy_with_logits_v2 nn.static_rnn py_func "
    "python_io random_crop random_normal random_shuffle random_uniform real reciprocal reset_default_graph rint rsqrt scatter_update "
    "segment_sum set_random_seed sparse_placeholder sparse_tensor_to_dense sparse_to_dense squared_difference string_split "
    "summary.FileWriter summary.merge_all svd tables_initializer to_float to_int32 to_int64 train.AdamOptimizer "
    "train.GradientDescentOptimizer train.MomentumOptimizer train.RMSPropOptimizer train.Saver train.batch trainable_variables "
    "truncated_normal unsorted_segment_sum variable_scope variables_initializer write_file"
)
