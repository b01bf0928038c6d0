"""The page to look at: `export` puts it together, `page/` holds what it is made of.

`server` serves it to a browser, with a view of all named systems. What that asks is read by
`points`, against the controls in `catalogue`, and answered by `systems` and `maps`, in processes
that `jobs` begins and ends; they are forked from a warm one, the `workshop`. `wording` makes the
page's texts of docstrings and errors.

The page is plain HTML, CSS and JavaScript without a framework, for it is one file that is mailed:
it has to work from disk, offline and in ten years, and a reader should find each formula of
`quantumbattery.pair` in it. `motion.js`, `measures.js` and `best.js` are those formulas; `values`,
`texts` and `presets` what may be set, and how it is written; `sphere`, `chart`, `panels` and `map`
make SVG of it; none of them touches the page. `saving` makes files of it; `app`, `mapbox` and
`main` lay it out. In the same way `systems`, `network` and `fieldfiles` are what the view of all
systems shows and saves, and `asking`, `fieldbox` and `field` its page.
"""
