/*
 * mask: texts of others with what is a password in them made unreadable, before they are shown.
 *
 * A key whose name ends in "pass", "passwd" or "password" (JobCompPass, storage_pass) has one for its value, unless that is
 * a path: Slurm's keys of that kind may name the socket of a munged. So has a URL with a user and a password.
 */
#ifndef REEVE_BASE_MASK_H
#define REEVE_BASE_MASK_H

#include <stdbool.h>
#include <stddef.h>

/* Is `value` of `key` a password, or does it hold one? */
bool mask_is_secret(const char *key, const char *value);

/* Puts '*' over each password in lines of "KEY=VALUE" or "KEY: VALUE"; the length stays. */
void mask_secrets(char *text, size_t len);

#endif
