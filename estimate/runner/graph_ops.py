"""Which TensorFlow operations share, reuse or keep memory: facts, no judgement.

Each was looked at in an allocation trace of TensorFlow 2.21 (``host_tracer_level=3``) or in the kernel's documentation.
"""

from __future__ import annotations


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


ALIASES = _names(
    """
    Identity Reshape Squeeze ExpandDims StopGradient PreventGradient EnsureShape Bitcast Snapshot CheckNumerics
    PlaceholderWithDefault RefIdentity DebugGradientIdentity IdentityN
    """
)
"""Outputs are the inputs under another name: no memory of their own."""

CONSTANTS = frozenset(
    ["Const", "VarHandleOp", "NoOp", "ControlTrigger", "Assert", "PrintV2", "AnonymousSeedGenerator"]
)
"""Nothing in the step's memory: constants are made once with the program and are small."""

FORWARDS = {
    # what the kernel is: the inputs whose memory the first output may take over
    "unary": (
        (0,),
        """
        Abs Neg Exp Expm1 Log Log1p Sqrt Rsqrt Square Reciprocal Inv Sigmoid Tanh Sin Cos Tan Asin Acos Atan Sinh Cosh
        Erf Erfc Erfinv Lgamma Digamma Sign Floor Ceil Round Rint LogicalNot Invert Relu Relu6 LeakyRelu Elu Selu
        Softplus Softsign BiasAdd BiasAddV1 Softmax LogSoftmax ClipByValue FusedBatchNorm FusedBatchNormV2
        FusedBatchNormV3
        """,
    ),
    "binary": (
        (0, 1),
        """
        Add AddV2 Sub Mul RealDiv Div DivNoNan MulNoNan FloorDiv FloorMod TruncateDiv TruncateMod Mod Pow Maximum
        Minimum SquaredDifference LogicalAnd LogicalOr BitwiseAnd BitwiseOr BitwiseXor Atan2 Xlogy Xdivy SigmoidGrad
        TanhGrad SqrtGrad RsqrtGrad ReciprocalGrad InvGrad ReluGrad Relu6Grad LeakyReluGrad EluGrad SeluGrad
        SoftplusGrad SoftsignGrad NextAfter Igamma Zeta
        """,
    ),
    "select": ((1, 2), "Select SelectV2"),
    "sum": (tuple(range(64)), "AddN"),
}
"""``forward_input`` of the kernels: the memory is taken over when nobody else needs it and type and length agree."""

FORWARD_INPUTS = {name: inputs for inputs, names in FORWARDS.values() for name in names.split()}

LATER_OUTPUTS = {"SparseSoftmaxCrossEntropyWithLogits": (1, 0), "SoftmaxCrossEntropyWithLogits": (1, 0)}
"""Operation: (output, input) where another output than the first takes over an input's memory."""

SLICES = frozenset(["Split", "SplitV", "Unpack", "StridedSlice", "Slice"])
"""Along the first axis the outputs are windows into the input."""

SAME_SIZE_ALIASES = _names(
    "Transpose ConjugateTranspose Sum Mean Max Min Prod All Any BroadcastTo Tile StridedSlice Slice Cast ReverseV2"
)
"""Aliases when there is nothing to do, as a transpose that only moves axes of length one."""

ELEMENTWISE = frozenset(name for name in FORWARD_INPUTS if not name.startswith("FusedBatchNorm")) | _names(
    """
    Cast Less LessEqual Greater GreaterEqual Equal NotEqual ZerosLike OnesLike IsNan IsFinite IsInf Identity StopGradient
    Snapshot CheckNumerics PreventGradient Conj
    """
)
"""The output's shape is the broadcast of the inputs' shapes."""

RANDOM = _names(
    """
    RandomUniform RandomStandardNormal RandomUniformInt TruncatedNormal Multinomial RandomShuffle RandomGamma
    StatefulUniform StatefulStandardNormalV2 StatefulUniformInt
    """
)
"""Two of these with the same inputs are not the same."""

CALLS = frozenset(["PartitionedCall", "StatefulPartitionedCall", "RemoteCall", "XlaLaunch"])
LOOPS = frozenset(["While", "StatelessWhile"])
BRANCHES = frozenset(["If", "StatelessIf", "Case", "StatelessCase"])

VARIABLE_COPIES = ("ResourceScatter", "ResourceSparse")
"""After one of these has touched a variable, each read of it is a copy."""

EFFECTS = (
    "Assign",
    "ResourceApply",
    "ResourceSparse",
    "ResourceScatter",
    "ResourceStrided",
    "RngReadAndSkip",
    "RngSkip",
    "Iterator",
    "Print",
    "Write",
    "PyFunc",
    "EagerPyFunc",
    "Assert",
    "Collective",
    "Summary",
    "Queue",
    "LookupTable",
    "AnonymousIterator",
)
"""First words of operations that run even if nobody reads their outputs."""

INEXPENSIVE = _names(
    """
    Identity IdentityN Reshape Squeeze ExpandDims StopGradient PreventGradient Shape ShapeN Size Rank ReadVariableOp
    Const NoOp VarHandleOp TensorListReserve EmptyTensorList TensorListLength TensorListElementShape Placeholder
    AssignVariableOp IteratorGetNext
    """
)
"""A CPU thread that finds one of these ready runs it itself and does not hand it to another thread."""

CONVOLUTIONS = _names(
    """
    Conv2D Conv2DBackpropInput Conv2DBackpropFilter Conv3D Conv3DBackpropInputV2 Conv3DBackpropFilterV2
    DepthwiseConv2dNative DepthwiseConv2dNativeBackpropInput DepthwiseConv2dNativeBackpropFilter
    """
)
PRODUCTS = frozenset(["MatMul", "BatchMatMul", "BatchMatMulV2", "BatchMatMulV3", "Einsum"])
RECURRENT = frozenset(["CudnnRNN", "CudnnRNNV2", "CudnnRNNV3"])

OPTIMIZERS = _names(
    """
    adam adamw sgd rmsprop lion adafactor nadam adamax adagrad adadelta ftrl lamb muon loss_scale_optimizer
    lossscaleoptimizer optimizer
    """
)
"""First parts of the names of operations that an optimizer's update is made of."""
