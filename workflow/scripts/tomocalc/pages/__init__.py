"""Pages: what a run says to its reader, one HTML file each.

Results hold codes and numbers; words are said here and nowhere else. A page is

- a module ``pages/<page>.py`` with one function that takes typed accounts and returns the page;
  it chooses, counts and draws charts (`charts.Chart`);
- a template ``pages/templates/<page>.html.j2`` with everything that is said, which sets ``title``,
  ``subtitle`` and ``facts``, and calls ``section`` for each section;
- a row of ``catalogue.tsv``: address, title, one sentence, its name in the navigation.

`frame.render_page` joins them with header, navigation, script and style. Numbers and words are
written by `words` and `merits` only, as functions or as filters of a template, so that a figure
reads the same on every page.
"""
