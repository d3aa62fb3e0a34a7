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
	"    <task>/                  state outputs.json taskrun.json outputs/ metrics/ metrics.json log warnings attempts/\n"
	"    <task>/runs/<value>/     the same for each run of a task with values (EachParallel, ForEach)\n"
	"metrics/  metrics.json       the points of all executions\n"
	"\n"
	"The three commands to begin with:\n"
	"\n"
	"    cat exec/$E/getPartitions/outputs/partitions         one element a line\n"
	"    jq '.getPartitions.vars' exec/$E/outputs.json        the values with their types\n"
	"    jq 'map(.value) | add' metrics/nr_rows.json          every point of a metric\n"
	"\n"
	"Characters that a file name may not hold stand as %XX: `/` is %2F, `%` is %25. `man kestrafs` says the rest.\n";

int render_readme(struct document *d, struct sink *sink)
{
	(void)d;
	sink_add(sink, text, sizeof(text) - 1);
	return 0;
}
