# What a Python script does with the library. `kestra` here is docs/examples/partitions/kestra.py: json.dumps between the marks.
from kestra import Kestra

Kestra.outputs({
    "text": "two\nlines",
    "unicode": "café, 10 €, 😀",
    "separators": "\u0085\u2028\u2029",
    "controls": "\u0000\u0001\u001f\b\f\r\t\"\\/\u007f",
    "int": 123456789012345678901234567890,
    "float": 3.65,
    "large": 1e21,
    "small": 1e-7,
    "yes": True,
    "no": False,
    "nothing": None,
    "partitions": ["file_1.parquet", "file 2", 3, {"a": [1, "b"]}, "x\ny"],
    "empty": [],
    "nested": {"a/b": "slash", "deep": {"n": 1}},
})
Kestra.outputs({"float": 0.1})
Kestra.counter("rows", 42, {"partition": "file_1.parquet", "n": 1, "ok": True})
Kestra.counter("rows", 0.1)
Kestra.timer("took", 2.12, {"tag1": "i"})
