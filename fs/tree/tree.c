/*
 * The tree's requests, each one snapshot of the store. The store may come later than the tree: whoever asks first after
 * that opens it.
 */
#include "fs/tree/tree.h"

#include "core/base/cleanup.h"
#include "core/store/lines.h"
#include "core/store/query.h"
#include "fs/document/document.h"
#include "fs/tree/folder.h"
#include "fs/tree/memory.h"
#include "fs/tree/reaper.h"

#include <errno.h>
#include <pthread.h>

struct tree {
	char *dir;
	pthread_rwlock_t store_lock; /* shared while a request uses the store, exclusive to open one */
	struct store *store;	     /* NULL: none yet */
	struct reaper *reaper;
	struct memory memory;
	uint32_t growing; /* counts lookups of growing files */
};

/* Names listed in one call at the most. */
#define LIST_MOST 4096

/* The store */

/* -ENOENT is no error of a tree: it is empty then. */
static int open_store(struct tree *tree, struct error *e)
{
	int r = 0;

	pthread_rwlock_wrlock(&tree->store_lock);
	if (!tree->store)
		r = store_open(tree->dir, STORE_OPEN, &tree->store, e);
	pthread_rwlock_unlock(&tree->store_lock);
	return r;
}

/* Runs a request in a snapshot; -ENOENT where there is no store. */
static int view(struct tree *tree, int (*function)(struct txn *txn, void *context), void *context)
{
	int r;

	pthread_rwlock_rdlock(&tree->store_lock);
	while (!tree->store) {
		pthread_rwlock_unlock(&tree->store_lock);
		r = open_store(tree, NULL);
		if (r < 0)
			return r;
		pthread_rwlock_rdlock(&tree->store_lock);
	}
	r = store_view(tree->store, function, context);
	pthread_rwlock_unlock(&tree->store_lock);
	return r;
}

int tree_new(const char *dir, struct tree **ret_tree, struct error *e)
{
	struct tree *tree = calloc(1, sizeof(*tree));
	int r;

	if (!tree)
		return error_set(e, -ENOMEM, "out of memory");
	pthread_rwlock_init(&tree->store_lock, NULL);
	memory_init(&tree->memory);
	tree->dir = strdup(dir);
	r = tree->dir ? reaper_new(&tree->reaper) : -ENOMEM;
	if (r < 0)
		error_set(e, r, "out of memory");
	else
		r = open_store(tree, e);
	if (r < 0 && r != -ENOENT) {
		tree_free(tree);
		return r;
	}
	*ret_tree = tree;
	return 0;
}

void tree_free(struct tree *tree)
{
	if (!tree)
		return;
	if (reaper_free(tree->reaper))
		store_close(tree->store);
	memory_finish(&tree->memory);
	pthread_rwlock_destroy(&tree->store_lock);
	free(tree->dir);
	free(tree);
}

static int count(struct txn *txn, void *context)
{
	uint64_t *executions = context;

	*executions = execution_count(txn);
	return 0;
}

int tree_count(struct tree *tree, uint64_t *ret_executions, bool *ret_there)
{
	int r = view(tree, count, ret_executions);

	*ret_there = r != -ENOENT;
	if (r == -ENOENT)
		*ret_executions = 0;
	return r == -ENOENT ? 0 : r;
}

/* Attributes */

static bool is_lines(enum node_kind kind)
{
	return kind == KIND_LOG || kind == KIND_WARNINGS || kind == KIND_EXECUTION_WARNINGS;
}

static bool grows(struct node n)
{
	return is_lines(n.kind) && n.detail;
}

static int file_size(struct tree *tree, struct txn *txn, struct node n, uint64_t *ret_size)
{
	struct document d = {.txn = txn, .node = n};
	node_t number = node_pack(n);
	int r;

	if (!grows(n) && memory_size(&tree->memory, number, ret_size))
		return 0;
	r = document_size(&d, ret_size);
	if (!r && !grows(n))
		memory_keep_size(&tree->memory, number, *ret_size);
	return r;
}

static usec_t event_time(struct txn *txn, event_t event)
{
	struct event e;

	return event && log_read(txn, event, &e) ? e.time : store_created(txn);
}

/* A growing file is as new as its last line. */
static usec_t lines_time(struct txn *txn, struct node n)
{
	struct scope scope;
	enum line_kind kind;
	event_t last;

	lines_of_node(n, &scope, &kind);
	lines_size(txn, scope, kind, &last);
	return event_time(txn, last ? last : n.event);
}

static bool exists(struct txn *txn, struct node n)
{
	struct event e;

	return !n.event || n.kind == KIND_ROOT || log_read(txn, n.event, &e);
}

static int attributes(struct tree *tree, struct txn *txn, struct node n, enum node_type type, struct attributes *ret)
{
	event_t since = n.kind == KIND_ROOT ? 0 : n.event;

	if (!exists(txn, n))
		return txn_error(txn) ? txn_error(txn) : -ESTALE;
	*ret = (struct attributes){.type = type, .keep = grows(n) ? KEEP_NOT : KEEP_FOREVER, .grows = grows(n)};
	ret->time = is_lines(n.kind) ? lines_time(txn, n) : event_time(txn, since);
	ret->inode = inode_of(txn, n);
	return type == NODE_FILE ? file_size(tree, txn, n, &ret->size) : 0;
}

static int type_of(struct txn *txn, struct node n, enum node_type *ret)
{
	struct bytes value;
	int r = 0;

	*ret = document_is(n.kind) ? NODE_FILE : NODE_FOLDER;
	if (n.kind == KIND_VALUE) {
		r = value_from_node(txn, n, &value);
		if (!r)
			*ret = value_type(value);
	}
	return r;
}

/* While there is no store there are the root's fixed entries alone; nothing of that may be kept. */
static int write_without_store(struct node n, struct sink *sink)
{
	struct document d = {.node = n};

	if (n.kind == KIND_README)
		return render_readme(&d, sink);
	if (n.kind != KIND_SUMMARY || n.event)
		return -ESTALE;
	sink_add_text(sink, "{}\n");
	return 0;
}

static int without_store(struct node n, struct attributes *ret)
{
	struct sink sink = sink_counting();
	bool file = document_is(n.kind);
	int r = file ? write_without_store(n, &sink) : 0;

	if (n.event && n.kind != KIND_ROOT)
		return -ESTALE;
	*ret = (struct attributes){
		.type = file ? NODE_FILE : NODE_FOLDER, .size = sink.at, .time = clock_now(), .inode = node_pack(n), .keep = KEEP_NOT};
	return r;
}

struct attributes_request {
	struct tree *tree;
	struct node node;
	struct attributes *ret;
};

static int view_attributes(struct txn *txn, void *context)
{
	struct attributes_request *q = context;
	enum node_type type;
	int r = type_of(txn, q->node, &type);

	return r < 0 ? r : attributes(q->tree, txn, q->node, type, q->ret);
}

int tree_attributes(struct tree *tree, node_t node, struct attributes *ret_attributes)
{
	struct attributes_request q = {.tree = tree, .ret = ret_attributes};
	int r;

	if (!node_unpack(node, &q.node))
		return -ESTALE;
	r = view(tree, view_attributes, &q);
	return r == -ENOENT ? without_store(q.node, ret_attributes) : r;
}

/* Lookup */

struct lookup_request {
	struct tree *tree;
	struct node parent;
	struct bytes name;
	struct entry *ret;
	event_t lost;	/* an execution that has lost a helper, to be dealt with before the answer counts */
	bool show_lost; /* its end cannot be recorded */
};

static int view_lookup(struct txn *txn, void *context)
{
	struct lookup_request *q = context;
	struct folder f = {.txn = txn, .node = q->parent, .counter = &q->tree->growing};
	struct child child;
	unsigned lost;
	int r = folder_open(&f);

	*q->ret = (struct entry){0};
	if (r < 0)
		return r;
	lost = f.execution ? attempts_lost(txn, f.execution) : 0;
	q->lost = lost ? f.execution : 0;
	f.lost = q->show_lost ? lost : 0;
	if (!fixed_find(&f, q->name, &child) && !children_find(&f, q->name, &child)) {
		q->ret->keep = folder_final(&f) ? KEEP_FOREVER : KEEP_NOT;
		return txn_error(txn);
	}
	folder_mark_child(&f, &child);
	q->ret->node = node_pack(child.node);
	q->ret->keep = child.keep;
	return attributes(q->tree, txn, child.node, child.type, &q->ret->attributes);
}

static int lookup_without_store(struct lookup_request *q)
{
	struct folder f = {.node = q->parent};
	struct child child;

	*q->ret = (struct entry){0};
	if (q->parent.kind != KIND_ROOT)
		return q->parent.event ? -ESTALE : 0;
	if (bytes_equal(q->name, BYTES_LITERAL("metrics.json")))
		child = (struct child){.node = node_make(KIND_SUMMARY, SCOPE_ROOT, 0)};
	else if (!fixed_find(&f, q->name, &child))
		return 0;
	q->ret->node = node_pack(child.node);
	return without_store(child.node, &q->ret->attributes);
}

int tree_lookup(struct tree *tree, node_t parent, struct bytes name, struct entry *ret_entry)
{
	struct lookup_request q = {.tree = tree, .name = name, .ret = ret_entry};
	int r;

	if (!node_unpack(parent, &q.parent))
		return -ESTALE;
	r = view(tree, view_lookup, &q);
	if (!r && q.lost) {
		q.show_lost = !reaper_run(tree->reaper, tree->store, q.lost);
		r = view(tree, view_lookup, &q);
	}
	return r == -ENOENT ? lookup_without_store(&q) : r;
}

/* Reading */

struct read_request {
	struct tree *tree;
	struct node node;
	struct sink sink;
};

static int view_read(struct txn *txn, void *context)
{
	struct read_request *q = context;
	node_t number = node_pack(q->node);
	struct resume resume = memory_resume(&q->tree->memory, number);
	struct document d = {.txn = txn, .node = q->node, .resume = &resume};
	int r;

	if (!exists(txn, q->node))
		return txn_error(txn) ? txn_error(txn) : -ESTALE;
	q->sink = sink_window(q->sink.from, q->sink.data, q->sink.size);
	r = document_render(&d, &q->sink);
	if (!r && resume.at)
		memory_keep_resume(&q->tree->memory, number, resume);
	return r;
}

int tree_read(struct tree *tree, node_t node, uint64_t offset, char *data, size_t size, size_t *ret_len)
{
	struct read_request q = {.tree = tree, .sink = sink_window(offset, data, size)};
	int r;

	*ret_len = 0;
	if (!node_unpack(node, &q.node))
		return -ESTALE;
	if (!document_is(q.node.kind))
		return -EISDIR;
	r = view(tree, view_read, &q);
	if (r == -ENOENT)
		r = write_without_store(q.node, &q.sink);
	if (!r)
		*ret_len = q.sink.len;
	return r;
}

int tree_link(struct tree *tree, node_t node, struct buf *ret_target)
{
	(void)tree;
	(void)node;
	(void)ret_target;
	return -EINVAL; /* this tree has no links yet */
}

/* Listing: places below PLACE_CHILDREN are fixed entries, those from there on the children's own places */

#define PLACE_CHILDREN 64

struct list_request {
	struct tree *tree;
	struct node node;
	uint64_t from;
	bool (*visit)(void *context, struct bytes name, enum node_type type, uint64_t inode, uint64_t next);
	void *context;
	enum keep *ret_keep;
	bool *ret_end;
};

static bool list_one(struct list_request *q, struct folder *f, struct bytes name, struct child *child, uint64_t next)
{
	folder_mark_child(f, child);
	return q->visit(q->context, name, child->type, inode_of(f->txn, child->node), next);
}

static bool list_fixed(struct list_request *q, struct folder *f)
{
	struct bytes name;
	struct child child;

	for (; q->from < PLACE_CHILDREN && fixed_at(f, (unsigned)q->from, &name, &child); q->from++)
		if (!list_one(q, f, name, &child, q->from + 1))
			return false;
	if (q->from < PLACE_CHILDREN)
		q->from = PLACE_CHILDREN;
	return true;
}

static bool list_children(struct list_request *q, struct folder *f)
{
	autobuf struct buf name = BUF_INIT;
	struct child child;
	uint64_t place;

	for (unsigned n = 0; n < LIST_MOST; n++) {
		buf_clear(&name);
		if (!children_next(f, q->from - PLACE_CHILDREN, &place, &name, &child))
			return true;
		if (buf_error(&name)) {
			txn_fail(f->txn, buf_error(&name));
			return false;
		}
		if (!list_one(q, f, buf_bytes(&name), &child, place + PLACE_CHILDREN))
			return false;
		q->from = place + PLACE_CHILDREN;
	}
	return false;
}

static int view_list(struct txn *txn, void *context)
{
	struct list_request *q = context;
	struct folder f = {.txn = txn, .node = q->node, .counter = &q->tree->growing};
	int r = folder_open(&f);

	if (r < 0)
		return r;
	*q->ret_keep = folder_ended(&f) && q->node.kind != KIND_RUN ? KEEP_FOREVER : KEEP_NOT;
	*q->ret_end = list_fixed(q, &f) && list_children(q, &f);
	return txn_error(txn);
}

static int list_without_store(struct list_request *q)
{
	static const struct {
		const char *name;
		enum node_type type;
		enum node_kind kind;
	} names[] = {{"README.txt", NODE_FILE, KIND_README},
		     {"exec", NODE_FOLDER, KIND_EXECUTIONS},
		     {"metrics", NODE_FOLDER, KIND_METRICS},
		     {"metrics.json", NODE_FILE, KIND_SUMMARY}};

	*q->ret_keep = KEEP_NOT;
	*q->ret_end = true;
	if (q->node.event && q->node.kind != KIND_ROOT)
		return -ESTALE;
	for (; q->node.kind == KIND_ROOT && q->from < sizeof(names) / sizeof(*names) && *q->ret_end; q->from++)
		*q->ret_end = q->visit(q->context, bytes_of(names[q->from].name), names[q->from].type,
				       node_pack(node_make(names[q->from].kind, 0, 0)), q->from + 1);
	return 0;
}

int tree_list(struct tree *tree, node_t node, uint64_t from,
	      bool (*visit)(void *context, struct bytes name, enum node_type type, uint64_t inode, uint64_t next), void *context,
	      enum keep *ret_keep, bool *ret_end)
{
	struct list_request q = {.tree = tree, .from = from, .visit = visit, .context = context, .ret_keep = ret_keep, .ret_end = ret_end};
	int r;

	if (!node_unpack(node, &q.node))
		return -ESTALE;
	r = view(tree, view_list, &q);
	return r == -ENOENT ? list_without_store(&q) : r;
}

/* Paths */

int tree_walk(struct tree *tree, struct bytes path, struct entry *ret_entry)
{
	const char *at = path.data, *end = path.data + path.len;
	int r = tree_attributes(tree, NODE_ROOT, &ret_entry->attributes);

	ret_entry->node = NODE_ROOT;
	ret_entry->keep = KEEP_FOREVER;
	while (!r && at < end) {
		const char *slash = memchr(at, '/', (size_t)(end - at));
		struct bytes name = bytes_make(at, (size_t)((slash ? slash : end) - at));

		at += name.len + (slash != NULL);
		if (!name.len || bytes_equal(name, BYTES_LITERAL(".")))
			continue;
		if (ret_entry->attributes.type != NODE_FOLDER)
			return -ENOTDIR;
		r = tree_lookup(tree, ret_entry->node, name, ret_entry);
		if (!r && !ret_entry->node)
			r = -ENOENT;
	}
	return r;
}
