"""The page itself: one file of HTML with its style, without script, font, image or address, for screens and paper."""

from __future__ import annotations

from collections.abc import Iterable

from .parts import told

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
_STYLE = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1.25rem 3rem; max-width: 62rem; color: #111; background: #fff;
  font: 1rem/1.5 "Liberation Sans", Arial, Helvetica, sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; margin: 2.25rem 0 .5rem; padding-bottom: .2rem; border-bottom: 2px solid #111; }
h3 { font-size: 1.02rem; margin: 1.4rem 0 .3rem; }
p, li { max-width: 46rem; overflow-wrap: anywhere; }
ul { padding-left: 1.25rem; }
.question { font-size: 1.05rem; }
.answer { font-size: 1.05rem; font-weight: bold; border-left: 4px solid #111; padding-left: .8rem; }
.made { margin-top: 0; color: #444; }
nav ul { columns: 17rem; padding-left: 1.1rem; margin: .3rem 0 0; }
a { color: #0b4a8f; }
a:focus-visible, .wide:focus-visible { outline: 3px solid #0b4a8f; outline-offset: 2px; }
.wide { overflow-x: auto; margin: .8rem 0 1.2rem; }
table { border-collapse: collapse; font-size: .9rem; line-height: 1.35; }
caption { text-align: left; font-weight: bold; padding-bottom: .3rem; }
th, td { text-align: left; vertical-align: top; padding: .25rem .7rem .25rem 0; border-bottom: 1px solid #bbb; }
thead th { border-bottom: 2px solid #111; vertical-align: bottom; }
tbody th { font-weight: normal; }
td, tbody th { overflow-wrap: anywhere; min-width: 4rem; }
th.number, td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; min-width: 0; }
th.day, td.day { white-space: nowrap; min-width: 0; }
td.code, pre { font: .8rem/1.4 "Liberation Mono", Menlo, Consolas, monospace; }
td.code { word-break: break-all; min-width: 12rem; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid #bbb; padding: .6rem .8rem; }
figure { margin: .8rem 0 1.2rem; }
figcaption { font-size: .9rem; color: #333; max-width: 46rem; }
svg { width: 100%; max-width: 46rem; height: auto; display: block; }
svg text { font: 12px "Liberation Sans", Arial, Helvetica, sans-serif; fill: #111; }
svg .solid { fill: #33475b; }
svg .light { fill: #fff; }
svg .hatch { stroke: #33475b; stroke-width: 3; }
svg .edge { stroke: #33475b; stroke-width: 1; }
svg .axis { stroke: #111; }
svg .grid { stroke: #ccc; }
svg .mark { stroke: #111; stroke-width: 2; stroke-dasharray: 5 3; }
svg .curve { fill: none; stroke: #33475b; stroke-width: 2.5; }
.sign table { width: 100%; }
.sign tbody td, .sign tbody th { height: 3.2rem; vertical-align: bottom; border-bottom: 1px solid #111; }
@media (max-width: 40rem) {
  body { padding: 1rem .8rem 2rem; }
  h1 { font-size: 1.35rem; }
  svg text { font-size: 20px; }
  td:not(.number):not(.day) { min-width: 10rem; }
}
@page { margin: 16mm 15mm 18mm;
  @bottom-right { content: "page " counter(page) " of " counter(pages); font: 8pt sans-serif; } }
@media print {
  body { max-width: none; padding: 0; font-size: 10pt; }
  nav { display: none; }
  h2, h3, caption, section > p { break-after: avoid; }
  thead { display: table-header-group; }
  p, tr, figure, .sign, pre { break-inside: avoid; }
  tbody tr:nth-child(-n+2), tbody tr:last-child { break-before: avoid; }
  thead, tbody tr:first-child { break-after: avoid; }
  .wide { overflow: visible; }
  table { font-size: 8.5pt; }
  td.code { font-size: 7pt; }
  a { color: inherit; text-decoration: none; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
"""


def page(title: str, made: str, contents: Iterable[tuple[str, str]], sections: Iterable[str]) -> str:
    """The whole page.

    Parameters
    ----------
    made : str
        The line below the title, as HTML.
    contents : iterable of (str, str)
        Ids and names of the sections.
    """
    links = "\n".join(f'<li><a href="#{id}">{told(name)}</a></li>' for id, name in contents)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>{told(title)}</title>
<style>{_STYLE}</style>
</head>
<body>
<header>
<h1>{told(title)}</h1>
<p class="made">{made}</p>
</header>
<nav aria-label="Contents">
<ul>
{links}
</ul>
</nav>
<main>
{"".join(sections)}</main>
</body>
</html>
"""
