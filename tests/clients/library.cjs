// What a Node script does with the library: every call of it that prints something.
const Kestra = require("@kestra-io/libs");

Kestra.outputs({
  text: "two\nlines",
  unicode: "café, 10 €, 😀",
  separators: "\u0085\u2028\u2029",
  controls: "\u0000\u0001\u001f\b\f\r\t\"\\/\u007f",
  int: 9007199254740991,
  float: 3.65,
  large: 1e21,
  small: 1e-7,
  yes: true,
  no: false,
  nothing: null,
  partitions: ["file_1.parquet", "file 2", 3, { a: [1, "b"] }, "x\ny"],
  empty: [],
  nested: { "a/b": "slash", deep: { n: 1 } },
  left_out: undefined,
});
Kestra.outputs({ float: 0.1 });
Kestra.assets({ id: "table", type: "TABLE" });
Kestra.counter("rows", 42, { partition: "file_1.parquet", n: 1, ok: true });
Kestra.counter("rows", 0.1);
Kestra.timer("took", 2.12, { tag1: "i" });
Kestra.timer("measured", (done) => setTimeout(done, 20));
Kestra.gauge("temperature", -3.5, { unité: "°C" });

const logger = Kestra.logger();
logger.debug("a debug line");
logger.info("first", "second\nline");
logger.warn("a warning: ::{}::");
logger.error("an error 😀");
// console.trace puts `Trace: ` before it and a stack behind: no message in any dialect.
logger.trace("never seen");
