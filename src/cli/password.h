/* password: asked for on the terminal, without showing it, and kept in memory that is neither swapped nor dumped. */
#ifndef REEVE_CLI_PASSWORD_H
#define REEVE_CLI_PASSWORD_H

#include "base/err.h"

enum { PASSWORD_MAX = 512 }; /* bytes */

/* NULL: ERR_MISSING without a terminal, ERR_CANCELLED where nothing was entered. The caller may sodium_free() it; the
 * end of the program does too. Blocks on the operator. */
const char *password_ask(const char *prompt, struct err *err);

#endif
