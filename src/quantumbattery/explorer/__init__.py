"""The page to look at: `export` puts it together, `page/` holds what it is made of.

It is plain HTML, CSS and JavaScript without a framework, for it is one file that is mailed: it has
to work from disk, offline and in ten years, and a reader should find each formula of
`quantumbattery.pair` in it. `motion.js`, `measures.js` and `best.js` are those formulas; `values`,
`texts` and `presets` what may be set, and how it is written; `sphere`, `chart` and `panels` make
SVG of it; none of them touches the page. `app.js` and `main.js` lay it out.
"""
