/*
 * conf/codes: the findings about a file as YAML, and about values as such. Codes are stable: once given out, a code
 * keeps its meaning. X(number, NAME, what it means), in rising order.
 */
#ifndef REEVE_CONF_CODES_H
#define REEVE_CONF_CODES_H

/* clang-format off */
#define CONF_CODES(X) \
	X(1, TOO_LARGE, "the file, or a line of it, is larger than reeve reads") \
	X(2, NOT_TEXT, "the file has control characters or is not UTF-8") \
	X(3, SYNTAX, "the file is not YAML") \
	X(4, TAB, "a tab is used to indent") \
	X(5, TOO_DEEP, "values are nested too deep") \
	X(6, TOO_MANY, "there are too many values, aliases written out") \
	X(7, ALIAS, "an alias has no anchor before it, or stands inside its own anchor") \
	X(8, DUPLICATE_KEY, "a key is given twice in one map") \
	X(9, KEY, "a key is not a text, or is empty") \
	X(10, TAG, "a YAML tag, merge key or second document, which the language does not have") \
	X(11, CONTROL, "a text has a NUL, a line break or another control byte") \
	X(101, TYPE, "a value is of another kind than its key wants") \
	X(102, UNKNOWN_KEY, "a key that the language does not know") \
	X(103, MISSING_KEY, "a key that is needed is missing") \
	X(104, EMPTY, "a key has no value") \
	X(105, NUMBER, "a number is not one, or out of its bounds") \
	X(106, SIZE, "an amount of memory is not one, or has no unit") \
	X(107, NAME, "a name has bytes that a name must not have, or is too long") \
	X(108, ADDRESS, "an address is not valid, or could be taken for an option") \
	X(109, PATH, "a path is not absolute or not in its plain form") \
	X(110, VERSION, "a version is not quoted, or not a version") \
	X(111, SPEED, "a speed is not one, or has no unit")
/* clang-format on */

enum conf_code {
#define X(number, name, meaning) CONF_##name##_CODE = (number),
	CONF_CODES(X)
#undef X
};

#endif
