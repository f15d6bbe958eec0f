/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/html.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

/* A table of class `cells` becomes, where the screen is narrow, a block for each row whose cells name their column. */
static const char style[] =
    "body{font:15px/1.45 system-ui,sans-serif;color:#222;background:#fff;max-width:1340px;margin:0 auto;padding:1em}"
    "h1{font-size:1.5em}h2{font-size:1.15em;margin:2em 0 .3em;border-top:1px solid #ccc;padding-top:1em}"
    "h3{font-size:1em;margin:.6em 0 .2em}p{max-width:60em}a{color:#0072b2}"
    "table{border-collapse:collapse;font-size:.86em;margin:.6em 0}th,td{padding:.18em .6em;text-align:right;"
    "border-bottom:1px solid #e4e4e4;vertical-align:top}td{white-space:nowrap}.t{text-align:left;white-space:normal}"
    "th{border-bottom:1px solid #888;font-weight:600;vertical-align:bottom}.out{font-weight:600}"
    "tr:target{background:#ffef9e}.why "
    "td{background:#f4f4f4}.why{break-after:avoid}.panels{display:flex;flex-wrap:wrap;gap:10px;"
    "align-content:flex-start}.tables{display:flex;flex-wrap:wrap;gap:0 "
    "40px}caption{text-align:left;font-weight:600;padding:.4em 0}.treatments "
    "td:first-child{white-space:nowrap}.treatments "
    "svg{vertical-align:middle}.overview{display:flex;flex-wrap:wrap;gap:0 30px}.overview .panels{flex:1 1 300px}"
    "figure{margin:0;max-width:100%}figcaption{font-size:.78em;font-weight:600;padding:.4em 0 .2em "
    ".5em;max-width:430px}"
    "svg{max-width:100%;height:auto;vertical-align:top}svg text{font:11px system-ui,sans-serif}"
    ".key span{display:inline-block;margin-right:1.2em}.key "
    "svg{vertical-align:middle}.index{columns:24em;font-size:.86em;margin:1em 0}"
    ".index "
    "a{display:block;padding-left:1em;text-indent:-1em;break-inside:avoid}.note{color:#555;font-size:.86em}.about{"
    "display:grid;grid-template-columns:1fr 1fr;gap:0 2em;"
    "font-size:.82em;color:#444;overflow-wrap:anywhere}.about p,.about ul,.about ol{margin:.2em 0}"
    ".about ul,.about ol{padding-left:1.6em}"
    ".cells td[data-h=meaning]{min-width:16em}"
    "@media(min-width:1200px){.cells td[data-h=output]{min-width:13em}}"
    "@media(max-width:700px){body{padding:.6em}.about{grid-template-columns:1fr}.key span{display:block}"
    "table{font-size:.76em}th,td{padding:.18em .3em}.treatments{font-size:.7em}.treatments td:first-child{white-space:"
    "normal}.treatments th,.treatments td{padding:.18em .15em}"
    ".cells,.cells tbody,.cells caption{display:block}.cells thead{display:none}.cells tr{display:grid;"
    "grid-template-columns:repeat(4,1fr);border-bottom:1px solid #bbb;padding:.3em 0}.cells "
    "td{border:0;text-align:left;"
    "white-space:normal;padding:.1em .2em;overflow-wrap:anywhere}.cells td:first-child{grid-column:1/5;font-weight:600}"
    ".cells td[data-h=meaning]{grid-column:1/5;min-width:0}"
    ".cells td:empty{display:none}.cells "
    "td[data-h]::before{content:attr(data-h);display:block;font-size:.9em;color:#666;"
    "font-weight:400}.cells td:first-child::before{display:none}}"
    "@page{margin:12mm}@media print{body{max-width:none;padding:0;font-size:10.5px}h2,h3{break-after:avoid}"
    "figure,tr,li{break-inside:avoid}.key{break-after:avoid;break-inside:avoid}.panels{display:block;orphans:1;widows:"
    "1}"
    ".panels figure{display:inline-block;width:49%;vertical-align:bottom}.overview{display:block}"
    ".overview>figure svg{width:62%}.overview .panels figure{width:32%}thead{display:table-header-group}"
    ".checks{font-size:.8em}th,td{padding:.15em .35em}tr:target{background:none}.index{display:none}"
    "a{color:inherit;text-decoration:none}.about a{color:#0072b2}a.short::after{content:' ('attr(href)')'}}"
    ".warn{border-left:4px solid #d55e00;background:#fdf2ea;padding:.4em .8em;max-width:60em}.warn p{margin:.2em 0}"
    "@media(min-width:701px){.asked th{white-space:nowrap}}.asked "
    "th{text-align:left;vertical-align:top;border-bottom:1px "
    "solid #e4e4e4}.asked "
    "td{text-align:left;white-space:"
    "normal;overflow-wrap:anywhere}"
    "@media screen and "
    "(prefers-color-scheme:dark){body{background:#16191c;color:#dcdcdc}a{color:#6db6e8}h2{border-color:"
    "#444}th,td,.asked th{border-color:#3a3a3a}th{border-bottom-color:#888}tr:target{background:#5a4d00}.why "
    "td{background:#24282c}.note,.about{color:#aaa}.about a{color:#6db6e8}.cells td[data-h]::before{color:#999}"
    ".warn{background:#2c211a}svg text{fill:#dcdcdc}svg text.on{fill:#000}[stroke='#e6e6e6']{stroke:#33383d}"
    "[fill='#fff']{fill:#16191c}.band{fill:#fff}[stroke='#0072b2']{stroke:#4aa3df}[fill='#0072b2']{fill:#4aa3df}"
    "[stroke='#555555']{stroke:#a0a0a0}[fill='#555555']{fill:#a0a0a0}}";

void ost_html_begin(const char *title, FILE *out)
{
    fputs("<!DOCTYPE html>\n<html lang='en'><head><meta charset='utf-8'/><meta name='viewport' "
          "content='width=device-width,initial-scale=1'/><meta name='color-scheme' content='light dark'/><title>",
        out);
    ost_html_text(title, out);
    fprintf(out, "</title><style>%s</style></head><body>\n", style);
}

void ost_html_end(FILE *out)
{
    fputs("</body></html>\n", out);
}

static void put_char(char c, FILE *out)
{
    const char *entity = c == '&'    ? "&amp;"
                         : c == '<'  ? "&lt;"
                         : c == '>'  ? "&gt;"
                         : c == '"'  ? "&quot;"
                         : c == '\'' ? "&#39;"
                                     : NULL;
    if (entity != NULL)
        fputs(entity, out);
    else
        fputc(c, out);
}

void ost_html_text(const char *text, FILE *out)
{
    for (; *text != '\0'; text++) put_char(*text, out);
}

void ost_html_name(const char *name, FILE *out)
{
    const bool is_symbol = name[0] != '\0' && name[1] == '_' && strchr(name + 2, '_') == NULL; /* k_C */
    for (; *name != '\0'; name++)
        if (*name != ']') put_char(*name == '[' || (*name == '_' && !is_symbol) ? ' ' : *name, out);
}

void ost_html_number(FILE *out, const char *fmt, ...)
{
    char text[256];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    for (const char *c = text; *c != '\0'; c++)
        if (*c == '-' && !(c > text && isdigit((unsigned char) c[-1])) &&
            (isdigit((unsigned char) c[1]) || (c > text && c[-1] == ' ' && c[1] == ' ')))
            fputs("\xe2\x88\x92", out);
        else
            put_char(*c, out);
}
