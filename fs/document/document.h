/*
 * Documents: the contents of the tree's files. Each is a pure function of the log up to its node's event, so a node's
 * bytes never change; a new kind is one file here and one row in document.c.
 */
#pragma once

#include "core/store/kv.h"
#include "core/store/lines.h"
#include "core/store/records.h"
#include "fs/document/sink.h"
#include "fs/tree/node.h"

/** What the renderers get to see. */
struct document {
	struct txn *txn;
	struct node node;
	struct scope root;     /* what the tree's root shows (folder.h) */
	struct resume *resume; /* where a former read of the node left off; updated. NULL while counting */
};

/** How a kind of document is made. */
struct contents {
	int (*render)(struct document *d, struct sink *sink);
	int (*size)(struct document *d, uint64_t *ret_size); /* as document_size; NULL: it has to be rendered */
};

/**
 * Writes the document into the sink, at least up to the end of its window. 0; -ESTALE where what it shows is gone; -ENOMEM.
 */
int document_render(struct document *d, struct sink *sink);

/** Its size, exact. DOCUMENT_RENDER: that is only known once it is rendered. */
#define DOCUMENT_RENDER 1

int document_size(struct document *d, uint64_t *ret_size);

/** Whether the kind is a file of this table. */
bool document_is(enum node_kind kind);

/* The scope, execution, attempt that a document's version is about (version.c). All -ESTALE where it is gone. */
int version_scope(struct txn *txn, unsigned code, event_t version, struct scope *ret);
int version_execution(struct txn *txn, event_t version, event_t *ret);
int version_attempt(struct txn *txn, event_t version, event_t *ret);

/** What a node's detail says of itself, and whether it shows lost helpers as killed. */
uint32_t document_detail(struct node node);
bool document_shows_lost(struct node node);

/** The states of the runs in a scope (an execution or a group) with lost ones counted as KILLED (lost.c). */
bool lost_tally(struct txn *txn, event_t execution, struct scope scope, struct tally *ret);

/** What became of an execution or of an attempt, as execution.json says it; `end` counts unless it is RUNNING (execution.c). */
struct span {
	enum state state;
	usec_t start;
	usec_t end;
};

struct span execution_span(struct document *d, event_t execution);
struct span attempt_span(struct document *d, event_t id, const struct attempt_record *a);

/* One per file of this folder. */
int render_readme(struct document *d, struct sink *sink);
int render_execution_json(struct document *d, struct sink *sink);
int render_taskrun(struct document *d, struct sink *sink);
int render_execution_state(struct document *d, struct sink *sink);
int render_group_state(struct document *d, struct sink *sink);
int render_attempt_state(struct document *d, struct sink *sink);
int render_execution_outputs(struct document *d, struct sink *sink);
int render_group_outputs(struct document *d, struct sink *sink);
int render_attempt_outputs(struct document *d, struct sink *sink);
int render_summary(struct document *d, struct sink *sink);
/**
 * The store's size as a node of KIND_OVERVIEW has it, so that the document says nothing that its node does not: 16 bits, and a power of
 * two; rounded up by less than 1/32768.
 */
uint32_t store_size_pack(uint64_t bytes);
uint64_t store_size_unpack(uint32_t packed);

/* Without a store (d->txn NULL) too. */
int render_overview(struct document *d, struct sink *sink);
int render_report(struct document *d, struct sink *sink);
int size_report(struct document *d, uint64_t *ret_size);
/** Where the series of a KIND_SERIES node began: its first point's event. */
int series_first(struct document *d, event_t *ret_first);
/** The series that a KIND_SERIES node's version belongs to; the views of `ret_id` live in the store. */
struct series_id;
struct series;
int series_of_node(struct document *d, struct series_id *ret_id, struct series *ret);
int render_lines(struct document *d, struct sink *sink);
int size_lines(struct document *d, uint64_t *ret_size);
/** Whose lines of which kind a KIND_LOG, KIND_WARNINGS or KIND_EXECUTION_WARNINGS node shows. */
void lines_of_node(struct node node, struct scope *ret_scope, enum line_kind *ret_kind);
int render_value(struct document *d, struct sink *sink);

/** Appends the outputs of an attempt as of a version, `{…}`; also a part of taskrun.json and execution.json. */
void outputs_write(struct txn *txn, event_t attempt, event_t version, struct sink *sink);

/** The canonical value at the place of a KIND_VALUE node, and what follows it in the output it is part of. -ESTALE. */
int value_from_node(struct txn *txn, struct node node, struct bytes *ret_rest);
