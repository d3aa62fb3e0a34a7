import Kestra from "@kestra-io/libs";

Kestra.outputs({ from: "an ES module" });
