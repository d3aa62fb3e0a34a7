/* `log` and `warnings`: whole lines, as many as there are when they are read. */
#include "core/store/lines.h"
#include "core/base/cleanup.h"
#include "fs/document/document.h"

#include <errno.h>

void lines_of_node(struct node node, struct scope *ret_scope, enum line_kind *ret_kind)
{
	*ret_scope = scope_of(node.kind == KIND_EXECUTION_WARNINGS ? SCOPE_EXECUTION : SCOPE_ATTEMPT, node.event);
	*ret_kind = node.kind == KIND_LOG ? LINE_LOG : LINE_WARNING;
}

static int check_there(struct document *d)
{
	struct event event;

	return log_read(d->txn, d->node.event, &event) ? 0 : txn_error(d->txn) ? txn_error(d->txn) : -ESTALE;
}

int size_lines(struct document *d, uint64_t *ret_size)
{
	struct scope scope;
	enum line_kind kind;
	int r = check_there(d);

	lines_of_node(d->node, &scope, &kind);
	if (!r)
		*ret_size = lines_size(d->txn, scope, kind, NULL);
	return r;
}

int render_lines(struct document *d, struct sink *sink)
{
	autobuf struct buf b = BUF_INIT;
	struct scope scope;
	enum line_kind kind;
	int r = check_there(d);

	if (r < 0)
		return r;
	lines_of_node(d->node, &scope, &kind);
	lines_read(d->txn, scope, kind, sink->from, sink->size, &b, &sink->at);
	if (buf_error(&b))
		return buf_error(&b);
	sink_add_bytes(sink, buf_bytes(&b));
	return 0;
}
