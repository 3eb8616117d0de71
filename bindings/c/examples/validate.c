/* Tells every problem of a configuration at once: validate FILE [PROFILE]. The exit status is 1 when there are errors. */
#include <stdio.h>
#include <stdlib.h>
#include <stowbook.h>

/* The content of a file; its data is NULL when there is none. */
static sb_slice read_file(const char *path) {
    static uint8_t content[1 << 20];
    sb_slice text = {NULL, 0};
    FILE *file = fopen(path, "rb");
    if (file == NULL) return text;
    text.len = fread(content, 1, sizeof content, file);
    text.data = content;
    fclose(file);
    return text;
}

int main(int argc, char **argv) {
    if (argc < 2) return fprintf(stderr, "usage: validate FILE [PROFILE]\n"), 2;
    sb_slice text = read_file(argv[1]);
    sb_check_options *options = NULL;
    sb_report *report = NULL;
    sb_error *error = NULL;
    if (text.data == NULL) return perror(argv[1]), 2;
    if (sb_check_options_new(&options, &error) != SB_OK || sb_check_options_set_profile(options, sb_str_of(argv[2]), &error) != SB_OK
        || sb_validate(text, options, &report, &error) != SB_OK) {
        fprintf(stderr, "validate: %s\n%s\n", sb_error_message(error).data, sb_error_help(error).data);
        sb_error_free(error);
        sb_check_options_free(options);
        return 2;
    }
    for (size_t i = 0; i < sb_report_diagnostic_count(report); i++) {
        const sb_diagnostic *finding = sb_report_diagnostic_at(report, i);
        sb_span place = sb_diagnostic_span(finding);
        sb_str severity = sb_diagnostic_severity(finding), code = sb_diagnostic_code(finding);
        sb_str message = sb_diagnostic_message(finding), help = sb_diagnostic_suggestion(finding);
        printf("%s:%zu:%zu: %.*s[%.*s] %.*s\n", argv[1], place.line, place.column, (int)severity.len, severity.data,
               (int)code.len, code.data, (int)message.len, message.data);
        if (help.len > 0) printf("  help: %.*s\n", (int)help.len, help.data);
    }
    int status = sb_report_error_count(report) > 0 ? 1 : 0;
    sb_report_free(report);
    sb_check_options_free(options);
    return status;
}
