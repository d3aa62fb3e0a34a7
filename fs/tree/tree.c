/*
 * The tree's requests, each one snapshot of the store. The store may come later than the tree: whoever asks first after
 * that opens it.
 */
#include "fs/tree/tree.h"

#include "core/base/cleanup.h"
#include "core/store/collection.h"
#include "core/store/lines.h"
#include "core/store/query.h"
#include "fs/document/document.h"
#include "fs/tree/empty.h"
#include "fs/tree/entries.h"
#include "fs/tree/memory.h"
#include "fs/tree/reaper.h"

#include <errno.h>
#include <pthread.h>

struct tree {
	char *dir;
	char *namespace;	     /* shown alone; NULL: everything */
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

int tree_new(const char *dir, const char *namespace, struct tree **ret_tree, struct error *e)
{
	struct tree *tree = calloc(1, sizeof(*tree));
	int r;

	if (!tree)
		return error_set(e, -ENOMEM, "out of memory");
	pthread_rwlock_init(&tree->store_lock, NULL);
	memory_init(&tree->memory);
	tree->dir = strdup(dir);
	tree->namespace = namespace ? strdup(namespace) : NULL;
	r = tree->dir && (tree->namespace || !namespace) ? reaper_new(&tree->reaper) : -ENOMEM;
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
	free(tree->namespace);
	free(tree);
}

/* What the root shows; a namespace without an execution has no number yet. */
static struct scope root_of(struct tree *tree, struct txn *txn)
{
	struct bytes name = bytes_of(tree->namespace ? tree->namespace : "");
	unsigned dots = 0;
	struct scope root;

	if (!tree->namespace)
		return scope_of(SCOPE_ROOT, 0);
	if (namespace_find(txn, name, &root))
		return root;
	for (size_t i = 0; i < name.len; i++)
		dots += name.data[i] == '.';
	return scope_namespace(0, dots);
}

struct count_request {
	struct tree *tree;
	uint64_t executions;
};

static int count(struct txn *txn, void *context)
{
	struct count_request *q = context;

	q->executions = member_count(txn, root_of(q->tree, txn));
	return 0;
}

int tree_count(struct tree *tree, uint64_t *ret_executions, bool *ret_there)
{
	struct count_request q = {.tree = tree};
	int r = view(tree, count, &q);

	*ret_there = r != -ENOENT;
	*ret_executions = q.executions;
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

/*
 * What is rendered to know its size is nearly always read next: it is kept, so that it is not rendered twice, and not as
 * of a version that may be an old one by then.
 */
#define RENDERED_USUAL ((size_t)64 << 10)

static int render_whole(struct tree *tree, struct document *d, uint64_t *ret_size)
{
	size_t room = RENDERED_USUAL;
	struct sink sink = {0};
	int r = 0;

	while (!r && (sink.at > room || !sink.size)) { /* once; again where it is larger than most */
		autofree char *text = NULL;

		room = sink.at > room ? (size_t)sink.at : room;
		text = malloc(room);
		sink = sink_whole(text, room);
		r = text ? document_render(d, &sink) : -ENOMEM;
		if (!r && sink.at <= room)
			memory_keep_text(&tree->memory, node_pack(d->node), text, (size_t)sink.at);
		if (sink.at > MEMORY_TEXT_MOST)
			break;
	}
	*ret_size = sink.at;
	return r;
}

static int file_size(struct tree *tree, struct txn *txn, struct node n, uint64_t *ret_size)
{
	struct document d = {.txn = txn, .node = n, .root = root_of(tree, txn)};
	node_t number = node_pack(n);
	int r;

	if (!grows(n) && memory_size(&tree->memory, number, ret_size))
		return 0;
	r = document_size(&d, ret_size);
	if (r == DOCUMENT_RENDER)
		r = render_whole(tree, &d, ret_size);
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

static int link_size(struct txn *txn, struct node n, uint64_t *ret_size)
{
	autobuf struct buf target = BUF_INIT;
	int r = link_write(txn, n, &target);

	*ret_size = target.len;
	return r ? r : buf_error(&target);
}

static int attributes(struct tree *tree, struct txn *txn, struct node n, enum node_type type, struct attributes *ret)
{
	event_t since = n.kind == KIND_ROOT ? 0 : n.event;

	if (!exists(txn, n))
		return txn_error(txn) ? txn_error(txn) : -ESTALE;
	*ret = (struct attributes){.type = type, .keep = grows(n) ? KEEP_NOT : KEEP_FOREVER, .grows = grows(n)};
	ret->time = is_lines(n.kind) ? lines_time(txn, n) : event_time(txn, since);
	ret->inode = inode_of(txn, n);
	if (type == NODE_LINK)
		return link_size(txn, n, &ret->size);
	return type == NODE_FILE ? file_size(tree, txn, n, &ret->size) : 0;
}

static int type_of(struct txn *txn, struct node n, enum node_type *ret)
{
	struct bytes value;
	int r = 0;

	*ret = document_is(n.kind) ? NODE_FILE : n.kind == KIND_LINK ? NODE_LINK : NODE_FOLDER;
	if (n.kind == KIND_VALUE) {
		r = value_from_node(txn, n, &value);
		if (!r)
			*ret = value_type(value);
	}
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
	return r == -ENOENT ? empty_attributes(q.node, ret_attributes) : r;
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

static bool holds_latest(const struct folder *f)
{
	return f->node.kind == KIND_ROOT || f->node.kind == KIND_FLOW;
}

/* Names that speak of executions wherever they are: which of them ended last, how many are in which state. */
static bool speaks_of_all(const struct folder *f, struct bytes name)
{
	static const char *const names[] = {"latest", "latest-success", "latest-failed", "kestrafs.prom"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (bytes_equal(name, bytes_of(names[i])))
			return holds_latest(f);
	return false;
}

static int view_lookup(struct txn *txn, void *context)
{
	struct lookup_request *q = context;
	struct folder f = {.txn = txn, .node = q->parent, .root = root_of(q->tree, txn), .counter = &q->tree->growing};
	event_t lost_execution;
	struct child child;
	unsigned lost;
	int r = folder_open(&f);

	*q->ret = (struct entry){0};
	if (r < 0)
		return r;
	lost = f.execution ? attempts_lost(txn, f.execution) : 0;
	q->lost = lost ? f.execution : 0;
	if (!q->show_lost && speaks_of_all(&f, q->name) && lost_find(txn, &lost_execution))
		q->lost = lost_execution;
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

int tree_lookup(struct tree *tree, node_t parent, struct bytes name, struct entry *ret_entry)
{
	struct lookup_request q = {.tree = tree, .name = name, .ret = ret_entry};
	int r;

	if (!node_unpack(parent, &q.parent))
		return -ESTALE;
	r = view(tree, view_lookup, &q);
	while (!r && q.lost && !q.show_lost) { /* several executions one after the other */
		q.show_lost = !reaper_run(tree->reaper, tree->store, q.lost);
		r = view(tree, view_lookup, &q);
	}
	return r == -ENOENT ? empty_lookup(q.parent, name, ret_entry) : r;
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
	struct document d = {.txn = txn, .node = q->node, .root = root_of(q->tree, txn), .resume = &resume};
	int r;

	if (memory_read_text(&q->tree->memory, number, &q->sink))
		return 0;
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
		r = empty_render(q.node, &q.sink);
	if (!r)
		*ret_len = q.sink.len;
	return r;
}

struct link_request {
	struct node node;
	struct buf *ret;
};

static int view_link(struct txn *txn, void *context)
{
	struct link_request *q = context;

	return link_write(txn, q->node, q->ret);
}

int tree_link(struct tree *tree, node_t node, struct buf *ret_target)
{
	struct link_request q = {.ret = ret_target};
	int r;

	if (!node_unpack(node, &q.node))
		return -ESTALE;
	if (q.node.kind != KIND_LINK)
		return -EINVAL;
	r = view(tree, view_link, &q);
	if (r == -ENOENT)
		r = -ESTALE;
	return r ? r : buf_error(ret_target);
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
	event_t lost; /* as of struct lookup_request */
	bool show_lost;
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
	struct folder f = {.txn = txn, .node = q->node, .root = root_of(q->tree, txn), .counter = &q->tree->growing};
	int r = folder_open(&f);

	if (r < 0)
		return r;
	/* which of the latest executions there are depends on who still lives */
	if (!q->show_lost && !q->from && holds_latest(&f) && lost_find(txn, &q->lost))
		return 0;
	q->lost = 0;
	*q->ret_keep = folder_ended(&f) && q->node.kind != KIND_RUN ? KEEP_FOREVER : KEEP_NOT;
	*q->ret_end = list_fixed(q, &f) && list_children(q, &f);
	return txn_error(txn);
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
	while (!r && q.lost) {
		q.show_lost = !reaper_run(tree->reaper, tree->store, q.lost);
		r = view(tree, view_list, &q);
	}
	return r == -ENOENT ? empty_list(q.node, from, visit, context, ret_keep, ret_end) : r;
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
