/* conf/print: values as YAML that conf_parse reads back. */
#ifndef REEVE_CONF_PRINT_H
#define REEVE_CONF_PRINT_H

#include "base/strbuf.h"

/* One scalar on one line: plain where that is a text for sure in any YAML (a name, an IPv4 address), else in double
 * quotes. `text` is UTF-8; control bytes are escaped. */
void conf_print_scalar(struct strbuf *out, const char *text);

/* Text from outside in a comment: one line, printable, at most `max` bytes and then "...". */
void conf_print_comment(struct strbuf *out, const char *text, size_t max);

#endif
