/* Every document of the tree, byte for byte, for a clock that goes one second an update from 2026-11-22T10:00:00Z. */
#include "tests/unit/store_fixture.h"

#include <stdio.h>

#define T(second) "2026-11-22T10:00:" second ".000000Z"

#define POINT_OF(task, taskrun) \
	"\"namespace\":\"dev\",\"flowId\":\"flow\",\"executionId\":\"E\",\"taskId\":\"" task "\",\"taskRunId\":\"" taskrun "\""

/* One run, from its first second on */

static const struct who one = {.path = "dev/flow/E/one", .taskrun = "R", .labels = "team=data,a\"b=c\\d"};

static void a_run_that_has_just_begun(void **state)
{
	struct fixture f autofixture;

	(void)state;
	fixture_init(&f);
	record_begin(&f, &one);
	assert_list(&f, "", "README.txt\nexec\nflow\nby-time\nlatest\nmetrics\nmetrics.json\nkestrafs.prom\n");
	assert_list(&f, "/exec", "E\n");
	assert_list(&f, "/exec/E", "execution.json\nstate\noutputs.json\nmetrics\nmetrics.json\nwarnings\nreport.html\none\n");
	assert_list(&f, "/exec/E/one", "state\noutputs.json\nmetrics\nmetrics.json\noutputs\ntaskrun.json\nlog\nwarnings\n");
	assert_file(&f, "/metrics.json", "{}\n");
	assert_list(&f, "/metrics", "");
	assert_file(&f, "/exec/E/state", "RUNNING\n");
	assert_file(&f, "/exec/E/outputs.json", "{}\n");
	assert_file(&f, "/exec/E/metrics.json", "{}\n");
	assert_list(&f, "/exec/E/metrics", "");
	assert_file(&f, "/exec/E/warnings", "");
	assert_file(&f, "/exec/E/one/state", "RUNNING\n");
	assert_file(&f, "/exec/E/one/outputs.json", "{}\n");
	assert_list(&f, "/exec/E/one/outputs", "");
	assert_list(&f, "/exec/E/one/metrics", "");
	assert_file(&f, "/exec/E/one/metrics.json", "{}\n");
	assert_file(&f, "/exec/E/one/log", "");
	assert_file(&f, "/exec/E/one/warnings", "");
	assert_file(
		&f, "/exec/E/one/taskrun.json",
		"{\"id\":\"R\",\"executionId\":\"E\",\"namespace\":\"dev\",\"flowId\":\"flow\",\"taskId\":\"one\",\"attempts\":[{\"state\":"
		"{\"current\":\"RUNNING\",\"histories\":[{\"state\":\"CREATED\",\"date\":\"" T(
			"00") "\"},{\"state\":\"RUNNING\",\"date\":\"" T("00") "\"}],"
									       "\"startDate\":\"" T(
										       "00") "\"}}],\"outputs\":{\"vars\":{}},\"state\":"
											     "{\"current\":\"RUNNING\",\"histories\":[{"
											     "\"state\":\"CREATED\",\"date\":\"" T(
												     "00") "\"},{\"state\":\"RUNNING\","
													   "\"date\":\"" T(
														   "00") "\"}],"
															 "\"startDa"
															 "te\":"
															 "\"" T("0"
																"0") "\"}}"
																     "\n");
	assert_file(
		&f, "/exec/E/execution.json",
		"{\"id\":\"E\",\"namespace\":\"dev\",\"flowId\":\"flow\",\"labels\":[{\"key\":\"team\",\"value\":\"data\"},{\"key\":"
		"\"a\\\"b\",\"value\":\"c\\\\d\"}],"
		"\"state\":{\"current\":\"RUNNING\",\"histories\":[{\"state\":\"CREATED\",\"date\":\"" T(
			"00") "\"},{\"state\":\"RUNNING\",\"date\":\"" T("00") "\"}],"
									       "\"startDate\":\"" T("00") "\"},\"taskRunList\":[{\"id\":"
													  "\"R\",\"executionId\":\"E\","
													  "\"namespace\":\"dev\","
													  "\"flowId\":\"flow\",\"taskId\":"
													  "\"one\","
													  "\"attempts\":[{\"state\":{"
													  "\"current\":\"RUNNING\","
													  "\"histories\":[{\"state\":"
													  "\"CREATED\",\"date\":\"" T("00") "\"},{\"state\":\"RUNNING\",\"date\":\"" T(
														  "00") "\"}],"
															"\"startDate\":"
															"\"" T("00") "\"}}]"
																     ",\"ou"
																     "tputs"
																     "\":{"
																     "\"var"
																     "s\":{"
																     "}},"
																     "\"sta"
																     "te\":"
																     "{\"cu"
																     "rrent"
																     "\":"
																     "\"RUN"
																     "NING"
																     "\","
																     "\"his"
																     "torie"
																     "s\":["
																     "{\"st"
																     "ate\""
																     ":\"CR"
																     "EATED"
																     "\","
																     "\"dat"
																     "e\":"
																     "\"" T("00") "\"},"
																		  "{\"state\":\"RUNNING\",\"date\":\"" T("00") "\"}],\"startDate\":\"" T(
																			  "00") "\"}}]}\n");
}

#define ENDED_STATE(word, from, to, duration)                                                                                             \
	"{\"current\":\"" word "\",\"histories\":[{\"state\":\"CREATED\",\"date\":\"" T(from) "\"},{\"state\":\"RUNNING\",\"date\":\"" T( \
		from) "\"},"                                                                                                              \
		      "{\"state\":\"" word "\",\"date\":\"" T(to) "\"}],\"duration\":\"" duration                                         \
								  "\",\"startDate\":\"" T(from) "\",\"endDate\":\"" T(to) "\"}"

static void a_run_that_has_ended(void **state)
{
	struct fixture f autofixture;
	event_t attempt;

	(void)state;
	fixture_init(&f);
	attempt = record_begin(&f, &one);
	record_says(&f, attempt, "{\"outputs\":{\"rows\":3.65,\"names\":[\"a\",\"b\"]}}");
	record_says(&f, attempt, "{\"outputs\":{\"rows\":7}}");
	record_ends(&f, attempt, STATE_FAILED, 3);
	assert_file(
		&f, "/exec/E/one/taskrun.json",
		"{\"id\":\"R\",\"executionId\":\"E\",\"namespace\":\"dev\",\"flowId\":\"flow\",\"taskId\":\"one\",\"attempts\":[{"
		"\"state\":" ENDED_STATE("FAILED", "00", "03",
					 "PT3.000000S") "}],\"outputs\":{\"vars\":{\"rows\":7,\"names\":[\"a\",\"b\"]},\"exitCode\":3},"
							"\"exitCode\":3,\"state\":" ENDED_STATE("FAILED", "00", "03", "PT3.000000S") "}\n");
	assert_file(
		&f, "/exec/E/execution.json",
		"{\"id\":\"E\",\"namespace\":\"dev\",\"flowId\":\"flow\",\"labels\":[{\"key\":\"team\",\"value\":\"data\"},{\"key\":"
		"\"a\\\"b\",\"value\":\"c\\\\d\"}],"
		"\"state\":" ENDED_STATE(
			"FAILED", "00", "03",
			"PT3.000000S") ",\"taskRunList\":[{\"id\":\"R\",\"executionId\":\"E\",\"namespace\":\"dev\",\"flowId\":\"flow\","
				       "\"taskId\":\"one\","
				       "\"attempts\":[{\"state\":" ENDED_STATE(
					       "FAILED", "00", "03",
					       "PT3.000000S") "}],\"outputs\":{\"vars\":{\"rows\":7,\"names\":[\"a\",\"b\"]},\"exitCode\":"
							      "3},\"state\":" ENDED_STATE("FAILED", "00", "03", "PT3.000000S") "}]}\n");
	assert_file(&f, "/exec/E/state", "FAILED\n");
	assert_file(&f, "/exec/E/one/outputs.json", "{\"rows\":7,\"names\":[\"a\",\"b\"]}\n");
	assert_file(&f, "/exec/E/outputs.json", "{\"one\":{\"vars\":{\"rows\":7,\"names\":[\"a\",\"b\"]}}}\n");
}

/* Points */

static void points(void **state)
{
	struct fixture f autofixture;
	event_t attempt;

	(void)state;
	fixture_init(&f);
	attempt = record_begin(&f, &one);
	record_says(&f, attempt,
		    "{\"metrics\":[{\"name\":\"rows\",\"type\":\"counter\",\"value\":512,\"tags\":{\"partition\":\"file_1\",\"n\":1}},"
		    "{\"name\":\"rows\",\"type\":\"counter\",\"value\":-0.5,\"timestamp\":\"2026-01-02T03:04:05.678901Z\"},"
		    "{\"name\":\"time\",\"type\":\"timer\",\"value\":\"PT1M2.5S\",\"tags\":{}}]}");
#define FILES(name) name ".json\n" name ".csv\n" name ".prom\n"
#define WIDE_FILES(name) FILES(name) name ".svg\n"
	assert_list(&f, "/metrics", "tags\n" WIDE_FILES("rows") WIDE_FILES("time"));
	assert_list(&f, "/flow/dev/flow/metrics", "tags\n" WIDE_FILES("rows") WIDE_FILES("time"));
	assert_list(&f, "/exec/E/metrics", "tags\n" WIDE_FILES("rows") WIDE_FILES("time"));
	assert_list(&f, "/exec/E/one/metrics", "tags\n" FILES("rows") FILES("time"));
	for (int i = 0; i < 4; i++) {
		static const char *const folders[] = {"", "/exec/E", "/exec/E/one", "/flow/dev/flow"};
		char path[64];

		snprintf(path, sizeof(path), "%s/metrics/rows.json", folders[i]);
		assert_file(&f, path,
			    "[\n{\"name\":\"rows\",\"type\":\"counter\",\"value\":512,\"timestamp\":\"" T(
				    "01") "\",\"tags\":{\"partition\":\"file_1\",\"n\":\"1\"}," POINT_OF("one",
													 "R") "},\n"
													      "{\"name\":\"rows\",\"type\":"
													      "\"counter\",\"value\":-0.5,"
													      "\"timestamp\":\"2026-01-"
													      "02T03:04:05.678901Z\","
													      "\"tags\":{}," POINT_OF(
														      "one", "R") "}\n]\n");
		snprintf(path, sizeof(path), "%s/metrics/time.json", folders[i]);
		assert_file(&f, path,
			    "[\n{\"name\":\"time\",\"type\":\"timer\",\"value\":62.5,\"unit\":\"seconds\",\"timestamp\":\"" T(
				    "01") "\",\"tags\":{}," POINT_OF("one", "R") "}\n]\n");
		snprintf(path, sizeof(path), "%s/metrics.json", folders[i]);
		assert_file(
			&f, path,
			"{\"rows\":{\"type\":\"counter\",\"count\":2,\"sum\":511.5,\"avg\":255.75,\"min\":-0.5,\"max\":512,\"last\":-0.5,"
			"\"first\":\"2026-01-02T03:04:05.678901Z\",\"latest\":\"" T(
				"01") "\"},"
				      "\"time\":{\"type\":\"timer\",\"count\":1,\"sum\":62.5,\"avg\":62.5,\"min\":62.5,\"max\":62.5,"
				      "\"last\":62.5,\"first\":\"" T("01") "\",\"latest\":\"" T("01") "\"}}\n");
	}
}

#define CSV "timestamp,value,type,namespace,flowId,executionId,taskId,taskRunId,taskRunValue,attempt"

static void points_as_tables(void **state)
{
	struct fixture f autofixture;

	(void)state;
	fixture_init(&f);
	record_says(&f, record_begin(&f, &one),
		    "{\"metrics\":[{\"name\":\"rows\",\"type\":\"counter\",\"value\":512,\"tags\":{\"partition\":\"file,1\",\"n\":1}},"
		    "{\"name\":\"rows\",\"type\":\"timer\",\"value\":-0.5,\"tags\":{\"say \\\"x\\\"\":\"y\"}},"
		    "{\"name\":\"plain\",\"type\":\"gauge\",\"value\":1}]}");
	assert_file(&f, "/exec/E/one/metrics/rows.csv",
		    CSV ",tags.partition,tags.n,\"tags.say \"\"x\"\"\"\n" T("01") ",512,counter,dev,flow,E,one,R,,,\"file,1\",1,\n" T(
			    "01") ",-0.5,timer,dev,flow,E,one,R,,,,,y\n");
	assert_file(&f, "/exec/E/one/metrics/plain.csv", CSV "\n" T("01") ",1,gauge,dev,flow,E,one,R,,\n");
	assert_file(&f, "/exec/E/one/metrics/tags/n/1/rows.csv",
		    CSV ",tags.partition,tags.n\n" T("01") ",512,counter,dev,flow,E,one,R,,,\"file,1\",1\n");
}

static void points_by_tag(void **state)
{
	struct fixture f autofixture;

	(void)state;
	fixture_init(&f);
	record_says(&f, record_begin(&f, &one),
		    "{\"metrics\":[{\"name\":\"m\",\"type\":\"counter\",\"value\":1,\"tags\":{\"a\":\"x/y\",\"b\":true}},"
		    "{\"name\":\"m\",\"type\":\"counter\",\"value\":2,\"tags\":{\"a\":\"z\"}},"
		    "{\"name\":\"n\",\"type\":\"counter\",\"value\":3,\"tags\":{\"b\":\"true\"}}]}");
	assert_list(&f, "/exec/E/one/metrics/tags", "a\nb\n");
	assert_list(&f, "/exec/E/one/metrics/tags/a", "x%2Fy\nz\n");
	assert_list(&f, "/exec/E/one/metrics/tags/b", "true\n");
	assert_list(&f, "/exec/E/one/metrics/tags/a/z", FILES("m"));
	assert_list(&f, "/exec/E/one/metrics/tags/b/true", FILES("m") FILES("n"));
	assert_list(&f, "/metrics/tags/b/true", WIDE_FILES("m") WIDE_FILES("n"));
	assert_file(&f, "/metrics/tags/a/x%2Fy/m.json",
		    "[\n{\"name\":\"m\",\"type\":\"counter\",\"value\":1,\"timestamp\":\"" T(
			    "01") "\",\"tags\":{\"a\":\"x/y\",\"b\":\"true\"}," POINT_OF("one", "R") "}\n]\n");
	assert_file(&f, "/metrics/tags/b/true/n.json",
		    "[\n{\"name\":\"n\",\"type\":\"counter\",\"value\":3,\"timestamp\":\"" T("01") "\",\"tags\":{\"b\":\"true\"}," POINT_OF(
			    "one", "R") "}\n]\n");
	assert_false(is_there(&f, "/metrics/tags/a/x"));
	assert_false(is_there(&f, "/metrics/tags/a/z/n.json"));
	assert_false(is_there(&f, "/metrics/tags/a/z/metrics.json"));
}

static void points_of_runs_with_values(void **state)
{
	struct fixture f autofixture;

	(void)state;
	fixture_init(&f);
	record_says(&f, record_begin(&f, &(struct who){.path = "dev/flow/E/t", .taskrun = "A", .values = {"a\"b"}}),
		    "{\"metrics\":[{\"name\":\"m\",\"type\":\"gauge\",\"value\":1}]}");
	record_says(&f, record_begin(&f, &(struct who){.path = "dev/flow/E/t", .taskrun = "B", .values = {"x", "y"}}),
		    "{\"metrics\":[{\"name\":\"m\",\"type\":\"gauge\",\"value\":2}]}");
	assert_file(&f, "/exec/E/t/metrics/m.json",
		    "[\n{\"name\":\"m\",\"type\":\"gauge\",\"value\":1,\"timestamp\":\"" T("01") "\",\"tags\":{}," POINT_OF(
			    "t", "A") ",\"taskRunValue\":\"a\\\"b\"},\n"
				      "{\"name\":\"m\",\"type\":\"gauge\",\"value\":2,\"timestamp\":\"" T("03") "\",\"tags\":{}," POINT_OF(
					      "t", "B") ",\"taskRunValue\":[\"x\",\"y\"]}\n]\n");
	assert_file(&f, "/exec/E/t/runs/x/runs/y/metrics/m.json",
		    "[\n{\"name\":\"m\",\"type\":\"gauge\",\"value\":2,\"timestamp\":\"" T("03") "\",\"tags\":{}," POINT_OF(
			    "t", "B") ",\"taskRunValue\":[\"x\",\"y\"]}\n]\n");
	assert_list(&f, "/exec/E/t", "state\noutputs.json\nmetrics\nmetrics.json\nruns\n");
	assert_list(&f, "/exec/E/t/runs", "a\"b\nx\n");
	assert_list(&f, "/exec/E/t/runs/x", "state\noutputs.json\nmetrics\nmetrics.json\nruns\n");
}

static void totals_of_two_types_under_one_name(void **state)
{
	struct fixture f autofixture;

	(void)state;
	fixture_init(&f);
	record_says(&f, record_begin(&f, &one),
		    "{\"metrics\":[{\"name\":\"m\",\"type\":\"gauge\",\"value\":1},{\"name\":\"m\",\"type\":\"timer\",\"value\":2},{"
		    "\"name\":\"m\",\"type\":\"gauge\",\"value\":3}]}");
	assert_file(&f, "/exec/E/metrics.json",
		    "{\"m\":[{\"type\":\"gauge\",\"count\":2,\"sum\":4,\"avg\":2,\"min\":1,\"max\":3,\"last\":3,\"first\":\"" T(
			    "01") "\",\"latest\":\"" T("01") "\"},"
							     "{\"type\":\"timer\",\"count\":1,\"sum\":2,\"avg\":2,\"min\":2,\"max\":2,"
							     "\"last\":2,\"first\":\"" T("01") "\",\"latest\":\"" T("01") "\"}]}\n");
}

/* Sums are added in the log's order, and null where they leave the range. */
static void sums(void **state)
{
	struct fixture f autofixture;

	(void)state;
	fixture_init(&f);
	record_says(
		&f, record_begin(&f, &one),
		"{\"metrics\":[{\"name\":\"order\",\"type\":\"counter\",\"value\":1e16},{\"name\":\"order\",\"type\":\"counter\",\"value\":"
		"1},"
		"{\"name\":\"order\",\"type\":\"counter\",\"value\":-1e16},"
		"{\"name\":\"over\",\"type\":\"counter\",\"value\":1e308},{\"name\":\"over\",\"type\":\"counter\",\"value\":1e308},"
		"{\"name\":\"none\",\"type\":\"counter\",\"value\":1.5e308},{\"name\":\"none\",\"type\":\"counter\",\"value\":1.5e308},"
		"{\"name\":\"none\",\"type\":\"counter\",\"value\":-1.5e308},{\"name\":\"zero\",\"type\":\"counter\",\"value\":-0.0}]}");
#define TIMES "\"first\":\"" T("01") "\",\"latest\":\"" T("01") "\"}"
	assert_file(
		&f, "/metrics.json",
		"{\"order\":{\"type\":\"counter\",\"count\":3,\"sum\":0,\"avg\":0,\"min\":-10000000000000000,\"max\":10000000000000000,"
		"\"last\":-10000000000000000," TIMES
		",\"over\":{\"type\":\"counter\",\"count\":2,\"sum\":null,\"avg\":null,\"min\":1e+308,\"max\":1e+308,\"last\":1e+308," TIMES
		",\"none\":{\"type\":\"counter\",\"count\":3,\"sum\":null,\"avg\":null,\"min\":-1.5e+308,\"max\":1.5e+308,\"last\":-1.5e+"
		"308," TIMES ",\"zero\":{\"type\":\"counter\",\"count\":1,\"sum\":-0,\"avg\":-0,\"min\":-0,\"max\":-0,\"last\":-0," TIMES
		"}\n");
}

/* Attempts */

static void a_second_attempt(void **state)
{
	struct fixture f autofixture;
	event_t first, second;

	(void)state;
	fixture_init(&f);
	first = record_begin(&f, &one);
	record_says(&f, first,
		    "{\"outputs\":{\"a\":1},\"metrics\":[{\"name\":\"m\",\"type\":\"gauge\",\"value\":1}],\"logs\":[{\"level\":\"INFO\","
		    "\"message\":\"one\"}]}");
	record_ends(&f, first, STATE_FAILED, 1);
	second = record_begin(&f, WHO("dev/flow/E/one"));
	record_says(&f, second, "{\"outputs\":{\"b\":2},\"metrics\":[{\"name\":\"m\",\"type\":\"gauge\",\"value\":2}]}");
	record_ends(&f, second, STATE_SUCCESS, 0);
	assert_list(&f, "/exec/E/one", "state\noutputs.json\nmetrics\nmetrics.json\noutputs\ntaskrun.json\nlog\nwarnings\nattempts\n");
	assert_list(&f, "/exec/E/one/attempts", "1\n2\n");
	assert_list(&f, "/exec/E/one/attempts/1", "state\noutputs.json\nmetrics\nmetrics.json\noutputs\ntaskrun.json\nlog\nwarnings\n");
	assert_file(&f, "/exec/E/one/attempts/1/state", "FAILED\n");
	assert_file(&f, "/exec/E/one/attempts/1/outputs.json", "{\"a\":1}\n");
	assert_file(&f, "/exec/E/one/attempts/1/outputs/a", "1\n");
	assert_file(&f, "/exec/E/one/attempts/1/log", T("01") " INFO one\n");
	assert_file(&f, "/exec/E/one/attempts/2/outputs.json", "{\"b\":2}\n");
	assert_file(&f, "/exec/E/one/outputs.json", "{\"b\":2}\n");
	assert_file(&f, "/exec/E/one/state", "SUCCESS\n");
	assert_file(&f, "/exec/E/one/log", "");
	assert_file(&f, "/exec/E/outputs.json", "{\"one\":{\"vars\":{\"b\":2}}}\n");
	assert_file(&f, "/exec/E/one/attempts/1/metrics/m.json",
		    "[\n{\"name\":\"m\",\"type\":\"gauge\",\"value\":1,\"timestamp\":\"" T("01") "\",\"tags\":{}," POINT_OF("one",
															    "R") "}\n]\n");
	assert_file(&f, "/exec/E/one/metrics/m.json",
		    "[\n{\"name\":\"m\",\"type\":\"gauge\",\"value\":2,\"timestamp\":\"" T("04") "\",\"tags\":{}," POINT_OF(
			    "one", "R") ",\"attempt\":2}\n]\n");
	assert_file(&f, "/exec/E/metrics/m.json",
		    "[\n{\"name\":\"m\",\"type\":\"gauge\",\"value\":1,\"timestamp\":\"" T("01") "\",\"tags\":{}," POINT_OF(
			    "one", "R") "},\n"
					"{\"name\":\"m\",\"type\":\"gauge\",\"value\":2,\"timestamp\":\"" T(
						"04") "\",\"tags\":{}," POINT_OF("one", "R") ",\"attempt\":2}\n]\n");
	assert_file(&f, "/exec/E/one/taskrun.json",
		    "{\"id\":\"R\",\"executionId\":\"E\",\"namespace\":\"dev\",\"flowId\":\"flow\",\"taskId\":\"one\",\"attempts\":[{"
		    "\"state\":" ENDED_STATE("FAILED", "00", "02", "PT2.000000S") "},{\"state\":" ENDED_STATE(
			    "SUCCESS", "03", "05", "PT2.000000S") "}],\"outputs\":{\"vars\":{\"b\":2},\"exitCode\":0},\"exitCode\":0,"
								  "\"state\":" ENDED_STATE("SUCCESS", "03", "05", "PT2.000000S") "}\n");
	assert_file(&f, "/exec/E/one/attempts/1/taskrun.json",
		    "{\"id\":\"R\",\"executionId\":\"E\",\"namespace\":\"dev\",\"flowId\":\"flow\",\"taskId\":\"one\",\"attempts\":[{"
		    "\"state\":" ENDED_STATE("FAILED", "00", "02",
					     "PT2.000000S") "}],\"outputs\":{\"vars\":{\"a\":1},\"exitCode\":1},\"exitCode\":1,"
							    "\"state\":" ENDED_STATE("FAILED", "00", "02", "PT2.000000S") "}\n");
	assert_false(is_there(&f, "/exec/E/one/attempts/0"));
	assert_false(is_there(&f, "/exec/E/one/attempts/3"));
	assert_false(is_there(&f, "/exec/E/one/attempts/01"));
	assert_false(is_there(&f, "/exec/E/one/attempts/1/attempts"));
	assert_false(is_there(&f, "/exec/E/one/runs"));
}

/* A retry takes the former attempt's points out of the folders above it. */
static void a_second_attempt_among_others(void **state)
{
	struct fixture f autofixture;
	event_t a, b;

	(void)state;
	fixture_init(&f);
	a = record_begin(&f, WHO("dev/flow/E/t", "a"));
	b = record_begin(&f, WHO("dev/flow/E/t", "b"));
	record_says(
		&f, a,
		"{\"metrics\":[{\"name\":\"m\",\"type\":\"counter\",\"value\":1},{\"name\":\"gone\",\"type\":\"counter\",\"value\":1}]}");
	record_says(&f, b, "{\"metrics\":[{\"name\":\"m\",\"type\":\"counter\",\"value\":10}]}");
	assert_list(&f, "/exec/E/t/metrics", FILES("m") FILES("gone"));
	record_begin(&f, WHO("dev/flow/E/t", "a"));
	assert_list(&f, "/exec/E/t/metrics", FILES("m"));
	assert_list(&f, "/exec/E/t/runs/a/metrics", "");
	assert_list(&f, "/exec/E/metrics", WIDE_FILES("m") WIDE_FILES("gone"));
	assert_file(&f, "/exec/E/t/metrics.json",
		    "{\"m\":{\"type\":\"counter\",\"count\":1,\"sum\":10,\"avg\":10,\"min\":10,\"max\":10,\"last\":10,\"first\":\"" T(
			    "03") "\",\"latest\":\"" T("03") "\"}}\n");
	assert_file(&f, "/exec/E/t/runs/a/metrics.json", "{}\n");
	/* the superseded attempt still runs and prints: shown where every attempt is, and in its own folder */
	record_says(&f, a, "{\"metrics\":[{\"name\":\"m\",\"type\":\"counter\",\"value\":100}],\"outputs\":{\"late\":true}}");
	assert_file(&f, "/exec/E/t/metrics.json",
		    "{\"m\":{\"type\":\"counter\",\"count\":1,\"sum\":10,\"avg\":10,\"min\":10,\"max\":10,\"last\":10,\"first\":\"" T(
			    "03") "\",\"latest\":\"" T("03") "\"}}\n");
	assert_file(&f, "/exec/E/t/outputs.json", "{}\n");
	assert_file(&f, "/exec/E/t/runs/a/attempts/1/outputs.json", "{\"late\":true}\n");
	assert_list(&f, "/exec/E/t/runs/a/attempts/1/metrics", FILES("m") FILES("gone"));
}

/* outputs.json above runs */

static void outputs_of_runs_with_values(void **state)
{
	struct fixture f autofixture;

	(void)state;
	fixture_init(&f);
	record_says(&f, record_begin(&f, WHO("dev/flow/E/t", "file_1.parquet")), "{\"outputs\":{\"rows\":7}}");
	record_says(&f, record_begin(&f, WHO("dev/flow/E/t", "out\"er", "in/ner")), "{\"outputs\":{\"rows\":8}}");
	record_begin(&f, WHO("dev/flow/E/t", "nothing printed"));
	record_begin(&f, WHO("dev/flow/E/silent"));
	record_says(&f, record_begin(&f, WHO("dev/flow/E/t", "out\"er", "2")), "{\"outputs\":{\"rows\":9}}");
	assert_file(&f, "/exec/E/t/outputs.json",
		    "{\"file_1.parquet\":{\"rows\":7},\"out\\\"er\":{\"in/ner\":{\"rows\":8},\"2\":{\"rows\":9}}}\n");
	assert_file(&f, "/exec/E/outputs.json",
		    "{\"t\":{\"file_1.parquet\":{\"vars\":{\"rows\":7}},\"out\\\"er\":{\"in/"
		    "ner\":{\"vars\":{\"rows\":8}},\"2\":{\"vars\":{\"rows\":9}}}}}\n");
	assert_file(&f, "/exec/E/t/runs/out\"er/outputs.json", "{\"in/ner\":{\"rows\":8},\"2\":{\"rows\":9}}\n");
	assert_file(&f, "/exec/E/t/runs/out\"er/runs/in%2Fner/outputs.json", "{\"rows\":8}\n");
	assert_file(&f, "/exec/E/silent/outputs.json", "{}\n");
}

/* A task captured without a value and with some. */
static void outputs_of_a_mixed_task(void **state)
{
	struct fixture f autofixture;

	(void)state;
	fixture_init(&f);
	record_says(&f, record_begin(&f, WHO("dev/flow/E/t")),
		    "{\"outputs\":{\"own\":1},\"metrics\":[{\"name\":\"m\",\"type\":\"counter\",\"value\":1}]}");
	assert_false(is_there(&f, "/exec/E/t/runs"));
	record_says(&f, record_begin(&f, WHO("dev/flow/E/t", "v")),
		    "{\"outputs\":{\"below\":2},\"metrics\":[{\"name\":\"m\",\"type\":\"counter\",\"value\":2}]}");
	assert_list(&f, "/exec/E/t", "state\noutputs.json\nmetrics\nmetrics.json\noutputs\ntaskrun.json\nlog\nwarnings\nruns\n");
	assert_file(&f, "/exec/E/t/outputs.json", "{\"own\":1,\"v\":{\"below\":2}}\n");
	assert_file(&f, "/exec/E/outputs.json", "{\"t\":{\"vars\":{\"own\":1},\"v\":{\"vars\":{\"below\":2}}}}\n");
	assert_list(&f, "/exec/E/t/outputs", "own\n");
	assert_file(&f, "/exec/E/t/metrics.json",
		    "{\"m\":{\"type\":\"counter\",\"count\":2,\"sum\":3,\"avg\":1.5,\"min\":1,\"max\":2,\"last\":2,\"first\":\"" T(
			    "01") "\",\"latest\":\"" T("03") "\"}}\n");
	assert_file(&f, "/exec/E/t/runs/v/metrics.json",
		    "{\"m\":{\"type\":\"counter\",\"count\":1,\"sum\":2,\"avg\":2,\"min\":2,\"max\":2,\"last\":2,\"first\":\"" T(
			    "03") "\",\"latest\":\"" T("03") "\"}}\n");
}

/* What has no output is left out, also the own run of a task whose runs with values have some. */
static void a_mixed_task_without_outputs_of_its_own(void **state)
{
	struct fixture f autofixture;
	event_t v;

	(void)state;
	fixture_init(&f);
	record_begin(&f, WHO("dev/flow/E/t"));
	v = record_begin(&f, WHO("dev/flow/E/t", "v"));
	record_says(&f, v, "{\"outputs\":{\"below\":2}}");
	assert_file(&f, "/exec/E/outputs.json", "{\"t\":{\"v\":{\"vars\":{\"below\":2}}}}\n");
}

/* The same values under another task run id: printf %s S | sha256sum | cut -c1-16 says 8de0b3c47f112c59. */
static void twins(void **state)
{
	static const struct who first = {.path = "dev/flow/E/t", .taskrun = "F", .values = {"v"}},
				second = {.path = "dev/flow/E/t", .taskrun = "S", .values = {"v"}};
	static const struct who plain = {.path = "dev/flow/E/p", .taskrun = "F"}, plain_twin = {.path = "dev/flow/E/p", .taskrun = "S"};
	struct fixture f autofixture;
	struct attempt attempt;

	(void)state;
	fixture_init(&f);
	record_says(&f, record_begin(&f, &first), "{\"outputs\":{\"a\":1}}");
	record_says(&f, record_begin(&f, &second), "{\"outputs\":{\"a\":2}}");
	assert_list(&f, "/exec/E/t/runs", "v\nv%~8de0b3c47f112c59\n");
	assert_file(&f, "/exec/E/t/outputs.json", "{\"v\":{\"a\":1},\"v%~8de0b3c47f112c59\":{\"a\":2}}\n");
	assert_file(&f, "/exec/E/t/runs/v%~8de0b3c47f112c59/outputs/a", "2\n");
	assert_int_equal(try_begin(&f, &second, &attempt, NULL), 0);
	assert_int_equal(attempt.number, 2);
	assert_string_equal(attempt.taskrun, "S");
	assert_int_equal(try_begin(&f, WHO("dev/flow/E/t", "v"), &attempt, NULL), 0);
	assert_int_equal(attempt.number, 2);
	assert_string_equal(attempt.taskrun, "F");
	assert_list(&f, "/exec/E/t/runs", "v\nv%~8de0b3c47f112c59\n");
	record_says(&f, record_begin(&f, &plain), "{\"outputs\":{\"a\":1}}");
	record_says(&f, record_begin(&f, &plain_twin), "{\"outputs\":{\"a\":2}}");
	assert_list(&f, "/exec/E/p/runs", "%~8de0b3c47f112c59\n");
	assert_file(&f, "/exec/E/p/outputs.json", "{\"a\":1,\"%~8de0b3c47f112c59\":{\"a\":2}}\n");
}

/* Files that grow */

static void log_and_warnings(void **state)
{
	struct fixture f autofixture;
	event_t attempt, other;

	(void)state;
	fixture_init(&f);
	attempt = record_begin(&f, &one);
	other = record_begin(&f, WHO("dev/flow/E/t", "a b", "c\nd"));
	record_says(&f, attempt,
		    "{\"logs\":[{\"level\":\"ERROR\",\"message\":\"two\\nlines\\u0000\\u001b[1m\\u0085 "
		    "end\"},{\"level\":\"WARN\",\"message\":\"\"},{\"level\":\"TRACE\",\"message\":12}]}");
	record_warns(&f, attempt, "stdout line 1: first");
	record_warns(&f, other, "stderr line 2: second");
	record_warns(&f, attempt, "stdout line 3: third");
	assert_file(&f, "/exec/E/one/log",
		    T("02") " ERROR two\\nlines\\x00\\x1B[1m\\xC2\\x85 end\n" T("02") " WARN \n" T("02") " TRACE 12\n");
	assert_file(&f, "/exec/E/one/warnings", "stdout line 1: first\nstdout line 3: third\n");
	assert_file(&f, "/exec/E/t/runs/a b/runs/c%0Ad/warnings", "stderr line 2: second\n");
	assert_file(&f, "/exec/E/warnings", "one: stdout line 1: first\nt a b c\\nd: stderr line 2: second\none: stdout line 3: third\n");
}

/* Labels: a later value of a key takes the place of the earlier one. */
static void labels(void **state)
{
	struct fixture f autofixture;
	struct buf b = BUF_INIT;

	(void)state;
	fixture_init(&f);
	record_begin(&f, &(struct who){.path = "dev/flow/E/a", .labels = "x=1,y=2"});
	record_begin(&f, &(struct who){.path = "dev/flow/E/b", .labels = "z=3,x=4"});
	record_begin(&f, &(struct who){.path = "dev/flow/E/c", .labels = "x=4"});
	read_path(&f, "/exec/E/execution.json", &b);
	assert_non_null(
		strstr(buf_text(&b),
		       "\"labels\":[{\"key\":\"x\",\"value\":\"4\"},{\"key\":\"y\",\"value\":\"2\"},{\"key\":\"z\",\"value\":\"3\"}],"));
	buf_finish(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_run_that_has_just_begun),
		cmocka_unit_test(a_run_that_has_ended),
		cmocka_unit_test(points),
		cmocka_unit_test(points_as_tables),
		cmocka_unit_test(points_by_tag),
		cmocka_unit_test(points_of_runs_with_values),
		cmocka_unit_test(totals_of_two_types_under_one_name),
		cmocka_unit_test(sums),
		cmocka_unit_test(a_second_attempt),
		cmocka_unit_test(a_second_attempt_among_others),
		cmocka_unit_test(outputs_of_runs_with_values),
		cmocka_unit_test(outputs_of_a_mixed_task),
		cmocka_unit_test(a_mixed_task_without_outputs_of_its_own),
		cmocka_unit_test(twins),
		cmocka_unit_test(log_and_warnings),
		cmocka_unit_test(labels),
	};

	return cmocka_run_group_tests_name("tree documents", tests, NULL, NULL);
}
