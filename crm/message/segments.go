package message

import "strings"

// The GSM 7-bit alphabet and the characters that it writes as two.
const (
	gsmBasic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmExtended = "^{}\\[~]|€\f"
)

// Segments returns how many SMS the text is sent and billed as: 160 characters
// of the GSM alphabet or 70 UTF-16 units of any other in one, and 153 or 67 in
// each of several. A character is never split between two. Empty text is 0.
func Segments(text string) int {
	if text == "" {
		return 0
	}
	units, single, part := gsmUnits, 160, 153
	if !isGSM(text) {
		units, single, part = utf16Units, 70, 67
	}
	total, inPart, parts := 0, 0, 1
	for _, r := range text {
		n := units(r)
		total += n
		if inPart += n; inPart > part {
			parts++
			inPart = n
		}
	}
	if total <= single {
		return 1
	}
	return parts
}

func isGSM(text string) bool {
	for _, r := range text {
		if !strings.ContainsRune(gsmBasic, r) && !strings.ContainsRune(gsmExtended, r) {
			return false
		}
	}
	return true
}

func gsmUnits(r rune) int {
	if strings.ContainsRune(gsmExtended, r) {
		return 2
	}
	return 1
}

func utf16Units(r rune) int {
	if r > 0xFFFF {
		return 2
	}
	return 1
}
