/** Reports whether what somebody typed is meant as a number, not as a name. */
export function looksLikeNumber(text: string): boolean {
  const trimmed = text.trim().replace(/^tel:/iu, '');
  const digits = trimmed.replace(/\D/gu, '');
  return digits.length >= 3 && /^[+\d\s()\-./–]+$/u.test(trimmed);
}

/** Only the characters a keypad has. */
export function keypadDigits(text: string): string {
  return text.replace(/[^\d*#]/gu, '');
}
