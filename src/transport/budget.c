#include "transport/budget.h"

#include <stdbool.h>

enum {
	IDLE_BYTES = 64 << 10,      /* heartbeats of a day, a hello */
	ANSWER_BYTES = 8 << 10,     /* of anything that is asked, beside what has a bound of its own */
	NAME_BYTES = 512,           /* an entry of a directory, an installed version, a user, a unit */
	TREE_FILE_BYTES = 4 << 10,  /* docs/protocol.md */
	CONTENT_BYTES = 4608 << 10, /* likewise: of all observed files together, and one more */
	RESOURCE_EVENTS = 4,
	PROGRESS_EVENTS = 1000,
	PRODUCT_EVENTS = 2000, /* of one that takes long (agent/tell.h) */
	PROGRESS_BYTES = 1 << 10,
};

void budget_begin(struct budget *b)
{
	*b = (struct budget){.asked = IDLE_BYTES, .bytes = IDLE_BYTES, .values = BUDGET_VALUES};
}

static void add(struct budget *b, size_t bytes, size_t times)
{
	size_t more, room = BUDGET_BYTES - b->asked;
	if (__builtin_mul_overflow(bytes, times, &more) || more > room)
		more = room;
	b->asked += more;
	b->bytes += more;
}

static size_t number_of(const json_t *o, const char *key)
{
	json_int_t n = json_integer_value(json_object_get(o, key));
	return n > 0 ? (size_t)n : 0;
}

/* Text takes up to two bytes for one where it is quoted, and base64 less; what has more of control bytes than that is no
 * text that anybody asks for. */
static void ask_item(struct budget *b, const json_t *item)
{
	static const char *const lists[] = {"packages", "users", "units"};
	size_t max = number_of(item, "max");
	const json_t *tree = json_object_get(item, "of");
	add(b, ANSWER_BYTES, 1);
	if (json_object_get(item, "read"))
		add(b, max, 2);
	else if (json_object_get(item, "run") || json_object_get(item, "argv"))
		add(b, max, 4); /* of stdout, and of stderr */
	else if (json_object_get(item, "list"))
		add(b, max, NAME_BYTES);
	else if (tree)
		add(b, max, NAME_BYTES + json_array_size(tree) * TREE_FILE_BYTES);
	else if (json_object_get(item, "hardware"))
		add(b, IDLE_BYTES, 4);
	else
		add(b, max, 2);
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		add(b, NAME_BYTES, json_array_size(json_object_get(item, lists[i])));
}

void budget_ask(struct budget *b, const json_t *request)
{
	const json_t *items = json_object_get(request, "items"), *resources = json_object_get(request, "resources");
	ask_item(b, request);
	for (size_t i = 0; i < json_array_size(items); i++)
		ask_item(b, json_array_get(items, i));
	add(b, ANSWER_BYTES, json_array_size(resources));
	add(b, NAME_BYTES, json_array_size(json_object_get(request, "digests")));
	if (json_is_true(json_object_get(request, "content")))
		add(b, CONTENT_BYTES, 1);
	for (size_t i = 0; i < json_array_size(resources); i++)
		if (json_object_get(json_array_get(resources, i), "sources")) {
			b->events += PRODUCT_EVENTS;
			add(b, PROGRESS_BYTES, PRODUCT_EVENTS);
		}
	b->events += PROGRESS_EVENTS + RESOURCE_EVENTS * json_array_size(resources);
	if (b->events > BUDGET_EVENTS)
		b->events = BUDGET_EVENTS;
}

int budget_take_bytes(struct budget *b, size_t bytes, struct err *err)
{
	if (bytes > b->bytes)
		return err_set(err, ERR_LIMIT, "it sends more than the %zu KiB that its answers may have",
			       b->asked >> 10);
	b->bytes -= bytes;
	return 0;
}

static int check_item(const json_t *item, const char *name, const json_t *result, struct err *err)
{
	static const struct {
		const char *key;
		bool coded; /* four letters for three bytes */
	} texts[] = {{"text", false}, {"b64", true}, {"out", false}, {"out_b64", true}, {"err", false}};
	const json_t *max = json_object_get(item, "max");
	for (size_t i = 0; max && i < sizeof texts / sizeof *texts; i++) {
		size_t len = json_string_length(json_object_get(result, texts[i].key));
		if (texts[i].coded)
			len = len / 4 * 3 > 2 ? len / 4 * 3 - 2 : 0;
		if (len > (size_t)json_integer_value(max))
			return err_set(err, ERR_LIMIT, "it gives %zu bytes for %s, where at most %lld are asked for",
				       len, name, (long long)json_integer_value(max));
	}
	return 0;
}

int budget_check(const json_t *request, const json_t *ok, struct err *err)
{
	const json_t *items = json_object_get(request, "items"), *results = json_object_get(ok, "items");
	for (size_t i = 0; i < json_array_size(items); i++) {
		const json_t *item = json_array_get(items, i);
		const char *name = json_string_value(json_object_get(item, "name"));
		if (name && check_item(item, name, json_object_get(results, name), err) < 0)
			return -1;
	}
	return json_object_get(request, "argv") ? check_item(request, "a command", ok, err) : 0;
}

int budget_take_event(struct budget *b, struct err *err)
{
	if (!b->events)
		return err_set(err, ERR_LIMIT, "it sends more events than there is work");
	b->events--;
	return 0;
}
