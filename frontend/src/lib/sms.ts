const gsm7 =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ ÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà';
const gsm7Extended = '^{}\\[~]|€';

/** How many messages a text will be billed as, and the room left in the last. */
export function smsSegments(text: string): { segments: number; left: number } {
  let units = 0;
  let unicode = false;
  for (const char of text) {
    if (gsm7Extended.includes(char)) units += 2;
    else if (gsm7.includes(char)) units += 1;
    else {
      unicode = true;
      break;
    }
  }
  if (unicode) units = text.length;
  const [single, each] = unicode ? [70, 67] : [160, 153];
  if (units <= single) return { segments: 1, left: single - units };
  const segments = Math.ceil(units / each);
  return { segments, left: segments * each - units };
}
