package file

import (
	"mime"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxName is the longest name, in characters; maxExtension what of it is kept as
// the ending when it has to be cut.
const (
	maxName      = 200
	maxExtension = 20
)

// CleanName makes a name of what an uploader called a file: the last part of any
// path, without signs that a screen, a shell or a file system could take for
// anything else, and without those that turn the direction of writing around.
// What is left of nothing is "file".
func CleanName(given string) string {
	given = norm.NFC.String(strings.ToValidUTF8(given, "\uFFFD"))
	given = given[strings.LastIndexAny(given, `/\`)+1:]
	given = strings.Map(func(r rune) rune {
		switch {
		case r == '\t', unicode.Is(unicode.Zs, r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Zl, r), unicode.Is(unicode.Zp, r):
			return -1
		case strings.ContainsRune(`<>:"|?*`, r):
			return '_'
		}
		return r
	}, given)
	given = strings.TrimRight(strings.TrimLeft(strings.Join(strings.Fields(given), " "), ". "), ". ")
	if given == "" {
		return "file"
	}
	return shorten(given)
}

// shorten keeps the ending of a name that is too long.
func shorten(name string) string {
	if utf8.RuneCountInString(name) <= maxName {
		return name
	}
	ext := path.Ext(name)
	if utf8.RuneCountInString(ext) > maxExtension {
		ext = ""
	}
	runes := []rune(strings.TrimSuffix(name, ext))
	return string(runes[:maxName-utf8.RuneCountInString(ext)]) + ext
}

// disposition is the header that has a browser save a file under its name.
func disposition(kind, name string) string {
	if text := mime.FormatMediaType(kind, map[string]string{"filename": name}); text != "" {
		return text
	}
	return kind
}

// images are the pictures that browsers draw and that can hold no script: SVG is
// not among them.
var images = []string{"image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp", "image/avif"}

// previewOf says how a content of a type may be shown.
func previewOf(mimeType string) string {
	switch {
	case slices.Contains(images, mimeType):
		return "image"
	case mimeType == "application/pdf":
		return "pdf"
	}
	return ""
}

// runnable are the endings that an operating system may run when they are opened.
var runnable = []string{
	".exe", ".com", ".scr", ".pif", ".bat", ".cmd", ".ps1", ".psm1", ".vbs", ".vbe", ".js", ".jse", ".wsf", ".wsh", ".hta", ".msi", ".msp",
	".cpl", ".jar", ".lnk", ".url", ".reg", ".dll", ".iso", ".img", ".vhd", ".sh", ".run", ".appimage", ".deb", ".rpm", ".dmg", ".pkg", ".app",
	".apk", ".html", ".htm", ".xhtml", ".shtml", ".mht", ".mhtml", ".svg", ".svgz", ".xml", ".xsl", ".swf", ".chm", ".docm", ".xlsm", ".pptm",
	".dotm", ".xltm", ".xlam", ".one",
}

// active are the types that run, or that a browser would run.
var active = []string{
	"text/html", "application/xhtml+xml", "image/svg+xml", "text/xml", "application/xml", "text/javascript", "application/javascript",
	"application/vnd.microsoft.portable-executable", "application/x-elf", "application/x-executable", "application/x-sharedlib",
	"application/x-mach-binary", "application/jar", "application/x-ms-shortcut", "text/x-shellscript", "application/x-shellscript",
	"application/x-shockwave-flash", "application/x-msi", "text/x-python", "text/x-perl", "text/x-php", "application/x-chrome-extension",
}

// suspect reports whether a file may run when it is opened, or has the name of
// one that can be looked at and another content.
func suspect(name, mimeType string) bool {
	ext := strings.ToLower(path.Ext(name))
	if slices.Contains(runnable, ext) || slices.Contains(active, mimeType) {
		return true
	}
	shown, _, _ := mime.ParseMediaType(mime.TypeByExtension(ext))
	return previewOf(shown) != "" && shown != mimeType
}
