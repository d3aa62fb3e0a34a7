/* States over time: a row where the word in a `state` file changed, so that its version is the number of that row. */
#include "core/store/codec.h"
#include "core/store/env.h"
#include "core/store/index.h"
#include "core/store/query.h"

#include <errno.h>

static const char *const names[STATES] = {
	[STATE_NONE] = "",	     [STATE_RUNNING] = "RUNNING", [STATE_SUCCESS] = "SUCCESS",
	[STATE_WARNING] = "WARNING", [STATE_FAILED] = "FAILED",	  [STATE_KILLED] = "KILLED",
};

const char *state_name(enum state state)
{
	return names[state];
}

enum state state_of_name(struct bytes word)
{
	for (int i = STATE_RUNNING; i < STATES; i++)
		if (bytes_equal(word, bytes_of(names[i])))
			return (enum state)i;
	return STATE_NONE;
}

static bool row_of(const struct cursor *c, struct scope scope, event_t *ret_event, enum state *ret_state)
{
	struct key prefix = key_scope(scope);

	if (!cursor_in(c, key_bytes(&prefix)) || c->value.len != 1 || (unsigned char)*c->value.data >= STATES)
		return false;
	*ret_event = event_of_key(c->key.data + SCOPE_KEY_LEN);
	*ret_state = (enum state) * c->value.data;
	return true;
}

bool state_at(struct txn *txn, struct scope scope, event_t version, event_t *ret_event, enum state *ret_state)
{
	autocursor struct cursor c = {0};
	struct key key = key_scope_event(scope, version);

	cursor_init(&c, txn, TABLE_STATES);
	return cursor_seek_last(&c, key_bytes(&key)) && row_of(&c, scope, ret_event, ret_state);
}

void state_history(struct txn *txn, struct scope scope, event_t version, void (*visit)(void *context, event_t event, enum state state),
		   void *context)
{
	autocursor struct cursor c = {0};
	struct key key = key_scope(scope);
	event_t event;
	enum state state;

	cursor_init(&c, txn, TABLE_STATES);
	for (bool more = cursor_seek(&c, key_bytes(&key)); more && row_of(&c, scope, &event, &state) && event <= version;
	     more = cursor_next(&c))
		visit(context, event, state);
}

void index_state(struct txn *txn, struct scope scope, event_t event, enum state state)
{
	struct key key = key_scope_event(scope, event);
	char byte = (char)state;
	event_t former_event;
	enum state former;

	if (!state_at(txn, scope, EVENT_MAX, &former_event, &former) || former != state)
		kv_put(txn, TABLE_STATES, key_bytes(&key), bytes_make(&byte, 1));
}
