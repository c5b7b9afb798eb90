/*
 * `gpus`, of the file and of a class: what Slurm is to find out about them itself.
 *
 *	gpus: { autodetect: nvml }
 *
 * NVML knows which cards NVLink joins (Links= in gres.conf(5)), which no file says. What Slurm's other detections find is
 * found without them (src/plugins/gpu/{rsmi,oneapi,nvidia}: no links), and they are refused.
 */
#include <strings.h>

#include "base/str.h"
#include "base/vec.h"
#include "inventory/build.h"

static bool is_useless(const char *text)
{
	static const char *const words[] = {"rsmi", "oneapi", "nvidia", "nrt", "full"};
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (!strcasecmp(words[i], text))
			return true;
	return false;
}

void build_gpus(struct build *b, const struct conf_value *value, struct inv_gpus *out)
{
	static const struct conf_key keys[] = {{"autodetect", true}, {NULL, false}};
	static const char *const words[] = {"off", "nvml", NULL};
	const struct conf_value *values[1];
	const char *word = words[0];
	if (!value)
		return;
	out->at = value->at;
	conf_walk(value, "'gpus'", keys, values, b->diags);
	if (values[0] && values[0]->kind == CONF_SCALAR && is_useless(values[0]->text)) {
		diag_error(b->diags, INV_WORD_CODE, values[0]->at, "leave it out: what it finds is measured anyway",
			   "'autodetect' should be nvml or off; '%s' finds nothing more than reeve does",
			   values[0]->text);
		return;
	}
	if (values[0])
		build_word(b, values[0], "'autodetect'", words, &word);
	out->nvml = streq(word, "nvml");
}
