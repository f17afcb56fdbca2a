package tone

// EncodeULaw returns the G.711 u-law octet of a linear sample.
func EncodeULaw(sample int16) byte {
	const bias, clip = 0x84, 32635
	value, sign := int(sample), byte(0)
	if value < 0 {
		value, sign = -value, 0x80
	}
	value = min(value, clip) + bias
	exponent := byte(7)
	for mask := 0x4000; value&mask == 0 && exponent > 0; mask >>= 1 {
		exponent--
	}
	mantissa := byte(value>>(exponent+3)) & 0x0f
	return ^(sign | exponent<<4 | mantissa)
}

// DecodeULaw returns the linear sample of a G.711 u-law octet.
func DecodeULaw(octet byte) int16 {
	octet = ^octet
	value := (int(octet&0x0f)<<3 + 0x84) << (octet >> 4 & 7)
	value -= 0x84
	if octet&0x80 != 0 {
		value = -value
	}
	return int16(value)
}
