"""Models made ready for use elsewhere: ONNX, int8, pruning, latency."""
