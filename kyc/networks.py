"""Run a network on one core: the workers are the parallelism."""

from typing import Any

from kyc import weights
from kyc.weights import Weights


def session(file: Weights) -> Any:
    """The network in a weight file, whose hash is checked."""
    # Not before it is needed: importing it takes a fifth of a second.
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(
        weights.load(file), options, providers=["CPUExecutionProvider"]
    )
