/* What runs that were killed left behind. */
#include "doctor/rows.h"

#include <string.h>

#include "base/str.h"
#include "base/vec.h"

/* Where the agent replaces files: beside each it makes ".NAME.reeve~" first. */
static const char *const directories[] = {"/etc/munge", "/etc/slurm", "/var/lib/reeve", "/var/lib/reeve/in-force"};

static void ask_names(const struct doctor_host *h, json_t *items)
{
	(void)h;
	for (size_t i = 0; i < ARRAY_LEN(directories); i++)
		doctor_ask_list(items, directories[i], 1024);
}

static void temporary(struct doctor *d, size_t host)
{
	for (size_t i = 0; i < ARRAY_LEN(directories); i++) {
		const json_t *name;
		size_t k;
		json_array_foreach(doctor_list(d, host, directories[i]), k, name)
		{
			const char *text = json_string_value(name);
			if (!text || *text != '.' || !str_ends(text, ".reeve~"))
				continue;
			struct finding *f =
			    doctor_add(d, host, "a run that was killed left %s/%s", directories[i], text);
			f->fix = doctor_text(d, "when no run is at work, on %s: rm %s/%s",
					     d->cluster->inv->hosts[host].name, directories[i], text);
		}
	}
}

static const struct diagnosis rows[] = {
    {CODE_TEMPORARY, FINDING_WARNING, ask_names, temporary, NULL},
};

const struct diagnoses doctor_leftovers = {rows, ARRAY_LEN(rows)};
