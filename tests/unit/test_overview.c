/* kestrafs.prom: states and the latest success of every flow, now and ever after as they were. */
#include "fs/document/document.h"
#include "tests/unit/store_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#define FLOWS 3
#define EXECUTIONS_MOST 40
#define STEPS 150

/* By namespaces in the order they came, then by flows. */
static const struct {
	const char *namespace, *flow;
} flows[FLOWS] = {{"a", "x"}, {"a", "z"}, {"b.c", "y"}};

static const unsigned first_flows[FLOWS] = {0, 2, 1};

struct model {
	struct fixture *f;
	struct one {
		unsigned flow;
		event_t attempt;
		enum state state;
		usec_t since;
	} executions[EXECUTIONS_MOST]; /* in the order they started */
	unsigned n;
};

static void begin(struct model *m, unsigned i, unsigned flow)
{
	struct one *one = &m->executions[i];
	char path[64];

	snprintf(path, sizeof(path), "%s/%s/E%u/t", flows[flow].namespace, flows[flow].flow, i);
	*one = (struct one){.flow = flow, .state = STATE_RUNNING, .since = m->f->now};
	one->attempt = record_begin(m->f, &(struct who){.path = path});
}

static void end(struct model *m, struct one *one)
{
	static const enum state states[] = {STATE_SUCCESS, STATE_WARNING, STATE_FAILED};

	one->state = states[chance(3)];
	one->since = m->f->now;
	record_ends(m->f, one->attempt, one->state, one->state == STATE_FAILED);
}

/* A new execution, one that ends, or a new attempt. */
static void step(struct model *m)
{
	unsigned i = m->n ? (unsigned)chance(m->n) : 0;

	if (m->n < FLOWS) {
		begin(m, m->n, first_flows[m->n]);
		m->n++;
	} else if (m->n < EXECUTIONS_MOST && chance(3) == 0) {
		begin(m, m->n, (unsigned)chance(FLOWS));
		m->n++;
	} else if (m->executions[i].state == STATE_RUNNING) {
		end(m, &m->executions[i]);
	} else {
		begin(m, i, m->executions[i].flow);
	}
}

static void add_count(const struct model *m, unsigned flow, enum state state, struct buf *ret)
{
	unsigned n = 0, all = 0;

	for (unsigned i = 0; i < m->n; i++) {
		all += m->executions[i].flow == flow;
		n += m->executions[i].flow == flow && m->executions[i].state == state;
	}
	if (all)
		buf_add_format(ret, "kestra_executions_total{namespace=\"%s\",flow=\"%s\",state=\"%s\"} %u\n", flows[flow].namespace,
			       flows[flow].flow, state_name(state), n);
}

static bool add_success(const struct model *m, unsigned flow, struct buf *ret)
{
	for (unsigned i = m->n; i-- > 0;) {
		const struct one *one = &m->executions[i];

		if (one->flow != flow || (one->state != STATE_SUCCESS && one->state != STATE_WARNING))
			continue;
		buf_add_format(ret, "kestra_last_success_timestamp_seconds{namespace=\"%s\",flow=\"%s\"} %lld\n", flows[flow].namespace,
			       flows[flow].flow, (long long)(one->since / USEC_PER_SEC));
		return true;
	}
	return false;
}

/* All but what the store takes. */
static void write_expected(const struct model *m, struct buf *ret)
{
	static const enum state states[] = {STATE_RUNNING, STATE_SUCCESS, STATE_WARNING, STATE_FAILED, STATE_KILLED};
	autobuf struct buf successes = BUF_INIT;
	bool any = false;

	buf_add_text(ret, "# HELP kestra_executions_total Executions of a flow by the state they are in.\n"
			  "# TYPE kestra_executions_total counter\n");
	for (unsigned flow = 0; flow < FLOWS; flow++)
		for (unsigned i = 0; i < sizeof(states) / sizeof(*states); i++)
			add_count(m, flow, states[i], ret);
	for (unsigned flow = 0; flow < FLOWS; flow++)
		any |= add_success(m, flow, &successes);
	if (any)
		buf_add_text(
			ret,
			"# HELP kestra_last_success_timestamp_seconds When the flow's latest-success reached its state, in seconds since "
			"1970.\n# TYPE kestra_last_success_timestamp_seconds gauge\n");
	buf_add_bytes(ret, buf_bytes(&successes));
}

static void assert_overview(struct model *m, node_t *ret_node, struct buf *ret)
{
	autobuf struct buf expected = BUF_INIT;
	char *store;

	fixture_forget(m->f);
	*ret_node = walk(m->f, "/kestrafs.prom").node;
	read_path(m->f, "/kestrafs.prom", ret);
	store = strstr(buf_text(ret), "# HELP kestrafs_store_bytes ");
	assert_non_null(store);
	write_expected(m, &expected);
	assert_bytes("kestrafs.prom", bytes_make(ret->data, (size_t)(store - ret->data)), buf_bytes(&expected));
}

static void what_it_says_is_so_and_stays_so(void **state)
{
	static struct buf texts[STEPS];
	static node_t nodes[STEPS];
	struct fixture f autofixture;
	struct model m = {.f = &f};
	autobuf struct buf again = BUF_INIT;

	(void)state;
	fixture_init(&f);
	for (unsigned i = 0; i < STEPS; i++) {
		step(&m);
		assert_overview(&m, &nodes[i], &texts[i]);
	}
	fixture_forget(&f);
	for (unsigned i = 0; i < STEPS; i++) {
		buf_clear(&again);
		read_node(fixture_tree(&f), nodes[i], 100, &again);
		assert_bytes("as it was", buf_bytes(&again), buf_bytes(&texts[i]));
		buf_finish(&texts[i]);
	}
}

/* The node's number has no room for all of it: rounded up, by less than a page and one in 32,768. */
static void the_size_of_the_store(void **state)
{
	static const uint64_t pages[] = {0, 1, 2, 65535, 65536, 65537, 131071, 131073, 1234567, UINT64_C(1) << 30, (UINT64_C(1) << 36) - 1};

	(void)state;
	for (size_t i = 0; i < sizeof(pages) / sizeof(*pages); i++)
		for (uint64_t less = 0; less <= (pages[i] ? 4095 : 0); less += 4095) {
			uint64_t size = pages[i] * 4096 - less, shown = store_size_unpack(store_size_pack(size));

			assert_true(shown >= size && shown - size - less <= size / 32768);
			assert_true(store_size_pack(size) <= NODE_DETAIL_MOST);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_it_says_is_so_and_stays_so),
		cmocka_unit_test(the_size_of_the_store),
	};

	return cmocka_run_group_tests_name("overview", tests, NULL, NULL);
}
