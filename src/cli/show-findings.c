#include "cli/show-findings.h"

#include <string.h>

#include "base/str.h"
#include "doctor/group.h"
#include "report/report.h"

struct page {
	const struct context *context;
	const struct operation *o;
	FILE *out;
	bool color;
	size_t width; /* columns; SIZE_MAX: lines are not broken */
};

static const char *paint(const struct page *p, const char *code)
{
	return p->color ? code : "";
}

/* Words of `text`, broken at the page's width; every line after the first begins with `indent` spaces. `used`: columns
 * that the first line has already. */
static void put_wrapped(const struct page *p, const char *text, size_t indent, size_t used)
{
	for (bool first = true; *text; first = false) {
		text += strspn(text, " ");
		size_t len = strcspn(text, " ");
		if (!first && used + 1 + len > p->width) {
			fprintf(p->out, "\n%*s", (int)indent, "");
			used = indent;
		} else if (!first && len) {
			fputc(' ', p->out);
			used++;
		}
		fprintf(p->out, "%.*s", (int)len, text);
		used += len;
		text += len;
	}
	fputc('\n', p->out);
}

/* A command to copy stays on one line, with the options that this one was given. */
static void put_fix(const struct page *p, const char *fix)
{
	bool ours = str_starts(fix, "reeve ");
	const char *file = context_option(p->context, "file");
	fprintf(p->out, "    %sfix:%s ", paint(p, "\033[32m"), paint(p, "\033[0m"));
	if (!ours) {
		put_wrapped(p, fix, 9, 9);
		return;
	}
	fputs("reeve", p->out);
	if (p->context->lab)
		fputs(" --lab", p->out);
	if (file)
		fprintf(p->out, " -f %s", file);
	fprintf(p->out, " %s\n", fix + strlen("reeve "));
}

static void put_head(const struct page *p, const struct doctor_group *g)
{
	static const char *const names[] = {"note", "warning", "error", "error"};
	static const char *const colors[] = {"\033[36m", "\033[35m", "\033[1;31m", "\033[1;31m"};
	const struct finding *f = g->first;
	fprintf(p->out, "%s%s%s: ", paint(p, colors[f->weight]), names[f->weight], paint(p, "\033[0m"));
	size_t used = strlen(names[f->weight]) + 2;
	if (g->hosts) {
		fprintf(p->out, "%s%s%s: ", paint(p, "\033[1m"), g->hosts, paint(p, "\033[0m"));
		used += strlen(g->hosts) + 2;
	}
	put_wrapped(p, arena_printf(p->context->arena, "%s [%s]", g->what, f->code), 4, used);
}

static void put_group(const struct page *p, const struct doctor_group *g)
{
	const struct finding *f = g->first;
	put_head(p, g);
	if (f->origin.line)
		fprintf(p->out, "    at %s:%u:%u\n", p->o->inv->file, f->origin.line, f->origin.column);
	for (size_t i = 0; i < g->evidence_count; i++) {
		fputs("    ", p->out);
		put_wrapped(p, g->evidence[i], 6, 4);
	}
	if (g->left_out)
		fprintf(p->out, "    and %zu more line%s\n", g->left_out, g->left_out == 1 ? "" : "s");
	for (size_t i = 0; i < g->effect_count; i++) {
		const struct doctor_group *e = &g->effects[i];
		bool same = str_same(e->hosts, g->hosts);
		fputs("    therefore: ", p->out);
		put_wrapped(p,
			    e->hosts && !same ? arena_printf(p->context->arena, "%s: %s", e->hosts, e->what) : e->what,
			    6, 15);
		if (e->evidence_count) {
			fputs("      ", p->out);
			put_wrapped(p, e->evidence[0], 8, 6);
		}
	}
	if (g->fix)
		put_fix(p, g->fix);
}

static size_t put_all(struct page *p, const struct findings *findings, enum finding_weight least,
		      void (*put)(const struct page *p, const struct doctor_group *group))
{
	const struct doctor_group *groups;
	size_t width = report_width(p->out), count = doctor_group(findings, least, p->context->arena, &groups);
	p->width = width ? width : SIZE_MAX;
	for (size_t i = 0; i < count; i++)
		put(p, &groups[i]);
	return count;
}

size_t show_findings(const struct context *context, const struct operation *o, const struct findings *findings,
		     enum finding_weight least, FILE *out, bool color)
{
	struct page p = {context, o, out, color, 0};
	return put_all(&p, findings, least, put_group);
}

size_t show_findings_brief(const struct context *context, const struct operation *o, const struct findings *findings,
			   enum finding_weight least, FILE *out, bool color)
{
	struct page p = {context, o, out, color, 0};
	return put_all(&p, findings, least, put_head);
}

json_t *show_findings_json(const struct operation *o, const struct findings *findings)
{
	json_t *list = operation_findings_json(o, findings);
	for (size_t i = 0; i < findings->len; i++) {
		const struct finding *f = &findings->items[i];
		json_t *x = json_array_get(list, i);
		if (f->cure)
			json_object_set_new(x, "cure", json_pack("{s:s, s:s}", "host", f->cure_on, "command", f->cure));
	}
	return list;
}
