"""Redshank: intrusion detection for IoT networks.

The chain of records:

capture   a wire or a file     -> Block          frames as they lie in memory
flows     Block                -> FLOW batch     one row per connection (core/schema.py)
features  FLOW batch           -> float32 [n, c] raw model input, NaN where absent
detect    float32 [n, c]       -> VERDICT batch  calibrated score, family, p-value, or unknown
alerts    VERDICT batch        -> Alert          one per device, family and window
data      labelled tables      -> Parts          train, validation, calibration, test; no leak between them
learn     Parts                -> Bundle         an ONNX graph and its manifest
active    questions, answers   -> a better Bundle, or none
pipeline  the only place that wires stages together
"""

import os

# From their import on, official builds of onnxruntime for Linux since 1.29 give this device a number and send it to
# Microsoft with processor, system and models, unless this stands: https://github.com/microsoft/onnxruntime/pull/27379
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

__version__ = "0.1.0"
