/* README.txt at the root: what is where, for somebody who has just found the mount. */
#include "fs/document/document.h"

static const char text[] =
	"What workflow executions produced, as files. Read-only; what a script has just printed is here at once.\n"
	"\n"
	"exec/<execution>/            every execution, in order of first recording\n"
	"    state                    RUNNING SUCCESS WARNING FAILED KILLED\n"
	"    execution.json           the execution and its task runs, as Kestra's REST API names them\n"
	"    outputs.json             every output: .<task>.vars.<name>, .<task>[\"<value>\"].vars.<name>\n"
	"    metrics/  metrics.json   points by name, and their totals\n"
	"    warnings                 why something that was printed was not recorded\n"
	"    report.html              the execution as one page: open it in a browser, send it, print it\n"
	"    <task>/                  state outputs.json taskrun.json outputs/ metrics/ metrics.json log warnings attempts/\n"
	"    <task>/runs/<value>/     the same for each run of a task with values (EachParallel, ForEach)\n"
	"flow/<namespace>/<flow>/     the executions of a flow\n"
	"    latest                   the one that started last; latest-success, latest-failed: the last that ended so\n"
	"    exec/  by-time/          all of them, in order of recording and named by their start\n"
	"    metrics/  metrics.json   their points, and the totals\n"
	"    outputs/<task>/          <name>.json .csv .svg: an output over all of them\n"
	"latest*  by-time/            the same links over all flows\n"
	"metrics/  metrics.json       the points of all executions\n"
	"    <name>.json .csv         one point a line, or a row\n"
	"    <name>.prom              for Prometheus: sums by flow, task and tags\n"
	"    <name>.svg               a plot over time (here, in a flow and in an execution)\n"
	"    tags/<tag>/<value>/      the same files with the points of one tag\n"
	"kestrafs.prom                executions by flow and state, and when each flow last succeeded: for Prometheus\n"
	"\n"
	"The commands to begin with:\n"
	"\n"
	"    cat exec/$E/getPartitions/outputs/partitions                          one element a line\n"
	"    jq '.getPartitions.vars' exec/$E/outputs.json                         the values with their types\n"
	"    jq 'map(.value) | add' metrics/nr_rows.json                           every point of a metric\n"
	"    cat flow/dev/partitions/latest-success/state                          the last good execution\n"
	"    cat flow/dev/partitions/outputs/getPartitions/partitions.csv          an output, execution by execution\n"
	"\n"
	"Characters that a file name may not hold stand as %XX: `/` is %2F, `%` is %25. `man kestrafs` says the rest.\n";

int render_readme(struct document *d, struct sink *sink)
{
	(void)d;
	sink_add(sink, text, sizeof(text) - 1);
	return 0;
}
