#include "expr/token.h"

#include <string.h>

#include "base/str.h"
#include "base/vec.h"

#define DIGITS "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* Longer signs stand before those that they begin with. */
static const struct {
	const char *sign;
	enum token_kind kind;
} signs[] = {
    {"==", TOKEN_EQ},   {"!=", TOKEN_NE},       {"<=", TOKEN_LE},        {">=", TOKEN_GE},
    {"<", TOKEN_LT},    {">", TOKEN_GT},        {"~", TOKEN_LIKE},       {"(", TOKEN_OPEN},
    {")", TOKEN_CLOSE}, {"[", TOKEN_LIST_OPEN}, {"]", TOKEN_LIST_CLOSE}, {",", TOKEN_COMMA},
};

static const struct {
	const char *word;
	enum token_kind kind;
} words[] = {{"and", TOKEN_AND}, {"or", TOKEN_OR}, {"not", TOKEN_NOT}, {"in", TOKEN_IN}, {"has", TOKEN_HAS}};

/* What people write who come from another language. Before `signs`, and longer ones first. */
static const struct {
	const char *sign, *hint;
} foreign[] = {
    {"===", "'==' compares"},
    {"!==", "'!=' compares"},
    {"=~", "'~' matches a pattern with '*' and '?'"},
    {"!~", "write: not ... ~ \"...\""},
    {"=>", "'>=' compares"},
    {"=<", "'<=' compares"},
    {"<>", "'!=' compares"},
    {"<<", NULL},
    {">>", NULL},
    {"≥", "'>=' compares"},
    {"≤", "'<=' compares"},
    {"≠", "'!=' compares"},
    {"&&", "write 'and'"},
    {"||", "write 'or'"},
    {"&", "write 'and'"},
    {"|", "write 'or'"},
    {"!", "write 'not'"},
    {"“", "write straight quotes"},
    {"”", "write straight quotes"},
    {"‘", "write straight quotes"},
    {"’", "write straight quotes"},
    {"-", "numbers have no sign, and nothing is computed"},
    {"+", "numbers have no sign, and nothing is computed"},
    {"*", "a pattern stands in quotes: name ~ \"pi*\""},
    {"?", "a pattern stands in quotes: name ~ \"pi?\""},
    {"{", "a list stands in brackets: [a, b]"},
    {"}", "a list stands in brackets: [a, b]"},
};

/* Is on the spot what `sign` names? Signs that only begin so (`!=` for `!`) are not. */
static bool is_foreign(const char *s, const char *sign)
{
	return str_starts(s, sign) && !(streq(sign, "!") && s[1] == '=');
}

static struct token bad(size_t at, size_t width, const char *message, const char *hint)
{
	return (struct token){.kind = TOKEN_BAD, .at = at, .width = width, .message = message, .hint = hint};
}

static size_t character(const char *s)
{
	size_t n = 1;
	while (((unsigned char)s[n] & 0xC0) == 0x80)
		n++;
	return n;
}

static struct token read_quoted(const char *text, size_t at)
{
	char quote = text[at];
	for (size_t i = at + 1; text[i]; i++) {
		if (text[i] == quote)
			return (struct token){.kind = TOKEN_QUOTED, .at = at, .width = i + 1 - at};
		if (text[i] == '\\')
			return bad(i, 1, "a backslash cannot stand in a text",
				   "a quote may stand in the other kind of quotes");
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7F)
			return bad(i, 1, "a control character cannot stand in a text", NULL);
	}
	return bad(at, strlen(text + at), "the quote that closes this text is missing", NULL);
}

static struct token read_word(const char *text, size_t at)
{
	struct token t = {.kind = TOKEN_WORD, .at = at, .width = strspn(text + at, LETTERS DIGITS "_-./")};
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (t.width == strlen(words[i].word) && !memcmp(text + at, words[i].word, t.width))
			t.kind = words[i].kind;
	return t;
}

static struct token read_number(const char *text, size_t at)
{
	size_t n = strspn(text + at, DIGITS);
	while (text[at + n] == '.' && strspn(text + at + n + 1, DIGITS))
		n += 1 + strspn(text + at + n + 1, DIGITS);
	return (struct token){.kind = TOKEN_NUMBER, .at = at, .width = n};
}

struct token token_read(const char *text, size_t at)
{
	at += strspn(text + at, " \t\r\n");
	const char *s = text + at;
	if (!*s)
		return (struct token){.kind = TOKEN_END, .at = at};
	if (*s == '"' || *s == '\'')
		return read_quoted(text, at);
	if (strchr(LETTERS "_", *s))
		return read_word(text, at);
	if (strchr(DIGITS, *s))
		return read_number(text, at);
	for (size_t i = 0; i < ARRAY_LEN(foreign); i++)
		if (is_foreign(s, foreign[i].sign))
			return bad(at, strlen(foreign[i].sign), NULL, foreign[i].hint);
	for (size_t i = 0; i < ARRAY_LEN(signs); i++)
		if (str_starts(s, signs[i].sign))
			return (struct token){.kind = signs[i].kind, .at = at, .width = strlen(signs[i].sign)};
	return bad(at, character(s), NULL, *s == '=' ? "'==' compares" : NULL);
}

const char *token_sign(enum token_kind kind)
{
	for (size_t i = 0; i < ARRAY_LEN(signs); i++)
		if (signs[i].kind == kind)
			return signs[i].sign;
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (words[i].kind == kind)
			return words[i].word;
	return NULL;
}
