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

__version__ = "0.1.0"
