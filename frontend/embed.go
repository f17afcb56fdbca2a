// Package frontend carries the built browser application inside the binary.
//
// The build is made by `npm run build` in this folder and lands in dist. A
// checkout that has not been built yet still compiles: dist then holds only
// its .gitkeep and Built reports false, so that the server can say so instead
// of answering with an empty page.
package frontend

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Files returns the built application with index.html at its root. Names below
// assets/ carry a hash of their content and may be cached for ever; every
// other file must be revalidated.
func Files() fs.FS {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		panic("frontend: the embedded folder has another name: " + err.Error())
	}
	return files
}

// Built reports whether the application was built before this binary was.
func Built() bool {
	_, err := fs.Stat(Files(), "index.html")
	return err == nil
}
