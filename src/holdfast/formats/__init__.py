"""Bytes to records: safetensors, GGUF, torch zip, ONNX, configurations. Never runs what it reads."""
