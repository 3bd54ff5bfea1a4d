/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: Copyright (c) 2026 The Vireo authors */

/* completion.c: vireo completion SHELL: what makes bash, zsh or fish complete the words of this
 * command, written from the tables. */

#include <string.h>

#include "cli/command.h"

/* "auto|socketio|ws" with spaces between. */
static void words_of(const char *choices)
{
    for (; *choices != '\0'; choices++)
        putchar(*choices == '|' ? ' ' : *choices);
}

/* --- bash ------------------------------------------------------------------------------------- */

static void bash_options(const cli_command *c)
{
    printf("        %s) words=\"--help", c->name);
    for (const cli_group *g = c->groups; g->options != NULL; g++)
        for (const cli_option *o = g->options; o->name != NULL; o++)
            printf(" --%s", o->name);
    printf("\" ;;\n");
}

/* What may stand behind an option that has words of its own. */
static void bash_choices(const cli_command *c)
{
    for (const cli_group *g = c->groups; g->options != NULL; g++)
        for (const cli_option *o = g->options; o->name != NULL; o++) {
            if (o->kind != CLI_CHOICE)
                continue;
            printf("        \"%s --%s\"", c->name, o->name);
            if (o->letter != 0)
                printf("|\"%s -%c\"", c->name, o->letter);
            printf(") words=\"");
            words_of(o->arg);
            printf("\" ;;\n");
        }
}

static void bash(void)
{
    printf("# bash completion of vireo\n_vireo()\n{\n"
           "    local words word=\"${COMP_WORDS[COMP_CWORD]}\"\n"
           "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        words=\"--help --version");
    for (const cli_command *const *c = cli_commands(); *c != NULL; c++)
        printf(" %s", (*c)->name);
    printf("\"\n    else\n        case \"${COMP_WORDS[1]}\" in\n");
    for (const cli_command *const *c = cli_commands(); *c != NULL; c++)
        bash_options(*c);
    printf("        esac\n"
           "        [ \"${word:0:1}\" = - ] || words=\n"
           "        case \"${COMP_WORDS[1]} ${COMP_WORDS[COMP_CWORD-1]}\" in\n");
    for (const cli_command *const *c = cli_commands(); *c != NULL; c++)
        bash_choices(*c);
    printf("        esac\n"
           "    fi\n"
           "    COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n}\n"
           "complete -o default -F _vireo vireo\n");
}

/* --- zsh -------------------------------------------------------------------------------------- */

/* A description within '..[ ]': brackets and colons mean something there. */
static void zsh_text(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            printf("'\\''");
        else if (strchr("[]:\\", *text) != NULL)
            printf("\\%c", *text);
        else
            putchar(*text);
    }
}

static void zsh_option(const cli_option *o)
{
    printf(" \\\n                '%s--%s%s[", o->kind == CLI_LIST ? "*" : "", o->name,
           o->arg ? "=" : "");
    zsh_text(o->help);
    putchar(']');
    if (o->arg != NULL) {
        putchar(':');
        zsh_text(o->kind == CLI_CHOICE ? o->name : o->arg);
        putchar(':');
        if (o->kind == CLI_CHOICE) {
            putchar('(');
            words_of(o->arg);
            putchar(')');
        } else if (strcmp(o->arg, "FILE") == 0) {
            printf("_files");
        }
    }
    putchar('\'');
}

static void zsh_options(const cli_command *c)
{
    printf("            %s)\n            _arguments '--help[all about it]'", c->name);
    for (const cli_group *g = c->groups; g->options != NULL; g++)
        for (const cli_option *o = g->options; o->name != NULL; o++)
            zsh_option(o);
    printf(" \\\n                '*:word:_files'\n            ;;\n");
}

static void zsh(void)
{
    printf("#compdef vireo\n# zsh completion of vireo\n_vireo()\n{\n"
           "    local context state state_descr line\n    typeset -A opt_args\n"
           "    local -a commands\n    commands=(\n");
    for (const cli_command *const *c = cli_commands(); *c != NULL; c++) {
        printf("        '%s:", (*c)->name);
        zsh_text((*c)->summary);
        printf("'\n");
    }
    printf("    )\n    _arguments -C '--help[all commands]' '--version[which this is]' \\\n"
           "        '1:command:->command' '*::word:->word'\n"
           "    case $state in\n        command) _describe command commands ;;\n"
           "        word)\n        case $line[1] in\n");
    for (const cli_command *const *c = cli_commands(); *c != NULL; c++)
        zsh_options(*c);
    printf(
        "        esac\n        ;;\n    esac\n}\n"
        "if [ \"$funcstack[1]\" = _vireo ]; then _vireo \"$@\"; else compdef _vireo vireo; fi\n");
}

/* --- fish ------------------------------------------------------------------------------------- */

/* A text within '..'. */
static void fish_text(const char *text)
{
    putchar('\'');
    for (; *text != '\0'; text++) {
        if (*text == '\'' || *text == '\\')
            putchar('\\');
        putchar(*text);
    }
    putchar('\'');
}

static void fish_option(const cli_command *c, const cli_option *o)
{
    printf("complete -c vireo -n '__fish_seen_subcommand_from %s' -l %s", c->name, o->name);
    if (o->letter != 0)
        printf(" -s %c", o->letter);
    if (o->kind == CLI_CHOICE) {
        printf(" -x -a '");
        words_of(o->arg);
        putchar('\'');
    } else if (o->arg != NULL) {
        printf(strcmp(o->arg, "FILE") == 0 ? " -r -F" : " -x");
    }
    printf(" -d ");
    fish_text(o->help);
    putchar('\n');
}

static void fish(void)
{
    printf("# fish completion of vireo\n"
           "complete -c vireo -n __fish_use_subcommand -f -l version -d 'which this is'\n"
           "complete -c vireo -f -l help -d 'all about it'\n");
    for (const cli_command *const *c = cli_commands(); *c != NULL; c++) {
        printf("complete -c vireo -n __fish_use_subcommand -f -a %s -d ", (*c)->name);
        fish_text((*c)->summary);
        putchar('\n');
        for (const cli_group *g = (*c)->groups; g->options != NULL; g++)
            for (const cli_option *o = g->options; o->name != NULL; o++)
                fish_option(*c, o);
    }
}

static int run(const cli_command *self, int argc, char **argv)
{
    cli_words words;
    int status = cli_parse(self, argc, argv, NULL, &words);
    if (status >= 0)
        return status;
    if (strcmp(words.at[0], "bash") == 0)
        bash();
    else if (strcmp(words.at[0], "zsh") == 0)
        zsh();
    else if (strcmp(words.at[0], "fish") == 0)
        fish();
    else
        return cli_usage_error(self, "no completion for \"%s\": there are bash, zsh and fish",
                               words.at[0]);
    return CLI_OK;
}

static const cli_group groups[] = {{0}};

const cli_command cli_cmd_completion = {
    .name = "completion",
    .words = "bash|zsh|fish",
    .summary = "what makes a shell complete these commands",
    .text = "`make install` puts it where shells look for it. Without that, put one of these lines "
            "into ~/.bashrc, ~/.zshrc or ~/.config/fish/config.fish:",
    .examples = "source <(vireo completion bash)\n"
                "source <(vireo completion zsh)      behind compinit\n"
                "vireo completion fish | source",
    .min_words = 1,
    .max_words = 1,
    .groups = groups,
    .run = run,
};
