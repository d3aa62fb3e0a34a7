#include "fs/tree/empty.h"

#include "fs/document/document.h"

#include <errno.h>

static const struct {
	const char *name;
	enum node_type type;
	enum node_kind kind;
} names[] = {
	{"README.txt", NODE_FILE, KIND_README},	     {"exec", NODE_FOLDER, KIND_EXECUTIONS}, {"flow", NODE_FOLDER, KIND_FLOWS},
	{"by-time", NODE_FOLDER, KIND_BY_TIME},	     {"metrics", NODE_FOLDER, KIND_METRICS}, {"metrics.json", NODE_FILE, KIND_SUMMARY},
	{"kestrafs.prom", NODE_FILE, KIND_OVERVIEW},
};

#define N_NAMES (sizeof(names) / sizeof(*names))

int empty_render(struct node n, struct sink *sink)
{
	struct document d = {.node = n};

	if (n.kind == KIND_README)
		return render_readme(&d, sink);
	if (n.kind == KIND_OVERVIEW && !n.event)
		return render_overview(&d, sink);
	if (n.kind != KIND_SUMMARY || n.event)
		return -ESTALE;
	sink_add_text(sink, "{}\n");
	return 0;
}

int empty_attributes(struct node n, struct attributes *ret)
{
	struct sink sink = sink_counting();
	bool file = document_is(n.kind);
	int r = file ? empty_render(n, &sink) : 0;

	if (n.event && n.kind != KIND_ROOT)
		return -ESTALE;
	*ret = (struct attributes){
		.type = file ? NODE_FILE : NODE_FOLDER, .size = sink.at, .time = clock_now(), .inode = node_pack(n), .keep = KEEP_NOT};
	return r;
}

int empty_lookup(struct node parent, struct bytes name, struct entry *ret_entry)
{
	*ret_entry = (struct entry){0};
	if (parent.kind != KIND_ROOT)
		return parent.event ? -ESTALE : 0;
	for (size_t i = 0; i < N_NAMES; i++) {
		struct node node = node_make(names[i].kind, 0, 0);

		if (!bytes_equal(name, bytes_of(names[i].name)))
			continue;
		ret_entry->node = node_pack(node);
		return empty_attributes(node, &ret_entry->attributes);
	}
	return 0;
}

int empty_list(struct node node, uint64_t from,
	       bool (*visit)(void *context, struct bytes name, enum node_type type, uint64_t inode, uint64_t next), void *context,
	       enum keep *ret_keep, bool *ret_end)
{
	*ret_keep = KEEP_NOT;
	*ret_end = true;
	if (node.event && node.kind != KIND_ROOT)
		return -ESTALE;
	for (; node.kind == KIND_ROOT && from < N_NAMES && *ret_end; from++)
		*ret_end = visit(context, bytes_of(names[from].name), names[from].type, node_pack(node_make(names[from].kind, 0, 0)),
				 from + 1);
	return 0;
}
